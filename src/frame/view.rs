// SPDX-License-Identifier: MPL-2.0
//! Views of a caller's buffer. Nothing is copied.

use std::ops::{Deref, Range};

use super::{Error, PixelFormat, Rect, Shape};

/// A picture in somebody else's buffer, to read.
pub type FrameView<'a> = View<&'a [u8]>;

/// A picture in somebody else's buffer, to write.
pub type FrameViewMut<'a> = View<&'a mut [u8]>;

/// A picture in somebody else's buffer: a [`FrameView`] or a [`FrameViewMut`].
#[derive(Debug, Clone, Copy)]
pub struct View<B> {
    shape: Shape,
    /// Stride and bytes of each plane; empty where the format has fewer.
    planes: [(usize, B); 3],
}

/// Borrowed bytes: `&[u8]` and `&mut [u8]`, and nothing else.
pub trait Bytes: Deref<Target = [u8]> + Default + sealed::Split {}

impl Bytes for &[u8] {}

impl Bytes for &mut [u8] {}

mod sealed {
    pub trait Split: Sized {
        /// The bytes before `at` and those from there on.
        fn split(self, at: usize) -> (Self, Self);
    }

    impl Split for &[u8] {
        fn split(self, at: usize) -> (Self, Self) {
            self.split_at(at)
        }
    }

    impl Split for &mut [u8] {
        fn split(self, at: usize) -> (Self, Self) {
            self.split_at_mut(at)
        }
    }
}

impl<B: Bytes> View<B> {
    /// Looks at `data` as `height` rows of `width` pixels, `stride` bytes apart, of a format with one plane.
    ///
    /// # Errors
    /// When the frame is empty, `stride` or `data` is too short for it, or the format has more planes.
    pub fn new(
        format: PixelFormat,
        width: usize,
        height: usize,
        stride: usize,
        data: B,
    ) -> Result<Self, Error> {
        Self::with_planes(Shape::new(format, (width, height)), [(stride, data)])
    }

    /// Looks at a picture of a shape, each of whose planes is given by the bytes from one row to the next, and its
    /// data.
    ///
    /// # Errors
    /// When the frame is empty, a plane is missing or one too many, or too short.
    pub fn with_planes<const N: usize>(shape: Shape, planes: [(usize, B); N]) -> Result<Self, Error> {
        shape.check(planes.iter().map(|(stride, data)| (*stride, data.len())))?;
        let mut all: [(usize, B); 3] = Default::default();
        all.iter_mut().zip(planes).for_each(|(to, plane)| *to = plane);
        Ok(Self { shape, planes: all })
    }

    /// Looks at bytes that hold the picture's planes and rows one after the other.
    ///
    /// # Errors
    /// When there are too few of them, or the frame is empty.
    pub fn packed(shape: Shape, bytes: B) -> Result<Self, Error> {
        let mut rest = bytes;
        let mut plane = |plane| {
            let (row, rows) = shape.plane_size(plane);
            let whole = std::mem::take(&mut rest);
            let length = whole.len().min(row * rows);
            let (data, after) = whole.split(length);
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
        View {
            shape: self.shape,
            planes: [(*s0, p0), (*s1, p1), (*s2, p2)],
        }
    }

    /// Where row `y` of a plane lies in its bytes, without the padding after it.
    fn place(&self, plane: usize, y: usize) -> Range<usize> {
        let (row, rows) = self.shape.plane_size(plane);
        assert!(y < rows, "row {y} of {rows}");
        let start = y * self.planes[plane].0;
        start..start + row
    }
}

impl<'a> View<&'a [u8]> {
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
        let place = self.place(plane, y);
        &self.planes[plane].1[place]
    }
}

impl View<&mut [u8]> {
    /// As [`View::crop`] of a [`FrameView`].
    pub fn crop(&mut self, rect: Rect) -> Option<FrameViewMut<'_>> {
        let [(s0, p0), (s1, p1), (s2, p2)] = &mut self.planes;
        let [t0, t1, t2] = starts(&self.shape, [*s0, *s1, *s2], rect)?;
        Some(View {
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
        let place = self.place(plane, y);
        &mut self.planes[plane].1[place]
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
