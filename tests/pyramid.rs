// SPDX-License-Identifier: MPL-2.0
//! The pyramid is docs/method.md's: golden arrays, perfect reconstruction, adjoint, Parseval, phase.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it compared, and fails by panic"
)]

mod common;

use common::{Golden, golden, largest_error, noise, relative_error};
use proptest::prelude::*;
use steerlens::pyramid::{Band, Complex32, Grid, Plan, Simd, Spec};

/// f32 transforms against f64: a few ulp per butterfly level, far below docs/method.md's 1e-5.
const ARRAY: f64 = 1e-5;

fn spec_of(golden: &Golden) -> Spec {
    Spec {
        octaves: golden.settings["octaves"].as_u64().unwrap_or_default() as u32,
        orientations: golden.setting("orientations") as u32,
        bands_per_octave: golden.setting("bands_per_octave") as usize,
        grid: match golden.word("grid") {
            "exact" => Grid::Exact,
            "fast" => Grid::Fast,
            other => panic!("unknown grid {other}"),
        },
        ..Spec::default()
    }
}

#[test]
fn golden_arrays_are_met() {
    let mut compared = [0; 5];
    for golden in golden() {
        let kinds = ["coef_", "hi_", "lo_", "bands_only_", "mask_"];
        let Some(kind) = kinds.iter().position(|kind| golden.stem().starts_with(kind)) else {
            continue;
        };
        let image = golden.sibling("x");
        let (width, height) = image.size();
        let plan = Plan::new(width, height, &spec_of(&golden)).unwrap();
        let (mut bands, mut workspace) = (plan.coefficients(), plan.workspace());
        let plane = image.to_f32();
        workspace.analyse(&plane, &mut bands);
        let got: Vec<f32> = match kinds[kind] {
            "coef_" => {
                let listed = golden.entry["bands"].as_array().unwrap();
                assert_eq!(plan.bands().len(), listed.len(), "{}", golden.name);
                for (band, listed) in plan.bands().iter().zip(listed) {
                    let of = |key: &str| listed[key].as_u64().unwrap() as usize;
                    let want = [of("j"), of("k"), of("nx"), of("ny"), of("offset")];
                    let got = [
                        band.scale,
                        band.orientation,
                        band.width,
                        band.height,
                        band.range().start,
                    ];
                    assert_eq!(got, want, "{}", golden.name);
                    // serde_json reads numbers to within an ulp.
                    let ratio = band.weight / listed["weight"].as_f64().unwrap();
                    assert!((ratio - 1.0).abs() < 1e-15, "{}", golden.name);
                }
                bands.values().iter().flat_map(|c| [c.re, c.im]).collect()
            }
            "hi_" => plan.residuals(&plane).high,
            "lo_" => plan.residuals(&plane).low,
            "bands_only_" => {
                let mut out = vec![f32::NAN; plane.len()];
                workspace.synthesise(&bands, &mut out);
                out
            }
            _ => plan.mask(golden.stem().rsplit('_').next().unwrap().parse().unwrap()),
        };
        let want = golden.load().values;
        // What is zero in exact arithmetic is rounding noise on both sides: nothing relative can be asked of it.
        if want.iter().all(|w| w.abs() < 1e-15) {
            assert!(largest_error(&got, &want) < 2e-6, "{}", golden.name);
        } else {
            let error = relative_error(&got, &want);
            assert!(error <= ARRAY, "{}: relative error {error:.2e}", golden.name);
        }
        compared[kind] += 1;
    }
    println!("compared (coefficients, high, low, bands only, masks): {compared:?}");
    assert!(
        compared.iter().all(|&n| n >= 3),
        "arrays went missing: {compared:?}"
    );
}

/// `(relative L2, largest)` error of analysis and synthesis with residuals.
fn round_trip(width: usize, height: usize, spec: &Spec) -> (f64, f64) {
    let plan = Plan::new(width, height, spec).unwrap();
    let plane = noise(width * height, (width * 1000 + height) as u64);
    let (mut bands, mut workspace) = (plan.coefficients(), plan.workspace());
    workspace.analyse(&plane, &mut bands);
    let residuals = plan.residuals(&plane);
    let mut out = vec![f32::NAN; plane.len()];
    plan.reconstruct(&bands, &residuals, &mut out, &mut workspace);
    let want: Vec<f64> = plane.iter().map(|&v| f64::from(v)).collect();
    (relative_error(&out, &want), largest_error(&out, &want))
}

