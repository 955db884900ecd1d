// SPDX-License-Identifier: MPL-2.0
//! A soft blur of planes: three box filters, close to a Gaussian, at a cost that does not grow with its width.

/// Blurs rows of `width` places of `N` values each with about a Gaussian of `sigma` places. At the edges the mean is that
/// of what is there. `scratch` is as long as `values`.
pub(crate) fn blur<const N: usize>(
    values: &mut [[f32; N]],
    width: usize,
    sigma: f32,
    scratch: &mut [[f32; N]],
) {
    // The variance of three boxes of 2 r + 1 places is ((2 r + 1)^2 - 1) / 4.
    let radius = (0.5 * ((4.0 * sigma * sigma + 1.0).sqrt() - 1.0)).round() as usize;
    if radius == 0 || width == 0 {
        return;
    }
    let height = values.len() / width;
    for _ in 0..3 {
        for (from, to) in values.chunks_exact(width).zip(scratch.chunks_exact_mut(width)) {
            sliding_means(|k| &from[k], width, radius, |k, mean| to[k] = mean);
        }
        for x in 0..width {
            sliding_means(
                |k| &scratch[k * width + x],
                height,
                radius,
                |k, mean| values[k * width + x] = mean,
            );
        }
    }
}

/// The means of a window that slides along a line.
fn sliding_means<'a, const N: usize>(
    read: impl Fn(usize) -> &'a [f32; N],
    len: usize,
    radius: usize,
    mut write: impl FnMut(usize, [f32; N]),
) {
    // In f64, so that what leaves the window takes away all that it brought.
    let mut sums = [0.0f64; N];
    let add = |sums: &mut [f64; N], value: &[f32; N], sign: f64| {
        sums.iter_mut()
            .zip(value)
            .for_each(|(sum, v)| *sum += sign * f64::from(*v));
    };
    for k in 0..radius.min(len) {
        add(&mut sums, read(k), 1.0);
    }
    for k in 0..len {
        if k + radius < len {
            add(&mut sums, read(k + radius), 1.0);
        }
        if k > radius {
            add(&mut sums, read(k - radius - 1), -1.0);
        }
        let count = (k + radius).min(len - 1) - k.saturating_sub(radius) + 1;
        write(k, sums.map(|sum| (sum / count as f64) as f32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_becomes_a_gaussian_and_a_constant_stays() {
        let (width, height, sigma) = (41, 37, 3.0f32);
        let mut values = vec![[0.0, 0.7]; width * height];
        let centre = 18 * width + 20;
        values[centre][0] = 1.0;
        let mut scratch = vec![[f32::NAN; 2]; values.len()];
        blur(&mut values, width, sigma, &mut scratch);
        assert!(values.iter().all(|[_, constant]| (constant - 0.7).abs() < 1e-6));
        let (mut sum, mut variance) = (0.0, 0.0);
        for (at, [value, _]) in values.iter().enumerate() {
            let x = (at % width) as f32 - 20.0;
            (sum, variance) = (sum + value, variance + value * x * x);
        }
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        // The nearest whole radius is 2.54 -> 3, of variance 12.
        assert!((variance - 12.0).abs() < 1e-3, "{variance}");
        assert!(values[centre][0] > values[centre + 3][0]);
    }

    #[test]
    fn small_planes_are_no_trouble() {
        for (width, height) in [(1, 1), (2, 1), (1, 5)] {
            let mut values = vec![[1.0]; width * height];
            blur(&mut values, width, 4.0, &mut vec![[0.0]; width * height]);
            assert!(values.iter().all(|[v]| (v - 1.0f32).abs() < 1e-6));
        }
    }
}
