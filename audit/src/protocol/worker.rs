// SPDX-License-Identifier: MPL-2.0
//! One worker: a driver, its judges, and an editor for each method and direction. It audits one frame at a time and
//! remembers none, so that it does not matter which worker has which frame.

use image::{RgbImage, imageops};
use steerlens::morph::Method;
use steerlens::{Classifier, ClassifierSettings, Editor, FrameView, ReachSettings, Reader, Reading, Report};

use super::judge::Judge;
use super::measures::{Bands, Measures};
use super::strip::Strip;
use super::{Protocol, lens};
use crate::error::{Error, Result, error};
use crate::hash;
use crate::input::Frame;
use crate::picture::Picture;
use crate::settings::{Settings, Source};
use crate::table::{Direction, Reach, Row};

/// What became of a frame.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    pub(crate) rows: Vec<Row>,
    /// Pictures to write, each with its path in the output folder.
    pub(crate) strips: Vec<(String, Strip)>,
}

/// The models, and what they are asked.
pub(crate) struct Worker {
    reader: Reader,
    judges: Vec<Judge>,
    editors: Vec<(Method, Direction, Editor)>,
    protocol: Protocol,
    bands: Option<Bands>,
    reading: Reading,
    gradient_energy: Vec<f32>,
}

impl Worker {
    /// Opens all models.
    ///
    /// # Errors
    /// When one cannot be opened, or a class is unknown.
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        let common = lens(settings);
        let reader = Reader::open(&of_one_thread(&settings.model), &common)?;
        let driver = reader.classifier();
        // A wrong label file would name every class wrongly, and match a judge's classes with others.
        driver.check_labels().map_err(steerlens::Error::from)?;
        let judges = settings
            .judges
            .iter()
            .map(|judge| Judge::open(&of_one_thread(judge), driver))
            .collect::<Result<_>>()?;
        let mut editors = Vec::new();
        for method in &settings.methods {
            for direction in settings.directions() {
                let lens = common.clone().with(|s| {
                    s.morph.method = *method;
                    s.control = (*direction).into();
                });
                editors.push((*method, *direction, Editor::new(&reader, lens)?));
            }
        }
        let protocol = Protocol::new(settings, driver)?;
        Ok(Self {
            reader,
            judges,
            editors,
            protocol,
            bands: None,
            reading: Reading::default(),
            gradient_energy: Vec::new(),
        })
    }

    /// The driver.
    pub(crate) fn driver(&self) -> &Classifier {
        self.reader.classifier()
    }

    /// The judges, in the order of the settings.
    pub(crate) fn judges(&self) -> impl Iterator<Item = &Classifier> {
        self.judges.iter().map(Judge::classifier)
    }

    /// The number of a true class.
    ///
    /// # Errors
    /// When the driver has no such class.
    pub(crate) fn class(&self, label: &str) -> Result<usize> {
        Ok(self.driver().class(label).map_err(steerlens::Error::from)?)
    }

    /// Audits a frame. What goes wrong with it becomes a row.
    pub(crate) fn audit(&mut self, frame: &Frame) -> Audited {
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
        let (scores, top) = (scores.clone(), scores.top_class());
        let source = self.source_of(frame, top)?;
        let targets = self.protocol.targets_of(source, &scores);
        if targets.is_empty() {
            return Ok(());
        }
        let mut measured = Measures::new(&view);
        if !self.bands.as_ref().is_some_and(|bands| bands.serve(view.size())) {
            self.bands = Some(Bands::new(&view, &self.reader, self.protocol.orientations)?);
        }
        for target in targets {
            let label = |class| self.driver().label(class).into_owned();
            let row = Row {
                source_class: source as i32,
                source_label: label(source),
                target_class: target as i32,
                target_label: label(target),
                p_source_before: scores.probabilities[source],
                p_target_before: scores.probabilities[target],
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
    pub(crate) fn beside(&mut self, frame: &Frame) -> Result<RgbImage> {
        let view = frame.picture.view()?;
        let scores = self.reader.score(&view)?;
        let (scores, top) = (scores.clone(), scores.top_class());
        let source = self.source_of(frame, top)?;
        let mut out = frame.picture.clone();
        if let Some(target) = self.protocol.targets_of(source, &scores).first() {
            self.reader
                .read_pair(&view, (source, *target), &mut self.reading)?;
            // A frame that cannot be edited is shown twice.
            let _ = self.edit(0, &view, top, self.protocol.reaches[0], 0, &mut out);
        }
        let [left, right] = [&frame.picture, &out].map(Picture::shown);
        let (width, height) = left.dimensions();
        let mut both = RgbImage::new(2 * width, height);
        imageops::replace(&mut both, &left, 0, 0);
        imageops::replace(&mut both, &right, width.into(), 0);
        Ok(both)
    }

    fn source_of(&self, frame: &Frame, top: usize) -> Result<usize> {
        match (self.protocol.source, &frame.input.truth) {
            (Source::Predicted, _) => Ok(top),
            (Source::True, Some(label)) => self.class(label),
            (Source::True, None) => Err(error!(Frame, "no true class is given for it")),
        }
    }

    /// All edits of a frame towards one target.
    fn edit_all(
        &mut self,
        frame: &Frame,
        view: &FrameView<'_>,
        measured: &mut Measures,
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
            (row.scales, row.orientations) = (bands.scales() as u32, self.protocol.orientations);
            row.gradient_energy.clone_from(&self.gradient_energy);
        }
        let path = strip_path(frame, pair.1);
        let mut strip = Strip::new(&frame.picture);
        let seed = hash::of_words(&[
            &self.protocol.seed.to_string(),
            &frame.input.key,
            &frame.index.to_string(),
            &pair.1.to_string(),
        ]);
        let mut out = frame.picture.blank(frame.picture.size());
        for at in 0..self.editors.len() {
            let (method, direction, _) = self.editors[at];
            for column in 0..self.protocol.reaches.len() {
                let (reach, requested) = self.protocol.reaches[column];
                let mut row = Row {
                    method,
                    control: direction,
                    reach,
                    requested,
                    steps: self.editors[at].2.settings().reach.steps,
                    ..row.clone()
                };
                let top = row.top_before as usize;
                match self.edit(at, view, top, (reach, requested), seed, &mut out) {
                    Err(error) => row.failure = Some(error.to_string()),
                    Ok(report) => {
                        (row.attained, row.magnification) = (report.attained, report.magnification);
                        (row.l2, row.phase_rms) = (report.l2, report.phase_rms);
                        self.look(&out.view()?, measured, &mut row)?;
                        if direction == Direction::Gradient && self.protocol.strips {
                            strip.add(method, column + 1, &row, &out);
                        }
                    }
                }
                row.strip = self.protocol.strips.then(|| path.clone());
                rows.push(row);
            }
        }
        Ok(self.protocol.strips.then_some((path, strip)))
    }

    /// One edit by an editor, as far as asked for; leaves the picture in `out`. `top` is the frame's most probable class.
    fn edit(
        &mut self,
        at: usize,
        view: &FrameView<'_>,
        top: usize,
        (reach, requested): (Reach, f64),
        seed: u64,
        out: &mut Picture,
    ) -> Result<Report> {
        let (_, _, editor) = &mut self.editors[at];
        editor.set_settings(editor.settings().clone().with(|s| {
            s.gradient.seed = seed;
            (s.reach.magnification, s.reach.l2_budget) = match reach {
                Reach::L2 => (ReachSettings::MAGNIFICATION.default, requested),
                Reach::Magnification => (requested, 0.0),
                Reach::Flip => (0.0, 0.0),
            };
        }))?;
        let (reader, reading, out) = (&mut self.reader, &self.reading, &mut out.view_mut()?);
        let report = match reach {
            Reach::Flip => editor.flip(reader, view, reading, top, out)?,
            Reach::L2 | Reach::Magnification => editor.walk(reader, view, reading, out)?,
        };
        match report.warning {
            Some(warning) => Err(Error::Frame(warning)),
            None => Ok(report),
        }
    }

    /// What driver, judges and measures say of an edit.
    fn look(&mut self, edit: &FrameView<'_>, measured: &mut Measures, row: &mut Row) -> Result<()> {
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

/// Frames are computed side by side, each by one thread: the result does not depend on how many there are.
fn of_one_thread(model: &ClassifierSettings) -> ClassifierSettings {
    ClassifierSettings {
        threads: 1,
        ..model.clone()
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
