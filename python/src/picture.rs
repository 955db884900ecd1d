// SPDX-License-Identifier: MPL-2.0
//! Pictures as Python has them, a file's path or an array of bytes, as frames of the library.

use std::path::PathBuf;

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use numpy::ndarray::Array3;
use numpy::{PyArrayDyn, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use steerlens::frame::Shape;
use steerlens::{ErrorKind, FrameView, FrameViewMut, PixelFormat};
use steerlens_files::Picture;

use crate::call::{Turn, call};
use crate::error::Error;

/// An array of numpy's.
pub(crate) type Array<'py, T> = Bound<'py, PyArrayDyn<T>>;

/// What Python hands over: `steerlens/_picture.py` has made it one of the two.
#[derive(FromPyObject)]
pub(crate) enum Given<'py> {
    /// Contiguous, of two axes or three.
    Array(PyReadonlyArrayDyn<'py, u8>),
    Path(PathBuf),
}

/// The same, out of Python's hands.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Bytes(Shape, &'a [u8]),
    Path(&'a PathBuf),
}

/// A picture that can be read.
pub(crate) enum Readable<'a> {
    Bytes(Shape, &'a [u8]),
    File(Picture),
}

impl Given<'_> {
    /// # Errors
    /// When the array is no picture.
    pub(crate) fn source(&self) -> Result<Source<'_>, Error> {
        let array = match self {
            Self::Path(path) => return Ok(Source::Path(path)),
            Self::Array(array) => array,
        };
        let refused = || {
            Error::new(
                ErrorKind::Frame,
                format!(
                    "an array of shape {:?} is no picture: give uint8 values as height x width, or height x width x 3 or 4",
                    array.shape()
                ),
            )
        };
        let (format, size) = match *array.shape() {
            [height, width] | [height, width, 1] => (PixelFormat::Gray8, (width, height)),
            [height, width, 3] => (PixelFormat::Rgb, (width, height)),
            [height, width, 4] => (PixelFormat::Rgba, (width, height)),
            _ => return Err(refused()),
        };
        let bytes = array.as_slice().map_err(|_| refused())?;
        Ok(Source::Bytes(Shape::new(format, size), bytes))
    }
}

impl<'a> Source<'a> {
    /// Reads the file. What is transparent is laid on white, as the command line does with a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(self) -> Result<Readable<'a>, Error> {
        match self {
            Self::Path(path) if !path.exists() => Err(Error::new(
                ErrorKind::NotFound,
                format!("the picture {} is not there", path.display()),
            )),
            Self::Path(path) => Picture::read(path)
                .map(Readable::File)
                .map_err(|error| Error::of(error.into(), ErrorKind::Unreadable)),
            Self::Bytes(shape, bytes) if is_transparent(&shape, bytes) => {
                Ok(Readable::File(owned(&shape, bytes.to_vec())?))
            }
            Self::Bytes(shape, bytes) => Ok(Readable::Bytes(shape, bytes)),
        }
    }
}

fn is_transparent(shape: &Shape, bytes: &[u8]) -> bool {
    shape.format == PixelFormat::Rgba && bytes.as_chunks::<4>().0.iter().any(|pixel| pixel[3] < 255)
}

impl Readable<'_> {
    pub(crate) fn view(&self) -> Result<FrameView<'_>, Error> {
        Ok(match self {
            Self::Bytes(shape, bytes) => FrameView::packed(*shape, bytes)?,
            Self::File(picture) => picture.view()?,
        })
    }

    /// What is to be said of how it was read.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Bytes(..) => None,
            Self::File(picture) => picture.warning(),
        }
    }
}

/// A picture of the library's, to be written, and to become an array.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    shape: Shape,
    bytes: Vec<u8>,
}

impl Written {
    /// Black, of this frame's format.
    pub(crate) fn like(frame: &FrameView<'_>, size: (usize, usize)) -> Self {
        let shape = Shape::new(frame.format(), size);
        Self {
            bytes: vec![0; shape.packed_len()],
            shape,
        }
    }

    pub(crate) fn of(picture: RgbImage) -> Self {
        let size = (picture.width() as usize, picture.height() as usize);
        Self {
            shape: Shape::new(PixelFormat::Rgb, size),
            bytes: picture.into_raw(),
        }
    }

    pub(crate) fn view_mut(&mut self) -> Result<FrameViewMut<'_>, Error> {
        Ok(FrameViewMut::packed(self.shape, &mut self.bytes)?)
    }

    pub(crate) fn to_picture(&self) -> Result<Picture, Error> {
        owned(&self.shape, self.bytes.clone())
    }

    /// As an array: height, width, and channels where there are several. The bytes are not copied.
    pub(crate) fn into_array(self, py: Python<'_>) -> PyResult<Array<'_, u8>> {
        array(py, self.shape, self.bytes)
    }
}

/// Values of pixels as an array: height, width, and channels where there are several.
pub(crate) fn array<T: numpy::Element>(
    py: Python<'_>,
    shape: Shape,
    values: Vec<T>,
) -> PyResult<Array<'_, T>> {
    let channels = values.len() / (shape.width * shape.height).max(1);
    let array = Array3::from_shape_vec((shape.height, shape.width, channels), values)
        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    let array = if channels == 1 {
        array.remove_axis(numpy::ndarray::Axis(2)).into_dyn()
    } else {
        array.into_dyn()
    };
    Ok(PyArrayDyn::from_owned_array(py, array))
}

/// A picture of packed bytes; what is transparent is laid on white.
fn owned(shape: &Shape, bytes: Vec<u8>) -> Result<Picture, Error> {
    let too_large = || Error::new(ErrorKind::Frame, "the picture is too large");
    let width = u32::try_from(shape.width).map_err(|_| too_large())?;
    let height = u32::try_from(shape.height).map_err(|_| too_large())?;
    let image = match shape.format {
        PixelFormat::Gray8 => GrayImage::from_raw(width, height, bytes).map(DynamicImage::from),
        PixelFormat::Rgb => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
        _ => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from),
    };
    image.map(Picture::from).ok_or_else(too_large)
}

/// A picture as the bytes of a PNG file.
#[pyfunction]
pub(crate) fn png<'py>(py: Python<'py>, picture: Given<'py>) -> PyResult<Bound<'py, PyBytes>> {
    let source = picture.source()?;
    let bytes = call(py, &Turn::default(), || {
        let picture = match source.read()? {
            Readable::File(picture) => picture,
            Readable::Bytes(shape, bytes) => owned(&shape, bytes.to_vec())?,
        };
        picture
            .to_png()
            .map_err(|error| Error::of(error.into(), ErrorKind::Internal))
    })?;
    Ok(PyBytes::new(py, &bytes))
}
