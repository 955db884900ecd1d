// SPDX-License-Identifier: MPL-2.0
//! Whether a new scene begins between two pictures (docs/method.md 2.10).

use crate::simd::MOST_LANES;

/// RMS difference of consecutive pictures, values 0..1, above which a new scene has begun.
const SCENE_CUT: f64 = 0.2;

/// Whether a new scene begins with `picture`, after one that ends with `before`: planes of values 0..1, all of a picture
/// one after the other. Pictures of different sizes are of different scenes.
pub fn is_scene_cut(before: &[f32], picture: &[f32]) -> bool {
    let count = picture.len();
    before.len() != count || squared_difference(picture, before) > SCENE_CUT.powi(2) * count as f64
}

fn squared_difference(one: &[f32], other: &[f32]) -> f64 {
    /// As many values as are summed in f32: of 8 rounding bits, which a threshold does not see.
    const BLOCK: usize = 256;
    let blocks = one.chunks(BLOCK).zip(other.chunks(BLOCK));
    let sums = blocks.map(|(one, other)| {
        let mut lanes = [0.0f32; MOST_LANES];
        for (one, other) in one.chunks(MOST_LANES).zip(other.chunks(MOST_LANES)) {
            for ((lane, one), other) in lanes.iter_mut().zip(one).zip(other) {
                *lane += (one - other).powi(2);
            }
        }
        f64::from(lanes.iter().sum::<f32>())
    });
    sums.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_a_change_of_a_fifth_or_of_the_size() {
        let flat = |value: f32| vec![value; 300];
        assert!(!is_scene_cut(&flat(0.5), &flat(0.69)));
        assert!(is_scene_cut(&flat(0.5), &flat(0.71)) && is_scene_cut(&flat(0.5), &flat(0.29)));
        assert!(is_scene_cut(&flat(0.5), &flat(0.5)[1..]));
        // A twenty-fifth of the picture from black to white is an RMS of a fifth.
        let mut part = flat(0.0);
        part[..12].fill(1.0);
        assert!(!is_scene_cut(&flat(0.0), &part));
        part[12] = 1.0;
        assert!(is_scene_cut(&flat(0.0), &part));
    }
}
