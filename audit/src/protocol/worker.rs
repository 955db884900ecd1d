// SPDX-License-Identifier: MPL-2.0
//! One worker: a driver, its judges, and an editor for each method and direction. It audits one frame at a time and
//! remembers none, so that it does not matter which worker has which frame.

use std::sync::Arc;

use image::{RgbImage, imageops};
use steerlens::morph::Method;
use steerlens::settings::Choice;
use steerlens::{
    Classifier, ClassifierSettings, Editor, FrameView, Judge, Opinion, ReachSettings, Reader, Reading, Report,
};
use steerlens_files::Picture;
use steerlens_files::hash;

use super::measures::{Bands, Measures};
use super::strip::Strip;
use super::{Protocol, lens};
use crate::closest;
use crate::error::{Error, Result, error};
use crate::input::Frame;
use crate::settings::{Settings, Source};
use crate::table::{Direction, Reach, Row, name};

/// Targets that a frame is moved to in order to see how far it has to go.
const FEW: usize = 3;

/// What became of a frame.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    pub(crate) rows: Vec<Row>,
    /// Pictures to write, each with its path in the output folder.
    pub(crate) strips: Vec<(String, Strip)>,
    /// The least visible edits that changed the answer, likewise.
    pub(crate) closest: Vec<(String, RgbImage)>,
}

/// The models, and what they are asked.
pub(crate) struct Worker {
    reader: Reader,
    judges: Vec<Judge>,
    /// For each of the protocol's numbers of samples, one for each method and direction.
    editors: Vec<Vec<(Method, Direction, Editor)>>,
    protocol: Protocol,
    bands: Option<Bands>,
    reading: Reading,
    /// Pictures that the control `other` takes gradients from, with the driver's answers.
    others: Vec<(Arc<Frame>, usize)>,
    /// The reading of one of them; `None` where none is another than the frame.
    other_reading: Option<Reading>,
}

impl Worker {
    /// Opens all models.
    ///
    /// # Errors
    /// When one cannot be opened, or a class is unknown.
    pub(crate) fn open(settings: &Settings) -> Result<Self> {
        let mut reader = Reader::open(&of_one_thread(&settings.model), &lens(settings))?;
        for also in &settings.also {
            let further = Classifier::open(&of_one_thread(also)).map_err(steerlens::Error::from)?;
            further.check_labels().map_err(steerlens::Error::from)?;
            reader.also(further)?;
        }
        let driver = reader.classifier();
        // A wrong label file would name every class wrongly, and match a judge's classes with others.
        driver.check_labels().map_err(steerlens::Error::from)?;
        let judges = settings
            .judges
            .iter()
            .map(|judge| Judge::open(&of_one_thread(judge), driver))
            .collect::<Result<_, steerlens::Error>>()?;
        let protocol = Protocol::new(settings, driver)?;
        let mut editors = Vec::new();
        for common in &protocol.lenses {
            let mut of_these = Vec::new();
            for method in &settings.methods {
                for direction in settings.directions() {
                    let lens = common.clone().with(|s| {
                        s.morph.method = *method;
                        s.control = direction.into();
                    });
                    of_these.push((*method, direction, Editor::new(&reader, lens)?));
                }
            }
            editors.push(of_these);
        }
        Ok(Self {
            reader,
            judges,
            editors,
            protocol,
            bands: None,
            reading: Reading::default(),
            others: Vec::new(),
            other_reading: None,
        })
    }

    /// The driver.
    pub(crate) fn driver(&self) -> &Classifier {
        self.reader.classifier()
    }

