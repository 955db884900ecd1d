// SPDX-License-Identifier: MPL-2.0
//! A strip at the lower edge that says what the classifier makes of the picture.

use std::time::Duration;

use super::text::{draw_text, fit_text, text_width};
use crate::frame::{Error, FrameViewMut, Overlay, Shape};

/// One class of a caption.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar<'a> {
    /// The class.
    pub label: &'a str,
    /// Its probability in the frame, 0..1.
    pub before: f32,
    /// Its probability in the morph, 0..1, where it was measured.
    pub after: Option<f32>,
}

/// What a caption says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caption<'a> {
    /// The source class, then the target.
    pub classes: [Bar<'a>; 2],
    /// Whether the picture is another one than the frame that the classifier read: where it was not read again, the
    /// numbers are said to be those of before.
    pub moved: bool,
    /// How much older than the frame the gradient is, where it is not the frame's own.
    pub age: Option<Duration>,
}

/// What is seen of a caption: as long as it is the same, so is the strip.
#[derive(Debug, PartialEq)]
struct Seen {
    like: Shape,
    labels: [String; 2],
    /// Per cent, before and after.
    shares: [(u8, Option<u8>); 2],
    moved: bool,
    age: Option<String>,
}

/// Draws captions, and keeps the strip while what it says stays.
#[derive(Debug, Default)]
pub struct Captioner {
    strip: Option<(Seen, Option<Overlay>)>,
}

impl Captioner {
    /// Draws a caption into the lower edge of a picture of any format: the name of each class, a bar as long as its
    /// probability, and the number; with a second bar where the morph was classified too. Pictures less than
    /// 96 pixels wide get the bars alone, and the smallest none.
    ///
    /// # Errors
    /// When the picture is empty.
    pub fn draw(&mut self, caption: &Caption<'_>, out: &mut FrameViewMut<'_>) -> Result<(), Error> {
        let seen = Seen {
            like: *out.shape(),
            labels: caption.classes.map(|class| class.label.to_owned()),
            shares: caption
                .classes
                .map(|class| (per_cent(class.before), class.after.map(per_cent))),
            moved: caption.moved,
            age: caption.age.map(in_words),
        };
        let kept = self.strip.take().filter(|(shown, _)| *shown == seen);
        let (seen, overlay) = match kept {
            Some(strip) => strip,
            None => {
                let overlay = match Strip::of(&seen) {
                    Some(strip) => Some(Overlay::new(&strip.pixels, strip.size, out.shape())?),
                    None => None,
                };
                (seen, overlay)
            }
        };
        if let Some(overlay) = &overlay {
            overlay.draw((0, out.height() - overlay.size().1), out);
        }
        self.strip = Some((seen, overlay));
        Ok(())
    }
}

fn per_cent(probability: f32) -> u8 {
    (100.0 * probability.clamp(0.0, 1.0)).round() as u8
}

/// To a tenth of a second, so that the strip does not change with every frame.
fn in_words(age: Duration) -> String {
    format!("gradient {:.1} s old", age.as_secs_f64())
}

const GROUND: [u8; 4] = [18, 20, 24, 176];
const WHITE: [u8; 3] = [245, 246, 248];
const FAINT: [u8; 3] = [176, 181, 188];
const TRACK: [u8; 3] = [72, 76, 84];
/// The bars of source and target: warm and cool, told apart without colour by their place.
const BARS: [[u8; 3]; 2] = [[240, 168, 84], [98, 178, 255]];
/// The narrowest picture that is lettered.
const LETTERED: usize = 96;

/// A strip being drawn.
struct Strip {
    size: (usize, usize),
    pixels: Vec<[u8; 4]>,
}

