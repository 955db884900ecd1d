// SPDX-License-Identifier: MPL-2.0
//! A sheet of paper to draw on: rectangles, pictures, and text in a real font.

use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage, RgbaImage};
use steerlens::render::{draw_text, fit_text, text_width};

/// A colour of the sheet.
pub type Ink = Rgb<u8>;

/// The paper and its pen.
pub struct Canvas {
    paper: RgbImage,
}

impl Canvas {
    /// Blank paper.
    pub fn new(width: u32, height: u32, colour: Ink) -> Self {
        Self {
            paper: RgbImage::from_pixel(width, height, colour),
        }
    }

    /// The finished sheet.
    pub fn finish(self) -> RgbImage {
        self.paper
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), ink: Ink) {
        imageops::replace(
            &mut self.paper,
            &RgbImage::from_pixel(width, height, ink),
            x.into(),
            y.into(),
        );
    }

    /// Lays a picture down.
    pub fn picture(&mut self, (x, y): (u32, u32), picture: &RgbaImage) {
        self.opaque((x, y), &DynamicImage::from(picture.clone()).into_rgb8());
    }

    /// Lays a picture down that has no alpha.
    pub fn opaque(&mut self, (x, y): (u32, u32), picture: &RgbImage) {
        imageops::replace(&mut self.paper, picture, x.into(), y.into());
    }

    /// Writes one line; `x` is its left end and `y` its baseline.
    pub fn text(&mut self, (x, y): (u32, u32), size: f32, ink: Ink, line: &str) {
        draw_text(size, line, |dx, dy, coverage, colour| {
            let (Ok(px), Ok(py)) = (u32::try_from(i64::from(x) + dx), u32::try_from(i64::from(y) + dy))
            else {
                return;
            };
            if let Some(pixel) = self.paper.get_pixel_mut_checked(px, py) {
                for (paper, ink) in pixel.0.iter_mut().zip(colour.unwrap_or(ink.0)) {
                    let mixed = f32::from(*paper) + (f32::from(ink) - f32::from(*paper)) * coverage;
                    *paper = mixed.round() as u8;
                }
            }
        });
    }
}

/// Width of a line in pixels.
pub fn width(size: f32, line: &str) -> u32 {
    text_width(size, line).ceil() as u32
}

/// The line itself where it fits into `room` pixels, else its beginning and an ellipsis.
pub fn fit(size: f32, line: &str, room: u32) -> String {
    fit_text(size, line, room as f32)
}

/// Enlarges a small picture by a whole factor, so that its pixels stay pixels; reduces a large one smoothly.
pub fn scaled(picture: &RgbaImage, (width, height): (u32, u32)) -> RgbaImage {
    let filter = if width >= picture.width() {
        FilterType::Nearest
    } else {
        FilterType::Lanczos3
    };
    imageops::resize(picture, width, height, filter)
}
