// SPDX-License-Identifier: MPL-2.0
//! One axis of a resize: a sparse matrix and its transpose.

use crate::simd::{Isa, Simd, Task};

/// The rows of a sparse matrix whose non-zeros lie together.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// Per row, its first column and where its weights end; they begin where the row before ends.
    spans: Vec<(usize, usize)>,
    weights: Vec<f32>,
    columns: usize,
}

impl Rows {
    fn new(rows: &[(usize, Vec<f32>)], columns: usize) -> Self {
        let mut end = 0;
        let spans = rows.iter().map(|(first, weights)| {
            end += weights.len();
            (*first, end)
        });
        Self {
            spans: spans.collect(),
            weights: rows.iter().flat_map(|(_, weights)| weights).copied().collect(),
            columns,
        }
    }

    /// Multiplies each weight, given by row and column.
    fn scale(&mut self, factor: impl Fn(usize, usize) -> f32) {
        let mut start = 0;
        for (r, (first, end)) in self.spans.iter().enumerate() {
            for (c, weight) in (*first..).zip(&mut self.weights[start..*end]) {
                *weight *= factor(r, c);
            }
            start = *end;
        }
    }

    /// Rows of the matrix.
    pub(super) fn rows(&self) -> usize {
        self.spans.len()
    }

    /// Columns of the matrix.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The first column of row `r`, and the weights from there on.
    fn row(&self, r: usize) -> (usize, &[f32]) {
        let start = if r == 0 { 0 } else { self.spans[r - 1].1 };
        let (first, end) = self.spans[r];
        (first, &self.weights[start..end])
    }

    /// Row `r` times a column of lines: `out = sum_c M[r,c] line(c)`.
    pub(super) fn blend<'a, T: Copy + Into<f32> + 'a>(
        &self,
        r: usize,
        line: impl Fn(usize) -> &'a [T],
        out: &mut [f32],
    ) {
        let (first, weights) = self.row(r);
        out.fill(0.0);
        for (c, weight) in (first..).zip(weights) {
            let line = &line(c)[..out.len()];
            Simd::best().run(AddScaled {
                weight: *weight,
                line,
                out,
            });
        }
    }

    /// The matrix times one line: `out[r] = sum_c M[r,c] line[c]`.
    pub(super) fn gather(&self, line: &[f32], out: &mut [f32]) {
        for (r, out) in out.iter_mut().enumerate() {
            let (first, weights) = self.row(r);
            *out = line[first..]
                .iter()
                .zip(weights)
                .map(|(value, weight)| weight * value)
                .sum();
        }
    }

    /// As [`Rows::gather`] on a line of interleaved pixels of `STEP` values, for three of them.
    pub(super) fn gather_pixels<const STEP: usize>(
        &self,
        line: &[[f32; STEP]],
        channels: [usize; 3],
        mut put: impl FnMut(usize, [f32; 3]),
    ) {
        for r in 0..self.rows() {
            let (first, weights) = self.row(r);
            let mut sums = [0.0; 3];
            for (pixel, weight) in line[first..].iter().zip(weights) {
                for (sum, channel) in sums.iter_mut().zip(channels) {
                    *sum += weight * pixel[channel];
                }
            }
            put(r, sums);
        }
    }
}

/// `out += weight * line`: plain enough for the compiler to make vectors of.
struct AddScaled<'a, T> {
    weight: f32,
    line: &'a [T],
    out: &'a mut [f32],
}

impl<T: Copy + Into<f32>> Task for AddScaled<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        for (out, value) in self.out.iter_mut().zip(self.line) {
            *out += self.weight * (*value).into();
        }
    }
}

/// The matrix from `from` to `to` samples, by rows, and its transpose.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    forward: Rows,
    back: Rows,
}

impl Axis {
    /// Triangle filter with half-pixel centres, as wide as the coarser of the two samplings (docs/method.md 2.11).
    pub(super) fn new(from: usize, to: usize) -> Self {
        Self::window(from, (0.0, from as f64), to)
    }

    /// As [`Axis::new`] from a part of the samples: its start and its length, not always whole. What the filter would
    /// need from outside of `from` is left out.
    pub(super) fn window(from: usize, (start, length): (f64, f64), to: usize) -> Self {
        let scale = length / to as f64;
        let support = scale.max(1.0);
        let mut forward = Vec::with_capacity(to);
        let mut back = vec![(0, Vec::new()); from];
        for o in 0..to {
            let centre = start + (o as f64 + 0.5) * scale;
            let weight = |i: usize| triangle(i as f64, centre, support);
            let first = (centre - support - 0.5).floor().max(0.0) as usize;
            let end = ((centre + support).ceil() as usize).min(from);
            let sum: f64 = (first..end).map(weight).sum();
            let columns = (first..end).filter(|i| weight(*i) > 0.0);
            let row: Vec<(usize, f32)> = columns.map(|i| (i, (weight(i) / sum) as f32)).collect();
            for (i, weight) in &row {
                let (first, column) = &mut back[*i];
                if column.is_empty() {
                    *first = o;
                }
                column.push(*weight);
            }
            forward.push((
                row.first().map_or(0, |(i, _)| *i),
                row.into_iter().map(|(_, w)| w).collect(),
            ));
        }
        Self {
            forward: Rows::new(&forward, from),
            back: Rows::new(&back, to),
        }
    }

