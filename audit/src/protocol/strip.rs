// SPDX-License-Identifier: MPL-2.0
//! The picture of a frame and its edits: one line per method, the frame first in each, under the method's name.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use steerlens::settings::short;
use steerlens_files::Picture;
use steerlens_files::canvas::{self, Canvas, Ink};

use crate::error::{Error, Result};
use crate::table::{Reach, Row};

/// The longer side of a picture in a strip: small ones are enlarged by a whole factor towards it, large ones reduced.
const SMALL: u32 = 144;
const LARGE: u32 = 256;
/// Between pictures.
const GAP: u32 = 6;
/// Above each line of pictures, and the text in it.
const CAPTION: u32 = 20;
const TEXT: f32 = 12.0;
const PAPER: Ink = Rgb([255; 3]);
const INK: Ink = Rgb([34, 36, 40]);

/// The pictures, at the size they are shown.
#[derive(Debug)]
pub(crate) struct Strip {
    source: RgbImage,
    /// By method, and number of samples where it is not 1.
    lines: Vec<(String, Vec<Edit>)>,
}

/// An edit, its column from 1, and what stands above it.
#[derive(Debug)]
struct Edit {
    column: usize,
    caption: String,
    picture: RgbImage,
}

impl Strip {
    pub(crate) fn new(source: &Picture) -> Self {
        Self {
            source: shown(source),
            lines: Vec::new(),
        }
    }

    /// An edit by a method, in the column of its reach.
    pub(crate) fn add(&mut self, method: &str, column: usize, row: &Row, edit: &Picture) {
        let edit = Edit {
            column,
            caption: caption(row),
            picture: shown(edit),
        };
        match self.lines.last_mut() {
            Some((last, edits)) if *last == method => edits.push(edit),
            _ => self.lines.push((method.to_owned(), vec![edit])),
        }
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(crate) fn png(&self) -> Result<Vec<u8>> {
        let (width, height) = self.source.dimensions();
        let last = self
            .lines
            .iter()
            .flat_map(|(_, edits)| edits)
            .map(|edit| edit.column)
            .max();
        let columns = 1 + last.unwrap_or(0) as u32;
        let lines = self.lines.len().max(1) as u32;
        let size = (columns * (width + GAP) + GAP, lines * (CAPTION + height + GAP));
        let mut sheet = Canvas::new(size.0, size.1, PAPER);
        let mut lay = |(column, line): (usize, usize), text: &str, picture: &RgbImage| {
            let x = GAP + column as u32 * (width + GAP);
            let y = line as u32 * (CAPTION + height + GAP);
            sheet.text((x, y + CAPTION - 6), TEXT, INK, &canvas::fit(TEXT, text, width));
            sheet.opaque((x, y + CAPTION), picture);
        };
        if self.lines.is_empty() {
            lay((0, 0), "source", &self.source);
        }
        for (line, (method, edits)) in self.lines.iter().enumerate() {
            lay((0, line), method, &self.source);
            for edit in edits {
                lay((edit.column, line), &edit.caption, &edit.picture);
            }
        }
        let mut bytes = Cursor::new(Vec::new());
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, PngFilter::Sub);
        sheet
            .finish()
            .write_with_encoder(encoder)
            .map_err(Error::format)?;
        Ok(bytes.into_inner())
    }
}

/// How far, and whether the driver changed its mind.
fn caption(row: &Row) -> String {
    let far = match row.reach {
        Reach::L2 => format!("L2 {}", short(row.requested)),
        Reach::Magnification => format!("\u{d7} {}", short(row.requested)),
        Reach::Flip if row.attained => format!("flip, \u{d7} {}", short(row.magnification)),
        Reach::Flip => format!("no flip, \u{d7} {}", short(row.magnification)),
    };
    match (row.reach, row.attained) {
        (Reach::L2, false) => format!("{far} missed"),
        _ if row.reach != Reach::Flip && row.top_after == row.target_class => format!("{far}, flipped"),
        _ => far,
    }
}

fn shown(picture: &Picture) -> RgbImage {
    let picture = picture.shown();
    let (width, height) = picture.dimensions();
    let longer = width.max(height).max(1);
    if longer > LARGE {
        let scaled = |extent: u32| (extent * LARGE / longer).max(1);
        return imageops::resize(&picture, scaled(width), scaled(height), FilterType::Triangle);
    }
    match SMALL / longer {
        0 | 1 => picture,
        factor => RgbImage::from_fn(width * factor, height * factor, |x, y| {
            *picture.get_pixel(x / factor, y / factor)
        }),
    }
}