    /// The further drivers, in the order of the settings.
    pub(crate) fn also(&self) -> impl Iterator<Item = &Classifier> {
        self.reader.others()
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
            self.edit_all(frame, &view, &mut measured, row, audited)?;
        }
        Ok(())
    }

    /// Magnifications at which a frame flips by the first method, towards its first few targets; those within the range.
    ///
    /// # Errors
    /// When it cannot be edited.
    pub(crate) fn flips_of(&mut self, frame: &Frame) -> Result<Vec<f64>> {
        let view = frame.picture.view()?;
        let scores = self.reader.score(&view)?;
        let (scores, top) = (scores.clone(), scores.top_class());
        let source = self.source_of(frame, top)?;
        let mut out = frame.picture.clone();
        let mut flips = Vec::new();
        for target in self.protocol.targets_of(source, &scores).into_iter().take(FEW) {
            self.reader.set_settings(&self.protocol.lenses[0])?;
            self.reader
                .read_pair(&view, (source, target), &mut self.reading)?;
            let report = self.edit((0, 0), &view, top, (Reach::Flip, f64::NAN), 0, &mut out)?;
            flips.extend((report.attained && report.magnification > 0.0).then_some(report.magnification));
        }
        Ok(flips)
    }

    /// Lets the control `other` take gradients from these pictures.
    ///
    /// # Errors
    /// When one of them cannot be read by the driver.
    pub(crate) fn compare_with(&mut self, others: &[Arc<Frame>]) -> Result<()> {
        for other in others {
            let top = self.reader.score(&other.picture.view()?)?.top_class();
            self.others.push((Arc::clone(other), top));
        }
        Ok(())
    }

    /// The picture from which the control `other` takes the gradient for a frame: none of the same content, and one that the
    /// driver takes for the source where there is one.
    fn other_for(&self, frame: &Frame, source: usize, seed: u64) -> Option<Arc<Frame>> {
        let others = self
            .others
            .iter()
            .filter(|(other, _)| other.input.sha256 != frame.input.sha256);
        let of_the_class: Vec<_> = others.clone().filter(|(_, top)| *top == source).collect();
        let among: Vec<_> = if of_the_class.is_empty() {
            others.collect()
        } else {
            of_the_class
        };
        let at = seed.checked_rem(among.len() as u64)?;
        among.get(at as usize).map(|(other, _)| Arc::clone(other))
    }

    /// Moves frames as far as these settings say.
    ///
    /// # Errors
    /// When a class is unknown.
    pub(crate) fn reach(&mut self, settings: &Settings) -> Result<()> {
        self.protocol = Protocol::new(settings, self.reader.classifier())?;
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
            self.reader.set_settings(&self.protocol.lenses[0])?;
            self.reader
                .read_pair(&view, (source, *target), &mut self.reading)?;
            // A frame that cannot be edited is shown twice.
            let _ = self.edit((0, 0), &view, top, self.protocol.reaches[0], 0, &mut out);
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
        audited: &mut Audited,
    ) -> Result<()> {
        let pair = (row.source_class as usize, row.target_class as usize);
        for judge in &mut self.judges {
            row.judge_top_before.push(top(judge.look(view)?));
        }
        if let Some(bands) = &mut self.bands {
            bands.look(view);
            (row.scales, row.orientations) = (bands.scales() as u32, self.protocol.orientations);
        }
        let path = strip_path(frame, pair.1);
        let mut strip = Strip::new(&frame.picture);
        let mut closest: Option<(f64, Picture)> = None;
        let flips = self
            .protocol
            .reaches
            .iter()
            .any(|(reach, _)| *reach == Reach::Flip);
        let seed = hash::of_words(&[
            &self.protocol.seed.to_string(),
            &frame.input.key,
            &frame.index.to_string(),
            &pair.1.to_string(),
        ]);
        let other = self.other_for(frame, pair.0, seed);
        let mut out = frame.picture.blank(frame.picture.size());
        let all = (0..self.editors.len()).flat_map(|of| (0..self.editors[of].len()).map(move |at| (of, at)));
        for (of, at) in all.collect::<Vec<_>>() {
            if at == 0 {
                self.reader.set_settings(&self.protocol.lenses[of])?;
                let mut reading = self.other_reading.take().unwrap_or_default();
                if let Some(other) = &other {
                    self.reader
                        .read_pair(&other.picture.view()?, pair, &mut reading)?;
                    self.other_reading = Some(reading);
                }
                self.reader.read_pair(view, pair, &mut self.reading)?;
                row.samples = self.protocol.lenses[of].gradient.samples;
                row.gradient_norm = self.reading.gradient_norm;
                if let Some(bands) = &mut self.bands {
                    row.gradient_energy = bands.of_gradient(&self.reading.gradient);
                }
            }
            let (method, direction, _) = self.editors[of][at];
            for column in 0..self.protocol.reaches.len() {
                let (reach, requested) = self.protocol.reaches[column];
                let mut row = Row {
                    method,
                    control: direction,
                    reach,
                    requested,
                    steps: self.editors[of][at].2.settings().reach.steps,
                    ..row.clone()
                };
                let top = row.top_before as usize;
                match self.edit((of, at), view, top, (reach, requested), seed, &mut out) {
                    Err(error) => row.failure = Some(error.to_string()),
                    Ok(report) => {
                        (row.attained, row.magnification) = (report.attained, report.magnification);
                        (row.l2, row.phase_rms) = (report.l2, report.phase_rms);
                        if direction == Direction::Gradient {
                            row.agreement = report.agreement.unwrap_or(f64::NAN);
                            row.drivers_agreement = report.drivers_agreement.unwrap_or(f64::NAN);
                        }
                        self.look(&out.view()?, measured, &mut row)?;
                        if direction == Direction::Gradient && self.protocol.strips {
                            strip.add(&name(method.nick(), row.samples), column + 1, &row, &out);
                            // Where no luma changed there is no ratio to compare.
                            let changed =
                                row.attained && row.top_after == row.target_class && !row.psnr.is_nan();
                            let nearer = closest.as_ref().is_none_or(|(psnr, _)| row.psnr > *psnr);
                            if changed && nearer && (reach == Reach::Flip) == flips {
                                closest = Some((row.psnr, out.clone()));
                            }
                        }
                    }
                }
                row.strip = self.protocol.strips.then(|| path.clone());
                audited.rows.push(row);
            }
        }
        if self.protocol.strips {
            if let Some((_, edit)) = closest {
                let panels = closest::panels(&frame.picture, &edit);
                audited.closest.push((closest::path(&path), panels));
            }
            audited.strips.push((path, strip));
        }
        Ok(())
    }

    /// One edit by an editor, as far as asked for; leaves the picture in `out`. `top` is the frame's most probable class.
    fn edit(
        &mut self,
        (of, at): (usize, usize),
        view: &FrameView<'_>,
        top: usize,
        (reach, requested): (Reach, f64),
        seed: u64,
        out: &mut Picture,
    ) -> Result<Report> {
        let (_, direction, editor) = &mut self.editors[of][at];
        let reading = match direction {
            Direction::Other => self
                .other_reading
                .as_ref()
                .ok_or_else(|| error!(Frame, "there is no other picture to take a gradient from"))?,
            Direction::Gradient | Direction::Random => &self.reading,
        };
        editor.set_settings(editor.settings().clone().with(|s| s.gradient.seed = seed))?;
        let (reader, out) = (&mut self.reader, &mut out.view_mut()?);
        let mut so_far = ReachSettings {
            steps: editor.settings().reach.steps,
            ..ReachSettings::default()
        };
        let report = match reach {
            Reach::Flip => editor.flip(reader, view, reading, (top, so_far.steps), out)?,
            Reach::L2 => {
                so_far.l2_budget = requested;
                editor.walk(reader, view, reading, &so_far, out)?
            }
            Reach::Magnification => {
                so_far.magnification = requested;
                editor.walk(reader, view, reading, &so_far, out)?
            }
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
            let opinion = judge.look(edit)?;
            row.judge_top_after.push(top(opinion));
            row.judge_p_target_after
                .push(opinion.probability(target).unwrap_or(f32::NAN));
        }
        measured.measure(edit, row);
        if let Some(bands) = &mut self.bands {
            row.change_energy = bands.of_edit(edit);
        }
        Ok(())
    }
}

/// The most probable class as the driver numbers it; -1 for one that the driver does not have.
fn top(opinion: Opinion<'_>) -> i32 {
    opinion.top().map_or(-1, |class| class as i32)
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