    /// From samples to as many of a window of them, whose start and length are given; what lies beyond the ends is the
    /// mirror image of what lies before them. With `flip` the window is taken backwards.
    pub(super) fn reflected(side: usize, (start, length): (f64, f64), flip: bool) -> Self {
        let scale = length / side as f64;
        let support = scale.max(1.0);
        let mut dense = vec![vec![0.0f64; side]; side];
        for (o, row) in dense.iter_mut().enumerate() {
            let at = if flip { side - 1 - o } else { o };
            let centre = start + (at as f64 + 0.5) * scale;
            let (first, end) = ((centre - support - 0.5).floor(), (centre + support).ceil());
            for i in first as i64..end as i64 {
                row[mirrored(i, side)] += triangle(i as f64, centre, support);
            }
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|weight| *weight /= sum);
        }
        let column = |i: usize| dense.iter().map(move |row| row[i]).collect::<Vec<_>>();
        let columns: Vec<_> = (0..side).map(column).collect();
        let span = |line: &Vec<f64>| {
            let first = line.iter().position(|w| *w != 0.0).unwrap_or(0);
            let end = line
                .iter()
                .rposition(|w| *w != 0.0)
                .map_or(first, |last| last + 1);
            (first, line[first..end].iter().map(|w| *w as f32).collect())
        };
        Self {
            forward: Rows::new(&dense.iter().map(span).collect::<Vec<_>>(), side),
            back: Rows::new(&columns.iter().map(span).collect::<Vec<_>>(), side),
        }
    }

    /// The same with each sample that comes out multiplied by a share.
    pub(super) fn faded(mut self, share: impl Fn(usize) -> f32) -> Self {
        self.forward.scale(|to, _| share(to));
        self.back.scale(|_, to| share(to));
        self
    }

    /// The matrix, `[to, from]`.
    pub(super) fn forward(&self) -> &Rows {
        &self.forward
    }

    /// Its transpose, `[from, to]`.
    pub(super) fn back(&self) -> &Rows {
        &self.back
    }
}

/// The weight of sample `i` in a filter about `centre` that reaches `support` to both sides.
fn triangle(i: f64, centre: f64, support: f64) -> f64 {
    (1.0 - (i + 0.5 - centre).abs() / support).max(0.0)
}

/// The sample that stands at place `i` of samples that are continued by their mirror image at both ends.
fn mirrored(i: i64, side: usize) -> usize {
    let period = 2 * side as i64;
    let i = i.rem_euclid(period);
    usize::try_from(i.min(period - 1 - i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(rows: &Rows, columns: usize) -> Vec<Vec<f32>> {
        (0..rows.rows())
            .map(|r| {
                let mut line = vec![0.0; columns];
                let (first, weights) = rows.row(r);
                line[first..first + weights.len()].copy_from_slice(weights);
                line
            })
            .collect()
    }

    #[test]
    fn back_is_the_transpose_of_forward_and_rows_sum_to_one() {
        for (from, to) in [
            (1, 1),
            (1, 9),
            (9, 1),
            (640, 224),
            (53, 224),
            (224, 224),
            (7, 6),
            (6, 7),
            (1000, 3),
        ] {
            let axis = Axis::new(from, to);
            assert_eq!((axis.forward.columns(), axis.forward.rows()), (from, to));
            assert_eq!((axis.back.columns(), axis.back.rows()), (to, from));
            let (forward, back) = (dense(&axis.forward, from), dense(&axis.back, to));
            for (o, row) in forward.iter().enumerate() {
                for (i, weight) in row.iter().enumerate() {
                    assert_eq!(*weight, back[i][o], "{from} to {to} at {o}, {i}");
                }
                // Each weight is rounded once, by at most 2^-24 of itself, and they sum to one.
                let sum: f64 = row.iter().copied().map(f64::from).sum();
                assert!(
                    (sum - 1.0).abs() <= f64::from(f32::EPSILON),
                    "row {o} of {from} to {to} sums to {sum}"
                );
            }
        }
    }

    #[test]
    fn reflected_windows_have_their_transposes() {
        for (side, start, length, flip) in [
            (1, 0.0, 1.0, false),
            (7, 0.0, 7.0, false),
            (7, 0.0, 7.0, true),
            (9, -2.4, 9.0, false),
            (9, 1.3, 7.5, true),
            (16, -3.0, 20.0, false),
            (5, 40.0, 5.0, false),
        ] {
            let axis = Axis::reflected(side, (start, length), flip);
            let (forward, back) = (dense(&axis.forward, side), dense(&axis.back, side));
            for o in 0..side {
                for i in 0..side {
                    assert_eq!(forward[o][i], back[i][o], "{side} {start} at {o}, {i}");
                }
                let sum: f64 = forward[o].iter().copied().map(f64::from).sum();
                assert!((sum - 1.0).abs() <= f64::from(f32::EPSILON), "row {o} of {side}");
            }
        }
        let shifted = dense(&Axis::reflected(4, (-1.0, 4.0), false).forward, 4);
        assert_eq!(shifted[0], [1.0, 0.0, 0.0, 0.0], "the mirror image of the first");
        assert_eq!(shifted[3], [0.0, 0.0, 1.0, 0.0]);
        let flipped = dense(&Axis::reflected(3, (0.0, 3.0), true).forward, 3);
        assert_eq!(flipped[0], [0.0, 0.0, 1.0]);
    }

    #[test]
    fn equal_sizes_are_the_identity() {
        for (o, row) in dense(&Axis::new(5, 5).forward, 5).iter().enumerate() {
            assert!(
                row.iter()
                    .enumerate()
                    .all(|(i, weight)| *weight == f32::from(u8::from(i == o)))
            );
        }
    }
}