impl Strip {
    /// `None` where there is no room.
    fn of(seen: &Seen) -> Option<Self> {
        let (width, height) = seen.like.size();
        let lettered = width >= LETTERED;
        // Legible from 160 pixels (9) to 3840 (57).
        let size = (6.0 + width as f32 / 75.0)
            .max(9.0)
            .min((height as f32 / 9.0).max(9.0));
        let (line, margin) = if lettered {
            ((1.45 * size).round(), (0.6 * size).round())
        } else {
            ((width as f32 / 12.0).max(3.0).round(), 2.0)
        };
        let age = seen.age.as_ref().filter(|_| lettered);
        let lines = if age.is_some() { 3.0 } else { 2.0 };
        let mut strip_height = (lines * line + margin) as usize;
        // Formats with colour differences of half the size want it to begin at an even row.
        strip_height += (height % 2 + strip_height) % 2;
        if 2 * strip_height > height {
            return None;
        }
        let mut strip = Self {
            size: (width, strip_height),
            pixels: vec![GROUND; width * strip_height],
        };
        let numbers = seen.shares.map(|(before, after)| match after {
            Some(after) => format!("{before} \u{2192} {after} %"),
            None if seen.moved => format!("before {before} %"),
            None => format!("{before} %"),
        });
        let inner = width as f32 - 2.0 * margin;
        let reserved = if lettered {
            let widest = match seen.shares[0].1 {
                Some(_) => "100 \u{2192} 100 %",
                None if seen.moved => "before 100 %",
                None => "100 %",
            };
            text_width(size, widest)
        } else {
            0.0
        };
        let label_room = if lettered { 0.42 * (inner - reserved) } else { 0.0 };
        let bar_start = margin + label_room + if lettered { margin } else { 0.0 };
        let bar_end = margin + inner - if lettered { reserved + margin } else { 0.0 };
        for (k, ((label, number), shares)) in seen.labels.iter().zip(&numbers).zip(seen.shares).enumerate() {
            let top = 0.5 * margin + k as f32 * line;
            let baseline = (top + 0.5 * line + 0.36 * size).round();
            if lettered {
                strip.text(
                    (margin, baseline),
                    size,
                    WHITE,
                    &fit_text(size, label, label_room),
                );
                let right = margin + inner - text_width(size, number);
                strip.text((right, baseline), size, WHITE, number);
            }
            let thick = (if lettered { 0.52 * size } else { 0.6 * line }).round().max(2.0);
            let bar = (top + 0.5 * (line - thick)).round();
            strip.bars(
                (bar_start.round(), bar_end.round()),
                (bar, thick),
                shares,
                BARS[k],
            );
        }
        if let Some(age) = age {
            let baseline = (0.5 * margin + 2.5 * line + 0.3 * size).round();
            let small = 0.85 * size;
            strip.text((margin, baseline), small, FAINT, &fit_text(small, age, inner));
        }
        Some(strip)
    }

    /// A track with the share filled in; of two shares, before above after.
    fn bars(
        &mut self,
        (left, right): (f32, f32),
        (top, thick): (f32, f32),
        (before, after): (u8, Option<u8>),
        ink: [u8; 3],
    ) {
        let at = |share: u8| left + (right - left) * f32::from(share) / 100.0;
        self.fill((left, right), (top, top + thick), TRACK);
        let Some(after) = after else {
            self.fill((left, at(before)), (top, top + thick), ink);
            return;
        };
        let split = top + (0.4 * thick).round().max(1.0);
        self.fill((left, at(before)), (top, split), FAINT);
        self.fill((left, at(after)), (split, top + thick), ink);
    }

    fn fill(&mut self, (left, right): (f32, f32), (top, bottom): (f32, f32), [r, g, b]: [u8; 3]) {
        let (width, height) = self.size;
        let columns =
            (left.max(0.0).round() as usize).min(width)..(right.max(0.0).round() as usize).min(width);
        for y in (top.max(0.0) as usize).min(height)..(bottom.max(0.0) as usize).min(height) {
            if let Some(row) = self.pixels[y * width..][..width].get_mut(columns.clone()) {
                row.fill([r, g, b, 255]);
            }
        }
    }

    fn text(&mut self, (left, baseline): (f32, f32), size: f32, ink: [u8; 3], line: &str) {
        let (width, height) = self.size;
        draw_text(size, line, |x, y, coverage, colour| {
            let (x, y) = (left as i64 + x, baseline as i64 + y);
            let inside = (0..width as i64).contains(&x) && (0..height as i64).contains(&y);
            if !inside {
                return;
            }
            let pixel = &mut self.pixels[y as usize * width + x as usize];
            let [r, g, b] = colour.unwrap_or(ink);
            for (byte, ink) in pixel.iter_mut().zip([r, g, b, 255]) {
                *byte = (f32::from(*byte) + (f32::from(ink) - f32::from(*byte)) * coverage).round() as u8;
            }
        });
    }
}
