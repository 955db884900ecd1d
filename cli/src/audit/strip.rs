// SPDX-License-Identifier: MPL-2.0
//! The picture of a frame and its edits: one line per method, the source first in each.

use std::io::Cursor;

use anyhow::Result;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use steerlens::morph::Method;

use crate::picture::Picture;

/// The longer side of a picture in a strip: small ones are enlarged by a whole factor towards it, large ones reduced.
const SMALL: u32 = 112;
const LARGE: u32 = 256;
/// Between pictures: white, which is no picture's own edge in print.
const GAP: u32 = 4;

/// The pictures, at the size they are shown.
#[derive(Debug)]
pub(super) struct Strip {
    source: RgbImage,
    lines: Vec<(Method, Vec<RgbImage>)>,
}

impl Strip {
    pub(super) fn new(source: &Picture) -> Self {
        Self {
            source: shown(source),
            lines: Vec::new(),
        }
    }

    /// The next edit of a method.
    pub(super) fn add(&mut self, method: Method, edit: &Picture) {
        match self.lines.last_mut() {
            Some((last, edits)) if *last == method => edits.push(shown(edit)),
            _ => self.lines.push((method, vec![shown(edit)])),
        }
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(super) fn png(&self) -> Result<Vec<u8>> {
        let (width, height) = self.source.dimensions();
        let columns = 1 + self.lines.iter().map(|(_, edits)| edits.len()).max().unwrap_or(0) as u32;
        let lines = self.lines.len().max(1) as u32;
        let size = |count: u32, extent: u32| count * (extent + GAP) - GAP;
        let mut sheet = RgbImage::from_pixel(size(columns, width), size(lines, height), Rgb([255; 3]));
        let mut lay = |picture: &RgbImage, column: usize, line: usize| {
            let (x, y) = (column as u32 * (width + GAP), line as u32 * (height + GAP));
            imageops::replace(&mut sheet, picture, x.into(), y.into());
        };
        if self.lines.is_empty() {
            lay(&self.source, 0, 0);
        }
        for (line, (_, edits)) in self.lines.iter().enumerate() {
            lay(&self.source, 0, line);
            edits
                .iter()
                .enumerate()
                .for_each(|(at, edit)| lay(edit, at + 1, line));
        }
        let mut bytes = Cursor::new(Vec::new());
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, PngFilter::Sub);
        sheet.write_with_encoder(encoder)?;
        Ok(bytes.into_inner())
    }
}

fn shown(picture: &Picture) -> RgbImage {
    let picture = picture.to_rgb();
    let (width, height) = picture.dimensions();
    let longer = width.max(height).max(1);
    if longer > LARGE {
        let scaled = |extent: u32| (extent * LARGE / longer).max(1);
        return imageops::resize(&picture, scaled(width), scaled(height), FilterType::Triangle);
    }
    match SMALL / longer {
        0 | 1 => picture,
        factor => imageops::resize(&picture, width * factor, height * factor, FilterType::Nearest),
    }
}
