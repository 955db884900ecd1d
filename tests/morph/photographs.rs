// SPDX-License-Identifier: MPL-2.0
//! On natural pictures the two grids give the same morph to the eye (docs/method.md 1.8 and 4, identity 15).

use image::imageops::FilterType;
use steerlens::morph::Settings;
use steerlens::pyramid::{Grid, Spec};

use super::change;
use super::common::noise;

/// Luma of a photograph, 0..1.
fn photograph(name: &str, width: u32, height: u32) -> Vec<f32> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("media")
        .join(name);
    let picture = image::open(path).unwrap();
    let picture = picture.resize_to_fill(width, height, FilterType::Triangle);
    picture.to_luma8().iter().map(|v| f32::from(*v) / 255.0).collect()
}

/// Peak 1 over the mean square, in dB.
fn decibels(square: f64, len: usize) -> f64 {
    -10.0 * (square / len as f64).log10()
}

#[test]
fn the_fast_grid_is_the_octave_grid_to_the_eye() {
    let photographs = [
        "apple.jpg",
        "astronaut.jpg",
        "cat_chelsea.png",
        "coffee.jpg",
        "dog_chicky.jpg",
        "face_astronaut.png",
        "fruits.jpg",
        "orange.jpg",
        "rocket.jpg",
    ];
    let mut worst = f64::INFINITY;
    for name in photographs {
        for (width, height) in [(224, 224), (135, 101)] {
            let x = photograph(name, width, height);
            let (width, height) = (width as usize, height as usize);
            let fine: Vec<f32> = noise(x.len(), 6).iter().map(|g| g - 0.5).collect();
            // A bump of one sign and its surround of the other.
            let blob: Vec<f32> = (0..x.len())
                .map(|i| {
                    let [u, v] = [(i % width, width), (i / width, height)]
                        .map(|(at, n)| (at as f32 / n as f32 - 0.45) * 5.0);
                    (1.0 - u * u - v * v) * (-u * u - v * v).exp()
                })
                .collect();
            for (kind, g) in [("white noise", &fine), ("smooth", &blob)] {
                let [fast, exact] = [Grid::Fast, Grid::Exact].map(|grid| {
                    let pyramid = Spec {
                        grid,
                        ..Spec::default()
                    };
                    let settings = Settings {
                        pyramid,
                        ..Settings::default()
                    };
                    change((width, height, 1), &settings, &x, g, 1.0)
                });
                let (mut square, mut edited) = (0.0, 0.0);
                for i in 0..x.len() {
                    let shown = |change: &[f32]| f64::from((x[i] + change[i]).clamp(0.0, 1.0));
                    square += (shown(&fast) - shown(&exact)).powi(2);
                    edited += (shown(&exact) - f64::from(x[i])).powi(2);
                }
                let (shown, edit) = (decibels(square, x.len()), decibels(edited, x.len()));
                // docs/method.md 1.8: always 15 dB and more below the edit; a smooth gradient makes larger edits than noise.
                assert!(
                    shown >= edit + 15.0,
                    "{name} {width}x{height}, {kind}: {shown:.1} dB, edit {edit:.1} dB"
                );
                assert!(
                    kind == "smooth" || width < 224 || shown >= 44.0,
                    "{name} {width}x{height}: {shown:.1} dB"
                );
                worst = worst.min(shown);
            }
        }
    }
    println!("at least {worst:.1} dB");
}
