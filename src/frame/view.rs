// SPDX-License-Identifier: MPL-2.0
//! Views of a caller's buffer. Nothing is copied.

use super::{Error, PixelFormat, Rect, Shape};

/// A picture in somebody else's buffer, to read.
#[derive(Debug, Clone, Copy)]
pub struct FrameView<'a> {
    shape: Shape,
    /// Stride and bytes of each plane; empty where the format has fewer.
    planes: [(usize, &'a [u8]); 3],
}

impl<'a> FrameView<'a> {
    /// Looks at `data` as `height` rows of `width` pixels, `stride` bytes apart, of a format with one plane.
    ///
    /// # Errors
    /// When the frame is empty, `stride` or `data` is too short for it, or the format has more planes.
    pub fn new(
        format: PixelFormat,
        width: usize,
        height: usize,
        stride: usize,
        data: &'a [u8],
    ) -> Result<Self, Error> {
        Self::with_planes(Shape::new(format, (width, height)), [(stride, data)])
    }

    /// Looks at a picture of a shape, each of whose planes is given by the bytes from one row to the next, and its
    /// data.
    ///
    /// # Errors
    /// When the frame is empty, a plane is missing or one too many, or too short.
    pub fn with_planes<const N: usize>(shape: Shape, planes: [(usize, &'a [u8]); N]) -> Result<Self, Error> {
        shape.check(planes.iter().map(|(stride, data)| (*stride, data.len())))?;
        let mut all: [(usize, &[u8]); 3] = [(0, &[]); 3];
        all.iter_mut().zip(planes).for_each(|(to, plane)| *to = plane);
        Ok(Self { shape, planes: all })
    }

    /// Looks at bytes that hold the picture's planes and rows one after the other.
    ///
    /// # Errors
    /// When there are too few of them, or the frame is empty.
    pub fn packed(shape: Shape, bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let mut plane = |plane| {
            let (row, rows) = shape.plane_size(plane);
            let (data, after) = rest.split_at(rest.len().min(row * rows));
            rest = after;
            (row, data)
        };
        match shape.format.planes() {
            1 => Self::with_planes(shape, [plane(0)]),
            2 => Self::with_planes(shape, [plane(0), plane(1)]),
            _ => Self::with_planes(shape, [plane(0), plane(1), plane(2)]),
        }
    }

    /// Format, size and meaning of the bytes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The pixel format.
    pub fn format(&self) -> PixelFormat {
        self.shape.format
    }

    /// Pixels per row.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        self.shape.size()
    }

    /// The part of the picture inside `rect`, still in the caller's buffer; `None` when `rect` is empty or leaves the
    /// picture, or begins at an odd pixel where colour differences have half the size.
    pub fn crop(&self, rect: Rect) -> Option<Self> {
        let starts = starts(&self.shape, self.planes.map(|(stride, _)| stride), rect)?;
        let mut planes = self.planes;
        for ((_, data), start) in planes.iter_mut().zip(starts) {
            *data = data.get(start..)?;
        }
        Some(Self {
            shape: self.shape.resized(rect.size()),
            planes,
        })
    }

    /// The visible bytes of row `y` of the first plane; the padding after them is not part of the picture.
    ///
    /// # Panics
    /// When `y` is not below the height.
    pub fn row(&self, y: usize) -> &'a [u8] {
        self.plane_row(0, y)
    }

    /// The visible bytes of row `y` of a plane.
    ///
    /// # Panics
    /// When there is no such plane or row.
    pub fn plane_row(&self, plane: usize, y: usize) -> &'a [u8] {
        let (row, rows) = self.shape.plane_size(plane);
        assert!(y < rows, "row {y} of {rows}");
        let (stride, data) = self.planes[plane];
        &data[y * stride..][..row]
    }
}

