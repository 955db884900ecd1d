// SPDX-License-Identifier: MPL-2.0
//! The measures are docs/method.md 3's.

#![expect(clippy::print_stdout, reason = "a test says what it compared")]

mod common;

use common::{golden, largest_error, noise};
use steerlens::measure::{SmoothWarp, band_energies, band_shares, l2, psnr, ssim};
use steerlens::pyramid::{Plan, Spec};

/// docs/method.md 4: images and E.
const IMAGE: f64 = 2e-6;

#[test]
fn golden_explained_energies_are_met() {
    let mut compared = 0;
    for golden in golden().iter().filter(|g| g.stem().starts_with("explained_")) {
        let image = golden.sibling("x");
        let warp = SmoothWarp::new(&image.to_f32(), image.size().0);
        let with_gain = golden.settings["gain"].as_bool().unwrap();
        let stem = golden.stem().trim_start_matches("explained_");
        // `explained_known` is an edited picture; the others are fits of `morph_*`.
        let known = stem == "known";
        let edited = match known {
            true => golden.load(),
            false => golden.sibling(&format!("morph_{}", stem.rsplit_once('_').unwrap().0)),
        };
        let fit = warp.fit(&edited.to_f32(), with_gain);
        let error = (fit.explained - golden.number("E")).abs();
        assert!(
            error <= IMAGE,
            "{}: E {} off by {error:.2e}",
            golden.name,
            fit.explained
        );
        if !known {
            let error = largest_error(&fit.edit, &golden.load().values);
            assert!(error <= IMAGE, "{}: fit off by {error:.2e}", golden.name);
        }
        compared += 1;
    }
    println!("{compared} fits");
    assert!(compared >= 16, "{compared}");
}

/// docs/method.md 4.13.
#[test]
fn explained_energy_is_a_share_and_gain_never_lowers_it() {
    for (width, height) in [(30, 22), (9, 40), (1, 5), (1, 1), (3, 2)] {
        let picture = noise(width * height, 3);
        let warp = SmoothWarp::new(&picture, width);
        let edited = noise(width * height, 4);
        let (plain, gain) = (
            warp.fit(&edited, false).explained,
            warp.fit(&edited, true).explained,
        );
        // The ridge may cost its own size.
        assert!(
            (-1e-9..=1.0).contains(&plain) && gain >= plain - 1e-5 && gain <= 1.0,
            "{plain} {gain}"
        );
        assert_eq!(warp.fit(&picture, false).explained, 1.0, "no edit is explained");
        // The picture made 10 % brighter is a gain, and a constant one at that.
        let brighter: Vec<f32> = picture.iter().map(|v| 1.1 * v).collect();
        assert!(warp.fit(&brighter, true).explained > 1.0 - 1e-4);
    }
    let blank = SmoothWarp::new(&[0.0; 12], 4);
    assert_eq!(
        blank.fit(&[0.1; 12], true).explained,
        0.0,
        "nothing explains an edit of a black picture"
    );
}

#[test]
fn distances_have_their_textbook_values() {
    let (a, b) = ([0.0f32, 0.5, 1.0, 0.25], [0.0f32, 0.5, 0.5, 0.75]);
    assert!((l2(&a, &b) - 0.5f64.sqrt()).abs() < 1e-15);
    // MSE 1/8.
    assert!((psnr(&a, &b) - 10.0 * 8f64.log10()).abs() < 1e-12);
    assert_eq!(psnr(&a, &a), f64::INFINITY);
}

#[test]
fn similarity_follows_its_definition() {
    let (width, height) = (17, 14);
    let (a, b) = (noise(width * height, 1), noise(width * height, 2));
    assert!((ssim(&a, &a, width) - 1.0).abs() < 1e-12);
    // The definition, window by window, two-dimensional weights, centred moments.
    let gauss = |i: usize| (-(i as f64 - 5.0).powi(2) / 4.5).exp();
    let norm: f64 = (0..121).map(|i| gauss(i % 11) * gauss(i / 11)).sum();
    let (mut sum, mut places) = (0.0, 0.0);
    for y in 0..=height - 11 {
        for x in 0..=width - 11 {
            let weighted = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
                let value = |i: usize| (y + i / 11) * width + x + i % 11;
                (0..121)
                    .map(|i| gauss(i % 11) * gauss(i / 11) / norm * f(a[value(i)].into(), b[value(i)].into()))
                    .sum()
            };
            let (ma, mb) = (weighted(&|a, _| a), weighted(&|_, b| b));
            let va = weighted(&|a, _| (a - ma).powi(2));
            let vb = weighted(&|_, b| (b - mb).powi(2));
            let cov = weighted(&|a, b| (a - ma) * (b - mb));
            sum +=
                (2.0 * ma * mb + 1e-4) * (2.0 * cov + 9e-4) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4));
            places += 1.0;
        }
    }
    assert!((ssim(&a, &b, width) - sum / places).abs() < 1e-12);
    // Two constant planes: only the luminance term is left. Smaller than the window on both axes.
    let constant = ssim(&[0.5; 12], &[0.25; 12], 4);
    assert!((constant - (0.25 + 1e-4) / (0.3125 + 1e-4)).abs() < 1e-12);
}

#[test]
fn band_energies_find_the_orientation() {
    let (width, height) = (64, 48);
    let plan = Plan::new(width, height, &Spec::default()).unwrap();
    // Vertical stripes: `u` only, so orientation 0.
    let stripes: Vec<f32> = (0..width * height)
        .map(|i| ((i % width) as f32 * std::f32::consts::TAU / 8.0).cos())
        .collect();
    let energies = band_energies(&plan, &stripes, &mut plan.workspace());
    let total: f64 = energies.iter().map(|e| e.energy).sum();
    assert!(
        (total / (0.5 * stripes.len() as f64) - 1.0).abs() < 1e-5,
        "{total}"
    );
    let most = energies
        .iter()
        .max_by(|a, b| a.energy.total_cmp(&b.energy))
        .unwrap();
    // 8 pixels per period: r = 1/4, the peak of radial band 1.
    assert_eq!((most.scale, most.orientation), (1, 0));
}

#[test]
fn band_shares_lie_scale_by_scale_and_sum_to_what_is_no_residual() {
    let (width, height) = (64, 48);
    let spec = Spec::default();
    let plan = Plan::new(width, height, &spec).unwrap();
    let orientations = spec.orientations as usize;
    let of = |plane: &[f32]| band_shares(&plan, plane, orientations, &mut plan.workspace());
    // Horizontal stripes of 8 pixels, `v` only: orientation K/2 of an even K, and the peak of radial band 1.
    let stripe = |i: usize| ((i / width) as f32 * std::f32::consts::TAU / 8.0).cos();
    let stripes: Vec<f32> = (0..width * height).map(stripe).collect();
    let shares = of(&stripes);
    assert_eq!(shares.len(), plan.nominal_bands());
    let most = (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
    assert_eq!(most, Some(orientations + orientations / 2));
    assert!(
        (shares.iter().sum::<f32>() - 1.0).abs() < 1e-5,
        "no residual holds them"
    );
    // A mean that is as strong as the stripes lies in the residual.
    let raised: Vec<f32> = stripes.iter().map(|value| value + 0.5f32.sqrt()).collect();
    assert!((of(&raised).iter().sum::<f32>() - 0.5).abs() < 1e-5);
    assert!(of(&vec![0.0; width * height]).iter().all(|share| *share == 0.0));
}
