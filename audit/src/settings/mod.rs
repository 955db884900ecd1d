// SPDX-License-Identifier: MPL-2.0
//! What an audit is asked to do.

mod options;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use steerlens::morph::{self, Method};
use steerlens::pyramid::{Grid, Spec};
use steerlens::settings::{Choice, Group};
use steerlens::{ClassifierSettings, GradientSettings, ReachSettings, Resolution};

pub(crate) use options::Options;

use crate::condition::{Condition, Filter, Measure};
use crate::error::{Error, Result, bail, error};
use crate::input::{SampleRule, Shard, Truth};
use crate::table::{Direction, Format, Reach};

/// A row's answers of the judges are counted as the bits of one word.
const MOST_JUDGES: usize = 64;

/// From which class each frame is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The driver's most probable class.
    Predicted,
    /// The true class.
    True,
}

/// To which classes each frame is moved. Labels may be written as class numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// The most probable class other than the source.
    RunnerUp,
    /// Every class other than the source.
    All,
    /// These, but for the source.
    List(Vec<String>),
    /// For a frame of the first class of a pair, the second; other frames are left out.
    Pairs(Vec<(String, String)>),
}

/// Everything that an audit is asked to do. [`Settings::new`] has the defaults of the command line, and
/// docs/audit.md says at length what each setting does.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Pictures, videos, folders, patterns, or image sequences such as `frame-%04d.png`.
    pub inputs: Vec<PathBuf>,
    /// Which frames of a video are audited.
    pub sample: SampleRule,
    /// Where true classes come from.
    pub truth: Truth,
    /// The driver: the classifier whose gradient makes the edits. A frame is computed by one thread, whatever its
    /// `threads` says.
    pub model: ClassifierSettings,
    /// Further drivers: their gradients are added, each brought to the same length, so that what is left is what all of them
    /// agree on. Classes are matched by label; scores stay those of the first.
    pub also: Vec<ClassifierSettings>,
    /// The judges: classifiers that only look at the results; at most 64. Classes are matched by label.
    pub judges: Vec<ClassifierSettings>,
    /// From which class each frame is moved.
    pub source: Source,
    /// To which classes.
    pub targets: Targets,
    /// L2 distances to move to, pixel values 0..1.
    pub budgets: Vec<f64>,
    /// Magnifications to move by. Without these and budgets 1, 2 and 4 times the median flip of a few frames; where none
    /// flips, or flips are not searched, the one that the model's description advises, else 1.
    pub magnifications: Vec<f64>,
    /// Whether the smallest magnification at which the class flips is searched, see [`steerlens::Editor::flip`].
    pub flips: bool,
    /// In which coordinates frames move; each by itself.
    pub methods: Vec<Method>,
    /// Whether every edit is made once more in a random direction of the same spectrum, to compare with.
    pub random_control: bool,
    /// Whether every edit is made once more along the driver's gradient at another of the pictures, between the same two
    /// classes.
    pub other_control: bool,
    /// Seed of the random directions.
    pub seed: u64,
    /// How often the gradient is taken along the way.
    pub steps: u32,
    /// Of how many slightly changed copies of the frame the gradient is the mean, 1 to 1000, 1 being the frame's own; every edit
    /// is made with each of these numbers, to be set side by side.
    pub samples: Vec<u32>,
    /// How the copies differ from the frame: `shift`, `zoom`, `mirror` and `noise_level`; nothing else in it is looked at.
    pub copies: GradientSettings,
    /// How frames move, whatever the method: `method` and `magnification_unit` in it are not looked at.
    pub morph: morph::Settings,
    /// Where the pyramid works.
    pub resolution: Resolution,
    /// Frames audited at once, at least 1. The results do not depend on it.
    pub jobs: usize,
    /// Which share of the inputs is audited; all without.
    pub shard: Option<Shard>,
    /// Whether an audit that was interrupted goes on.
    pub resume: bool,
    /// Whether pictures of the frames and their edits are written.
    pub strips: bool,
    /// Whether short clips of the videos and their edits are written.
    pub clips: bool,
    /// Where results go.
    pub results: Results,
}

/// Where results go, and what they are compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The output folder.
    pub out: PathBuf,
    /// How the table is written.
    pub format: Format,
    /// The `summary.json` of an earlier audit.
    pub baseline: Option<PathBuf>,
    /// By what share flips may become easier than in the baseline.
    pub threshold: f64,
    /// Conditions under which the audit fails; each by itself.
    pub fail_if: Vec<Condition>,
    /// What runs it again, word by word, for the report; the process's own command line unless set.
    pub command: Vec<String>,
}

impl Results {
    /// Results in a folder, the table as Parquet, without a baseline.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            format: Format::Parquet,
            baseline: None,
            threshold: 0.1,
            fail_if: Vec::new(),
            command: std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
        }
    }
}

