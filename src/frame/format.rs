// SPDX-License-Identifier: MPL-2.0
//! Pixel formats, and views of a caller's buffer. Nothing is copied.

use super::Error;

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
