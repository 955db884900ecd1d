// SPDX-License-Identifier: MPL-2.0
//! The golden arrays: `tests/data/oracle`, or the full set that `STEERLENS_ORACLE` names.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file is a crate and uses its part"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a golden array that is not as its index says is a failed test"
)]

use std::path::PathBuf;

use npyz::NpyFile;
use serde_json::{Map, Value};

/// One array of the index, with what it was made from.
pub struct Golden {
    /// `folder/name`, without the suffix.
    pub name: String,
    /// Defaults and what differs from them, merged.
    pub settings: Map<String, Value>,
    /// The array's own entry.
    pub entry: Value,
    root: PathBuf,
}

/// An array and its shape.
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// Every array of the index.
pub fn golden() -> Vec<Golden> {
    let root = std::env::var_os("STEERLENS_ORACLE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle"),
        PathBuf::from,
    );
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(root.join("index.json")).unwrap()).unwrap();
    let arrays = index["arrays"].as_array().unwrap().iter();
    arrays
        .map(|entry| {
            let mut settings = index["defaults"].as_object().unwrap().clone();
            settings.extend(entry["settings"].as_object().unwrap().clone());
            let name = entry["file"]
                .as_str()
                .unwrap()
                .trim_end_matches(".npy")
                .to_owned();
            Golden {
                name,
                settings,
                entry: entry.clone(),
                root: root.clone(),
            }
        })
        .collect()
}

impl Golden {
    /// The folder: the case that the array belongs to.
    pub fn case(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    /// The name inside the folder.
    pub fn stem(&self) -> &str {
        self.name.split('/').nth(1).unwrap()
    }

    /// The array itself.
    pub fn load(&self) -> Array {
        self.sibling(self.stem())
    }

    /// Another array of the same folder.
    pub fn sibling(&self, stem: &str) -> Array {
        let path = self.root.join(self.case()).join(format!("{stem}.npy"));
        let file = NpyFile::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).unwrap();
        let shape = file.shape().iter().map(|&n| n as usize).collect();
        Array {
            shape,
            values: file.into_vec().unwrap(),
        }
    }

    /// A number that the entry holds beside the array.
    pub fn number(&self, key: &str) -> f64 {
        self.entry[key].as_f64().unwrap()
    }

    pub fn setting(&self, key: &str) -> f64 {
        self.settings[key].as_f64().unwrap()
    }

    pub fn word(&self, key: &str) -> &str {
        self.settings[key].as_str().unwrap()
    }
}

impl Array {
    /// `(width, height)`, the last two axes.
    pub fn size(&self) -> (usize, usize) {
        let n = self.shape.len();
        (self.shape[n - 1], self.shape[n - 2])
    }

    pub fn to_f32(&self) -> Vec<f32> {
        self.values.iter().map(|&v| v as f32).collect()
    }
}

/// Largest absolute difference.
pub fn largest_error(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    got.iter()
        .zip(want)
        .map(|(&g, w)| (f64::from(g) - w).abs())
        .fold(0.0, nan_max)
}

/// `||got - want|| / ||want||`.
pub fn relative_error(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let error: f64 = got
        .iter()
        .zip(want)
        .map(|(&g, w)| (f64::from(g) - w).powi(2))
        .sum();
    let norm: f64 = want.iter().map(|w| w * w).sum();
    if error == 0.0 { 0.0 } else { (error / norm).sqrt() }
}

/// As `f64::max`, but NaN wins: a NaN must never pass a tolerance.
fn nan_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// Deterministic noise in 0..1 (a 64-bit congruential generator).
pub fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        })
        .collect()
}
