// SPDX-License-Identifier: MPL-2.0
//! Everything that one size of frames needs, made once: the way to the model and back, the path, the planes.

use std::time::Duration;

use super::driver::WayBack;
use super::region;
use super::temporal_state::TemporalState;
use super::view::{Magnitude, Motion};
use super::{Control, LensSettings, Resolution};
use crate::Error;
use crate::classifier::{OtherGradient, Reading};
use crate::frame::{
    self, FramePosition, FrameView, FrameViewMut, InputGeometry, LUMA, PictureId, Rect, Sampling, Shape,
    luma_of_planes, read_luma, read_rgb, write_luma_change, write_rgb_change,
};
use crate::measure::norm;
use crate::morph::{
    ColorMode, MagnificationUnit, Morpher, Prepared, ReachSettings, Settings, StepMode, Surrogate,
};
use crate::render::{DisplayMode, Renderer, View, pass_on, side_by_side};

/// `Resolution::Auto` works at the frame's size up to this many pixels.
const AUTO_PIXELS: usize = 640 * 480;

/// What a direction is made of: a reading, by its number, the picture to be moved, and what stands in for the
/// gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AnalysisKey {
    reading: u64,
    picture: Option<PictureId>,
    control: Control,
    seed: u64,
}

/// The settings of the path of a picture of this size, so far.
fn effective((settings, reach): Movement<'_>, (width, height): (usize, usize), threads: usize) -> Settings {
    let mut morph = settings.morph.clone();
    morph.threads = threads;
    // No more can be mirrored; a small picture is no reason to fail.
    morph.padding = u32::try_from(width.min(height)).map_or(morph.padding, |most| morph.padding.min(most));
    // A budget is searched along the path in RMS units (docs/method.md 2.7).
    if reach.l2_budget > 0.0 {
        morph.magnification_unit = MagnificationUnit::Rms;
    }
    // Smoothing in time is defined for one step only (docs/method.md 2.10).
    if reach.steps > 1 {
        morph.tuning.temporal_smoothing = Duration::ZERO;
    }
    morph
}

/// How a picture is moved, and how far.
pub(super) type Movement<'a> = (&'a LensSettings, &'a ReachSettings);

/// Buffers and plans for frames of one shape, under one choice of settings.
#[derive(Debug)]
pub(super) struct FrameEditor {
    shape: Shape,
    geometry: InputGeometry,
    threads: usize,
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
    /// The ways back from the other drivers.
    ways: Vec<WayBack>,
    /// The gradients of several drivers, each of unit length.
    units: Vec<Vec<f32>>,
    /// How alike the drivers' gradients were, where there are several.
    pub(super) drivers_agreement: Option<f64>,
    pub(super) change: Vec<f32>,
    /// What `morpher` is prepared for, and what it found.
    prepared: Option<(AnalysisKey, Prepared)>,
    /// What the average over time holds.
    temporal: TemporalState,
    /// Draws the directions of [`Control::Random`]; made when first needed.
    surrogate: Option<Surrogate>,
    /// One plane of the model's input, on its way to the edited planes.
    plane: Vec<f32>,
    /// The change at the frame's size, where the pyramid works at the model's.
    enlarged: Vec<f32>,
    /// The morphed frame, tightly packed.
    morph: Vec<u8>,
    renderer: Renderer,
    magnitude: Option<Magnitude>,
    motion: Option<Motion>,
}

