// SPDX-License-Identifier: MPL-2.0
//! What the viewer is shown: the morph itself, or something about it, and a caption.

mod caption;
mod colour;
mod extent;
mod phase_flow;
mod saliency;
mod text;

use crate::settings::choice;
pub use caption::{Bar, Caption, Captioner};
pub use text::{can_draw, draw_text, drawn_label, fit_text, no_font, text_width};

use crate::frame::{
    Error, FrameView, FrameViewMut, Overlay, PixelFormat, Rect, Shape, read_luma, with_layout, write_colours,
};

/// How much [`DisplayMode::Difference`] enlarges a change: 32 of 255 steps reach the end of the scale, so that a
/// morph that barely shows (about one step) is seen, and a strong one keeps its shape.
pub const DIFFERENCE_GAIN: i32 = 4;

/// The value that stands for "no change" in [`DisplayMode::Difference`].
const MID_GRAY: i32 = 128;

choice! {
    pub enum DisplayMode = "display-mode", Morph, "What is shown" {
        Morph = "morph": "The morphed frame",
        Source = "source": "The frame as it came",
        Difference = "difference": "Mid-grey plus the change, magnified",
        Saliency = "saliency": "Size of the gradient, blurred by 1/100 of the shorter side, in colours over the dimmed frame",
        PhaseFlow = "phase-flow": "Where the morph moves things, direction and size in colours over the dimmed frame",
        SideBySide = "side-by-side": "The frame and its morph next to each other, twice as wide",
    }
}

impl DisplayMode {
    /// Size (width, height) of what is shown of a frame of `size`.
    pub fn output_size(self, (width, height): (usize, usize)) -> (usize, usize) {
        match self {
            Self::SideBySide => (width.saturating_mul(2), height),
            _ => (width, height),
        }
    }
}