impl Settings {
    /// An audit of these inputs with a model, and its results in a folder: from the predicted class to the runner-up, by
    /// all methods, one frame of each second of a video.
    pub fn new(inputs: Vec<PathBuf>, model: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        let morph = morph::Settings {
            pyramid: Spec {
                grid: Grid::Exact,
                ..Spec::default()
            },
            ..morph::Settings::default()
        };
        Self {
            inputs,
            sample: SampleRule::default(),
            truth: Truth::Unknown,
            model: ClassifierSettings {
                model_file: model.into(),
                ..ClassifierSettings::default()
            },
            also: Vec::new(),
            judges: Vec::new(),
            source: Source::Predicted,
            targets: Targets::RunnerUp,
            budgets: Vec::new(),
            magnifications: Vec::new(),
            flips: true,
            methods: Method::ALL.iter().map(|(method, ..)| *method).collect(),
            random_control: false,
            other_control: false,
            seed: GradientSettings::SEED.default,
            steps: ReachSettings::STEPS.default,
            samples: vec![GradientSettings::SAMPLES.default],
            copies: GradientSettings::default(),
            morph,
            resolution: Resolution::default(),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            shard: None,
            resume: false,
            strips: true,
            clips: true,
            results: Results::new(out),
        }
    }

    /// Refuses what contradicts itself.
    ///
    /// # Errors
    /// With a sentence that says what to do instead.
    pub(crate) fn check(&self) -> Result<()> {
        if self.judges.len() > MOST_JUDGES {
            bail!(
                Settings,
                "{} judges are more than the {MOST_JUDGES} that one audit counts: split them between audits",
                self.judges.len()
            );
        }
        if self.shard.is_some() && self.results.format == Format::Csv {
            bail!(
                Settings,
                "shards are merged as Parquet: leave out --format csv, and give it to the merge"
            );
        }
        if self.methods.is_empty() {
            bail!(
                Settings,
                "--methods names no method: name some of {}",
                nicks::<Method>()
            );
        }
        if self.other_control && self.steps > 1 {
            bail!(
                Settings,
                "--control other is of one step, since further steps look at the picture itself: leave one of the two out"
            );
        }
        if self.samples.is_empty() {
            bail!(Settings, "--samples names no number: leave it out, or write 1,16");
        }
        if (1..self.samples.len()).any(|at| self.samples[..at].contains(&self.samples[at])) {
            bail!(Settings, "--samples names a number twice: write each once");
        }
        if self.source == Source::True && self.truth == Truth::Unknown {
            bail!(
                Settings,
                "--source true needs the true classes: give them with --truth folder or --labels-from"
            );
        }
        for condition in &self.results.fail_if {
            self.can_tell(condition)?;
        }
        self.morph.check().map_err(steerlens::Error::from)?;
        Ok(())
    }

    /// Refuses a condition of which the audit can never tell whether it is fulfilled.
    fn can_tell(&self, condition: &Condition) -> Result<()> {
        match condition.measure {
            Measure::Flips if !self.flips => bail!(
                Settings,
                "the condition {condition} needs flips, and --no-flip leaves them out: leave out one of the two"
            ),
            Measure::Wrong if self.truth == Truth::Unknown => bail!(
                Settings,
                "the condition {condition} needs the true classes: give them with --truth folder or --labels-from"
            ),
            _ => {}
        }
        for filter in &condition.filters {
            if let Filter::Method(method) = filter
                && !self.methods.contains(method)
            {
                bail!(
                    Settings,
                    "the condition {condition} names the method {}, which is not among --methods",
                    method.nick()
                );
            }
        }
        Ok(())
    }

    /// The output folder.
    pub(crate) fn out(&self) -> &Path {
        &self.results.out
    }

    /// In which directions every frame is moved.
    pub(crate) fn directions(&self) -> Vec<Direction> {
        let random = self.random_control.then_some(Direction::Random);
        let other = self.other_control.then_some(Direction::Other);
        [Some(Direction::Gradient), random, other]
            .into_iter()
            .flatten()
            .collect()
    }

    /// How far, in the order of the rows; only a flip where nothing is asked for.
    pub(crate) fn reaches(&self) -> Vec<(Reach, f64)> {
        let budgets = self.budgets.iter().map(|far| (Reach::L2, *far));
        let magnifications = self.magnifications.iter().map(|far| (Reach::Magnification, *far));
        let flip = self.flips.then_some((Reach::Flip, f64::NAN));
        budgets.chain(magnifications).chain(flip).collect()
    }
}

impl FromStr for Targets {
    type Err = std::convert::Infallible;

    /// `runner-up`, `all`, or labels with commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "runner-up" => Self::RunnerUp,
            "all" => Self::All,
            text => Self::List(words(text).map(ToOwned::to_owned).collect()),
        })
    }
}

impl Targets {
    /// Pairs, written `3:8,4:9`.
    ///
    /// # Errors
    /// Where a word has no colon.
    pub fn pairs(text: &str) -> Result<Self> {
        let pair = |word: &str| {
            let (source, target) = word.split_once(':').ok_or_else(|| {
                error!(
                    Settings,
                    "--pairs wants two classes with a colon between, not {word}: 3:8,4:9"
                )
            })?;
            Ok((source.to_owned(), target.to_owned()))
        };
        Ok(Self::Pairs(words(text).map(pair).collect::<Result<_>>()?))
    }
}

/// Methods by their names, with commas; each is taken once.
///
/// # Errors
/// Where there is no such method.
pub fn methods(text: &str) -> Result<Vec<Method>, Error> {
    let mut methods = Vec::new();
    for word in words(text) {
        let method = Method::from_nick(word).ok_or_else(|| {
            error!(
                Settings,
                "there is no method {word}: name some of {}",
                nicks::<Method>()
            )
        })?;
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    Ok(methods)
}

fn nicks<T: Choice>() -> String {
    T::ALL
        .iter()
        .map(|(_, nick, _)| *nick)
        .collect::<Vec<_>>()
        .join(", ")
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}
