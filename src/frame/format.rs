// SPDX-License-Identifier: MPL-2.0
//! Pixel formats, and views of a caller's buffer. Nothing is copied.

use super::{Error, Rect};

/// Layout of one 8-bit pixel in memory, named as GStreamer names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say the byte order")]
pub enum PixelFormat {
    Rgb,
    Bgr,
    Rgbx,
    Bgrx,
    Xrgb,
    Xbgr,
    Rgba,
    Bgra,
    Argb,
    Abgr,
    Gray8,
}

impl PixelFormat {
    /// Every format.
    pub const ALL: [Self; 11] = [
        Self::Rgb,
        Self::Bgr,
        Self::Rgbx,
        Self::Bgrx,
        Self::Xrgb,
        Self::Xbgr,
        Self::Rgba,
        Self::Bgra,
        Self::Argb,
        Self::Abgr,
        Self::Gray8,
    ];

    /// Bytes per pixel.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Gray8 => 1,
            Self::Rgb | Self::Bgr => 3,
            _ => 4,
        }
    }

    /// Byte offsets of red, green and blue within a pixel; all 0 for grey.
    pub const fn offsets(self) -> [usize; 3] {
        match self {
            Self::Gray8 => [0, 0, 0],
            Self::Rgb | Self::Rgbx | Self::Rgba => [0, 1, 2],
            Self::Bgr | Self::Bgrx | Self::Bgra => [2, 1, 0],
            Self::Xrgb | Self::Argb => [1, 2, 3],
            Self::Xbgr | Self::Abgr => [3, 2, 1],
        }
    }

    /// Whether the format has one channel.
    pub const fn is_gray(self) -> bool {
        matches!(self, Self::Gray8)
    }
}

/// Calls a function generic over bytes per pixel and the offsets of red, green and blue, so that the format is
/// asked for once per frame and never per pixel.
macro_rules! with_layout {
    ($format:expr, $function:ident $arguments:tt) => {
        match $format {
            PixelFormat::Gray8 => with_layout!(@ Gray8 $function $arguments),
            PixelFormat::Rgb => with_layout!(@ Rgb $function $arguments),
            PixelFormat::Bgr => with_layout!(@ Bgr $function $arguments),
            PixelFormat::Rgbx | PixelFormat::Rgba => with_layout!(@ Rgba $function $arguments),
            PixelFormat::Bgrx | PixelFormat::Bgra => with_layout!(@ Bgra $function $arguments),
            PixelFormat::Xrgb | PixelFormat::Argb => with_layout!(@ Argb $function $arguments),
            PixelFormat::Xbgr | PixelFormat::Abgr => with_layout!(@ Abgr $function $arguments),
        }
    };
    (@ $name:ident $function:ident $arguments:tt) => {
        $function::<
            { PixelFormat::$name.bytes() },
            { PixelFormat::$name.offsets()[0] },
            { PixelFormat::$name.offsets()[1] },
            { PixelFormat::$name.offsets()[2] },
        > $arguments
    };
}
pub(crate) use with_layout;

fn check(format: PixelFormat, width: usize, height: usize, stride: usize, found: usize) -> Result<(), Error> {
    if width == 0 || height == 0 {
        return Err(Error::Empty { width, height });
    }
    let row = width.checked_mul(format.bytes()).filter(|row| *row <= stride);
    let Some(row) = row else {
        return Err(Error::Stride {
            width,
            stride,
            pixel: format.bytes(),
        });
    };
    let needed = stride.saturating_mul(height - 1).saturating_add(row);
    if found < needed {
        return Err(Error::Short {
            width,
            height,
            stride,
            needed,
            found,
        });
    }
    Ok(())
}

/// A picture in somebody else's buffer, to read.
#[derive(Debug, Clone, Copy)]
pub struct FrameView<'a> {
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
    data: &'a [u8],
}

impl<'a> FrameView<'a> {
    /// Looks at `data` as `height` rows of `width` pixels, `stride` bytes apart.
    ///
    /// # Errors
    /// When the frame is empty, or `stride` or `data` is too short for it.
    pub fn new(
        format: PixelFormat,
        width: usize,
        height: usize,
        stride: usize,
        data: &'a [u8],
    ) -> Result<Self, Error> {
        check(format, width, height, stride, data.len())?;
        Ok(Self {
            format,
            width,
            height,
            stride,
            data,
        })
    }

    /// The pixel format.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Pixels per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Checks that this is a picture of `format` and `size`.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when it is not.
    pub(crate) fn expect(&self, format: PixelFormat, size: (usize, usize)) -> Result<(), Error> {
        if (self.format, self.size()) == (format, size) {
            return Ok(());
        }
        let text =
            |format: PixelFormat, (width, height): (usize, usize)| format!("{width}x{height} {format:?}");
        Err(Error::Mismatch {
            expected: text(format, size),
            found: text(self.format, self.size()),
        })
    }

    /// The part of the picture inside `rect`, still in the caller's buffer; `None` when `rect` is empty or leaves
    /// the picture.
    pub fn crop(&self, rect: Rect) -> Option<Self> {
        let inside = |start: usize, length: usize, limit: usize| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= limit)
        };
        if !inside(rect.x, rect.width, self.width) || !inside(rect.y, rect.height, self.height) {
            return None;
        }
        let data = &self.data[rect.y * self.stride + rect.x * self.format.bytes()..];
        Some(Self {
            width: rect.width,
            height: rect.height,
            data,
            ..*self
        })
    }

    /// The visible bytes of row `y`; the padding after them is not part of the picture.
    ///
    /// # Panics
    /// When `y` is not below the height.
    pub fn row(&self, y: usize) -> &'a [u8] {
        assert!(y < self.height, "row {y} of {}", self.height);
        let start = y * self.stride;
        &self.data[start..start + self.width * self.format.bytes()]
    }
}

/// A picture in somebody else's buffer, to write.
#[derive(Debug)]
pub struct FrameViewMut<'a> {
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
    data: &'a mut [u8],
}

impl<'a> FrameViewMut<'a> {
    /// Looks at `data` as `height` rows of `width` pixels, `stride` bytes apart.
    ///
    /// # Errors
    /// When the frame is empty, or `stride` or `data` is too short for it.
    pub fn new(
        format: PixelFormat,
        width: usize,
        height: usize,
        stride: usize,
        data: &'a mut [u8],
    ) -> Result<Self, Error> {
        check(format, width, height, stride, data.len())?;
        Ok(Self {
            format,
            width,
            height,
            stride,
            data,
        })
    }

    /// The pixel format.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Pixels per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// As [`FrameView::expect`].
    pub(crate) fn expect(&self, format: PixelFormat, size: (usize, usize)) -> Result<(), Error> {
        self.as_view().expect(format, size)
    }

    /// The same picture, to read.
    pub fn as_view(&self) -> FrameView<'_> {
        FrameView {
            format: self.format,
            width: self.width,
            height: self.height,
            stride: self.stride,
            data: self.data,
        }
    }

    /// The visible bytes of row `y`; the padding after them is not ours to write.
    ///
    /// # Panics
    /// When `y` is not below the height.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        assert!(y < self.height, "row {y} of {}", self.height);
        let start = y * self.stride;
        &mut self.data[start..start + self.width * self.format.bytes()]
    }
}
