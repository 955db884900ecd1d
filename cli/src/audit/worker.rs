// SPDX-License-Identifier: MPL-2.0
//! One worker: a driver, its judges, and an editor for each method and direction. It audits one frame at a time and
//! remembers none, so that it does not matter which worker has which frame.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use image::{RgbImage, imageops};
use steerlens::morph::Method;
use steerlens::{ClassChoice, Classifier, Control as Direction, Editor, FrameView, Reader, Reading, Report};

use super::hash;
use super::judge::Judge;
use super::measures::{Bands, Frame as Measured};
use super::row::{Control, Reach, Row};
use super::settings::{Settings, Source, Targets};
use super::strip::Strip;
use crate::picture::Picture;

/// The search for a flip begins here and doubles, and ends at [`FARTHEST`]: with a limit of half a turn no phase is
/// left to move there, and pixels have moved by four times the picture's contrast.
const NEAREST: f64 = 1.0 / 64.0;
pub(super) const FARTHEST: f64 = 4.0;
/// Halvings of the bracket that doubling leaves: the magnification is known to 1/64 of it.
const HALVINGS: usize = 6;

/// A frame on its way to a worker.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) input: Arc<FrameInput>,
    pub(super) index: u64,
    pub(super) time_ns: Option<u64>,
    pub(super) scene_cut: bool,
    pub(super) picture: Picture,
}

/// What is known of the file that a frame is from.
#[derive(Debug)]
pub(super) struct FrameInput {
    pub(super) path: String,
    pub(super) key: String,
    pub(super) sha256: String,
    pub(super) truth: Option<String>,
    /// Whether the key alone names the frame.
    pub(super) is_picture: bool,
}

/// What became of a frame.
#[derive(Debug, Default)]
pub(super) struct Audited {
    pub(super) rows: Vec<Row>,
    /// Pictures to write, each with its path in the output folder.
    pub(super) strips: Vec<(String, Strip)>,
}

/// The classes of [`Targets`], by number.
#[derive(Debug)]
enum TargetClasses {
    RunnerUp,
    All,
    List(Vec<usize>),
    Pairs(Vec<(usize, usize)>),
}

/// The words of an audit as one model's numbers.
#[derive(Debug)]
struct Plan {
    source: Source,
    targets: TargetClasses,
    reaches: Vec<(Reach, f64)>,
    seed: u64,
    orientations: u32,
    strips: bool,
}

/// See above.
pub(super) struct Worker {
    reader: Reader,
    judges: Vec<Judge>,
    editors: Vec<(Method, Control, Editor)>,
    plan: Plan,
    bands: Option<Bands>,
    reading: Reading,
    gradient_energy: Vec<f32>,
}

