// SPDX-License-Identifier: MPL-2.0
//! What a size needs, made once: bands, masks, transforms.

use std::sync::Arc;

use crate::simd::Simd;

use super::bands::{Band, Bands};
use super::coordinates::Coordinates;
use super::fft::Planner;
use super::grid::wrap;
use super::kernel::{self, Kernel};
use super::masks::{Frequency, Masks};
use super::portable::Portable;
use super::workspace::{PlaneBuffers, PlaneTransforms, Workspace};
use super::{Error, Grid, MAX_PIXELS, Spec, grid};

/// The pyramid of one size: immutable, to be shared between threads.
#[derive(Clone)]
pub struct Plan {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) octaves: usize,
    pub(super) masks: Masks,
    pub(super) bands: Arc<[Band]>,
    pub(crate) transforms: Transforms,
}

/// What does the transforms of a plan. Its bands are those of the plan, by their index.
#[derive(Clone)]
pub(crate) enum Transforms {
    /// Own transforms of columns, where there are vectors for them and all lengths suit.
    Kernel(Arc<Kernel>),
    /// `rustfft`.
    Portable(Arc<Portable>),
}

impl Plan {
    /// Makes the pyramid for planes of `width x height` pixels. Bands without any frequency are left out.
    ///
    /// # Errors
    /// When a side is 0, the area exceeds [`MAX_PIXELS`], or the specification is out of range.
    pub fn new(width: usize, height: usize, spec: &Spec) -> Result<Self, Error> {
        let &Spec {
            octaves,
            orientations,
            bands_per_octave,
            grid,
            simd,
        } = spec;
        match width.checked_mul(height) {
            Some(1..=MAX_PIXELS) => (),
            _ => return Err(Error::Size { width, height }),
        }
        if !(2..=8).contains(&orientations) {
            return Err(Error::Orientations { orientations });
        }
        if !(1..=2).contains(&bands_per_octave) {
            return Err(Error::BandsPerOctave { bands_per_octave });
        }
        let octaves = match octaves {
            0 => default_octaves(width, height),
            asked => (asked as usize).min(grid::most_octaves(width, height)),
        };
        let masks = Masks::new(width, height, octaves, orientations as usize, bands_per_octave);
        // The row-span grid has lengths without large factors only.
        let band_octaves = if grid == Grid::Exact { octaves } else { 0 };
        let band_lengths =
            (0..band_octaves).flat_map(|octave| [width, height].map(|n| grid::octave_samples(n, octave)));
        let mut lengths = [width, height].into_iter().chain(band_lengths);
        let simd = simd.min(Simd::best());
        let (bands, transforms) = if simd > Simd::Scalar && lengths.all(kernel::suits) {
            let mut kernel = Kernel::new(simd, width, height, &masks);
            let bands = sample_bands(&masks, grid, |support, nx, ny| kernel.push(support, nx, ny));
            (bands, Transforms::Kernel(kernel.into()))
        } else {
            let mut planner = Planner::new();
            let mut portable = Portable::new(simd, width, height, &masks, &mut planner);
            let bands = sample_bands(&masks, grid, |support, nx, ny| {
                portable.push(support, nx, ny, &mut planner);
            });
            (bands, Transforms::Portable(portable.into()))
        };
        Ok(Self {
            width,
            height,
            octaves,
            masks,
            bands: bands.into(),
            transforms,
        })
    }

    /// Columns of the planes.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of the planes.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Octaves, after the reduction to what the size has.
    pub fn octaves(&self) -> usize {
        self.octaves
    }

    /// The vectors of the plan's own Fourier transforms; `None` where `rustfft` does them: lengths with a prime
    /// factor above 31, no vectors.
    pub fn kernel(&self) -> Option<Simd> {
        match &self.transforms {
            Transforms::Kernel(kernel) => Some(kernel.simd()),
            Transforms::Portable(_) => None,
        }
    }

    /// Bands that docs/method.md 2.3 counts, `J K`: those left out for want of frequencies too.
    pub fn nominal_bands(&self) -> usize {
        self.masks.radial_bands() * self.masks.orientations()
    }

    /// The bands, from fine to coarse, and by orientation.
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// Samples of all bands.
    pub fn samples(&self) -> usize {
        self.bands.last().map_or(0, |band| band.range().end)
    }

    /// The mask `B` of a band over all frequencies: `[height, width]`, index `(v mod height, u mod width)`.
    ///
    /// # Panics
    /// When there is no such band.
    pub fn mask(&self, band: usize) -> Vec<f32> {
        let Band {
            scale, orientation, ..
        } = self.bands[band];
        let mut mask = vec![0.0; self.width * self.height];
        for sample in &self.masks.supports(scale)[orientation] {
            mask[wrap(sample.v, self.height) * self.width + wrap(sample.u, self.width)] = sample.mask as f32;
        }
        mask
    }

    /// What one thread needs to analyse and synthesise planes.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            transforms: self.plane_transforms(1),
            bands: Arc::clone(&self.bands),
        }
    }

    /// As [`Plan::workspace`], for so many spectra at a time.
    pub(crate) fn plane_transforms(&self, spectra: usize) -> Box<dyn PlaneTransforms> {
        let (pixels, bands) = (self.width * self.height, self.bands.len());
        match &self.transforms {
            Transforms::Kernel(kernel) => {
                Box::new(PlaneBuffers::new(Arc::clone(kernel), pixels, bands, spectra))
            }
            Transforms::Portable(portable) => {
                Box::new(PlaneBuffers::new(Arc::clone(portable), pixels, bands, spectra))
            }
        }
    }

    /// Runs, whenever it is called, the one-dimensional transforms of one frame of a morph, and nothing else, on a tile in
    /// the cache: what a frame cannot be faster than. `None` where `rustfft` does them ([`Plan::kernel`]).
    pub fn transforms_alone(&self) -> Option<impl FnMut() + use<>> {
        let Transforms::Kernel(kernel) = &self.transforms else {
            return None;
        };
        let (kernel, mut scratch) = (Arc::clone(kernel), kernel.scratch());
        Some(move || kernel.transforms_alone(&mut scratch))
    }

    /// Coefficients for one plane, all 0.
    pub fn coefficients(&self) -> Bands {
        Bands::new(self.samples())
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("octaves", &self.octaves)
            .field("bands", &self.bands.len())
            .finish_non_exhaustive()
    }
}

/// The bands that have a frequency, each given to `push` with its support and size.
fn sample_bands(masks: &Masks, grid: Grid, mut push: impl FnMut(&[Frequency], usize, usize)) -> Vec<Band> {
    let (width, height) = masks.size();
    let (mut bands, mut start) = (Vec::new(), 0);
    for scale in 0..masks.radial_bands() {
        let octave = masks.octave(scale);
        for (orientation, support) in masks.supports(scale).into_iter().enumerate() {
            if support.is_empty() {
                continue;
            }
            let (nx, ny) = match grid {
                Grid::Exact => (
                    grid::octave_samples(width, octave),
                    grid::octave_samples(height, octave),
                ),
                Grid::Fast => grid::row_span_samples(&support),
            };
            bands.push(Band {
                scale,
                octave,
                orientation,
                width: nx,
                height: ny,
                weight: (width * height) as f64 / (nx * ny) as f64,
                start,
            });
            push(&support, nx, ny);
            start += nx * ny;
        }
    }
    bands
}

/// The octaves a plan has when nothing is asked for (docs/method.md 1.6). Both sides must be at least 1.
pub(crate) fn default_octaves(width: usize, height: usize) -> usize {
    grid::default_octaves(width, height)
}
