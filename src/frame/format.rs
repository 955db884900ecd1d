// SPDX-License-Identifier: MPL-2.0
//! Pixel formats: how 8-bit pixels lie in memory.

/// Layout of 8-bit pixels in memory, named as GStreamer names it.
///
/// Packed formats have one plane. [`PixelFormat::I420`] and [`PixelFormat::Nv12`] have luma in a plane of its own and
/// colour differences at half the width and height, rounded up: in two planes, or interleaved in one.
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
    I420,
    Nv12,
}

impl PixelFormat {
    /// Every format.
    pub const ALL: [Self; 13] = [
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
        Self::I420,
        Self::Nv12,
    ];

    /// Bytes per pixel of the first plane.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Gray8 | Self::I420 | Self::Nv12 => 1,
            Self::Rgb | Self::Bgr => 3,
            _ => 4,
        }
    }

    /// Byte offsets of red, green and blue within a pixel; all 0 for grey, and for luma.
    pub const fn offsets(self) -> [usize; 3] {
        match self {
            Self::Gray8 | Self::I420 | Self::Nv12 => [0, 0, 0],
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

    /// Whether luma has a plane of its own and colour differences lie apart.
    pub const fn is_yuv(self) -> bool {
        matches!(self, Self::I420 | Self::Nv12)
    }

    /// Number of planes.
    pub const fn planes(self) -> usize {
        match self {
            Self::I420 => 3,
            Self::Nv12 => 2,
            _ => 1,
        }
    }

    /// Bytes in a row of a plane, and its rows, for a picture of `width` and `height` pixels.
    pub const fn plane_size(self, plane: usize, (width, height): (usize, usize)) -> (usize, usize) {
        match (self, plane) {
            (_, 0) => (width * self.bytes(), height),
            (Self::I420, _) => (width.div_ceil(2), height.div_ceil(2)),
            _ => (2 * width.div_ceil(2), height.div_ceil(2)),
        }
    }
}

/// Calls a function generic over bytes per pixel and the offsets of red, green and blue, so that the format is
/// asked for once per frame and never per pixel. A plane of luma is a grey picture.
macro_rules! with_layout {
    ($format:expr, $function:ident $arguments:tt) => {
        match $format {
            PixelFormat::Gray8 | PixelFormat::I420 | PixelFormat::Nv12 => with_layout!(@ Gray8 $function $arguments),
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