impl Worker {
    /// Opens all models.
    ///
    /// # Errors
    /// When one cannot be opened, or a class is unknown.
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        // The source of a pair is named: where there are several steps it stays (docs/method.md 2.8, the literal form).
        let named = settings.lens.clone().with(|s| {
            s.gradient.source = ClassChoice::Index(0);
            s.gradient.target = ClassChoice::Index(1);
        });
        let reader = Reader::open(&settings.model, &named)?;
        let driver = reader.classifier();
        // A wrong label file would name every class wrongly, and match a judge's classes with others.
        driver.check_labels()?;
        let judges = settings
            .judges
            .iter()
            .map(|judge| Judge::open(judge, driver))
            .collect::<Result<_>>()?;
        let editors = settings
            .methods
            .iter()
            .flat_map(|method| settings.controls.iter().map(move |control| (*method, *control)))
            .map(|(method, control)| {
                let direction = match control {
                    Control::Gradient => Direction::None,
                    Control::Random => Direction::Random,
                };
                let lens = named.clone().with(|s| {
                    s.morph.method = method;
                    s.gradient.control = direction;
                });
                Ok((method, control, Editor::new(&reader, lens)?))
            })
            .collect::<Result<_>>()?;
        let plan = Plan::new(settings, driver)?;
        Ok(Self {
            reader,
            judges,
            editors,
            plan,
            bands: None,
            reading: Reading::default(),
            gradient_energy: Vec::new(),
        })
    }

    /// The driver.
    pub(super) fn driver(&self) -> &Classifier {
        self.reader.classifier()
    }

    /// The judges, in the order of the settings.
    pub(super) fn judges(&self) -> impl Iterator<Item = &Classifier> {
        self.judges.iter().map(Judge::classifier)
    }

    /// The number of a true class.
    ///
    /// # Errors
    /// When the driver has no such class.
    pub(super) fn class(&self, label: &str) -> Result<usize> {
        Ok(self.driver().class(label)?)
    }

    /// Audits a frame. What goes wrong with it becomes a row.
    pub(super) fn audit(&mut self, frame: &Frame) -> Audited {
        let mut audited = Audited::default();
        if let Err(error) = self.try_audit(frame, &mut audited) {
            audited.rows.push(Row {
                failure: Some(error.to_string()),
                ..row_of(frame)
            });
        }
        audited
    }

    fn try_audit(&mut self, frame: &Frame, audited: &mut Audited) -> Result<()> {
        let view = frame.picture.view()?;
        let scores = self.reader.score(&view)?;
        let (logits, before, top) = (
            scores.logits.clone(),
            scores.probabilities.clone(),
            scores.top_class(),
        );
        let source = self.source_of(frame, top)?;
        let targets = self.plan.targets_of(source, &logits);
        if targets.is_empty() {
            return Ok(());
        }
        let mut measured = Measured::new(&view);
        if !self.bands.as_ref().is_some_and(|bands| bands.serve(view.size())) {
            self.bands = Some(Bands::new(&view, &self.reader, self.plan.orientations)?);
        }
        for target in targets {
            let label = |class| self.driver().label(class).into_owned();
            let row = Row {
                source_class: source as i32,
                source_label: label(source),
                target_class: target as i32,
                target_label: label(target),
                p_source_before: before[source],
                p_target_before: before[target],
                top_before: top as i32,
                ..row_of(frame)
            };
            let strip = self.edit_all(frame, &view, &mut measured, row, &mut audited.rows)?;
            if let Some((path, strip)) = strip {
                audited.strips.push((path, strip));
            }
        }
        Ok(())
    }

    /// A frame beside its first edit: by the first method, as far as the first reach.
    ///
    /// # Errors
    /// When it cannot be edited at all.
    pub(super) fn beside(&mut self, frame: &Frame) -> Result<RgbImage> {
        let view = frame.picture.view()?;
        let scores = self.reader.score(&view)?;
        let (logits, top) = (scores.logits.clone(), scores.top_class());
        let source = self.source_of(frame, top)?;
        let mut out = frame.picture.clone();
        if let Some(target) = self.plan.targets_of(source, &logits).first() {
            self.reader
                .read_pair(&view, (source, *target), &mut self.reading)?;
            let mut row = Row {
                top_before: top as i32,
                ..Row::default()
            };
            let (reach, requested) = self.plan.reaches[0];
            // A frame that cannot be edited is shown twice.
            let _ = self.edit(0, &view, reach, requested, 0, &mut row, &mut out);
        }
        let [left, right] = [&frame.picture, &out].map(Picture::shown);
        let (width, height) = left.dimensions();
        let mut both = RgbImage::new(2 * width, height);
        imageops::replace(&mut both, &left, 0, 0);
        imageops::replace(&mut both, &right, width.into(), 0);
        Ok(both)
    }

    fn source_of(&self, frame: &Frame, top: usize) -> Result<usize> {
        match (self.plan.source, &frame.input.truth) {
            (Source::Predicted, _) => Ok(top),
            (Source::True, Some(label)) => self.class(label),
            (Source::True, None) => Err(anyhow!("no true class is given for it")),
        }
    }

    /// All edits of a frame towards one target.
    fn edit_all(
        &mut self,
        frame: &Frame,
        view: &FrameView<'_>,
        measured: &mut Measured,
        mut row: Row,
        rows: &mut Vec<Row>,
    ) -> Result<Option<(String, Strip)>> {
        let pair = (row.source_class as usize, row.target_class as usize);
        self.reader.read_pair(view, pair, &mut self.reading)?;
        row.gradient_norm = self.reading.gradient_norm;
        for judge in &mut self.judges {
            row.judge_top_before.push(judge.look(view, pair.1)?.top);
        }
        if let Some(bands) = &mut self.bands {
            bands.look(view);
            self.gradient_energy = bands.of_gradient(&self.reading.gradient);
            (row.scales, row.orientations) = (bands.scales() as u32, self.plan.orientations);
            row.gradient_energy.clone_from(&self.gradient_energy);
        }
        let path = strip_path(frame, pair.1);
        let mut strip = Strip::new(&frame.picture);
        let seed = hash::of_words(&[
            &self.plan.seed.to_string(),
            &frame.input.key,
            &frame.index.to_string(),
            &pair.1.to_string(),
        ]);
        let mut out = frame.picture.blank(frame.picture.size());
        for at in 0..self.editors.len() {
            let (method, control, _) = self.editors[at];
            for column in 0..self.plan.reaches.len() {
                let (reach, requested) = self.plan.reaches[column];
                let mut row = Row {
                    method,
                    control,
                    reach,
                    requested,
                    steps: self.editors[at].2.settings().reach.steps,
                    ..row.clone()
                };
                match self.edit(at, view, reach, requested, seed, &mut row, &mut out) {
                    Err(error) => row.failure = Some(error.to_string()),
                    Ok(()) => {
                        self.look(&out.view()?, measured, &mut row)?;
                        if control == Control::Gradient && self.plan.strips {
                            strip.add(method, column + 1, &row, &out);
                        }
                    }
                }
                row.strip = self.plan.strips.then(|| path.clone());
                rows.push(row);
            }
        }
        Ok(self.plan.strips.then_some((path, strip)))
    }

    /// One edit, as far as asked for; leaves the picture in `out`.
    #[expect(
        clippy::too_many_arguments,
        reason = "an edit is of a frame, by an editor, as far as asked, into a place"
    )]
    fn edit(
        &mut self,
        at: usize,
        view: &FrameView<'_>,
        reach: Reach,
        requested: f64,
        seed: u64,
        row: &mut Row,
        out: &mut Picture,
    ) -> Result<()> {
        let (reader, reading) = (&mut self.reader, &self.reading);
        let editor = &mut self.editors[at].2;
        let mut go =
            |reader: &mut Reader, magnification: f64, l2_budget: f64, out: &mut Picture| -> Result<Report> {
                editor.set_settings(editor.settings().clone().with(|s| {
                    s.reach.magnification = magnification;
                    s.reach.l2_budget = l2_budget;
                    s.gradient.seed = seed;
                }))?;
                let report = editor.walk(reader, view, reading, &mut out.view_mut()?)?;
                match report.warning {
                    Some(warning) => Err(anyhow!(warning)),
                    None => Ok(report),
                }
            };
        let report = match reach {
            Reach::L2 => go(reader, 1.0, requested, out)?,
            Reach::Magnification => go(reader, requested, 0.0, out)?,
            Reach::Flip => {
                let target = reading.target;
                let mut last = go(reader, 0.0, 0.0, out)?;
                let mut flips = row.top_before == target as i32;
                let (mut low, mut high) = (0.0, 0.0);
                while !flips && high < FARTHEST {
                    (low, high) = (high, if high == 0.0 { NEAREST } else { 2.0 * high });
                    last = go(reader, high, 0.0, out)?;
                    flips = reader.score(&out.view()?)?.top_class() == target;
                }
                for _ in 0..if flips && high > 0.0 { HALVINGS } else { 0 } {
                    let middle = 0.5 * (low + high);
                    last = go(reader, middle, 0.0, out)?;
                    if reader.score(&out.view()?)?.top_class() == target {
                        high = middle;
                    } else {
                        low = middle;
                    }
                }
                if last.magnification != high {
                    last = go(reader, high, 0.0, out)?;
                }
                (last.magnification, last.attained) = (high, flips);
                last
            }
        };
        (row.attained, row.magnification) = (report.attained, report.magnification);
        (row.l2, row.phase_rms) = (report.l2, report.phase_rms);
        Ok(())
    }

    /// What driver, judges and measures say of an edit.
    fn look(&mut self, edit: &FrameView<'_>, measured: &mut Measured, row: &mut Row) -> Result<()> {
        let (source, target) = (row.source_class as usize, row.target_class as usize);
        let scores = self.reader.score(edit)?;
        row.top_after = scores.top_class() as i32;
        row.p_source_after = scores.probabilities[source];
        row.p_target_after = scores.probabilities[target];
        for judge in &mut self.judges {
            let verdict = judge.look(edit, target)?;
            row.judge_top_after.push(verdict.top);
            row.judge_p_target_after.push(verdict.p_target);
        }
        measured.measure(edit, row);
        if let Some(bands) = &mut self.bands {
            row.change_energy = bands.of_edit(edit);
        }
        Ok(())
    }
}

