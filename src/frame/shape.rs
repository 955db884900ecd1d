// SPDX-License-Identifier: MPL-2.0
//! What is known of a frame apart from its bytes.

use super::{Colorimetry, Error, PixelFormat};

/// Format, size and meaning of a frame's bytes. Two frames of one shape can be treated alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// How pixels lie in memory.
    pub format: PixelFormat,
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What luma and colour differences stand for; counts where the format has them.
    pub colorimetry: Colorimetry,
    /// Width of a pixel over its height, as a fraction; a 0 in it counts as 1.
    pub pixel_aspect: (u32, u32),
}

impl Shape {
    /// Square pixels, coded after BT.601 in limited range where that matters.
    pub const fn new(format: PixelFormat, (width, height): (usize, usize)) -> Self {
        Self {
            format,
            width,
            height,
            colorimetry: Colorimetry::BT601,
            pixel_aspect: (1, 1),
        }
    }

    /// Width and height.
    pub const fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The same with another size.
    pub const fn resized(self, (width, height): (usize, usize)) -> Self {
        Self {
            width,
            height,
            ..self
        }
    }

    /// Width of a pixel over its height.
    pub fn aspect(&self) -> f64 {
        f64::from(self.pixel_aspect.0.max(1)) / f64::from(self.pixel_aspect.1.max(1))
    }

    /// Bytes in a row of a plane, and its rows.
    pub const fn plane_size(&self, plane: usize) -> (usize, usize) {
        self.format.plane_size(plane, self.size())
    }

    /// Bytes of the whole picture with its planes and rows one after the other.
    pub fn packed_len(&self) -> usize {
        (0..self.format.planes())
            .map(|plane| self.plane_size(plane))
            .map(|(row, rows)| row * rows)
            .sum()
    }

    /// Refuses an empty picture, and planes that are too short for it; `planes` are strides and bytes.
    pub(super) fn check(&self, planes: impl ExactSizeIterator<Item = (usize, usize)>) -> Result<(), Error> {
        let &Self { width, height, .. } = self;
        if width == 0 || height == 0 {
            return Err(Error::Empty { width, height });
        }
        if planes.len() != self.format.planes() {
            return Err(Error::Planes {
                format: self.format,
                expected: self.format.planes(),
                found: planes.len(),
            });
        }
        let pixel = self.format.bytes();
        for (plane, (stride, found)) in planes.enumerate() {
            // The longest row has two bytes more than four for each pixel.
            let fits = width < usize::MAX / 8 && self.plane_size(plane).0 <= stride;
            if !fits {
                return Err(Error::Stride { width, stride, pixel });
            }
            let (row, rows) = self.plane_size(plane);
            let needed = stride.saturating_mul(rows - 1).saturating_add(row);
            if found < needed {
                return Err(Error::Short {
                    width,
                    height,
                    stride,
                    needed,
                    found,
                });
            }
        }
        Ok(())
    }

    /// Refuses another shape where this one is needed.
    pub(crate) fn expect(&self, found: &Self) -> Result<(), Error> {
        if (self.format, self.size()) == (found.format, found.size()) {
            return Ok(());
        }
        let text = |shape: &Self| format!("{}x{} {:?}", shape.width, shape.height, shape.format);
        Err(Error::Mismatch {
            expected: text(self),
            found: text(found),
        })
    }
}
