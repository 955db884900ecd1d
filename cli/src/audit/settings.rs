// SPDX-License-Identifier: MPL-2.0
//! What an audit is asked to do.

use std::path::{Path, PathBuf};

use steerlens::morph::Method;
use steerlens::{ClassifierSettings, LensSettings};

use super::finish::Results;
use super::inputs::Shard;
use super::record::Options;
use super::row::{Control, Reach};
use super::sample::Sample;
use super::truth::Truth;

/// From which class each frame is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The driver's most probable class.
    Predicted,
    /// The true class.
    True,
}

/// To which classes each frame is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Targets {
    /// The most probable class other than the source.
    RunnerUp,
    /// Every class other than the source.
    All,
    /// These, but for the source.
    List(Vec<String>),
    /// For a frame of the first class of a pair, the second; other frames are left out.
    Pairs(Vec<(String, String)>),
}

/// Everything that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) inputs: Vec<PathBuf>,
    pub(crate) truth: Truth,
    pub(crate) sample: Sample,
    pub(crate) shard: Option<Shard>,
    /// The driver.
    pub(crate) model: ClassifierSettings,
    pub(crate) judges: Vec<ClassifierSettings>,
    pub(crate) source: Source,
    pub(crate) targets: Targets,
    pub(crate) methods: Vec<Method>,
    pub(crate) controls: Vec<Control>,
    /// How far, in the order of the rows; empty: a flip, and the magnification that suits the model.
    pub(crate) reaches: Vec<(Reach, f64)>,
    /// What all editors have in common.
    pub(crate) lens: LensSettings,
    /// Workers, at least 1.
    pub(crate) jobs: usize,
    pub(crate) strips: bool,
    pub(crate) clips: bool,
    pub(crate) results: Results,
    pub(crate) resume: bool,
    /// What was said on the command line that decides about the rows, by name.
    pub(crate) options: Options,
    /// The whole command line.
    pub(crate) command: Vec<String>,
}

impl Settings {
    /// The output folder.
    pub(super) fn out(&self) -> &Path {
        &self.results.out
    }
}
