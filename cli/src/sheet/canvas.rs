// SPDX-License-Identifier: MPL-2.0
//! A sheet of paper to draw on: rectangles, pictures, and text in a real font.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use image::imageops::{self, FilterType};
use image::{DynamicImage, Rgb, RgbImage, RgbaImage};

/// DejaVu Sans, cut to Latin and a few signs (`assets/README.md`).
const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");

/// A colour of the sheet.
pub(super) type Ink = Rgb<u8>;

/// The paper and its pen.
pub(super) struct Canvas {
    paper: RgbImage,
    font: FontRef<'static>,
}

impl Canvas {
    /// Blank paper.
    pub(super) fn new(width: u32, height: u32, colour: Ink) -> Self {
        Self {
            paper: RgbImage::from_pixel(width, height, colour),
            font: font(),
        }
    }

    /// The finished sheet.
    pub(super) fn finish(self) -> RgbImage {
        self.paper
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), ink: Ink) {
        imageops::replace(
            &mut self.paper,
            &RgbImage::from_pixel(width, height, ink),
            x.into(),
            y.into(),
        );
    }

    /// Lays a picture down.
    pub(super) fn picture(&mut self, (x, y): (u32, u32), picture: &RgbaImage) {
        let opaque = DynamicImage::from(picture.clone()).into_rgb8();
        imageops::replace(&mut self.paper, &opaque, x.into(), y.into());
    }

    /// Writes one line; `x` is its left end and `y` its baseline.
    pub(super) fn text(&mut self, (x, y): (u32, u32), size: f32, ink: Ink, line: &str) {
        let (glyphs, _) = set(&self.font, size, line);
        for glyph in glyphs {
            let Some(outline) = self.font.outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            let (left, top) = (x as f32 + corner.x, y as f32 + corner.y);
            outline.draw(|dx, dy, coverage| {
                let (px, py) = (left as i64 + i64::from(dx), top as i64 + i64::from(dy));
                let (Ok(px), Ok(py)) = (u32::try_from(px), u32::try_from(py)) else {
                    return;
                };
                if let Some(pixel) = self.paper.get_pixel_mut_checked(px, py) {
                    for (paper, ink) in pixel.0.iter_mut().zip(ink.0) {
                        let mixed =
                            f32::from(*paper) + (f32::from(ink) - f32::from(*paper)) * coverage.min(1.0);
                        *paper = mixed.round() as u8;
                    }
                }
            });
        }
    }
}

/// Width of a line in pixels.
pub(super) fn width(size: f32, line: &str) -> u32 {
    set(&font(), size, line).1.ceil() as u32
}

/// The line itself where it fits into `room` pixels, else its beginning and an ellipsis.
pub(super) fn fit(size: f32, line: &str, room: u32) -> String {
    let mut text = line.to_owned();
    let mut kept = line.chars().count();
    while kept > 0 && width(size, &text) > room {
        kept -= 1;
        text = line.chars().take(kept).collect::<String>().trim_end().to_owned() + "\u{2026}";
    }
    text
}

/// Enlarges a small picture by a whole factor, so that its pixels stay pixels; reduces a large one smoothly.
pub(super) fn scaled(picture: &RgbaImage, (width, height): (u32, u32)) -> RgbaImage {
    let filter = if width >= picture.width() {
        FilterType::Nearest
    } else {
        FilterType::Lanczos3
    };
    imageops::resize(picture, width, height, filter)
}

fn font() -> FontRef<'static> {
    FontRef::try_from_slice(FONT).expect("the font is part of the program")
}

/// Places the glyphs of a line from (0, 0) to the right, and tells its width.
fn set(font: &FontRef<'_>, size: f32, line: &str) -> (Vec<Glyph>, f32) {
    // `size` is pixels per em, as designers count; the font room counts from ascent to descent.
    let em = font.units_per_em().unwrap_or(1.0);
    let scale = PxScale::from(size * font.height_unscaled() / em);
    let scaled = font.as_scaled(scale);
    let mut pen = 0.0;
    let mut glyphs = Vec::new();
    for sign in line.chars() {
        let id = font.glyph_id(sign);
        glyphs.push(id.with_scale_and_position(scale, point(pen, 0.0)));
        pen += scaled.h_advance(id);
    }
    (glyphs, pen)
}
