// SPDX-License-Identifier: MPL-2.0
//! Where the samples of a band lie while they are worked on: in vectors.
//!
//! A vector holds samples of one row, one per lane; of complex numbers first the real parts, then as many imaginary
//! parts. Lanes without a column hold zeros. A band lies *strip* by strip. With the own transforms a strip is one
//! vector wide and as high as the band, columns and rows in the order that the transforms leave them in, and one row
//! to spare: it is transformed where it lies, small enough for the cache, so that whatever happens to coefficients
//! one by one can follow at once. With `rustfft` the only strip is the band, row by row.

use std::sync::Arc;

use num_complex::Complex32;

/// The layout of one band. Positions count numbers of a *field*, which has one real number per sample; coefficients
/// have two, and lie at twice the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BandLayout {
    width: usize,
    height: usize,
    lanes: usize,
    /// The places of columns and rows among those of all strips; `None`: one strip, as counted.
    places: Option<[Arc<[u32]>; 2]>,
}

impl BandLayout {
    /// Strips of one vector's width. Columns and rows have a place each, at least.
    pub(crate) fn strips_of_columns(
        (width, height): (usize, usize),
        lanes: usize,
        columns: Arc<[u32]>,
        rows: Arc<[u32]>,
    ) -> Self {
        Self {
            width,
            height,
            lanes,
            places: Some([columns, rows]),
        }
    }

    /// One strip, row by row.
    pub(crate) fn row_by_row(width: usize, height: usize, lanes: usize) -> Self {
        Self {
            width,
            height,
            lanes,
            places: None,
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
        match self.places {
            Some(_) => self.width.div_ceil(self.lanes),
            None => 1,
        }
    }

    /// Numbers from one strip to the next.
    pub(crate) fn stride(&self) -> usize {
        match self.places {
            Some(_) => (self.height + 1) * self.lanes,
            None => self.strip_len(),
        }
    }

    /// Of those, how many are worked on: the row to spare, at the end, holds nothing.
    pub(crate) fn strip_len(&self) -> usize {
        self.height * self.row_stride()
    }

    /// Numbers from one row of a strip to the next.
    pub(crate) fn row_stride(&self) -> usize {
        match self.places {
            Some(_) => self.lanes,
            None => self.width.next_multiple_of(self.lanes),
        }
    }

    /// From vectors to rows.
    pub(crate) fn to_rows(&self, field: &[f32], rows: &mut [f32]) {
        for (value, (vector, lane)) in rows.iter_mut().zip(self.positions()) {
            *value = field[vector + lane];
        }
    }

    /// From rows to vectors.
    pub(crate) fn to_vectors(&self, rows: &[f32], field: &mut [f32]) {
        for (value, (vector, lane)) in rows.iter().zip(self.positions()) {
            field[vector + lane] = *value;
        }
    }

    /// As [`BandLayout::to_rows`], of coefficients.
    pub(crate) fn complex_to_rows(&self, coefficients: &[f32], rows: &mut [Complex32]) {
        for (value, (vector, lane)) in rows.iter_mut().zip(self.positions()) {
            let re = 2 * vector + lane;
            *value = Complex32::new(coefficients[re], coefficients[re + self.lanes]);
        }
    }

    /// As [`BandLayout::to_vectors`], of coefficients.
    pub(crate) fn complex_to_vectors(&self, rows: &[Complex32], coefficients: &mut [f32]) {
        for (value, (vector, lane)) in rows.iter().zip(self.positions()) {
            let re = 2 * vector + lane;
            coefficients[re] = value.re;
            coefficients[re + self.lanes] = value.im;
        }
    }

    /// Where the samples lie, row by row: where their vector begins, and the lane.
    fn positions(&self) -> impl Iterator<Item = (usize, usize)> {
        let (stride, row_stride) = (self.stride(), self.row_stride());
        let across = if self.places.is_some() { stride } else { self.lanes };
        let place = |axis: usize, at| match &self.places {
            Some(places) => places[axis][at] as usize,
            None => at,
        };
        (0..self.height).flat_map(move |y| {
            let row = place(1, y) * row_stride;
            (0..self.width).map(move |x| {
                let column = place(0, x);
                (column / self.lanes * across + row, column % self.lanes)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_hold_columns_and_rows_in_their_places() {
        let layout = BandLayout::strips_of_columns((5, 2), 4, [4, 1, 2, 3, 0, 9].into(), [1, 0, 7].into());
        let rows = [0.0, 1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0, 13.0, 14.0];
        let mut field = [-1.0; 24];
        assert_eq!((layout.strips(), layout.stride(), layout.strip_len()), (2, 12, 8));
        assert_eq!(layout.len(), field.len());
        layout.to_vectors(&rows, &mut field);
        assert_eq!(field[..8], [14.0, 11.0, 12.0, 13.0, 4.0, 1.0, 2.0, 3.0]);
        assert_eq!(field[8..12], [-1.0; 4]);
        assert_eq!(field[12..20], [10.0, -1.0, -1.0, -1.0, 0.0, -1.0, -1.0, -1.0]);
        let mut back = [0.0; 10];
        layout.to_rows(&field, &mut back);
        assert_eq!(back, rows);
    }

    #[test]
    fn complex_numbers_lie_part_by_part() {
        let layout = BandLayout::row_by_row(3, 2, 2);
        let rows: Vec<_> = (1..7u8)
            .map(|i| Complex32::new(f32::from(i), -f32::from(i)))
            .collect();
        let mut coefficients = [0.0; 16];
        assert_eq!((layout.strips(), layout.len()), (1, 8));
        layout.complex_to_vectors(&rows, &mut coefficients);
        assert_eq!(coefficients[..8], [1.0, 2.0, -1.0, -2.0, 3.0, 0.0, -3.0, 0.0]);
        assert_eq!(coefficients[8..], [4.0, 5.0, -4.0, -5.0, 6.0, 0.0, -6.0, 0.0]);
        let mut back = vec![Complex32::ZERO; 6];
        layout.complex_to_rows(&coefficients, &mut back);
        assert_eq!(back, rows);
    }
}