impl FrameEditor {
    /// The editor for this frame: the one there is, or a new one when size, format or settings have changed.
    pub(super) fn for_frame<'a>(
        slot: &'a mut Option<Self>,
        frame: &FrameView<'_>,
        geometry: InputGeometry,
        threads: usize,
        settings: Movement<'_>,
    ) -> Result<&'a mut Self, Error> {
        let mut old = slot.take();
        if let Some(editor) = &mut old
            && !editor.adopt(settings)?
        {
            old = None;
        }
        let editor = match old {
            Some(editor) if (&editor.shape, editor.geometry) == (frame.shape(), geometry) => editor,
            old => Self::new(frame.shape(), geometry, threads, settings, old)?,
        };
        Ok(slot.insert(editor))
    }

    /// An editor for frames of this shape, with the path of an old one where that fits: regions that come and go then
    /// cost no plan where the pyramid works at the model's size.
    fn new(
        shape: &Shape,
        geometry: InputGeometry,
        threads: usize,
        movement: Movement<'_>,
        old: Option<Self>,
    ) -> Result<Self, Error> {
        let (settings, _) = movement;
        let whole = shape.size();
        let sampling = geometry.sampling(shape);
        let at_frame = match settings.resolution {
            Resolution::Frame => true,
            Resolution::Model => false,
            Resolution::Auto => whole.0 * whole.1 <= AUTO_PIXELS,
        };
        let size = if at_frame { whole } else { geometry.input };
        let gray = shape.format.is_gray() || settings.morph.color_mode == ColorMode::Luma;
        if shape.format.is_yuv() && !gray {
            return Err(frame::Error::LumaOnly { format: shape.format }.into());
        }
        let edited = if gray { 1 } else { 3 };
        let pixels = size.0 * size.1;
        let morph = effective(movement, size, threads);
        let morpher = match old {
            Some(mut old) if (old.size, old.edited, &old.settings) == (size, edited, &morph) => {
                old.morpher.reset();
                old.morpher
            }
            _ => Morpher::new(size.0, size.1, edited, &morph)?,
        };
        Ok(Self {
            shape: *shape,
            geometry,
            threads,
            sampling,
            at_frame,
            size,
            edited,
            seen: geometry.channels,
            morpher,
            settings: morph,
            resolution: settings.resolution,
            image: vec![0.0; edited * pixels],
            gradient: vec![0.0; edited * pixels],
            ways: Vec::new(),
            units: Vec::new(),
            drivers_agreement: None,
            change: vec![0.0; edited * pixels],
            prepared: None,
            temporal: TemporalState::default(),
            surrogate: None,
            plane: vec![0.0; geometry.pixels()],
            enlarged: Vec::new(),
            morph: vec![0; shape.packed_len()],
            renderer: Renderer::default(),
            magnitude: None,
            motion: None,
        })
    }

    /// Takes over other settings, where they need no other plan; whether they do not.
    pub(super) fn adopt(&mut self, movement: Movement<'_>) -> Result<bool, Error> {
        let new = effective(movement, self.size, self.threads);
        let (tuning, old) = (&new.tuning, &self.settings.tuning);
        if *tuning != *old {
            self.morpher.tune(tuning)?;
            if tuning.temporal_smoothing.is_zero() != old.temporal_smoothing.is_zero() {
                self.start_over();
            }
            self.settings.tuning = new.tuning.clone();
        }
        Ok(new == self.settings && movement.0.resolution == self.resolution)
    }

    /// The morphed frame.
    pub(super) fn morph(&self) -> Option<FrameView<'_>> {
        FrameView::packed(self.shape, &self.morph).ok()
    }

    /// The morph is the frame itself.
    pub(super) fn keep(&mut self, frame: &FrameView<'_>) -> Result<(), frame::Error> {
        self.change.fill(0.0);
        self.enlarged.fill(0.0);
        pass_on(frame, &mut FrameViewMut::packed(self.shape, &mut self.morph)?)
    }

    /// Analysis of the frame and of its gradient, unless nothing has changed since the last one.
    pub(super) fn prepare(
        &mut self,
        frame: &FrameView<'_>,
        position: &FramePosition,
        reading: &Reading,
        settings: &LensSettings,
    ) -> Prepared {
        let key = AnalysisKey {
            reading: reading.id,
            picture: position.picture,
            control: settings.control,
            seed: settings.gradient.seed,
        };
        let memory = self.settings.tuning.temporal_smoothing;
        let is_same = |(of, _): &(AnalysisKey, _)| *of == key && reading.id != 0 && !self.is_live();
        let kept = self.prepared.filter(is_same);
        if let Some((_, prepared)) = kept
            && (memory.is_zero() || self.temporal.rests(position))
        {
            return prepared;
        }
        let mut image = std::mem::take(&mut self.image);
        self.read_planes(frame, &mut image);
        self.image = image;
        self.take_direction(reading, settings, 0);
        let prepared = if memory.is_zero() {
            self.morpher.prepare(&self.image, &self.gradient)
        } else {
            let pair = (reading.source, reading.target);
            let planes = (self.image.as_slice(), kept.is_some());
            match self.temporal.elapsed(position, pair, planes, memory) {
                Some(elapsed) => self.morpher.prepare_frame(&self.image, &self.gradient, elapsed),
                None => self.morpher.prepare(&self.image, &self.gradient),
            }
        };
        self.prepared = Some((key, prepared));
        prepared
    }

    /// Whether steps are carried from frame to frame.
    pub(super) fn is_live(&self) -> bool {
        self.morpher.step_mode() == StepMode::Live
    }

    /// What the steps carried from the last frame to the next change, at the frame's size: of its luma, or of R, G and B.
    pub(super) fn carried(&self) -> Option<&[f32]> {
        let change = if self.at_frame {
            &self.change
        } else {
            &self.enlarged
        };
        (self.is_live() && self.temporal.is_begun() && !change.is_empty()).then_some(change)
    }

    /// Forgets the analysis: the path has moved on.
    pub(super) fn forget(&mut self) {
        self.prepared = None;
    }

    /// Forgets earlier frames.
    pub(super) fn start_over(&mut self) {
        self.forget();
        self.temporal.forget();
    }

    /// The planes of a frame where the pyramid works: its luma, or R, G and B, as many as there is space for.
    pub(super) fn read_planes(&mut self, frame: &FrameView<'_>, planes: &mut [f32]) {
        match (self.at_frame, planes.len() / self.pixels()) {
            (true, 1) => read_luma(frame, planes),
            (true, _) => read_rgb(frame, planes),
            (false, 1) => self.sampling.read_luma(frame, planes),
            (false, _) => self.sampling.read_rgb(frame, planes),
        }
    }

    /// Pixels of a plane where the pyramid works.
    pub(super) fn pixels(&self) -> usize {
        self.size.0 * self.size.1
    }

    /// A change where the pyramid works, at the frame's size.
    pub(super) fn at_frame_size(&mut self, change: &[f32]) -> Vec<f32> {
        if self.at_frame {
            return change.to_vec();
        }
        let (from, to) = (self.pixels(), self.shape.width * self.shape.height);
        let mut large = vec![0.0; change.len() / from * to];
        for (plane, large) in change.chunks_exact(from).zip(large.chunks_exact_mut(to)) {
            self.sampling.enlarge(plane, large);
        }
        large
    }

    /// Takes the direction of a step: the gradient of all drivers, or the control in its place, which is drawn after the
    /// first driver's.
    pub(super) fn take_direction(&mut self, reading: &Reading, settings: &LensSettings, step: u32) {
        self.drivers_agreement = None;
        if settings.control == Control::None {
            self.take_gradient(&reading.gradient);
            if !reading.others.is_empty() {
                self.add_others(&reading.others);
            }
            return;
        }
        let (width, height) = self.sampling.input_size();
        let mut surrogate = self
            .surrogate
            .take()
            .unwrap_or_else(|| Surrogate::new(width, height, self.seen));
        self.take_gradient(surrogate.draw(&reading.gradient, settings.gradient.seed, step));
        self.surrogate = Some(surrogate);
    }

    /// The gradient at the model's input as that of the edited planes: the exact chain rule through luma
    /// (docs/method.md 2.6) and resize (2.11).
    fn take_gradient(&mut self, gradient: &[f32]) {
        let pixels = self.pixels();
        for (k, edited) in self.gradient.chunks_exact_mut(pixels).enumerate() {
            of_edited_plane(gradient, (self.seen, self.edited, k), &mut self.plane);
            if self.at_frame {
                self.sampling.adjoint(&self.plane, edited);
            } else {
                edited.copy_from_slice(&self.plane);
            }
        }
    }

    /// Adds the gradients of the other drivers to that of the first, each at the same length, and keeps that of the first
    /// (docs/method.md 2.13). One that is zero or not finite says nothing.
    fn add_others(&mut self, others: &[OtherGradient]) {
        let pixels = self.pixels();
        let length = norm(&self.gradient);
        let mut units = std::mem::take(&mut self.units);
        units.resize_with(1 + others.len(), Vec::new);
        units[0].clone_from(&self.gradient);
        let mut count = usize::from(has_direction(&mut units[0]));
        for (slot, other) in others.iter().enumerate() {
            let pulled = &mut units[count];
            pulled.resize(self.gradient.len(), 0.0);
            let way = WayBack::of(&mut self.ways, slot, &self.shape, other.geometry);
            for (k, edited) in pulled.chunks_exact_mut(pixels).enumerate() {
                let seen = (other.geometry.channels, self.edited, k);
                of_edited_plane(&other.gradient, seen, &mut way.input);
                let at_frame = way.pull();
                if self.at_frame {
                    edited.copy_from_slice(at_frame);
                } else {
                    self.sampling.enlarge_adjoint(at_frame, edited);
                }
            }
            count += usize::from(has_direction(pulled));
        }
        if count > 0 {
            let units = &units[..count];
            self.drivers_agreement = mean_cosine(units);
            let share = length / count as f64;
            for (at, sum) in self.gradient.iter_mut().enumerate() {
                *sum = (share * units.iter().map(|unit| f64::from(unit[at])).sum::<f64>()) as f32;
            }
        }
        self.units = units;
    }

    /// Writes the frame with the change of the last step: see [`FrameEditor::write`].
    pub(super) fn write_step(&mut self, frame: &FrameView<'_>) -> Result<f64, frame::Error> {
        let change = std::mem::take(&mut self.change);
        let distance = self.write(frame, &change);
        self.change = change;
        distance
    }

    /// Writes the frame with a change of its luma or of R, G and B where the pyramid works, and returns the L2 distance of
    /// what was written.
    pub(super) fn write(&mut self, frame: &FrameView<'_>, change: &[f32]) -> Result<f64, frame::Error> {
        let (from, to) = (self.pixels(), self.shape.width * self.shape.height);
        let planes = change.len() / from;
        let change = if self.at_frame {
            change
        } else {
            self.enlarged.resize(planes * to, 0.0);
            for (plane, large) in change.chunks_exact(from).zip(self.enlarged.chunks_exact_mut(to)) {
                self.sampling.enlarge(plane, large);
            }
            &self.enlarged
        };
        let mut out = FrameViewMut::packed(self.shape, &mut self.morph)?;
        let squared = match planes {
            1 => write_luma_change(frame, change, &mut out)?,
            _ => write_rgb_change(frame, change, &mut out)?,
        };
        Ok(squared.sqrt())
    }

    /// What the views take for the change: of the edited planes, from one of R, G and B.
    pub(super) fn show_change(&mut self, change: &[f32]) {
        if self.change.len() == change.len() {
            self.change.copy_from_slice(change);
        } else {
            luma_of_planes(change, &mut self.change);
        }
    }

    /// Shows the frame, whose part `at` was edited, as asked for. Outside of that part there is the frame.
    pub(super) fn show(
        &mut self,
        mode: DisplayMode,
        frame: &FrameView<'_>,
        at: Rect,
        reading: &Reading,
        out: &mut FrameViewMut<'_>,
    ) -> Result<(), Error> {
        let part = region::seen(Some(at), frame);
        if mode == DisplayMode::SideBySide {
            let morph = FrameView::packed(self.shape, &self.morph)?;
            return Ok(side_by_side(frame, &morph, at, out)?);
        }
        frame.shape().expect(out.shape())?;
        if at.size() != frame.size() {
            pass_on(frame, out)?;
        }
        let Self {
            sampling,
            magnitude,
            motion,
            renderer,
            ..
        } = self;
        let morph = FrameView::packed(self.shape, &self.morph)?;
        let view = match mode {
            DisplayMode::Morph | DisplayMode::SideBySide => View::Picture(morph),
            DisplayMode::Source => View::Picture(part),
            DisplayMode::Difference => View::Difference(morph),
            DisplayMode::Saliency => {
                let magnitude = magnitude.get_or_insert_with(|| Magnitude::new(part.size()));
                View::Saliency(magnitude.of(&reading.gradient, sampling))
            }
            DisplayMode::PhaseFlow => {
                let motion = match motion {
                    Some(motion) => motion,
                    None => motion.insert(Motion::new(self.size, part.size(), self.at_frame)?),
                };
                View::PhaseFlow(motion.of(&part, &self.change, self.at_frame, sampling))
            }
        };
        let Some(mut out) = out.crop(at) else {
            return Ok(());
        };
        Ok(renderer.render(&view, &part, &mut out)?)
    }
}