#[test]
fn reconstruction_is_perfect_in_single_precision() {
    for (width, height) in [(64, 64), (53, 37), (16, 1), (641, 480)] {
        for grid in [Grid::Exact, Grid::Fast] {
            let (relative, largest) = round_trip(
                width,
                height,
                &Spec {
                    grid,
                    ..Spec::default()
                },
            );
            println!("{width}x{height} {grid:?}: relative L2 {relative:.1e}, largest {largest:.1e}");
            assert!(
                relative <= 1e-6 && largest <= 2e-6,
                "{width}x{height} {grid:?}: {relative:e}, {largest:e}"
            );
        }
    }
}

/// Both back ends, each where it should be, give the same coefficients, planes and energies.
#[test]
fn the_intended_back_end_runs_and_agrees() {
    let smooth = [
        (224, 224),
        (96, 60),
        (75, 33),
        (1, 16),
        (16, 1),
        (1, 1),
        (62, 46),
        (31, 17),
    ];
    let rough = [(37, 64), (64, 53), (118, 20)];
    for (width, height) in smooth.into_iter().chain(rough) {
        for grid in [Grid::Exact, Grid::Fast] {
            let plan_on = |simd| {
                let spec = Spec {
                    grid,
                    simd,
                    ..Spec::default()
                };
                Plan::new(width, height, &spec).unwrap()
            };
            let plane = noise(width * height, (width * 100 + height) as u64);
            let results = [Simd::Scalar, Simd::Avx2, Simd::Avx512].map(|simd| {
                let plan = plan_on(simd);
                let runs = simd.min(Simd::best());
                let suits = smooth.contains(&(width, height)) && runs > Simd::Scalar;
                assert_eq!(plan.kernel(), suits.then_some(runs), "{width}x{height} {grid:?}");
                let (mut bands, mut workspace) = (plan.coefficients(), plan.workspace());
                workspace.analyse(&plane, &mut bands);
                let mut back = vec![f32::NAN; plane.len()];
                workspace.synthesise(&bands, &mut back);
                let coefficients = bands.values().iter().flat_map(|c| [c.re, c.im]);
                let energy = workspace.band_energy(&plane) as f32;
                let all = coefficients.chain(back).chain([energy]);
                all.map(f64::from).collect::<Vec<f64>>()
            });
            let [scalar, others @ ..] = results;
            for other in others {
                let other: Vec<f32> = other.iter().map(|&v| v as f32).collect();
                // Rounding of both, as against the golden arrays; where a plane has no band, both are rounding.
                if scalar.iter().any(|v| v.abs() > 1e-5) {
                    let error = relative_error(&other, &scalar);
                    assert!(error <= 2e-6, "{width}x{height} {grid:?}: {error:e}");
                }
            }
        }
    }
}

fn any_spec() -> impl Strategy<Value = Spec> {
    (0u32..9, 2u32..=8, 1usize..=2, any::<bool>()).prop_map(
        |(octaves, orientations, bands_per_octave, fast)| Spec {
            octaves,
            orientations,
            bands_per_octave,
            grid: if fast { Grid::Fast } else { Grid::Exact },
            ..Spec::default()
        },
    )
}

fn any_size() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![
        (1usize..=65, 1usize..=65),
        Just((97, 1)),
        Just((1, 97)),
        Just((101, 103)),
        Just((97, 3)),
        Just((2, 7))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_size_is_reconstructed((width, height) in any_size(), spec in any_spec()) {
        let (relative, largest) = round_trip(width, height, &spec);
        // docs/method.md 1.8: 1.0e-6 at prime sizes, whose transforms are longer inside.
        prop_assert!(relative <= 2e-6 && largest <= 2e-6, "{relative:e}, {largest:e}");
    }

    #[test]
    fn synthesis_is_the_adjoint_and_energy_is_kept(
        (width, height) in any_size(), spec in any_spec(), seed in 0u64..1000,
    ) {
        assert_adjoint(width, height, &spec, seed);
    }
}