impl Plan {
    fn new(settings: &Settings, driver: &Classifier) -> Result<Self> {
        let class = |label: &String| -> Result<usize> { Ok(driver.class(label)?) };
        let targets = match &settings.targets {
            Targets::RunnerUp => TargetClasses::RunnerUp,
            Targets::All => TargetClasses::All,
            Targets::List(labels) => TargetClasses::List(labels.iter().map(class).collect::<Result<_>>()?),
            Targets::Pairs(pairs) => TargetClasses::Pairs(
                pairs
                    .iter()
                    .map(|(source, target)| Ok((class(source)?, class(target)?)))
                    .collect::<Result<_>>()?,
            ),
        };
        let mut reaches = settings.reaches.clone();
        if reaches.iter().all(|(reach, _)| *reach == Reach::Flip) {
            let advised = driver
                .signature()
                .magnification
                .unwrap_or(settings.lens.reach.magnification);
            reaches.insert(0, (Reach::Magnification, advised));
        }
        Ok(Self {
            source: settings.source,
            targets,
            reaches,
            seed: settings.lens.gradient.seed,
            orientations: settings.lens.morph.pyramid.orientations,
            strips: settings.strips,
        })
    }

    fn targets_of(&self, source: usize, logits: &[f32]) -> Vec<usize> {
        let others = (0..logits.len()).filter(|class| *class != source);
        match &self.targets {
            TargetClasses::RunnerUp => {
                // The lowest number among equals.
                let best =
                    others.reduce(|best, class| if logits[class] > logits[best] { class } else { best });
                best.into_iter().collect()
            }
            TargetClasses::All => others.collect(),
            TargetClasses::List(list) => list.iter().copied().filter(|class| *class != source).collect(),
            TargetClasses::Pairs(pairs) => pairs
                .iter()
                .filter(|(from, _)| *from == source)
                .map(|(_, to)| *to)
                .collect(),
        }
    }
}

/// What the frame alone says.
fn row_of(frame: &Frame) -> Row {
    let (width, height) = frame.picture.size();
    Row {
        input: frame.input.path.clone(),
        input_sha256: frame.input.sha256.clone(),
        frame: frame.index,
        time_ns: frame.time_ns,
        width: width as u32,
        height: height as u32,
        truth: frame.input.truth.clone(),
        scene_cut: frame.scene_cut,
        ..Row::default()
    }
}

fn strip_path(frame: &Frame, target: usize) -> String {
    let key = &frame.input.key;
    match frame.input.is_picture {
        true => format!("strips/{key}.{target}.png"),
        false => format!("strips/{key}.{:06}.{target}.png", frame.index),
    }
}