/// The gradient at an input of `seen` planes, at one plane of it that stands for the edited plane `k` of `edited`.
fn of_edited_plane(gradient: &[f32], (seen, edited, k): (usize, usize, usize), plane: &mut [f32]) {
    let count = plane.len();
    match (edited, seen) {
        // Y enters R, G and B with factor 1 each, and luma itself with the sum of its weights, 1.
        (1, 3) => {
            let (r, rest) = gradient.split_at(count);
            let (g, b) = rest.split_at(count);
            for (k, sum) in plane.iter_mut().enumerate() {
                *sum = r[k] + g[k] + b[k];
            }
        }
        (1, _) => plane.copy_from_slice(gradient),
        (_, 3) => plane.copy_from_slice(&gradient[k * count..][..count]),
        _ => plane
            .iter_mut()
            .zip(gradient)
            .for_each(|(to, g)| *to = LUMA[k] * g),
    }
}

/// Brings a gradient to unit length; whether it has a direction, which one that is zero or not finite has not.
fn has_direction(gradient: &mut [f32]) -> bool {
    let factor = 1.0 / norm(gradient);
    gradient
        .iter_mut()
        .for_each(|g| *g = (f64::from(*g) * factor) as f32);
    gradient.iter().all(|g| g.is_finite())
}

/// The mean cosine of all pairs of vectors of unit length; `None` for fewer than two.
fn mean_cosine(units: &[Vec<f32>]) -> Option<f64> {
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let pairs = units
        .iter()
        .enumerate()
        .flat_map(|(k, one)| units[k + 1..].iter().map(move |other| cosine(one, other)));
    let (sum, count) = pairs.fold((0.0, 0), |(sum, count), cosine| (sum + cosine, count + 1));
    // Lengths are rounded.
    (count > 0).then(|| (sum / f64::from(count)).clamp(-1.0, 1.0))
}
