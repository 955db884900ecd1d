// SPDX-License-Identifier: MPL-2.0
//! The bands are dealt out to a fixed number of shares, whatever the number of threads: what one thread computes
//! with is its own, sums go over the shares in their order, and one thread gives the same bits as two.

use aligned_vec::{AVec, avec};

use super::average::Average;
use super::border::Border;
use super::coordinates::{Coordinates, Desk, Part, pairs};
use super::group::{Direction, Group, Limits};
use super::{ColorMode, Method, Settings, StepMode};
use crate::simd::Simd;

/// How many shares there are, and threads at most. Each has a spectrum of its own to write to: more of them would
/// cost one thread more than many threads gain.
const SHARES: usize = 2;

/// Below this number of pixels a second thread is not worth waking: a frame takes half a millisecond.
const WORTH_THREADS: usize = 1 << 17;

/// The bands of one thread, and all that it writes.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) parts: Vec<Part>,
    /// Coefficients `c` of the source, per channel.
    pub(super) source: Vec<AVec<f32>>,
    pub(super) groups: Vec<Group>,
    pub(super) desk: Desk,
    pub(super) scratch: Scratch,
    /// `sum w a2 d^2` and `sum w a2` of the direction (docs/method.md 2.4).
    pub(super) moments: (f64, f64),
}

/// Room for one band.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) gradient: AVec<f32>,
    /// Of one strip.
    pub(super) coefficients: AVec<f32>,
    /// `a2`.
    pub(super) energy: AVec<f32>,
    /// `sqrt(a2)`; as the next two, only where something is smoothed.
    pub(super) amplitude: Vec<f32>,
    pub(super) weight: Vec<f32>,
    pub(super) smooth: Vec<f32>,
}

impl Share {
    /// Deals out the parts, largest first, each to the share that has least.
    pub(super) fn deal(
        parts: Vec<Part>,
        coordinates: &Coordinates,
        channels: usize,
        simd: Simd,
        settings: &Settings,
    ) -> Vec<Self> {
        let mut dealt: [(usize, Vec<Part>); SHARES] = Default::default();
        let mut parts = parts;
        parts.sort_by_key(|part| std::cmp::Reverse(part.range.len()));
        for mut part in parts {
            // The first of those that have least.
            let least = (0..SHARES).min_by_key(|share| dealt[*share].0).unwrap_or(0);
            let (samples, share) = &mut dealt[least];
            let end = *samples + part.range.len();
            part.range = *samples..end;
            *samples = end;
            share.push(part);
        }
        dealt
            .into_iter()
            .enumerate()
            // The first is there even for a picture too small for any band.
            .filter(|(index, (samples, _))| *index == 0 || *samples > 0)
            .map(|(_, (samples, parts))| Self::new(parts, samples, coordinates, channels, simd, settings))
            .collect()
    }

    fn new(
        parts: Vec<Part>,
        samples: usize,
        coordinates: &Coordinates,
        channels: usize,
        simd: Simd,
        settings: &Settings,
    ) -> Self {
        let averages = !settings.tuning.temporal_smoothing.is_zero();
        let with_amplitude = settings.method == Method::CspJoint;
        let per_group = if settings.color_mode == ColorMode::Independent {
            1
        } else {
            channels
        };
        let groups = (0..channels).step_by(per_group).map(|first| Group {
            simd,
            channels: first..first + per_group,
            direction: Direction::new(samples, with_amplitude),
            taken: (settings.step_mode == StepMode::Source).then(|| Direction::new(samples, with_amplitude)),
            average: averages.then(|| Average::new(samples, with_amplitude)),
        });
        Self {
            groups: groups.collect(),
            source: vec![avec![0.0; 2 * samples]; channels],
            desk: coordinates.desk(),
            scratch: Scratch::new(&parts, averages),
            moments: (0.0, 0.0),
            parts,
        }
    }

    /// Makes or drops the running averages, and the room for them.
    pub(super) fn smooth(&mut self, averages: bool) {
        for group in &mut self.groups {
            let (samples, with_amplitude) = (
                group.direction.phase.len(),
                !group.direction.log_amplitude.is_empty(),
            );
            group.average = averages.then(|| Average::new(samples, with_amplitude));
        }
        self.scratch = Scratch::new(&self.parts, averages);
    }

    /// Writes the change of one channel of one group at `k = factor`.
    pub(super) fn change(
        &mut self,
        (group, channel): (usize, usize),
        factor: f64,
        limits: &Limits,
        coordinates: &Coordinates,
    ) {
        self.desk.begin();
        for part in &self.parts {
            for strip in part.strips() {
                let moved = &mut self.scratch.coefficients[..strip.numbers];
                let source = &self.source[channel][pairs(&strip.range)];
                let change = &mut moved[..source.len()];
                self.groups[group].change(source, &strip.range, factor, limits, change);
                coordinates.add((part.index, strip.index), moved, &mut self.desk);
            }
            coordinates.close_part(part.index, &mut self.desk);
        }
    }
}

impl Scratch {
    fn new(parts: &[Part], averages: bool) -> Self {
        let largest = parts.iter().map(|part| part.range.len()).max().unwrap_or(0);
        let smoothed = if averages || parts.iter().any(|part| part.smoothing.is_some()) {
            largest
        } else {
            0
        };
        let longest = parts.iter().map(|part| part.order.stride()).max().unwrap_or(0);
        Self {
            gradient: avec![0.0; 2 * largest],
            coefficients: avec![0.0; 2 * longest],
            energy: avec![0.0; largest],
            amplitude: vec![0.0; smoothed],
            weight: vec![0.0; smoothed],
            smooth: vec![0.0; smoothed],
        }
    }
}

/// Who works on the shares: the caller's thread, and maybe others.
#[derive(Debug)]
pub(super) struct Crew(Option<rayon::ThreadPool>);

impl Crew {
    /// At most `threads` of them, for planes of this size.
    pub(super) fn new(threads: usize, border: &Border) -> Self {
        let (width, height) = border.padded_size();
        if threads.min(SHARES) < 2 || width * height < WORTH_THREADS {
            return Self(None);
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(SHARES - 1)
            .thread_name(|index| format!("steerlens-{index}"))
            .build();
        // Without threads the work is done all the same.
        Self(
            pool.inspect_err(|e| log::warn!("no threads for the pyramid: {e}"))
                .ok(),
        )
    }

    /// Runs a task on every share.
    pub(super) fn each(&self, shares: &mut [Share], task: impl Fn(&mut Share) + Send + Sync) {
        match (&self.0, shares) {
            (Some(pool), [first, rest @ ..]) => pool.in_place_scope(|scope| {
                for share in rest {
                    scope.spawn(|_| task(share));
                }
                task(first);
            }),
            (_, shares) => shares.iter_mut().for_each(task),
        }
    }
}
