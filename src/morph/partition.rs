// SPDX-License-Identifier: MPL-2.0
//! The bands are distributed to a fixed number of partitions, whatever the number of threads: what one thread computes
//! with is its own, sums go over the partitions in their order, and one thread gives the same bits as two.

use std::ops::Range;

use aligned_vec::{AVec, avec};

use crate::pyramid::Coordinates;
use crate::simd::Simd;

use super::average::RunningAverage;
use super::band::{EditedBand, pairs};
use super::channel_group::{ChannelGroup, Direction, Limits};
use super::field::{Fields, Weighting};
use super::{ColorMode, Method, Settings, StepMode};

/// How many partitions there are, and threads at most. Each has a spectrum of its own to write to: more of them would
/// cost one thread more than many threads gain.
const PARTITIONS: usize = 2;

/// Below this number of pixels a second thread is not worth waking: a frame takes half a millisecond.
const WORTH_THREADS: usize = 1 << 17;

/// The bands of one thread, and all that it writes.
#[derive(Debug)]
pub(super) struct Partition<C: Coordinates> {
    pub(super) bands: Vec<EditedBand>,
    /// Coefficients `c` of the source, per channel.
    source: Vec<AVec<f32>>,
    pub(super) groups: Vec<ChannelGroup>,
    pub(super) scratch: C::Scratch,
    /// The sum of the bands of a change.
    pub(super) change: AVec<C::Value>,
    buffers: Buffers,
    /// `sum w a2 d^2` and `sum w a2` of the direction (docs/method.md 2.4).
    pub(super) moments: (f64, f64),
}

/// Fields and coefficients of one band.
#[derive(Debug)]
struct Buffers {
    gradient: AVec<f32>,
    /// Of one strip.
    coefficients: AVec<f32>,
    /// `a2`.
    energy: AVec<f32>,
    /// `sqrt(a2)`; as the next two, only where something is smoothed.
    amplitude: Vec<f32>,
    weight: Vec<f32>,
    smooth: Vec<f32>,
}

/// What every partition finds its direction from.
#[derive(Debug)]
pub(super) struct DirectionParams<'a, C: Coordinates> {
    pub(super) coordinates: &'a C,
    /// Spectra of a new source, one per channel; `None`: its coefficients stay.
    pub(super) picture: Option<&'a [AVec<C::Value>]>,
    /// Spectra of the gradient.
    pub(super) gradient: &'a [AVec<C::Value>],
    pub(super) limits: Limits,
    /// Weight of earlier frames in the average, 0..1.
    pub(super) past_weight: f32,
    pub(super) exponent: f64,
    /// `f^2`.
    pub(super) floor: f64,
}

impl<C: Coordinates> Partition<C> {
    /// Distributes the bands, largest first, each to the partition that has least.
    pub(super) fn distribute(
        mut bands: Vec<EditedBand>,
        coordinates: &C,
        channels: usize,
        settings: &Settings,
    ) -> Vec<Self> {
        let mut distributed: [(usize, Vec<EditedBand>); PARTITIONS] = Default::default();
        bands.sort_by_key(|band| std::cmp::Reverse(band.range.len()));
        for mut band in bands {
            // The first of those that have least.
            let least = (0..PARTITIONS)
                .min_by_key(|index| distributed[*index].0)
                .unwrap_or(0);
            let (samples, bands) = &mut distributed[least];
            let end = *samples + band.range.len();
            band.range = *samples..end;
            *samples = end;
            bands.push(band);
        }
        distributed
            .into_iter()
            .enumerate()
            // The first is there even for a picture too small for any band.
            .filter(|(index, (samples, _))| *index == 0 || *samples > 0)
            .map(|(_, (samples, bands))| Self::new(bands, samples, coordinates, channels, settings))
            .collect()
    }