/// Something to be shown of a frame, with what it is made of.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// A picture of the frame's size and format as it is: the morph, or the frame.
    Picture(FrameView<'a>),
    /// `128 + 4 (morph - frame)` per byte of colour, saturated; where the format has luma, of luma on grey.
    Difference(FrameView<'a>),
    /// Size of the gradient at each pixel, in any unit; it is shown blurred with 1/100 of the shorter side.
    Saliency(&'a [f32]),
    /// Motion of each pixel to the right and downwards, in pixels.
    PhaseFlow([&'a [f32]; 2]),
}

/// Draws views, and keeps the room for it.
#[derive(Debug, Default)]
pub struct Renderer {
    luma: Vec<f32>,
    colours: Vec<[u8; 3]>,
    blurred: [Vec<[f32; 1]>; 2],
    key: Option<Key>,
}

/// The key of [`View::PhaseFlow`] as it was drawn last.
#[derive(Debug)]
struct Key {
    like: Shape,
    largest: f32,
    overlay: Overlay,
}

impl Renderer {
    /// Writes a view of `frame` into `out`, a picture of the same shape. Alpha and unused bytes are the frame's, the
    /// padding of `out` is left alone. On grey frames colours show their luma.
    ///
    /// # Errors
    /// When `out` or the view's picture differs from `frame` in size or format.
    ///
    /// # Panics
    /// When a plane has not a value for each pixel.
    pub fn render(
        &mut self,
        view: &View<'_>,
        frame: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<(), Error> {
        frame.shape().expect(out.shape())?;
        match view {
            View::Picture(picture) => {
                frame.shape().expect(picture.shape())?;
                copy(picture, 0, out);
            }
            View::Difference(morph) => {
                frame.shape().expect(morph.shape())?;
                with_layout!(frame.format(), difference(frame, morph, out));
                for plane in 1..frame.format().planes() {
                    for y in 0..frame.shape().plane_size(plane).1 {
                        out.plane_row_mut(plane, y).fill(MID_GRAY as u8);
                    }
                }
            }
            View::Saliency(magnitude) => {
                let pixels = frame.width() * frame.height();
                let [blurred, scratch] = &mut self.blurred;
                blurred.clear();
                blurred.extend(magnitude.iter().map(|value| [*value]));
                scratch.resize(pixels, [0.0]);
                let (luma, colours) = canvas(&mut self.luma, &mut self.colours, frame);
                saliency::colour(blurred, scratch, frame.size(), luma, colours);
                write_colours(colours, frame, out)?;
            }
            View::PhaseFlow(motion) => {
                let (luma, colours) = canvas(&mut self.luma, &mut self.colours, frame);
                let largest = phase_flow::colour(*motion, luma, colours);
                write_colours(colours, frame, out)?;
                self.draw_key(largest, out)?;
            }
        }
        Ok(())
    }

    /// The key goes into the upper right corner, where there is room for it.
    fn draw_key(&mut self, largest: f32, out: &mut FrameViewMut<'_>) -> Result<(), Error> {
        /// The smallest key that can be read, and its share of the frame's shorter side.
        const LEAST: usize = 36;
        const SHARE: f32 = 0.17;
        let shorter = out.width().min(out.height());
        let side = ((shorter as f32 * SHARE) as usize).max(LEAST) & !1;
        if shorter < 3 * LEAST {
            return Ok(());
        }
        let kept = self
            .key
            .take()
            .filter(|key| key.like == *out.shape() && key.largest == largest);
        let key = match kept {
            Some(key) => key,
            None => Key {
                like: *out.shape(),
                largest,
                overlay: Overlay::new(&phase_flow::key(side, largest), (side, side), out.shape())?,
            },
        };
        let margin = (side / 6) & !1;
        key.overlay
            .draw(((out.width() - side - margin) & !1, margin), out);
        self.key = Some(key);
        Ok(())
    }
}

/// The frame's luma, and room for its colours.
fn canvas<'a>(
    luma: &'a mut Vec<f32>,
    colours: &'a mut Vec<[u8; 3]>,
    frame: &FrameView<'_>,
) -> (&'a [f32], &'a mut [[u8; 3]]) {
    let pixels = frame.width() * frame.height();
    luma.resize(pixels, 0.0);
    colours.resize(pixels, [0; 3]);
    read_luma(frame, luma);
    (luma, colours)
}

/// Writes a frame and, beside it, the frame with `morph` in the place of the part `at`. `out` is twice as wide as the
/// frame.
///
/// # Errors
/// When `out` or `morph` does not fit.
pub fn side_by_side(
    frame: &FrameView<'_>,
    morph: &FrameView<'_>,
    at: Rect,
    out: &mut FrameViewMut<'_>,
) -> Result<(), Error> {
    let (width, height) = DisplayMode::SideBySide.output_size(frame.size());
    frame.shape().resized((width, height)).expect(out.shape())?;
    frame.shape().resized(at.size()).expect(morph.shape())?;
    copy(frame, 0, out);
    copy(frame, frame.width(), out);
    // A morph differs from its frame in the first plane only, where there are more.
    let start = (frame.width() + at.x) * frame.format().bytes();
    for y in 0..at.height.min(frame.height().saturating_sub(at.y)) {
        let row = morph.row(y);
        out.row_mut(at.y + y)[start..start + row.len()].copy_from_slice(row);
    }
    Ok(())
}

/// Copies a frame into `out`, `left` pixels to the right. Where colour differences have half the size and `left` is
/// odd, the pair in the middle stays what it was.
fn copy(frame: &FrameView<'_>, left: usize, out: &mut FrameViewMut<'_>) {
    for plane in 0..frame.format().planes() {
        let (skipped, start) = match (frame.format(), plane) {
            (format, 0) => (0, left * format.bytes()),
            (PixelFormat::Nv12, _) => (2 * (left % 2), 2 * left.div_ceil(2)),
            _ => (left % 2, left.div_ceil(2)),
        };
        for y in 0..frame.shape().plane_size(plane).1 {
            let row = &frame.plane_row(plane, y)[skipped..];
            out.plane_row_mut(plane, y)[start..start + row.len()].copy_from_slice(row);
        }
    }
}

/// Copies a frame into a picture of the same shape, or of twice its width, once or twice.
///
/// # Errors
/// When `out` is neither.
pub fn pass_on(frame: &FrameView<'_>, out: &mut FrameViewMut<'_>) -> Result<(), Error> {
    if out.width() == frame.width() {
        frame.shape().expect(out.shape())?;
        copy(frame, 0, out);
        Ok(())
    } else {
        side_by_side(frame, frame, Rect::whole(frame.size()), out)
    }
}

fn difference<const STEP: usize, const R: usize, const G: usize, const B: usize>(
    source: &FrameView<'_>,
    morph: &FrameView<'_>,
    out: &mut FrameViewMut<'_>,
) {
    let shown = |source: u8, morph: u8| {
        (MID_GRAY + DIFFERENCE_GAIN * (i32::from(morph) - i32::from(source))).clamp(0, 255) as u8
    };
    for y in 0..source.height() {
        let (sources, _) = source.row(y).as_chunks::<STEP>();
        let (morphs, _) = morph.row(y).as_chunks::<STEP>();
        let (written, _) = out.row_mut(y).as_chunks_mut::<STEP>();
        for ((source, morph), written) in sources.iter().zip(morphs).zip(written) {
            let mut pixel = *source;
            for channel in [R, G, B] {
                pixel[channel] = shown(source[channel], morph[channel]);
            }
            *written = pixel;
        }
    }
}
