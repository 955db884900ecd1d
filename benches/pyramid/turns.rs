// SPDX-License-Identifier: MPL-2.0
//! The other end of `tools/compare/pyramid.py`: one morph of planes that a script writes, again whenever it asks.
//!
//! `cargo bench --bench pyramid -- turns WIDTH HEIGHT OCTAVES exact|fast FOLDER` reads `image.f32` and `gradient.f32`,
//! writes `morph.f32`, names its vectors, and then answers each line of its input with the milliseconds of the frames
//! of a turn.

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;

use cpu_time::ThreadTime;
use steerlens::morph::{Morpher, Settings};
use steerlens::pyramid::{Grid, Simd, Spec};

/// Frames of a turn, after one that fills the cache again.
const TURN: u32 = 4;

pub(crate) fn answer(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [width, height, octaves, grid, folder] = arguments else {
        return Err("turns: give WIDTH HEIGHT OCTAVES exact|fast FOLDER".into());
    };
    let (width, height) = (width.parse()?, height.parse()?);
    let (simd, folder) = (Simd::best(), Path::new(folder));
    let pyramid = Spec {
        octaves: octaves.parse()?,
        grid: match grid.as_str() {
            "exact" => Grid::Exact,
            _ => Grid::Fast,
        },
        simd,
        ..Spec::default()
    };
    let settings = Settings {
        pyramid,
        ..Settings::default()
    };
    let (image, gradient) = (
        read(&folder.join("image.f32"))?,
        read(&folder.join("gradient.f32"))?,
    );
    let mut morpher = Morpher::new(width, height, 1, &settings)?;
    let mut morph = vec![0.0; image.len()];
    let mut frame = || {
        morpher.prepare(&image, &gradient);
        morpher.extrapolate(1.0, &mut morph);
        for (value, before) in morph.iter_mut().zip(&image) {
            *value += before;
        }
    };
    frame();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{simd:?}")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        frame();
        for _ in 0..TURN {
            let begin = ThreadTime::now();
            frame();
            write!(out, "{:.4} ", begin.elapsed().as_secs_f64() * 1e3)?;
        }
        writeln!(out)?;
        out.flush()?;
    }
    let bytes: Vec<u8> = morph.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(folder.join("morph.f32"), bytes)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let values = bytes.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four));
    Ok(values.collect())
}