/// A picture in somebody else's buffer, to write.
#[derive(Debug)]
pub struct FrameViewMut<'a> {
    shape: Shape,
    planes: [(usize, &'a mut [u8]); 3],
}

impl<'a> FrameViewMut<'a> {
    /// As [`FrameView::new`].
    ///
    /// # Errors
    /// As there.
    pub fn new(
        format: PixelFormat,
        width: usize,
        height: usize,
        stride: usize,
        data: &'a mut [u8],
    ) -> Result<Self, Error> {
        Self::with_planes(Shape::new(format, (width, height)), [(stride, data)])
    }

    /// As [`FrameView::with_planes`].
    ///
    /// # Errors
    /// As there.
    pub fn with_planes<const N: usize>(
        shape: Shape,
        planes: [(usize, &'a mut [u8]); N],
    ) -> Result<Self, Error> {
        shape.check(planes.iter().map(|(stride, data)| (*stride, data.len())))?;
        let mut all: [(usize, &mut [u8]); 3] = [(0, &mut []), (0, &mut []), (0, &mut [])];
        all.iter_mut().zip(planes).for_each(|(to, plane)| *to = plane);
        Ok(Self { shape, planes: all })
    }

    /// As [`FrameView::packed`].
    ///
    /// # Errors
    /// As there.
    pub fn packed(shape: Shape, bytes: &'a mut [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let mut plane = |plane| {
            let (row, rows) = shape.plane_size(plane);
            let whole = std::mem::take(&mut rest);
            let (data, after) = whole.split_at_mut(whole.len().min(row * rows));
            rest = after;
            (row, data)
        };
        match shape.format.planes() {
            1 => Self::with_planes(shape, [plane(0)]),
            2 => Self::with_planes(shape, [plane(0), plane(1)]),
            _ => Self::with_planes(shape, [plane(0), plane(1), plane(2)]),
        }
    }

    /// Format, size and meaning of the bytes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The pixel format.
    pub fn format(&self) -> PixelFormat {
        self.shape.format
    }

    /// Pixels per row.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        self.shape.size()
    }

    /// The same picture, to read.
    pub fn as_view(&self) -> FrameView<'_> {
        let [(s0, p0), (s1, p1), (s2, p2)] = &self.planes;
        FrameView {
            shape: self.shape,
            planes: [(*s0, p0), (*s1, p1), (*s2, p2)],
        }
    }

    /// As [`FrameView::crop`].
    pub fn crop(&mut self, rect: Rect) -> Option<FrameViewMut<'_>> {
        let [(s0, p0), (s1, p1), (s2, p2)] = &mut self.planes;
        let [t0, t1, t2] = starts(&self.shape, [*s0, *s1, *s2], rect)?;
        Some(FrameViewMut {
            shape: self.shape.resized(rect.size()),
            planes: [
                (*s0, p0.get_mut(t0..)?),
                (*s1, p1.get_mut(t1..)?),
                (*s2, p2.get_mut(t2..)?),
            ],
        })
    }

    /// The visible bytes of row `y` of the first plane; the padding after them is not ours to write.
    ///
    /// # Panics
    /// When `y` is not below the height.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        self.plane_row_mut(0, y)
    }

    /// The visible bytes of row `y` of a plane.
    ///
    /// # Panics
    /// When there is no such plane or row.
    pub fn plane_row_mut(&mut self, plane: usize, y: usize) -> &mut [u8] {
        let (row, rows) = self.shape.plane_size(plane);
        assert!(y < rows, "row {y} of {rows}");
        let (stride, data) = &mut self.planes[plane];
        &mut data[y * *stride..][..row]
    }
}

/// Where a part of a picture begins in each plane.
fn starts(shape: &Shape, strides: [usize; 3], rect: Rect) -> Option<[usize; 3]> {
    let inside = |start: usize, length: usize, limit: usize| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= limit)
    };
    if !inside(rect.x, rect.width, shape.width) || !inside(rect.y, rect.height, shape.height) {
        return None;
    }
    let first = rect.y * strides[0] + rect.x * shape.format.bytes();
    if !shape.format.is_yuv() {
        return Some([first, 0, 0]);
    }
    if !rect.x.is_multiple_of(2) || !rect.y.is_multiple_of(2) {
        return None;
    }
    let chroma = |plane: usize, bytes: usize| rect.y / 2 * strides[plane] + rect.x / 2 * bytes;
    Some(match shape.format {
        PixelFormat::Nv12 => [first, chroma(1, 2), 0],
        _ => [first, chroma(1, 1), chroma(2, 1)],
    })
}
