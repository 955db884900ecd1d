// SPDX-License-Identifier: MPL-2.0
//! Padding (METHOD.md 2.5b): the transform is periodic, and a mirrored border keeps one side of the picture from
//! acting on the opposite one.

use crate::pyramid;

/// A picture's frame of `pad` pixels on every side; `pad` is at most the shorter side.
#[derive(Debug, Clone)]
pub(super) struct Border {
    width: usize,
    height: usize,
    pad: usize,
}

impl Border {
    pub(super) fn new(width: usize, height: usize, pad: usize) -> Self {
        Self { width, height, pad }
    }

    pub(super) fn padded_size(&self) -> (usize, usize) {
        (self.width + 2 * self.pad, self.height + 2 * self.pad)
    }

    /// The octaves that the picture has by default: its own size counts, not the padded one.
    pub(super) fn default_octaves(&self) -> usize {
        pyramid::default_octaves(self.width, self.height)
    }

    /// Extends a picture by mirror images, the edge sample included.
    pub(super) fn mirror(&self, plane: &[f32], padded: &mut [f32]) {
        let (padded_width, padded_height) = self.padded_size();
        for (y, out) in padded.chunks_exact_mut(padded_width).enumerate() {
            debug_assert!(y < padded_height);
            let row = &plane[reflect(y, self.pad, self.height) * self.width..][..self.width];
            out[self.pad..self.pad + self.width].copy_from_slice(row);
            for x in (0..self.pad).chain(self.pad + self.width..padded_width) {
                out[x] = row[reflect(x, self.pad, self.width)];
            }
        }
    }

    /// Extends a gradient, times `scale`, by zeros: the exact chain rule of cropping.
    pub(super) fn embed(&self, plane: &[f32], scale: f32, padded: &mut [f32]) {
        let (padded_width, _) = self.padded_size();
        if self.pad > 0 {
            padded.fill(0.0);
        }
        let rows = padded.chunks_exact_mut(padded_width).skip(self.pad);
        for (out, row) in rows.zip(plane.chunks_exact(self.width)) {
            out[self.pad..]
                .iter_mut()
                .zip(row)
                .for_each(|(out, value)| *out = value * scale);
        }
    }

    /// The picture's own part.
    pub(super) fn crop(&self, padded: &[f32], plane: &mut [f32]) {
        let (padded_width, _) = self.padded_size();
        let rows = padded.chunks_exact(padded_width).skip(self.pad);
        for (out, row) in plane.chunks_exact_mut(self.width).zip(rows) {
            out.copy_from_slice(&row[self.pad..self.pad + self.width]);
        }
    }
}

/// The picture's index behind a padded one.
fn reflect(padded: usize, pad: usize, len: usize) -> usize {
    if padded < pad {
        pad - 1 - padded
    } else if padded < pad + len {
        padded - pad
    } else {
        2 * len + pad - 1 - padded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_is_mirrored_and_crop_undoes_it() {
        let border = Border::new(3, 2, 2);
        let plane = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut padded = [f32::NAN; 7 * 6];
        border.mirror(&plane, &mut padded);
        assert_eq!(padded[..7], [5.0, 4.0, 4.0, 5.0, 6.0, 6.0, 5.0]);
        assert_eq!(padded[14..21], [2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0]);
        let mut back = [f32::NAN; 6];
        border.crop(&padded, &mut back);
        assert_eq!(back, plane);
        border.embed(&plane, 2.0, &mut padded);
        assert_eq!(padded.iter().sum::<f32>(), 42.0);
        border.crop(&padded, &mut back);
        assert_eq!(back, plane.map(|v| 2.0 * v));
    }
}