/// docs/method.md 4, identity 2, and the energy that the floor is made of.
fn assert_adjoint(width: usize, height: usize, spec: &Spec, seed: u64) {
    let plan = Plan::new(width, height, spec).unwrap();
    let plane = noise(width * height, seed);
    let (mut c, mut d, mut workspace) = (plan.coefficients(), plan.coefficients(), plan.workspace());
    workspace.analyse(&plane, &mut c);
    for band in plan.bands() {
        let values = noise(2 * band.width * band.height, seed + 7 + band.range().start as u64);
        let pairs = values
            .chunks_exact(2)
            .map(|p| Complex32::new(p[0] - 0.5, p[1] - 0.5));
        d.band_mut(band)
            .iter_mut()
            .zip(pairs)
            .for_each(|(d, value)| *d = value);
    }
    let mut back = vec![f32::NAN; plane.len()];
    workspace.synthesise(&d, &mut back);

    let weighted = |f: &dyn Fn(&Band) -> f64| plan.bands().iter().map(|b| b.weight * f(b)).sum::<f64>();
    let inner = weighted(&|b| {
        c.band(b)
            .iter()
            .zip(d.band(b))
            .map(|(c, d)| f64::from((c.conj() * d).re))
            .sum()
    });
    let outer: f64 = plane
        .iter()
        .zip(&back)
        .map(|(&x, &y)| f64::from(x) * f64::from(y))
        .sum();
    let norm = |v: &[Complex32]| v.iter().map(|c| f64::from(c.norm_sqr())).sum::<f64>();
    let (cc, dd) = (weighted(&|b| norm(c.band(b))), weighted(&|b| norm(d.band(b))));
    assert!(
        (inner - outer).abs() <= 1e-5 * (cc * dd).sqrt().max(1e-6),
        "{inner} {outer}"
    );

    let residuals = plan.residuals(&plane);
    let energy = |v: &[f32]| v.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
    let low_weight = plane.len() as f64 / residuals.low.len() as f64;
    let total = energy(&residuals.high) + low_weight * energy(&residuals.low) + cc;
    assert!(
        (total - energy(&plane)).abs() <= 1e-5 * total,
        "{total} {}",
        energy(&plane)
    );

    assert!(
        (workspace.band_energy(&plane) - cc).abs() <= 1e-5 * cc.max(1e-6),
        "{cc}"
    );
}

/// The largest pictures that are common, on both grids.
#[test]
fn the_adjoint_holds_at_4096x2160() {
    for grid in [Grid::Fast, Grid::Exact] {
        assert_adjoint(
            4096,
            2160,
            &Spec {
                grid,
                ..Spec::default()
            },
            1,
        );
    }
}

/// docs/method.md 4, identity 4: band phases of a cosine turn by `-omega d`, or `+` where the mirror is seen.
#[test]
fn a_shifted_cosine_turns_its_phases() {
    let (width, height, (u, v)) = (60usize, 48usize, (5.0f64, 7.0f64));
    let cosine = |dx: f64, dy: f64| -> Vec<f32> {
        let phase =
            |x: usize, y: usize| u * (x as f64 - dx) / width as f64 + v * (y as f64 - dy) / height as f64;
        let at = |i: usize| 0.5 + 0.3 * (std::f64::consts::TAU * phase(i % width, i / width)).cos();
        (0..width * height).map(|i| at(i) as f32).collect()
    };
    for grid in [Grid::Exact, Grid::Fast] {
        let plan = Plan::new(
            width,
            height,
            &Spec {
                grid,
                ..Spec::default()
            },
        )
        .unwrap();
        let (mut still, mut moved, mut workspace) =
            (plan.coefficients(), plan.coefficients(), plan.workspace());
        let (dx, dy) = (0.37, -0.81);
        workspace.analyse(&cosine(0.0, 0.0), &mut still);
        workspace.analyse(&cosine(dx, dy), &mut moved);
        let omega_d = std::f64::consts::TAU * (u * dx / width as f64 + v * dy / height as f64);
        let mut seen = 0;
        for (index, band) in plan.bands().iter().enumerate() {
            // The side of the spectrum that the band sees, from its mask.
            let mask = plan.mask(index);
            let (here, mirror) = (mask[7 * width + 5], mask[(height - 7) * width + width - 5]);
            if here.max(mirror) < 1e-2 {
                continue;
            }
            let sign = if here > mirror { -1.0 } else { 1.0 };
            for (a, b) in still.band(band).iter().zip(moved.band(band)) {
                let turned = f64::from((b * a.conj()).arg());
                let error = (turned - sign * omega_d).rem_euclid(std::f64::consts::TAU);
                // |c| >= 0.3/sqrt(2) * 1e-2 against rounding of 1e-7: 5e-5 rad.
                assert!(
                    error.min(std::f64::consts::TAU - error) < 1e-4,
                    "band {index}: {turned} {omega_d}"
                );
            }
            seen += 1;
        }
        assert!(seen >= 4, "{seen}");
    }
}

#[test]
fn impossible_pyramids_are_refused() {
    let plan = |width, height, spec: Spec| {
        Plan::new(width, height, &spec)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert!(plan(0, 5, Spec::default()).contains("0x5"));
    assert!(plan(usize::MAX, 2, Spec::default()).contains("at most"));
    assert!(
        plan(
            8,
            8,
            Spec {
                orientations: 1,
                ..Spec::default()
            }
        )
        .contains("2 to 8")
    );
    assert!(
        plan(
            8,
            8,
            Spec {
                bands_per_octave: 3,
                ..Spec::default()
            }
        )
        .contains("1 or 2")
    );
}

#[test]
fn plans_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Plan>();
}
