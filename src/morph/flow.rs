// SPDX-License-Identifier: MPL-2.0
//! The motion that a change of a picture amounts to: phase steps over local frequencies (Fleet & Jepson 1990).
//!
//! Something that moves by `d` turns the phase of each coefficient by `delta = -omega . d` (docs/method.md 1.3), `omega`
//! the local frequency, the slope of the phase. Every band gives one such equation at each place. Weighted by
//! `|c|^2`, their least squares over all bands and orientations is Lucas and Kanade's in the pyramid: coarse bands,
//! whose amplitudes are large, have small frequencies, and the two balance.

use std::f32::consts::TAU;

use num_complex::Complex32;

use crate::pyramid::{ImageScratch, ImageTransform, Plan, PlaneTransforms, Spec};

use super::Error;
use crate::blur::blur;

/// Keeps the system solvable where nothing is to be seen: this fraction of the mean trace is added. The motion fades there.
const RIDGE: f32 = 0.05;
/// Neighbours that move alike: their equations are solved together, weighted with a Gaussian whose standard deviation is
/// this fraction of the shorter side.
const WINDOW: f32 = 1.0 / 64.0;
/// Pixels up to which the motion is found at every pixel, and at every second; above, at every fourth.
const FINE: usize = 256 * 256;
const MEDIUM: usize = 1024 * 768;

/// The sums of the normal equations: `w wx^2`, `w wx wy`, `w wy^2`, `w wx delta`, `w wy delta`, with `w = |c|^2`.
type Sums = [f32; 5];

/// Measures motion between pictures of one size. Made once per size.
#[derive(Debug)]
pub struct Flow {
    width: usize,
    height: usize,
    /// Their spectra are those of the picture, of the moved one, and of the picture's derivatives to the right and downwards.
    bands: Box<dyn PlaneTransforms>,
    transform: ImageTransform,
    scratch: ImageScratch,
    half: Vec<Complex32>,
    derived: Vec<Complex32>,
    plane: Vec<f32>,
    /// One band of each spectrum, row by row.
    coefficients: [Vec<Complex32>; 4],
    rows: Vec<Sums>,
    row: Vec<Sums>,
    sums: Vec<Sums>,
    blurred: Vec<Sums>,
    places: Vec<BandGrid>,
    grid: (usize, usize),
}

/// Where the places of the grid lie between a band's samples.
#[derive(Debug)]
struct BandGrid {
    /// Columns and samples of the band.
    width: usize,
    samples: usize,
    across: Vec<Interpolation>,
    down: Vec<Interpolation>,
}

/// Two neighbours, and the weight of the second, 0..1.
#[derive(Debug, Clone, Copy)]
struct Interpolation(usize, usize, f32);

impl Flow {
    /// For planes of `width x height` pixels.
    ///
    /// # Errors
    /// When no pyramid can be made for the size.
    pub fn new(width: usize, height: usize) -> Result<Self, Error> {
        let plan = Plan::new(width, height, &Spec::default())?;
        let step = match width * height {
            pixels if pixels <= FINE => 1,
            pixels if pixels <= MEDIUM => 2,
            _ => 4,
        };
        let grid = (width.div_ceil(step), height.div_ceil(step));
        let bands = plan.bands().iter();
        let places: Vec<BandGrid> = bands
            .map(|band| BandGrid {
                width: band.width,
                samples: band.range().len(),
                across: interpolations(grid.0, width, band.width),
                down: interpolations(grid.1, height, band.height),
            })
            .collect();
        let largest = places.iter().map(|band| band.samples).max().unwrap_or(0);
        let widest = places.iter().map(|band| band.width).max().unwrap_or(0);
        let transform = ImageTransform::new(width, height);
        Ok(Self {
            width,
            height,
            bands: plan.plane_transforms(4),
            scratch: transform.scratch(),
            half: vec![Complex32::ZERO; transform.spectrum_len()],
            derived: vec![Complex32::ZERO; transform.spectrum_len()],
            plane: vec![0.0; width * height],
            coefficients: [(); 4].map(|()| vec![Complex32::ZERO; largest]),
            rows: vec![Sums::default(); largest],
            row: vec![Sums::default(); widest],
            sums: vec![Sums::default(); grid.0 * grid.1],
            blurred: vec![Sums::default(); grid.0 * grid.1],
            places,
            grid,
            transform,
        })
    }

    /// Columns and rows of the motion that is found: of the picture, or a half or a quarter of them, rounded up.
    pub fn grid(&self) -> (usize, usize) {
        self.grid
    }

