// SPDX-License-Identifier: MPL-2.0
//! Picture files: PNG, JPEG, WebP and BMP in, PNG, JPEG and WebP out, 8 bits per channel.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, IsTerminal, Read, Seek};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage, Rgba, RgbaImage,
    imageops,
};
use steerlens::frame::Shape;
use steerlens::{FrameView, FrameViewMut, PixelFormat};

use crate::error::{Cause, Error, Result};
use crate::jpeg;

/// Pixels of the largest picture that is read: a file of a few bytes may claim any size.
const MOST_PIXELS: u64 = 100_000_000;
/// Bytes that a decoder may ask for: 16-bit RGBA of that size, and its scratch.
const MOST_BYTES: u64 = 10 * MOST_PIXELS;

/// Of 100: what is lost cannot be seen.
const JPEG_QUALITY: u8 = 95;

const TRANSPARENT: &str = "it is transparent in places, and taken as it looks on white";

/// What pictures may be written in.
const FORMATS: [ImageFormat; 4] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::WebP,
    ImageFormat::Bmp,
];

/// A picture in memory. Gray stays gray. What is transparent lies on white: a classifier sees what people see, not the
/// colours that a file has where nobody sees any.
#[derive(Debug, Clone)]
pub struct Picture {
    format: PixelFormat,
    image: DynamicImage,
    /// Width of a pixel over its height.
    aspect: (u32, u32),
    warning: Option<&'static str>,
}

impl Picture {
    /// Reads a PNG, JPEG, WebP or BMP file.
    ///
    /// # Errors
    /// When it cannot be read, is none of these, is cut off, or is too large.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let about = fs::metadata(path)
            .map_err(|error| Error::file(format!("the picture {name} cannot be opened"), error))?;
        // Opening a FIFO would wait for a writer for ever.
        if !about.is_file() {
            return Err(Error::Picture(format!(
                "the picture {name} is not a regular file: name a PNG, JPEG, WebP or BMP file"
            )));
        }
        let file = File::open(path)
            .map_err(|error| Error::file(format!("the picture {name} cannot be opened"), error))?;
        let image = decode(BufReader::new(file))
            .map_err(|error| Error::file(format!("the picture {name} cannot be read"), error))?;
        Ok(Self::from(image))
    }

    /// Reads such a file that is piped in.
    ///
    /// # Errors
    /// As [`Picture::read`], and where standard input is a terminal.
    pub fn from_stdin() -> Result<Self> {
        if io::stdin().is_terminal() {
            return Err(Error::Picture(
                "standard input is a terminal: name a picture, or pipe one in".to_owned(),
            ));
        }
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::file("standard input cannot be read", error))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(Error::Picture(format!(
                "standard input brings more than {MOST_BYTES} bytes: no picture that is read here is as large"
            )));
        }
        let image = decode(Cursor::new(bytes))
            .map_err(|error| Error::file("the picture from standard input cannot be read", error))?;
        Ok(Self::from(image))
    }

    /// Whether a file begins as one that [`Picture::read`] reads.
    pub fn is_one(path: &Path) -> bool {
        let about = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
        about.is_ok_and(|about| about.format().is_some_and(|format| FORMATS.contains(&format)))
    }

    /// The same with pixels of this width over their height.
    pub fn with_aspect(self, aspect: (u32, u32)) -> Self {
        Self { aspect, ..self }
    }

    /// What is to be said of how it was read.
    pub fn warning(&self) -> Option<&'static str> {
        self.warning
    }

    /// A black picture of this one's format and another size.
    pub fn blank(&self, (width, height): (usize, usize)) -> Self {
        let image = DynamicImage::new(width as u32, height as u32, self.image.color());
        Self {
            image,
            warning: None,
            ..*self
        }
    }

    /// Pixels per row, and rows.
    pub fn size(&self) -> (usize, usize) {
        (self.image.width() as usize, self.image.height() as usize)
    }

    /// The picture as the library reads it.
    ///
    /// # Errors
    /// Where it is empty.
    pub fn view(&self) -> Result<FrameView<'_>, steerlens::Error> {
        Ok(FrameView::packed(self.shape(), self.image.as_bytes())?)
    }

    /// The picture as the library writes it.
    ///
    /// # Errors
    /// Where it is empty.
    pub fn view_mut(&mut self) -> Result<FrameViewMut<'_>, steerlens::Error> {
        let shape = self.shape();
        let bytes = match &mut self.image {
            DynamicImage::ImageLuma8(image) => &mut **image,
            DynamicImage::ImageRgb8(image) => &mut **image,
            DynamicImage::ImageRgba8(image) => &mut **image,
            // Not reached: the two constructors make these three. An empty buffer is refused as too short.
            _ => &mut [],
        };
        Ok(FrameViewMut::packed(shape, bytes)?)
    }

    fn shape(&self) -> Shape {
        Shape {
            pixel_aspect: self.aspect,
            ..Shape::new(self.format, self.size())
        }
    }

    /// The picture as it looks on white paper.
    pub fn on_white(&self) -> RgbaImage {
        on_white(&self.image)
    }

    /// The picture in colour, as a screen with square pixels shows it: the longer side of a pixel decides.
    pub fn shown(&self) -> RgbImage {
        let image = self.to_rgb();
        let (width, height) = image.dimensions();
        let stretched = |extent: u32, by: u32, over: u32| {
            (u64::from(extent) * u64::from(by.max(1)) / u64::from(over.max(1))).clamp(1, 1 << 15) as u32
        };
        let (x, y) = self.aspect;
        let size = match x.max(1).cmp(&y.max(1)) {
            Ordering::Equal => return image,
            Ordering::Greater => (stretched(width, x, y), height),
            Ordering::Less => (width, stretched(height, y, x)),
        };
        imageops::resize(&image, size.0, size.1, FilterType::Triangle)
    }

    /// The picture in colour, as it looks on white paper.
    pub fn to_rgb(&self) -> RgbImage {
        match &self.image {
            DynamicImage::ImageRgb8(image) => image.clone(),
            // Without the colour management of the general way, which costs more than a small picture's edit.
            DynamicImage::ImageLuma8(image) => RgbImage::from_fn(image.width(), image.height(), |x, y| {
                let [gray] = image.get_pixel(x, y).0;
                Rgb([gray; 3])
            }),
            _ => DynamicImage::from(self.on_white()).into_rgb8(),
        }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        self.encode(Encoding::Png)
    }

    /// The picture as a file.
    ///
    /// # Errors
    /// When it cannot be encoded: WebP has at most 16383 pixels a side, JPEG 65535.
    pub fn encode(&self, encoding: Encoding) -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        match encoding {
            Encoding::Png => self.image.write_to(&mut bytes, ImageFormat::Png),
            Encoding::WebP => self.image.write_to(&mut bytes, ImageFormat::WebP),
            Encoding::Jpeg => {
                let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
                // It knows no alpha.
                match self.image.color().has_alpha() {
                    true => self.image.to_rgb8().write_with_encoder(encoder),
                    false => self.image.write_with_encoder(encoder),
                }
            }
        }
        .map_err(|error| Error::Format(error.into()))?;
        Ok(bytes.into_inner())
    }
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// PNG, without loss.
    Png,
    /// JPEG of high quality: pixel values change a little.
    Jpeg,
    /// WebP, without loss.
    WebP,
}

