// SPDX-License-Identifier: MPL-2.0
//! The order in which the coefficients of a band are worked on.
//!
//! A band lies *strip* by strip: a few neighbouring columns over its whole height, row by row. A strip is what one
//! step of a transform yields, small enough for the cache, so that whatever happens to coefficients one by one can
//! follow at once. With `rustfft` the only strip is the band.

/// The strips of one band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    /// Columns of the band.
    pub(super) width: usize,
    /// Rows of the band.
    pub(super) height: usize,
    /// Columns of a strip; the last one may have fewer.
    pub(super) strip: usize,
}

impl Order {
    /// Samples of a strip; the last one may have fewer.
    pub(crate) fn strip_len(self) -> usize {
        self.strip * self.height
    }

    /// Columns of the band.
    pub(crate) fn width(self) -> usize {
        self.width
    }

    /// From strips to rows.
    pub(crate) fn to_rows<T: Copy>(self, strips: &[T], rows: &mut [T]) {
        for (strip, first) in strips.chunks(self.strip_len()).zip((0..).step_by(self.strip)) {
            let count = strip.len() / self.height;
            for (row, values) in rows.chunks_exact_mut(self.width).zip(strip.chunks_exact(count)) {
                row[first..first + count].copy_from_slice(values);
            }
        }
    }

    /// From rows to strips.
    pub(crate) fn to_strips<T: Copy>(self, rows: &[T], strips: &mut [T]) {
        for (strip, first) in strips.chunks_mut(self.strip_len()).zip((0..).step_by(self.strip)) {
            let count = strip.len() / self.height;
            for (row, values) in rows.chunks_exact(self.width).zip(strip.chunks_exact_mut(count)) {
                values.copy_from_slice(&row[first..first + count]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_hold_columns_row_by_row() {
        let order = Order {
            width: 5,
            height: 2,
            strip: 2,
        };
        let rows = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14];
        let (mut strips, mut back) = ([0; 10], [0; 10]);
        order.to_strips(&rows, &mut strips);
        assert_eq!(strips, [0, 1, 10, 11, 2, 3, 12, 13, 4, 14]);
        order.to_rows(&strips, &mut back);
        assert_eq!(back, rows);
    }
}
