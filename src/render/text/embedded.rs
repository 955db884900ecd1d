// SPDX-License-Identifier: MPL-2.0
//! The font that is part of the program.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

/// DejaVu Sans, cut to Latin and a few signs (`font/README.md`).
pub(super) const FONT: &[u8] = include_bytes!("../font/DejaVuSans-subset.ttf");

pub(super) struct Embedded(FontRef<'static>);

impl Embedded {
    /// The font, where it has every sign of a line.
    pub(super) fn of(line: &str) -> Option<Self> {
        let font = FontRef::try_from_slice(FONT).expect("the font is part of the program");
        line.chars()
            .all(|sign| font.glyph_id(sign).0 != 0)
            .then_some(Self(font))
    }

    pub(super) fn draw(&self, size: f32, line: &str, mut put: impl FnMut(i64, i64, f32)) {
        let (glyphs, _) = self.set(size, line);
        for outline in glyphs.into_iter().filter_map(|glyph| self.0.outline_glyph(glyph)) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                put(
                    corner.x as i64 + i64::from(x),
                    corner.y as i64 + i64::from(y),
                    coverage.min(1.0),
                );
            });
        }
    }

    pub(super) fn width(&self, size: f32, line: &str) -> f32 {
        self.set(size, line).1
    }

    /// Places the glyphs of a line from (0, 0) to the right, and tells its width.
    fn set(&self, size: f32, line: &str) -> (Vec<Glyph>, f32) {
        let font = &self.0;
        // `size` is pixels per em, as designers count; the crate counts from ascent to descent.
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
}
