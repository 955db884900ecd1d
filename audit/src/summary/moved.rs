// SPDX-License-Identifier: MPL-2.0
//! A frame that was moved, as lists of frames and the worst case show it.

use serde::{Deserialize, Serialize};

use super::cases::{Collected, Entry};
use super::interval::finite;

/// One frame, between which classes it was moved, and how far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moved {
    /// Its file.
    pub input: String,
    /// Its number there.
    pub frame: u64,
    /// Its presentation time.
    pub time_ns: Option<u64>,
    /// Label of the class moved away from.
    pub source: String,
    /// Label of the class moved towards.
    pub target: String,
    /// Magnification used; the far end of the range where a flip was not found.
    pub magnification: Option<f64>,
    /// L2 distance of the result.
    pub l2: Option<f64>,
    /// Peak signal-to-noise ratio of the result in dB, luma; missing where no luma changed.
    #[serde(default)]
    pub psnr: Option<f64>,
}

impl Collected {
    pub(super) fn moved(&self, entry: &Entry) -> Moved {
        let case = self.of(entry);
        Moved {
            input: self.inputs[case.input as usize].clone(),
            frame: case.frame,
            time_ns: case.time_ns,
            source: self.label_of(case.source_class),
            target: self.label_of(case.target_class),
            magnification: finite(entry.magnification),
            l2: finite(entry.l2),
            psnr: finite(entry.psnr.into()),
        }
    }
}