    fn new(
        bands: Vec<EditedBand>,
        samples: usize,
        coordinates: &C,
        channels: usize,
        settings: &Settings,
    ) -> Self {
        let averages = !settings.tuning.temporal_smoothing.is_zero() && settings.step_mode != StepMode::Live;
        let with_amplitude = settings.method == Method::CspJoint;
        let per_group = if settings.color_mode == ColorMode::Independent {
            1
        } else {
            channels
        };
        let groups = (0..channels).step_by(per_group).map(|first| ChannelGroup {
            simd: settings.pyramid.simd.min(Simd::best()),
            channels: first..first + per_group,
            direction: Direction::new(samples, with_amplitude),
            taken: (settings.step_mode != StepMode::Reanalyse)
                .then(|| Direction::new(samples, with_amplitude)),
            average: averages.then(|| RunningAverage::new(samples, with_amplitude)),
        });
        Self {
            groups: groups.collect(),
            source: vec![avec![0.0; 2 * samples]; channels],
            scratch: coordinates.scratch(),
            change: coordinates.spectrum(),
            buffers: Buffers::new(&bands, averages),
            moments: (0.0, 0.0),
            bands,
        }
    }

    /// Makes or drops the running averages, and their buffers.
    pub(super) fn set_averaging(&mut self, averages: bool) {
        for group in &mut self.groups {
            let (samples, with_amplitude) = (
                group.direction.phase.len(),
                !group.direction.log_amplitude.is_empty(),
            );
            group.average = averages.then(|| RunningAverage::new(samples, with_amplitude));
        }
        self.buffers = Buffers::new(&self.bands, averages);
    }

    /// Finds the direction of the partition's bands, and its moments.
    pub(super) fn find_direction(&mut self, params: &DirectionParams<'_, C>) {
        self.moments = (0.0, 0.0);
        for band in 0..self.bands.len() {
            for group in 0..self.groups.len() {
                let (moved, total) = self.find_band_direction(group, band, params);
                let weight = self.bands[band].weight;
                self.moments.0 += weight * moved;
                self.moments.1 += weight * total;
            }
        }
    }

    /// One band's coefficients and fields, strip by strip, and their moments (docs/method.md 2.3, 2.4). `a2` goes into
    /// the buffers: all of it where it is needed again, else the last strip's, which stays in the cache.
    fn find_band_direction(
        &mut self,
        group: usize,
        band: usize,
        params: &DirectionParams<'_, C>,
    ) -> (f64, f64) {
        let Self {
            bands,
            source,
            groups,
            scratch,
            buffers,
            ..
        } = self;
        let (group, band) = (&mut groups[group], &bands[band]);
        let &DirectionParams {
            coordinates,
            picture,
            gradient: spectra,
            ref limits,
            ..
        } = params;
        let simd = group.simd;
        let channels = group.channels.clone();
        let weighting = Weighting {
            exponent: params.exponent,
            floor: (channels.len() as f64 * params.floor) as f32,
            gain: band.gain,
        };
        let smoothed = band.smoothing.is_some() || group.average.is_some();
        let keeps_energy = smoothed || channels.len() > 1;
        let (mut moved, mut total) = (0.0, 0.0);
        for channel in channels.clone() {
            let source = &mut source[channel];
            if let Some(picture) = picture {
                let strips = &mut source[pairs(&band.range)];
                coordinates.analyse_band(band.index, &picture[channel], strips, scratch);
            }
            let gradients = &mut buffers.gradient[..2 * band.range.len()];
            coordinates.analyse_band(band.index, &spectra[channel], gradients, scratch);
            for strip in band.strips() {
                let first = 2 * strip.start;
                if picture.is_some() {
                    coordinates.analyse_strip(band.index, &mut source[first..first + band.strip_numbers()]);
                }
                let begin = strip.start - band.range.start;
                let gradient = &mut gradients[2 * begin..2 * begin + band.strip_numbers()];
                coordinates.analyse_strip(band.index, gradient);
                let source = &source[pairs(&strip)];
                let gradient = &gradient[..source.len()];
                let moved_source = &mut buffers.coefficients[..source.len()];
                let current = group.current(source, &strip, limits, moved_source);
                let at = if keeps_energy { begin } else { 0 };
                let mut fields = fields(group, &strip, &mut buffers.energy[at..]);
                let first = channel == channels.start;
                if channel + 1 < channels.end {
                    fields.add(simd, current, gradient, first);
                } else {
                    let moments = fields.finish(simd, current, gradient, first, weighting);
                    moved += moments.0;
                    total += moments.1;
                }
            }
        }
        if smoothed {
            smooth(group, band, params.past_weight, buffers);
            (moved, total) = (0.0, 0.0);
            for strip in band.strips() {
                let energy = &mut buffers.energy[strip.start - band.range.start..];
                let moments = fields(group, &strip, energy).moments(simd);
                moved += moments.0;
                total += moments.1;
            }
        }
        (moved, total)
    }

