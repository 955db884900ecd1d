// SPDX-License-Identifier: MPL-2.0
//! The fonts of the system: scripts that join, stack or run to the left, and emoji in their colours.
//!
//! They are looked for when the first line asks for one, which takes some tens of milliseconds, and kept for the
//! process; lines are laid out once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use cosmic_text::{
    Attrs, Buffer, Family, FontSystem, Metrics, PhysicalGlyph, Shaping, SwashCache, SwashContent, Wrap,
};
use fontdb::{Database, Source};

use super::embedded;

/// Lines and glyphs that are kept; a stream shows a few labels at a size.
const KEPT: usize = 512;
/// What the embedded font is called, and the system's whole one too.
const FAMILY: &str = "DejaVu Sans";

static SYSTEM: LazyLock<Mutex<System>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    Mutex::new(System::new(fonts))
});

/// Calls `put` as [`super::draw_text`] does.
pub(super) fn draw(size: f32, line: &str, put: &mut dyn FnMut(i64, i64, f32, Option<[u8; 3]>)) {
    with(|system| system.draw(size, line, put));
}

/// Width of a line in pixels.
pub(super) fn width(size: f32, line: &str) -> f32 {
    with(|system| system.line(size, line).width)
}

/// Whether every sign of a line is in some font.
pub(super) fn has(line: &str) -> bool {
    with(|system| system.line(16.0, line).whole)
}

/// A panic leaves caches that are still true.
fn with<T>(ask: impl FnOnce(&mut System) -> T) -> T {
    ask(&mut SYSTEM.lock().unwrap_or_else(PoisonError::into_inner))
}

struct System {
    fonts: FontSystem,
    glyphs: SwashCache,
    lines: HashMap<(u32, String), Arc<Line>>,
}

/// A line that was laid out from (0, 0) to the right.
struct Line {
    glyphs: Vec<PhysicalGlyph>,
    width: f32,
    /// Whether no sign is missing.
    whole: bool,
}

impl System {
    fn new(mut fonts: Database) -> Self {
        // Without any font at all there would be nothing to begin with.
        fonts.load_font_source(Source::Binary(Arc::new(embedded::FONT)));
        Self {
            // The language decides between the forms of one Chinese sign; "en" leaves the choice to the fonts.
            fonts: FontSystem::new_with_locale_and_db("en".into(), fonts),
            glyphs: SwashCache::new(),
            lines: HashMap::new(),
        }
    }

    fn line(&mut self, size: f32, line: &str) -> Arc<Line> {
        let key = (size.to_bits(), line.to_owned());
        if let Some(line) = self.lines.get(&key) {
            return line.clone();
        }
        let laid = Arc::new(self.lay_out(size, line));
        if self.lines.len() >= KEPT {
            self.lines.clear();
        }
        self.lines.insert(key, laid.clone());
        laid
    }

    fn lay_out(&mut self, size: f32, line: &str) -> Line {
        // The height of a line has no part in a single one, but must not be zero.
        let mut buffer = Buffer::new(&mut self.fonts, Metrics::new(size, 1.5 * size));
        buffer.set_wrap(Wrap::None);
        let attributes = Attrs::new().family(Family::Name(FAMILY));
        buffer.set_text(line, &attributes, Shaping::Advanced, None);
        buffer.shape_until_scroll(&mut self.fonts, false);
        let mut laid = Line {
            glyphs: Vec::new(),
            width: 0.0,
            whole: true,
        };
        for run in buffer.layout_runs() {
            // A line that runs to the left ends at the right edge of a page without one.
            let left = run
                .glyphs
                .iter()
                .map(|glyph| glyph.x)
                .fold(f32::INFINITY, f32::min);
            let left = if left.is_finite() { left } else { 0.0 };
            laid.width = laid.width.max(run.line_w);
            for glyph in run.glyphs {
                laid.whole &= glyph.glyph_id != 0;
                laid.glyphs.push(glyph.physical((-left, 0.0), 1.0));
            }
        }
        laid
    }

