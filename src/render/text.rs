// SPDX-License-Identifier: MPL-2.0
//! Lines of text: in the font that is part of the program where it has every sign of the line, else in the system's.

mod embedded;
mod system;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use embedded::Embedded;

/// Signs of a line that are looked at: more than fit any picture, so that a label without end costs no more than one.
const LONGEST: usize = 1024;

/// Draws one line from (0, 0), its left end on the baseline, to the right: calls `put` with the offset of each pixel
/// that ink touches, how much of the pixel is covered (0..1), and the ink's own colour where it has one, as an emoji
/// does. `size` is pixels per em.
pub fn draw_text(size: f32, line: &str, mut put: impl FnMut(i64, i64, f32, Option<[u8; 3]>)) {
    let line = printable(line);
    match Embedded::of(&line) {
        Some(font) => font.draw(size, &line, |x, y, coverage| put(x, y, coverage, None)),
        None => system::draw(size, &line, &mut put),
    }
}

/// Width of a line in pixels.
pub fn text_width(size: f32, line: &str) -> f32 {
    let line = printable(line);
    match Embedded::of(&line) {
        Some(font) => font.width(size, &line),
        None => system::width(size, &line),
    }
}

/// Whether every sign of a line is in a font that is at hand.
pub fn can_draw(line: &str) -> bool {
    let line = printable(line);
    Embedded::of(&line).is_some() || system::has(&line)
}

/// The line itself where it fits into `room` pixels, else its beginning and an ellipsis.
pub fn fit_text(size: f32, line: &str, room: f32) -> String {
    let line = printable(line);
    if text_width(size, &line) <= room {
        return line.into_owned();
    }
    // What a reader takes for one sign is not cut in two.
    let ends: Vec<usize> = line.grapheme_indices(true).map(|(start, _)| start).collect();
    let cut = |end: usize| line[..end].trim_end().to_owned() + "\u{2026}";
    let fits = ends.partition_point(|&end| text_width(size, &cut(end)) <= room);
    cut(fits.checked_sub(1).map_or(0, |last| ends[last]))
}

/// A label as it is drawn: itself, or the number of its class where no font has its signs.
pub fn drawn_label(label: &str, class: usize) -> Cow<'_, str> {
    if can_draw(label) {
        Cow::Borrowed(label)
    } else {
        Cow::Owned(format!("class {class}"))
    }
}

/// The warning of a label that [`drawn_label`] replaces.
pub fn no_font(label: &str) -> String {
    format!(
        "no font of this machine has all signs of the label {label:?}, so the class is shown as its number: install a \
         font that has them (on Debian fonts-noto or fonts-noto-cjk)"
    )
}

/// A line without what is not drawn: signs that control or end a line are blanks, and the line has an end.
fn printable(line: &str) -> Cow<'_, str> {
    let end = line
        .char_indices()
        .nth(LONGEST)
        .map_or(line.len(), |(end, _)| end);
    let line = &line[..end];
    let breaks = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
    if line.contains(breaks) {
        Cow::Owned(line.replace(breaks, " "))
    } else {
        Cow::Borrowed(line)
    }
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
    fn a_clipped_line_is_the_longest_that_fits() {
        let line = "Egyptian Mau";
        for room in 0..90 {
            let clipped = fit_text(12.0, line, room as f32);
            let kept = clipped.trim_end_matches('\u{2026}').chars().count();
            let longer: String = line
                .chars()
                .take(kept + 1)
                .collect::<String>()
                .trim_end()
                .to_owned()
                + "\u{2026}";
            assert!(
                clipped == line || text_width(12.0, &longer) > room as f32 || longer == clipped,
                "{room}: {clipped}"
            );
        }
    }

    #[test]
    fn ink_lies_on_the_baseline_and_grows_with_the_size() {
        let ink = |size| {
            let (mut sum, mut bottom) = (0.0, i64::MIN);
            draw_text(size, "H", |_, y, coverage, _| {
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

    #[test]
    fn every_sign_of_a_label_that_is_drawn_leaves_ink() {
        // Whatever fonts this machine has: a sign is drawn, or said not to be.
        let labels = "neutral Größe привет Ελλάδα שלום مرحبا नमस्ते 猫 ねこ 고양이 ไทย 🐈 👩‍🚀 e\u{301} \u{e123} \u{10fffd}";
        for word in labels.split(' ') {
            let mut ink = 0.0;
            draw_text(16.0, word, |_, _, coverage, _| ink += coverage);
            let drawn = drawn_label(word, 3);
            assert!(!can_draw(word) || ink > 5.0, "{word}: {ink}");
            assert_eq!(drawn, if can_draw(word) { word } else { "class 3" });
        }
        // The last code point of all is private; no font has it.
        assert_eq!(drawn_label("cat \u{10fffd}", 7), "class 7");
    }

    #[test]
    fn labels_without_end_and_signs_that_control_are_drawn_as_lines() {
        let long = "ж ".repeat(1 << 20);
        assert!(text_width(12.0, &fit_text(12.0, &long, 200.0)) <= 200.0);
        assert_eq!(text_width(12.0, "a\tb\u{7}"), text_width(12.0, "a b "));
        assert!(can_draw("tab\tbed\r\n"));
    }
}
