// SPDX-License-Identifier: MPL-2.0
//! Picture files: PNG and JPEG in, PNG out, 8 bits per channel.

use std::fs::{self, File};
use std::io::{BufReader, Cursor};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage, Rgba, RgbaImage,
    imageops,
};
use steerlens::{FrameView, FrameViewMut, PixelFormat};

/// Pixels of the largest picture that is read: a file of a few bytes may claim any size.
const MOST_PIXELS: u64 = 100_000_000;
/// Bytes that a decoder may ask for: 16-bit RGBA of that size, and its scratch.
const MOST_BYTES: u64 = 10 * MOST_PIXELS;

/// A picture in memory. Gray stays gray, alpha stays.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    format: PixelFormat,
    image: DynamicImage,
}

impl Picture {
    /// Reads a PNG or JPEG file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let about =
            fs::metadata(path).map_err(|error| anyhow!("the picture {name} cannot be opened: {error}"))?;
        // Opening a FIFO would wait for a writer for ever.
        if !about.is_file() {
            bail!("the picture {name} is not a regular file: name a PNG or JPEG file");
        }
        let file =
            File::open(path).map_err(|error| anyhow!("the picture {name} cannot be opened: {error}"))?;
        let image = decode(file).map_err(|error| anyhow!("the picture {name} cannot be read: {error}"))?;
        Ok(match image.color() {
            ColorType::L8 | ColorType::L16 => Self {
                format: PixelFormat::Gray8,
                image: image.into_luma8().into(),
            },
            color if color.has_alpha() => Self {
                format: PixelFormat::Rgba,
                image: image.into_rgba8().into(),
            },
            _ => Self {
                format: PixelFormat::Rgb,
                image: image.into_rgb8().into(),
            },
        })
    }

    /// A black picture of this one's format and another size.
    pub(crate) fn blank(&self, (width, height): (usize, usize)) -> Self {
        let image = DynamicImage::new(width as u32, height as u32, self.image.color());
        Self {
            format: self.format,
            image,
        }
    }

    /// Pixels per row, and rows.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.image.width() as usize, self.image.height() as usize)
    }

    /// The picture as the library reads it.
    pub(crate) fn view(&self) -> Result<FrameView<'_>, steerlens::Error> {
        let (width, height) = self.size();
        Ok(FrameView::new(
            self.format,
            width,
            height,
            width * self.format.bytes(),
            self.image.as_bytes(),
        )?)
    }

    /// The picture as the library writes it.
    pub(crate) fn view_mut(&mut self) -> Result<FrameViewMut<'_>, steerlens::Error> {
        let (width, height) = self.size();
        let bytes = match &mut self.image {
            DynamicImage::ImageLuma8(image) => &mut **image,
            DynamicImage::ImageRgb8(image) => &mut **image,
            DynamicImage::ImageRgba8(image) => &mut **image,
            // Not reached: the two constructors make these three. An empty buffer is refused as too short.
            _ => &mut [],
        };
        Ok(FrameViewMut::new(
            self.format,
            width,
            height,
            width * self.format.bytes(),
            bytes,
        )?)
    }

    /// The picture as it looks on white paper.
    pub(crate) fn on_white(&self) -> RgbaImage {
        let mut paper = RgbaImage::from_pixel(self.image.width(), self.image.height(), Rgba([255; 4]));
        imageops::overlay(&mut paper, &self.image, 0, 0);
        paper
    }

    /// The picture in colour, as it looks on white paper.
    pub(crate) fn to_rgb(&self) -> RgbImage {
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

    /// Writes a PNG file.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        write_png(&self.image, path)
    }
}

impl From<RgbImage> for Picture {
    fn from(image: RgbImage) -> Self {
        Self {
            format: PixelFormat::Rgb,
            image: image.into(),
        }
    }
}

fn decode(file: File) -> Result<DynamicImage> {
    let mut decoder = ImageReader::new(BufReader::new(file))
        .with_guessed_format()?
        .into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        bail!(
            "it claims {width}x{height} pixels, more than the {MOST_PIXELS} that are allowed; make it smaller"
        );
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits)?;
    // Cameras store the sensor's rows and say how to turn them; broken metadata is no reason to refuse the pixels.
    let upright = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(upright);
    Ok(image)
}

/// Writes a PNG file, whole or not at all where the encoder fails.
pub(crate) fn write_png(image: &DynamicImage, path: &Path) -> Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(anyhow::Error::from)
        .and_then(|()| Ok(fs::write(path, bytes.into_inner())?))
        .map_err(|error| anyhow!("the picture {} cannot be written: {error}", path.display()))
}
