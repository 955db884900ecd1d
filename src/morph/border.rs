// SPDX-License-Identifier: MPL-2.0
//! Padding (docs/method.md 2.5b): the transform is periodic, and a mirrored border keeps one side of the picture from
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
    pub(super) fn default_octaves(&self) -> u32 {
        pyramid::default_octaves(self.width, self.height) as u32
    }

    /// A picture extended by mirror images, the edge sample included; in `padded`, if there is a border.
    pub(super) fn mirror<'a>(&self, plane: &'a [f32], padded: &'a mut [f32]) -> &'a [f32] {
        if self.pad == 0 {
            return plane;
        }
        let (padded_width, padded_height) = self.padded_size();
        for (y, out) in padded.chunks_exact_mut(padded_width).enumerate() {
            debug_assert!(y < padded_height);
            let row = &plane[reflect(y, self.pad, self.height) * self.width..][..self.width];
            out[self.pad..self.pad + self.width].copy_from_slice(row);
            for x in (0..self.pad).chain(self.pad + self.width..padded_width) {
                out[x] = row[reflect(x, self.pad, self.width)];
            }
        }
        padded
    }

    /// A gradient, times `scale`, extended by zeros: the exact chain rule of cropping. In `padded`, if there is
    /// anything to do.
    pub(super) fn embed<'a>(&self, plane: &'a [f32], scale: f32, padded: &'a mut [f32]) -> &'a [f32] {
        if self.pad == 0 && scale == 1.0 {
            return plane;
        }
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
        padded
    }

    /// The picture's own part of what `write` makes of a padded plane: in `buffer`, if there is a border.
    pub(super) fn crop(&self, plane: &mut [f32], buffer: &mut [f32], write: impl FnOnce(&mut [f32])) {
        if self.pad == 0 {
            return write(plane);
        }
        write(buffer);
        let (padded_width, _) = self.padded_size();
        let rows = buffer.chunks_exact(padded_width).skip(self.pad);
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
        let crop = |padded: [f32; 42]| {
            let (mut back, mut buffer) = ([f32::NAN; 6], [f32::NAN; 42]);
            border.crop(&mut back, &mut buffer, |plane| plane.copy_from_slice(&padded));
            back
        };
        assert_eq!(crop(padded), plane);
        border.embed(&plane, 2.0, &mut padded);
        assert_eq!(padded.iter().sum::<f32>(), 42.0);
        assert_eq!(crop(padded), plane.map(|v| 2.0 * v));
    }
}