    /// How far each place moves from `image` to `image + change`, in pixels of the picture, to the right and
    /// downwards; planes of [`Flow::grid`]. Motions of more than half a wavelength are not seen.
    ///
    /// # Panics
    /// When a plane is not of its size.
    pub fn measure(&mut self, image: &[f32], change: &[f32], [right, down]: [&mut [f32]; 2]) {
        let places = self.grid.0 * self.grid.1;
        assert!(
            image.len() == self.plane.len() && change.len() == image.len(),
            "planes have the flow's size"
        );
        assert!(
            right.len() == places && down.len() == places,
            "motions have the grid's size"
        );
        self.analyse(image, change);
        self.sums.fill(Sums::default());
        for band in 0..self.places.len() {
            self.read(band);
            self.add(band);
        }
        let window = WINDOW * self.grid.0.min(self.grid.1) as f32;
        blur(&mut self.sums, self.grid.0, window, &mut self.blurred);
        let trace: f64 = self.sums.iter().map(|s| f64::from(s[0] + s[2])).sum();
        let ridge = RIDGE * (trace / places.max(1) as f64) as f32 + f32::MIN_POSITIVE;
        for ((sums, right), down) in self.sums.iter().zip(right).zip(down) {
            let [xx, xy, yy, x, y] = *sums;
            let (xx, yy) = (xx + ridge, yy + ridge);
            let determinant = xx * yy - xy * xy;
            let inverse = if determinant > 0.0 { 1.0 / determinant } else { 0.0 };
            *right = (xy * y - yy * x) * inverse;
            *down = (xy * x - xx * y) * inverse;
        }
    }

    /// The four spectra.
    fn analyse(&mut self, image: &[f32], change: &[f32]) {
        self.bands.transform(0, image);
        self.plane
            .iter_mut()
            .zip(image.iter().zip(change))
            .for_each(|(to, (x, e))| *to = x + e);
        self.bands.transform(1, &self.plane);
        self.transform.forward(image, &mut self.half, &mut self.scratch);
        for axis in 0..2 {
            self.derive(axis);
            self.transform
                .inverse(&self.derived, &mut self.plane, &mut self.scratch);
            self.bands.transform(2 + axis, &self.plane);
        }
    }

    /// The derivative along an axis: times `i omega`. A frequency that is its own negative has none.
    fn derive(&mut self, axis: usize) {
        let (width, height) = (self.width, self.height);
        let factor = 1.0 / (width * height) as f32;
        let frequency = |index: usize, n: usize| match (2 * index).cmp(&n) {
            std::cmp::Ordering::Less => TAU * index as f32 / n as f32,
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => TAU * (index as f32 - n as f32) / n as f32,
        };
        let columns = self
            .derived
            .chunks_exact_mut(height)
            .zip(self.half.chunks_exact(height));
        for (u, (to, from)) in columns.enumerate() {
            for (v, (to, from)) in to.iter_mut().zip(from).enumerate() {
                let omega = if axis == 0 {
                    frequency(u, width)
                } else {
                    frequency(v, height)
                };
                *to = Complex32::new(-from.im, from.re) * (omega * factor);
            }
        }
    }

    /// One band's terms, row by row.
    fn read(&mut self, band: usize) {
        let samples = self.places[band].samples;
        for (spectrum, coefficients) in self.coefficients.iter_mut().enumerate() {
            self.bands.analyse(spectrum, band, &mut coefficients[..samples]);
        }
        let [source, moved, right, down] = &self.coefficients;
        let moved = source.iter().zip(moved);
        let slopes = right.iter().zip(down);
        for (sums, ((c, after), (right, down))) in self.rows[..samples].iter_mut().zip(moved.zip(slopes)) {
            let energy = c.norm_sqr();
            // |c|^2 omega = Im(conj(c) dc/dx).
            let (x, y) = ((c.conj() * right).im, (c.conj() * down).im);
            let delta = (c.conj() * after).arg();
            let inverse = if energy > 0.0 { 1.0 / energy } else { 0.0 };
            *sums = [
                x * x * inverse,
                x * y * inverse,
                y * y * inverse,
                x * delta,
                y * delta,
            ];
        }
    }