    fn draw(&mut self, size: f32, line: &str, put: &mut dyn FnMut(i64, i64, f32, Option<[u8; 3]>)) {
        let line = self.line(size, line);
        if self.glyphs.image_cache.len() >= KEPT {
            self.glyphs.image_cache.clear();
        }
        for glyph in &line.glyphs {
            let Some(image) = self.glyphs.get_image(&mut self.fonts, glyph.cache_key) else {
                continue;
            };
            let (left, top) = (glyph.x + image.placement.left, glyph.y - image.placement.top);
            let width = image.placement.width.max(1) as usize;
            let mut pixel = |at: usize, coverage: u8, colour| {
                let (x, y) = ((at % width) as i64, (at / width) as i64);
                if coverage > 0 {
                    put(
                        i64::from(left) + x,
                        i64::from(top) + y,
                        f32::from(coverage) / 255.0,
                        colour,
                    );
                }
            };
            match image.content {
                SwashContent::Mask => {
                    let covered = image.data.iter().enumerate();
                    covered.for_each(|(at, coverage)| pixel(at, *coverage, None));
                }
                SwashContent::Color | SwashContent::SubpixelMask => {
                    let (pixels, _) = image.data.as_chunks::<4>();
                    for (at, [r, g, b, alpha]) in pixels.iter().enumerate() {
                        pixel(at, *alpha, Some([*r, *g, *b]));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No fonts but the embedded one and a cut of DejaVu Sans with the letters of one Russian and one Arabic word.
    fn system() -> System {
        let mut fonts = Database::new();
        let cut = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fonts/scripts.ttf");
        fonts.load_font_file(cut).expect("the test font is there");
        System::new(fonts)
    }

    fn ink(system: &mut System, line: &str) -> (f32, i64) {
        let (mut sum, mut right) = (0.0, i64::MIN);
        system.draw(20.0, line, &mut |x, _, coverage, _| {
            sum += coverage;
            right = right.max(x);
        });
        (sum, right)
    }

    #[test]
    fn what_the_embedded_font_lacks_is_drawn_by_another() {
        let mut system = system();
        let line = "привет (hi)";
        assert!(system.line(20.0, line).whole);
        let (sum, right) = ink(&mut system, line);
        let width = system.line(20.0, line).width;
        assert!(sum > 100.0, "{sum}");
        assert!(
            (0.8 * width..width + 1.0).contains(&(right as f32)),
            "{right} of {width}"
        );
    }

    #[test]
    fn letters_that_join_are_joined_and_run_to_the_left() {
        let mut system = system();
        // Four letters, of which lam and alef become one.
        let word = system.line(20.0, "سلام");
        assert!(word.whole);
        assert_eq!(word.glyphs.len(), 3);
        let alone: f32 = "سلام"
            .chars()
            .map(|letter| system.line(20.0, &letter.to_string()).width)
            .sum();
        assert!(word.width < 0.8 * alone, "{} {alone}", word.width);
        let (sum, right) = ink(&mut system, "سلام");
        assert!(sum > 50.0 && right as f32 <= word.width + 1.0, "{sum} {right}");
    }

    #[test]
    fn a_sign_that_no_font_has_is_missing_wherever_it_stands() {
        let mut system = system();
        for line in ["猫", "привет 猫", "猫 hi", "\u{10fffd}"] {
            assert!(!system.line(20.0, line).whole, "{line}");
        }
        let mut bare = System::new(Database::new());
        assert!(bare.line(20.0, "hi").whole && !bare.line(20.0, "привет").whole);
    }

    #[test]
    fn a_line_is_laid_out_once_and_caches_have_an_end() {
        let mut system = system();
        let first = system.line(20.0, "привет");
        assert!(Arc::ptr_eq(&first, &system.line(20.0, "привет")));
        for number in 0..2 * KEPT {
            system.line(20.0, &format!("привет {number}"));
        }
        assert!(system.lines.len() <= KEPT);
    }
}
