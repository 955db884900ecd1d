// SPDX-License-Identifier: MPL-2.0
//! Where the samples of a band lie while they are worked on: in vectors.
//!
//! A vector holds neighbours of one row, one per lane; of complex numbers first the real parts, then as many
//! imaginary parts. Lanes beyond the last column hold zeros. A band lies *strip* by strip. With the own transforms
//! a strip is one vector wide and as high as the band, its rows in the order that the transform leaves them in, and
//! one row to spare: it is transformed where it lies, small enough for the cache, so that whatever happens to
//! coefficients one by one can follow at once. With `rustfft` the only strip is the band, row by row.

use std::ops::Range;
use std::sync::Arc;

use num_complex::Complex32;

/// The order of one band. Positions count numbers of a *field*, which has one real number per sample; coefficients
/// have two, and lie at twice the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    width: usize,
    height: usize,
    lanes: usize,
    /// From one vector of a row to the next.
    across: usize,
    /// From one row to the next.
    down: usize,
    /// Which row of the strip a row is; `None`: as counted.
    rows: Option<Arc<[u32]>>,
}

impl Order {
    /// Strips of one vector's width. `rows` has a row of the strip for each of the band's, at least.
    pub(crate) fn strips_of_columns(width: usize, height: usize, lanes: usize, rows: Arc<[u32]>) -> Self {
        Self {
            width,
            height,
            lanes,
            across: (height + 1) * lanes,
            down: lanes,
            rows: Some(rows),
        }
    }

    /// One strip, row by row.
    pub(crate) fn row_by_row(width: usize, height: usize, lanes: usize) -> Self {
        Self {
            width,
            height,
            lanes,
            across: lanes,
            down: width.next_multiple_of(lanes),
            rows: None,
        }
    }

    /// Columns of the band.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Samples of the band.
    pub(crate) fn samples(&self) -> usize {
        self.width * self.height
    }

    /// Numbers of a field of the band, those that are no samples too.
    pub(crate) fn len(&self) -> usize {
        self.strips() * self.stride()
    }

    /// How many strips there are.
    pub(crate) fn strips(&self) -> usize {
        match self.rows {
            Some(_) => self.width.div_ceil(self.lanes),
            None => 1,
        }
    }

    /// Numbers from one strip to the next.
    pub(crate) fn stride(&self) -> usize {
        match self.rows {
            Some(_) => self.across,
            None => self.strip_len(),
        }
    }

    /// Of those, how many are worked on: the row to spare, at the end, holds nothing.
    pub(crate) fn strip_len(&self) -> usize {
        self.height * self.down
    }

    /// Numbers from one row of a strip to the next.
    pub(crate) fn row_stride(&self) -> usize {
        self.down
    }

    /// From vectors to rows.
    pub(crate) fn to_rows(&self, field: &[f32], rows: &mut [f32]) {
        for (at, samples) in self.vectors() {
            let count = samples.len();
            rows[samples].copy_from_slice(&field[at..at + count]);
        }
    }

    /// From rows to vectors.
    pub(crate) fn to_vectors(&self, rows: &[f32], field: &mut [f32]) {
        for (at, samples) in self.vectors() {
            field[at..at + samples.len()].copy_from_slice(&rows[samples]);
        }
    }

    /// As [`Order::to_rows`], of coefficients.
    pub(crate) fn complex_to_rows(&self, coefficients: &[f32], rows: &mut [Complex32]) {
        for (at, samples) in self.vectors() {
            let (re, im) = coefficients[2 * at..][..2 * self.lanes].split_at(self.lanes);
            for (value, (re, im)) in rows[samples].iter_mut().zip(re.iter().zip(im)) {
                *value = Complex32::new(*re, *im);
            }
        }
    }

    /// As [`Order::to_vectors`], of coefficients.
    pub(crate) fn complex_to_vectors(&self, rows: &[Complex32], coefficients: &mut [f32]) {
        for (at, samples) in self.vectors() {
            let (re, im) = coefficients[2 * at..][..2 * self.lanes].split_at_mut(self.lanes);
            for (value, (re, im)) in rows[samples].iter().zip(re.iter_mut().zip(im)) {
                (*re, *im) = (value.re, value.im);
            }
        }
    }

    /// Every vector: where it begins, and which samples it holds, row major.
    fn vectors(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        (0..self.height).flat_map(move |y| {
            let row = self.rows.as_ref().map_or(y, |rows| rows[y] as usize);
            (0..self.width).step_by(self.lanes).map(move |x| {
                let count = self.lanes.min(self.width - x);
                let first = y * self.width + x;
                (
                    x / self.lanes * self.across + row * self.down,
                    first..first + count,
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_hold_columns_in_the_order_of_their_rows() {
        let order = Order::strips_of_columns(5, 2, 4, [1, 0, 7].into());
        let rows = [0.0, 1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0, 13.0, 14.0];
        let mut field = [-1.0; 24];
        assert_eq!((order.strips(), order.stride(), order.strip_len()), (2, 12, 8));
        assert_eq!(order.len(), field.len());
        order.to_vectors(&rows, &mut field);
        let nothing = [-1.0; 4];
        assert_eq!(field[..8], [10.0, 11.0, 12.0, 13.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(field[8..12], nothing);
        assert_eq!(field[12..20], [14.0, -1.0, -1.0, -1.0, 4.0, -1.0, -1.0, -1.0]);
        let mut back = [0.0; 10];
        order.to_rows(&field, &mut back);
        assert_eq!(back, rows);
    }

    #[test]
    fn complex_numbers_lie_part_by_part() {
        let order = Order::row_by_row(3, 2, 2);
        let rows: Vec<_> = (1..7u8)
            .map(|i| Complex32::new(f32::from(i), -f32::from(i)))
            .collect();
        let mut coefficients = [0.0; 16];
        assert_eq!((order.strips(), order.len()), (1, 8));
        order.complex_to_vectors(&rows, &mut coefficients);
        assert_eq!(coefficients[..8], [1.0, 2.0, -1.0, -2.0, 3.0, 0.0, -3.0, 0.0]);
        assert_eq!(coefficients[8..], [4.0, 5.0, -4.0, -5.0, 6.0, 0.0, -6.0, 0.0]);
        let mut back = vec![Complex32::ZERO; 6];
        order.complex_to_rows(&coefficients, &mut back);
        assert_eq!(back, rows);
    }
}
