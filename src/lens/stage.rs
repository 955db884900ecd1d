// SPDX-License-Identifier: MPL-2.0
//! Everything that one size of frames needs, made once: the way to the model and back, the path, the planes.

use super::sight::Framing;
use super::{Control, LensSettings, Report, Resolution};
use crate::Error;
use crate::classifier::Reading;
use crate::frame::{
    self, FrameView, FrameViewMut, LUMA, PixelFormat, Sampling, read_luma, read_rgb, write_luma_change,
    write_rgb_change,
};
use crate::morph::{ColorMode, Morpher, Settings, Surrogate, reach_budget};
use crate::render::{DisplayMode, render};

/// `Resolution::Auto` works at the frame's size up to this many pixels.
const AUTO_PIXELS: usize = 640 * 480;

/// Buffers and plans for frames of one size and format, under one choice of settings.
#[derive(Debug)]
pub(super) struct Stage {
    format: PixelFormat,
    frame: (usize, usize),
    pub(super) sampling: Sampling,
    /// Whether the pyramid works at the frame's size, not at the model's.
    pub(super) at_frame: bool,
    /// Width and height where the pyramid works.
    pub(super) size: (usize, usize),
    /// Planes that are edited: luma, or R, G and B.
    pub(super) edited: usize,
    /// Planes that the model sees.
    pub(super) seen: usize,
    settings: Settings,
    resolution: Resolution,
    pub(super) morpher: Morpher,
    /// The edited planes, their gradient and their change, where the pyramid works.
    pub(super) image: Vec<f32>,
    pub(super) gradient: Vec<f32>,
    pub(super) change: Vec<f32>,
    /// The reading, control and seed that `morpher` is prepared for.
    prepared: Option<((u64, Control, u64), crate::morph::Prepared)>,
    /// Draws the directions of [`Control::Random`]; made when first needed.
    surrogate: Option<Surrogate>,
    /// One plane of the model's input, on its way to the edited planes.
    plane: Vec<f32>,
    /// The change at the frame's size, where the pyramid works at the model's.
    enlarged: Vec<f32>,
    /// The morphed frame, tightly packed.
    morph: Vec<u8>,
}