    /// Adds one band's terms at the places of the grid, bilinearly and periodic as the pyramid is.
    fn add(&mut self, band: usize) {
        let &BandGrid {
            width,
            ref across,
            ref down,
            ..
        } = &self.places[band];
        let row = &mut self.row[..width];
        for (sums, &Interpolation(above, below, fraction)) in
            self.sums.chunks_exact_mut(self.grid.0).zip(down)
        {
            let above = &self.rows[above * width..][..width];
            let below = &self.rows[below * width..][..width];
            for (to, (a, b)) in row.iter_mut().zip(above.iter().zip(below)) {
                *to = lerp(a, b, fraction);
            }
            for (sums, &Interpolation(left, right, fraction)) in sums.iter_mut().zip(across) {
                let term = lerp(&row[left], &row[right], fraction);
                sums.iter_mut().zip(term).for_each(|(sum, term)| *sum += term);
            }
        }
    }
}

fn lerp(a: &Sums, b: &Sums, fraction: f32) -> Sums {
    std::array::from_fn(|k| a[k] + (b[k] - a[k]) * fraction)
}

/// Where the middles of `places` cells of an axis of `pixels` lie between `samples` that begin at its first pixel.
fn interpolations(places: usize, pixels: usize, samples: usize) -> Vec<Interpolation> {
    (0..places)
        .map(|place| {
            let pixel = (place as f64 + 0.5) * pixels as f64 / places as f64 - 0.5;
            let at = (pixel * samples as f64 / pixels as f64).rem_euclid(samples as f64);
            let first = (at.floor() as usize).min(samples - 1);
            Interpolation(first, (first + 1) % samples, (at - at.floor()) as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A texture of many directions, periodic, moved by (dx, dy).
    fn texture(width: usize, height: usize, (dx, dy): (f32, f32)) -> Vec<f32> {
        let waves: [(f32, f32, f32); 9] = [
            (3.0, 1.0, 0.1),
            (1.0, 4.0, 1.3),
            (-5.0, 6.0, 2.2),
            (9.0, 2.0, 0.4),
            (2.0, -11.0, 4.4),
            (12.0, 9.0, 3.1),
            (7.0, 13.0, 5.2),
            (-14.0, 5.0, 0.9),
            (6.0, 0.0, 2.0),
        ];
        (0..width * height)
            .map(|at| {
                let (x, y) = ((at % width) as f32 - dx, (at / width) as f32 - dy);
                let sum: f32 = waves
                    .iter()
                    .map(|(u, v, phase)| {
                        (TAU * (u * x / width as f32 + v * y / height as f32) + phase).cos() / u.hypot(*v)
                    })
                    .sum();
                0.5 + 0.3 * sum
            })
            .collect()
    }

    #[test]
    fn a_shift_is_measured_where_it_is() {
        // Both back ends: a smooth size and one with a prime side; and a coarse grid.
        for (width, height) in [(96, 80), (97, 64), (320, 240)] {
            let mut flow = Flow::new(width, height).unwrap();
            let places = flow.grid().0 * flow.grid().1;
            let image = texture(width, height, (0.0, 0.0));
            for shift in [(0.3, 0.0), (0.0, -0.4), (-0.6, 0.5)] {
                let moved = texture(width, height, shift);
                let change: Vec<f32> = moved.iter().zip(&image).map(|(a, b)| a - b).collect();
                let (mut right, mut down) = (vec![f32::NAN; places], vec![f32::NAN; places]);
                flow.measure(&image, &change, [&mut right, &mut down]);
                let wrong: Vec<f32> = right
                    .iter()
                    .zip(&down)
                    .map(|(x, y)| (x - shift.0).hypot(y - shift.1))
                    .collect();
                let mean = wrong.iter().sum::<f32>() / places as f32;
                // The ridge is a twentieth of the trace, which two directions share: it takes 1 part of 11 where the
                // texture is as strong as on the mean, 1 of 6 where half as strong.
                let size = shift.0.hypot(shift.1);
                assert!(mean < size / 6.0, "{width}x{height} {shift:?}: {mean}");
            }
        }
    }

    #[test]
    fn nothing_moves_where_nothing_is_changed_or_seen() {
        for (width, height) in [(1, 1), (2, 3), (40, 30)] {
            let mut flow = Flow::new(width, height).unwrap();
            let (columns, rows) = flow.grid();
            let zero = vec![0.0; width * height];
            for image in [texture(width, height, (0.0, 0.0)), vec![0.5; width * height]] {
                let (mut right, mut down) = (vec![f32::NAN; columns * rows], vec![f32::NAN; columns * rows]);
                flow.measure(&image, &zero, [&mut right, &mut down]);
                // A phase difference of nothing is not quite nothing in f32.
                assert!(
                    right.iter().chain(&down).all(|v| v.abs() < 1e-3),
                    "{width}x{height}"
                );
            }
        }
    }
}
