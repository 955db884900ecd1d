// SPDX-License-Identifier: MPL-2.0
//! Lines of text in the one font of the house.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

/// DejaVu Sans, cut to Latin and a few signs (`font/README.md`).
const FONT: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");

/// Draws one line from (0, 0), its left end on the baseline, to the right: calls `put` with the offset of each pixel
/// that ink touches, and how much of the pixel is covered (0..1). `size` is pixels per em.
pub fn draw_text(size: f32, line: &str, mut put: impl FnMut(i64, i64, f32)) {
    let font = font();
    let (glyphs, _) = set(&font, size, line);
    for outline in glyphs.into_iter().filter_map(|glyph| font.outline_glyph(glyph)) {
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

/// Width of a line in pixels.
pub fn text_width(size: f32, line: &str) -> f32 {
    set(&font(), size, line).1
}

/// The line itself where it fits into `room` pixels, else its beginning and an ellipsis.
pub fn fit_text(size: f32, line: &str, room: f32) -> String {
    let mut text = line.to_owned();
    let mut kept = line.chars().count();
    while kept > 0 && text_width(size, &text) > room {
        kept -= 1;
        text = line.chars().take(kept).collect::<String>().trim_end().to_owned() + "\u{2026}";
    }
    text
}

fn font() -> FontRef<'static> {
    FontRef::try_from_slice(FONT).expect("the font is part of the program")
}

/// Places the glyphs of a line from (0, 0) to the right, and tells its width.
fn set(font: &FontRef<'_>, size: f32, line: &str) -> (Vec<Glyph>, f32) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_lines_end_in_an_ellipsis_and_fit() {
        let line = "Egyptian Mau";
        let whole = text_width(12.0, line);
        assert_eq!(fit_text(12.0, line, whole), line);
        let clipped = fit_text(12.0, line, 0.6 * whole);
        assert!(
            clipped.ends_with('\u{2026}') && clipped.starts_with("Egypt"),
            "{clipped}"
        );
        assert!(text_width(12.0, &clipped) <= 0.6 * whole);
        assert_eq!(fit_text(12.0, line, 0.0), "\u{2026}");
    }

    #[test]
    fn ink_lies_on_the_baseline_and_grows_with_the_size() {
        let ink = |size| {
            let (mut sum, mut bottom) = (0.0, i64::MIN);
            draw_text(size, "H", |_, y, coverage| {
                sum += coverage;
                bottom = bottom.max(y);
            });
            (sum, bottom)
        };
        let ((small, low), (large, _)) = (ink(10.0), ink(20.0));
        // Four times the area, but for the rounding of stems to a few pixels.
        assert!((3.0..5.0).contains(&(large / small)), "{small} {large}");
        assert!((-1..=0).contains(&low), "{low}");
    }
}