impl Stage {
    /// The stage for this frame: the one there is, or a new one when size, format or settings have changed.
    pub(super) fn for_frame<'a>(
        slot: &'a mut Option<Self>,
        frame: &FrameView<'_>,
        framing: Framing,
        settings: &LensSettings,
    ) -> Result<&'a mut Self, Error> {
        let fits = slot
            .as_ref()
            .is_some_and(|s| s.format == frame.format() && s.frame == frame.size());
        let stage = match slot.take() {
            Some(stage) if fits => stage,
            _ => Self::new(frame, framing, settings)?,
        };
        Ok(slot.insert(stage))
    }

    fn new(frame: &FrameView<'_>, framing: Framing, settings: &LensSettings) -> Result<Self, Error> {
        let whole = frame.size();
        let sampling = framing.sampling(whole);
        let at_frame = match settings.resolution {
            Resolution::Frame => true,
            Resolution::Model => false,
            Resolution::Auto => whole.0 * whole.1 <= AUTO_PIXELS,
        };
        let size = if at_frame { whole } else { framing.input };
        let gray = frame.format().is_gray() || settings.color_mode == ColorMode::Luma;
        let edited = if gray { 1 } else { 3 };
        let pixels = size.0 * size.1;
        let morph = settings.morph(size);
        Ok(Self {
            format: frame.format(),
            frame: whole,
            sampling,
            at_frame,
            size,
            edited,
            seen: framing.channels,
            morpher: Morpher::new(size.0, size.1, edited, &morph)?,
            settings: morph,
            resolution: settings.resolution,
            image: vec![0.0; edited * pixels],
            gradient: vec![0.0; edited * pixels],
            change: vec![0.0; edited * pixels],
            prepared: None,
            surrogate: None,
            plane: vec![0.0; framing.input_pixels()],
            enlarged: if at_frame {
                Vec::new()
            } else {
                vec![0.0; edited * whole.0 * whole.1]
            },
            morph: vec![0; whole.0 * whole.1 * frame.format().bytes()],
        })
    }

    /// Whether it serves other settings as well: no other plan is needed.
    pub(super) fn serves(&self, settings: &LensSettings) -> bool {
        settings.morph(self.size) == self.settings && settings.resolution == self.resolution
    }

    /// The morphed frame.
    pub(super) fn morph(&self) -> Option<FrameView<'_>> {
        let (width, height) = self.frame;
        FrameView::new(
            self.format,
            width,
            height,
            width * self.format.bytes(),
            &self.morph,
        )
        .ok()
    }

    /// The morph is the frame itself.
    pub(super) fn keep(&mut self, frame: &FrameView<'_>) -> Result<(), frame::Error> {
        let mut out = packed(&mut self.morph, self.format, self.frame)?;
        render(DisplayMode::Source, frame, frame, &mut out)
    }

    /// One step along the reading's gradient, as the paper does it: analysis of picture and gradient, phase step,
    /// extrapolation, synthesis.
    pub(super) fn step(
        &mut self,
        frame: &FrameView<'_>,
        reading: &Reading,
        settings: &LensSettings,
        report: &mut Report,
    ) -> Result<(), Error> {
        let path = (reading.id, settings.control, settings.seed);
        let prepared = match self.prepared {
            Some((known, prepared)) if known == path && reading.id != 0 => prepared,
            _ => {
                self.take_image(frame);
                self.take_direction(&reading.gradient, settings, 0);
                let prepared = self.morpher.prepare(&self.image, &self.gradient);
                self.prepared = Some((path, prepared));
                prepared
            }
        };
        report.phase_rms = prepared.phase_rms;
        if prepared.phase_rms == 0.0 {
            report.warning =
                Some("the gradient moves nothing in this picture: it is passed on unchanged".into());
            return Ok(self.keep(frame)?);
        }
        if settings.l2_budget > 0.0 {
            let mut failed = None;
            let reach = reach_budget(settings.l2_budget, |magnification| {
                self.morpher.extrapolate(magnification, &mut self.change);
                self.write(frame).unwrap_or_else(|e| {
                    failed = Some(e);
                    f64::NAN
                })
            });
            if let Some(e) = failed {
                return Err(e.into());
            }
            (report.magnification, report.l2, report.attained) =
                (reach.magnification, reach.distance, reach.attained);
        } else {
            self.morpher.extrapolate(settings.magnification, &mut self.change);
            report.magnification = settings.magnification;
            report.l2 = self.write(frame)?;
        }
        report.change_norm = norm(&self.change);
        Ok(())
    }

    /// Forgets the analysis: the path has moved on.
    pub(super) fn forget(&mut self) {
        self.prepared = None;
    }

    fn take_image(&mut self, frame: &FrameView<'_>) {
        match (self.at_frame, self.edited) {
            (true, 1) => read_luma(frame, &mut self.image),
            (true, _) => read_rgb(frame, &mut self.image),
            (false, 1) => self.sampling.read_luma(frame, &mut self.image),
            (false, _) => self.sampling.read_rgb(frame, &mut self.image),
        }
    }

    /// Takes the direction of a step: the gradient at the model's input, or the control in its place.
    pub(super) fn take_direction(&mut self, gradient: &[f32], settings: &LensSettings, step: u32) {
        if settings.control == Control::None {
            return self.take_gradient(gradient);
        }
        let (width, height) = self.sampling.input_size();
        let mut surrogate = self
            .surrogate
            .take()
            .unwrap_or_else(|| Surrogate::new(width, height, self.seen));
        self.take_gradient(surrogate.draw(gradient, settings.seed, step));
        self.surrogate = Some(surrogate);
    }

    /// The gradient at the model's input as that of the edited planes: the exact chain rule through luma
    /// (METHOD.md 2.6) and resize (2.11).
    fn take_gradient(&mut self, gradient: &[f32]) {
        let count = self.plane.len();
        for (k, edited) in self
            .gradient
            .chunks_exact_mut(self.size.0 * self.size.1)
            .enumerate()
        {
            match (self.edited, self.seen) {
                // Y enters R, G and B with factor 1 each, and luma itself with the sum of its weights, 1.
                (1, 3) => {
                    let (r, rest) = gradient.split_at(count);
                    let (g, b) = rest.split_at(count);
                    for (k, sum) in self.plane.iter_mut().enumerate() {
                        *sum = r[k] + g[k] + b[k];
                    }
                }
                (1, _) => self.plane.copy_from_slice(gradient),
                (_, 3) => self.plane.copy_from_slice(&gradient[k * count..][..count]),
                _ => self
                    .plane
                    .iter_mut()
                    .zip(gradient)
                    .for_each(|(to, g)| *to = LUMA[k] * g),
            }
            if self.at_frame {
                self.sampling.adjoint(&self.plane, edited);
            } else {
                edited.copy_from_slice(&self.plane);
            }
        }
    }

    /// Writes the frame with `change`, and returns the L2 distance of what was written.
    pub(super) fn write(&mut self, frame: &FrameView<'_>) -> Result<f64, frame::Error> {
        let change = if self.at_frame {
            &self.change
        } else {
            let (from, to) = (self.size.0 * self.size.1, self.frame.0 * self.frame.1);
            for (plane, large) in self
                .change
                .chunks_exact(from)
                .zip(self.enlarged.chunks_exact_mut(to))
            {
                self.sampling.enlarge(plane, large);
            }
            &self.enlarged
        };
        let mut out = packed(&mut self.morph, self.format, self.frame)?;
        let squared = match self.edited {
            1 => write_luma_change(frame, change, &mut out)?,
            _ => write_rgb_change(frame, change, &mut out)?,
        };
        Ok(squared.sqrt())
    }

    /// Writes a change of R, G and B (of the one plane of a grey frame) where the pyramid works, which the edited
    /// planes alone do not hold after several clipped steps.
    pub(super) fn write_planes(
        &mut self,
        frame: &FrameView<'_>,
        change: &[f32],
    ) -> Result<f64, frame::Error> {
        let (from, to) = (self.size.0 * self.size.1, self.frame.0 * self.frame.1);
        let mut large = Vec::new();
        let change = if self.at_frame {
            change
        } else {
            large.resize(change.len() / from * to, 0.0);
            for (plane, large) in change.chunks_exact(from).zip(large.chunks_exact_mut(to)) {
                self.sampling.enlarge(plane, large);
            }
            &large
        };
        let mut out = packed(&mut self.morph, self.format, self.frame)?;
        let squared = match self.format.is_gray() {
            true => write_luma_change(frame, change, &mut out)?,
            false => write_rgb_change(frame, change, &mut out)?,
        };
        Ok(squared.sqrt())
    }

    /// Shows frame and morph as asked for.
    pub(super) fn show(
        &mut self,
        mode: DisplayMode,
        frame: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<(), frame::Error> {
        let morph = packed(&mut self.morph, self.format, self.frame)?;
        render(mode, frame, &morph.as_view(), out)
    }
}

/// Root of the sum of squares.
pub(super) fn norm(values: &[f32]) -> f64 {
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt()
}

/// A tightly packed picture in `bytes`.
fn packed(
    bytes: &mut [u8],
    format: PixelFormat,
    (width, height): (usize, usize),
) -> Result<FrameViewMut<'_>, frame::Error> {
    FrameViewMut::new(format, width, height, width * format.bytes(), bytes)
}