    /// Writes the change of one channel of one group at `k = factor`.
    pub(super) fn change(
        &mut self,
        (group, channel): (usize, usize),
        factor: f64,
        limits: &Limits,
        coordinates: &C,
    ) {
        self.change.fill(C::Value::default());
        for band in &self.bands {
            for (index, strip) in band.strips().enumerate() {
                let moved = &mut self.buffers.coefficients[..band.strip_numbers()];
                let source = &self.source[channel][pairs(&strip)];
                let change = &mut moved[..source.len()];
                self.groups[group].change(source, &strip, factor, limits, change);
                let (spectrum, scratch) = (&mut self.change, &mut self.scratch);
                coordinates.synthesise_strip(band.index, index, moved, spectrum, scratch);
            }
            coordinates.synthesise_band(band.index, &mut self.change, &mut self.scratch);
        }
    }
}

/// The fields of a range of coefficients.
fn fields<'a>(group: &'a mut ChannelGroup, range: &Range<usize>, energy: &'a mut [f32]) -> Fields<'a> {
    let [phase, log_amplitude] = group.direction.range_mut(range);
    Fields {
        energy: &mut energy[..range.len()],
        phase,
        log_amplitude,
    }
}

/// Smooths one band's fields in space, then in time, where that is wanted.
fn smooth(group: &mut ChannelGroup, band: &EditedBand, past_weight: f32, buffers: &mut Buffers) {
    let len = band.range.len();
    let (amplitude, weight) = (&mut buffers.amplitude[..len], &mut buffers.weight[..len]);
    amplitude
        .iter_mut()
        .zip(&*buffers.energy)
        .for_each(|(a, a2)| *a = a2.sqrt());
    let [phase, log_amplitude] = group.direction.range_mut(&band.range);
    if let Some(gaussian) = &band.smoothing {
        gaussian.smooth(amplitude, [phase, log_amplitude], weight, &mut buffers.smooth);
    }
    if let Some(average) = &mut group.average {
        average.update(band.range.clone(), past_weight, amplitude, phase, log_amplitude);
    }
}

impl Buffers {
    fn new(bands: &[EditedBand], averages: bool) -> Self {
        let largest = bands.iter().map(|band| band.range.len()).max().unwrap_or(0);
        let smoothed = if averages || bands.iter().any(|band| band.smoothing.is_some()) {
            largest
        } else {
            0
        };
        let longest = bands.iter().map(|band| band.layout.stride()).max().unwrap_or(0);
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

/// Threads beside the caller's: for at most `threads` in all and planes of so many pixels. `None`: the caller's is enough.
pub(super) fn threads(threads: usize, pixels: usize) -> Option<rayon::ThreadPool> {
    if threads.min(PARTITIONS) < 2 || pixels < WORTH_THREADS {
        return None;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(PARTITIONS - 1)
        .thread_name(|index| format!("steerlens-{index}"))
        .build();
    // Without threads the work is done all the same.
    pool.inspect_err(|e| log::warn!("no threads for the pyramid: {e}"))
        .ok()
}

/// Runs a task on every partition: on the caller's thread the first, or all.
pub(super) fn for_each<C: Coordinates>(
    threads: Option<&rayon::ThreadPool>,
    partitions: &mut [Partition<C>],
    task: impl Fn(&mut Partition<C>) + Send + Sync,
) {
    match (threads, partitions) {
        (Some(threads), [first, rest @ ..]) => threads.in_place_scope(|scope| {
            for partition in rest {
                scope.spawn(|_| task(partition));
            }
            task(first);
        }),
        (_, partitions) => partitions.iter_mut().for_each(task),
    }
}
