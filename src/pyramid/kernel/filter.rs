// SPDX-License-Identifier: MPL-2.0
//! A band's mask, by tiles of rows of the spectrum, and where its frequencies go.

use std::collections::BTreeMap;
use std::ops::Range;

use aligned_vec::{AVec, avec};

use crate::pyramid::grid::wrap;
use crate::pyramid::masks::Frequency;
use crate::simd::MOST_LANES;

use super::lane_fft::LaneFft;

/// One band: its transforms, and the way between spectrum and band.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    /// Along the rows, of `nx` samples.
    pub(super) rows: LaneFft,
    /// Along the columns, of `ny` samples.
    pub(super) columns: LaneFft,
    pub(super) tiles: Vec<RowTile>,
    runs: Vec<RowRun>,
    /// For every tile `[u][L]`: the mask, times 1/2 for the doubled spectrum and 1/N of the inverse transform.
    masks: AVec<f32>,
    /// Rows of the band that hold no frequency.
    pub(super) empty_rows: Vec<u32>,
    /// What a mask is multiplied by on the way back: N / N_b.
    pub(super) weight: f32,
    lanes: usize,
}

/// The rows of the band that lie in one tile of rows of the spectrum, `v >= 0`, or in its mirror image, `v < 0`.
#[derive(Debug, Clone)]
pub(super) struct RowTile {
    /// The tile of the spectrum.
    pub(super) tile: usize,
    /// The rows are seen through their mirror image: conjugate, and in descending order of `u`.
    pub(super) mirrored: bool,
    /// The band's row of every lane.
    pub(super) rows: TileRows,
    /// Columns of the band that hold no frequency of these rows.
    pub(super) empty: [Range<usize>; 2],
    runs: Range<usize>,
}

/// The band's rows of a tile, `v mod ny`.
#[derive(Debug, Clone)]
pub(super) enum TileRows {
    /// One after the other from this one on.
    Ascending(usize),
    /// One after the other down to this one.
    Descending(usize),
    /// Any; `ny` for lanes that have none.
    Any([u32; MOST_LANES]),
}

impl TileRows {
    fn new(rows: [u32; MOST_LANES], lanes: usize, ny: usize) -> Self {
        let (first, last) = (rows[0], rows[lanes - 1]);
        let steps = rows[..lanes].windows(2);
        if rows[..lanes].contains(&(ny as u32)) {
            Self::Any(rows)
        } else if steps.clone().all(|pair| pair[0] + 1 == pair[1]) {
            Self::Ascending(first as usize)
        } else if steps.clone().all(|pair| pair[0] == pair[1] + 1) {
            Self::Descending(last as usize)
        } else {
            Self::Any(rows)
        }
    }
}

/// Frequencies `u` that follow each other in the spectrum and in the band.
#[derive(Debug, Clone)]
pub(super) struct RowRun {
    /// First row of the tile of the spectrum.
    spectrum: u32,
    /// First column of the band.
    column: u32,
    /// First vector of the masks.
    mask: u32,
    len: u32,
    /// The columns hold frequencies of other lanes already.
    pub(super) add: bool,
}

impl RowRun {
    pub(super) fn spectrum(&self) -> Range<usize> {
        self.spectrum as usize..(self.spectrum + self.len) as usize
    }

    pub(super) fn columns(&self) -> Range<usize> {
        self.column as usize..(self.column + self.len) as usize
    }

    /// In floats.
    fn mask(&self, lanes: usize) -> Range<usize> {
        self.mask as usize * lanes..(self.mask + self.len) as usize * lanes
    }
}

impl Filter {
    /// For a support (ascending `u`, then `v`) on `nx x ny` samples.
    pub(super) fn new(
        support: &[Frequency],
        (width, height): (usize, usize),
        (nx, ny): (usize, usize),
        lanes: usize,
    ) -> Self {
        let mut by_tile: BTreeMap<(usize, bool), Vec<Frequency>> = BTreeMap::new();
        for sample in support {
            let tile = sample.v.unsigned_abs() as usize / lanes;
            by_tile.entry((tile, sample.v < 0)).or_default().push(*sample);
        }
        let factor = 0.5 / (width * height) as f64;
        let (mut tiles, mut runs, mut masks) = (Vec::new(), Vec::new(), avec![]);
        let mut used = vec![false; ny];
        for ((tile, mirrored), samples) in by_tile {
            let first = samples[0].u;
            let count = (samples[samples.len() - 1].u - first + 1) as usize;
            let mask = masks.len() / lanes;
            masks.resize((mask + count) * lanes, 0.0);
            let mut rows = [ny as u32; MOST_LANES];
            for Frequency { u, v, mask: value } in samples {
                let (lane, row) = (v.unsigned_abs() as usize % lanes, wrap(v, ny));
                rows[lane] = row as u32;
                used[row] = true;
                masks[(mask + (u - first) as usize) * lanes + lane] = (factor * value) as f32;
            }
            let begin = runs.len();
            push_runs(&mut runs, first, count, mask, mirrored, width, nx);
            // What follows the last frequency, up to the first, on a circle.
            let after = wrap(first + count as i32, nx);
            let gap = nx.saturating_sub(count);
            let to_wrap = gap.min(nx - after);
            tiles.push(RowTile {
                tile,
                mirrored,
                rows: TileRows::new(rows, lanes, ny),
                empty: [after..after + to_wrap, 0..gap - to_wrap],
                runs: begin..runs.len(),
            });
        }
        Self {
            rows: LaneFft::new(nx, lanes),
            columns: LaneFft::new(ny, lanes),
            tiles,
            runs,
            masks,
            empty_rows: (0..ny as u32).filter(|&row| !used[row as usize]).collect(),
            weight: ((width * height) as f64 / (nx * ny) as f64) as f32,
            lanes,
        }
    }

    /// The runs of a tile, with their masks.
    pub(super) fn runs(&self, tile: &RowTile) -> impl Iterator<Item = (&RowRun, &[f32])> {
        let runs = self.runs[tile.runs.clone()].iter();
        runs.map(|run| (run, &self.masks[run.mask(self.lanes)]))
    }

    /// Rows of columns that a tile of rows takes on the way back: those without a column too, and one to spare.
    pub(super) fn tile_rows(&self) -> usize {
        self.rows.len().next_multiple_of(self.lanes) + 1
    }

    /// Floats of the band's tiles of rows.
    pub(super) fn scratch_len(&self) -> usize {
        2 * self.lanes * self.tiles.len() * self.tile_rows()
    }
}

/// Cuts `count` frequencies from `first` on where spectrum or band wrap, and where a band shorter than the longest
/// row comes round to its first column again.
fn push_runs(
    runs: &mut Vec<RowRun>,
    first: i32,
    count: usize,
    mask: usize,
    mirrored: bool,
    width: usize,
    nx: usize,
) {
    let mut done = 0;
    while done < count {
        let u = first + done as i32;
        let column = wrap(u, nx);
        let at = wrap(if mirrored { -u } else { u }, width);
        let to_wrap = if mirrored { at + 1 } else { width - at };
        let to_add = if done < nx { nx - done } else { count };
        let len = to_wrap.min(nx - column).min(to_add).min(count - done);
        runs.push(RowRun {
            spectrum: if mirrored { at + 1 - len } else { at } as u32,
            column: column as u32,
            mask: (mask + done) as u32,
            len: len as u32,
            add: done >= nx,
        });
        done += len;
    }
}
