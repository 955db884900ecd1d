// SPDX-License-Identifier: MPL-2.0
//! What a frame cannot be faster than: its one-dimensional transforms alone, on a tile that never leaves the cache.

use crate::simd::{Isa, Task};

use super::{Kernel, KernelScratch};

/// Picture and gradient to their bands, and one picture's bands back.
pub(super) struct TransformsAlone<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) scratch: &'a mut KernelScratch,
}

impl Task for TransformsAlone<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, simd: S) {
        let Self { kernel, scratch } = self;
        let (lanes, tile) = (S::F32_LANES, &mut scratch.columns);
        // Two tiles of a plane's columns go through one complex transform.
        let pairs = kernel.width.div_ceil(2 * lanes);
        for _ in 0..3 * pairs {
            kernel
                .columns
                .forward(simd, &mut tile[..2 * lanes * kernel.height]);
        }
        for _ in 0..3 * kernel.row_tiles() {
            kernel.rows.forward(simd, &mut tile[..2 * lanes * kernel.width]);
        }
        for filter in &kernel.filters {
            let (nx, ny) = (filter.rows.len(), filter.columns.len());
            for _ in 0..2 * filter.tiles.len() {
                filter.rows.inverse(simd, &mut tile[..2 * lanes * nx]);
            }
            for _ in 0..filter.tiles.len() {
                filter.rows.forward(simd, &mut tile[..2 * lanes * nx]);
            }
            for _ in 0..2 * nx.div_ceil(lanes) {
                filter.columns.inverse(simd, &mut tile[..2 * lanes * ny]);
            }
            for _ in 0..nx.div_ceil(lanes) {
                filter.columns.forward(simd, &mut tile[..2 * lanes * ny]);
            }
        }
    }
}