impl Encoding {
    /// That of files whose names end so. `None` for other names.
    pub fn of(path: &Path) -> Option<Self> {
        match ImageFormat::from_path(path) {
            Ok(ImageFormat::Png) => Some(Self::Png),
            Ok(ImageFormat::Jpeg) => Some(Self::Jpeg),
            Ok(ImageFormat::WebP) => Some(Self::WebP),
            _ => None,
        }
    }
}

impl From<DynamicImage> for Picture {
    fn from(image: DynamicImage) -> Self {
        let of = |format, image, warning| Self {
            format,
            image,
            aspect: (1, 1),
            warning,
        };
        match image.color() {
            ColorType::L8 | ColorType::L16 => of(PixelFormat::Gray8, image.into_luma8().into(), None),
            color if color.has_alpha() => {
                let image = image.into_rgba8();
                if image.pixels().all(|pixel| pixel.0[3] == 255) {
                    return of(PixelFormat::Rgba, image.into(), None);
                }
                let image = DynamicImage::from(on_white(&image.into())).into_rgb8();
                of(PixelFormat::Rgb, image.into(), Some(TRANSPARENT))
            }
            _ => of(PixelFormat::Rgb, image.into_rgb8().into(), None),
        }
    }
}

fn on_white(image: &DynamicImage) -> RgbaImage {
    let mut paper = RgbaImage::from_pixel(image.width(), image.height(), Rgba([255; 4]));
    imageops::overlay(&mut paper, image, 0, 0);
    paper
}

fn decode(mut reader: impl BufRead + Seek) -> Result<DynamicImage, Cause> {
    let guessed = ImageReader::new(&mut reader).with_guessed_format()?;
    let is_jpeg = guessed.format() == Some(ImageFormat::Jpeg);
    let mut decoder = guessed.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!(
            "it claims {width}x{height} pixels, more than the {MOST_PIXELS} that are allowed; make it smaller"
        )
        .into());
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits)?;
    // Cameras store the sensor's rows and say how to turn them; broken metadata is no reason to refuse the pixels.
    let upright = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(upright);
    if is_jpeg {
        reader.rewind()?;
        if !jpeg::is_whole(&mut reader)? {
            return Err("it is cut off: the end of its data is missing".into());
        }
    }
    Ok(image)
}
