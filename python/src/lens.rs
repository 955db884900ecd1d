// SPDX-License-Identifier: MPL-2.0
//! `steerlens.Lens`, less its clothes: a model, and pictures moved by its gradient.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use steerlens::frame::{LUMA, Rect, Shape};
use steerlens::render::drawn_label;
use steerlens::settings::short;
use steerlens::{
    Classifier, ClassifierSettings, FramePosition, FrameView, Interrupter, LensSettings, PixelFormat, Reader,
    Reading, Report,
};
use steerlens_files::sheet::{self, Cell};

use crate::call::{Turn, call};
use crate::error::Error;
use crate::model::open_for;
use crate::picture::{self, Array, Given, Readable, Written};
use crate::settings::{self, Wishes};

/// What `steerlens.Morph` is made of, by name.
type Told<'py> = Bound<'py, PyDict>;

/// A model, what is said of how it is looked through, and what a lens keeps from picture to picture.
#[pyclass(frozen)]
pub(crate) struct Lens {
    classifier: Classifier,
    /// Models that drive too.
    others: Vec<Classifier>,
    /// What is said of every call, in its order.
    said: Vec<Wishes>,
    moving: Interrupter,
    reading: Interrupter,
    state: Mutex<State>,
}

struct State {
    lens: steerlens::Lens,
    /// Gradients and scores without a morph: another handle on the model, so that the lens remembers nothing of them.
    reader: Reader,
}

/// What became of a picture.
struct Morphed {
    picture: Written,
    report: Report,
    /// Source and target.
    before: [f32; 2],
    agreement: Option<f64>,
    gradient_norm: f64,
    top: usize,
    warning: Option<&'static str>,
}

#[pymethods]
impl Lens {
    #[new]
    fn new(
        py: Python<'_>,
        model: PathBuf,
        input_size: Option<(usize, usize)>,
        also: Vec<PathBuf>,
        mut wishes: Wishes,
        usual: Option<PathBuf>,
    ) -> PyResult<Self> {
        let model = settings::of_model(model, input_size, &mut wishes)?;
        let said = vec![wishes];
        let settings = settings::lens(LensSettings::default(), &said)?;
        call(py, &Turn::default(), || {
            open_for(&model, usual.as_deref())?;
            let opened = |settings: &ClassifierSettings| {
                let classifier = Classifier::open(settings)?;
                classifier.check_labels()?;
                Ok::<_, steerlens::Error>(classifier)
            };
            let classifier = opened(&model)?;
            let others = also.into_iter().map(|file| opened(&model.beside(file)));
            Self::of(classifier, others.collect::<Result<_, _>>()?, said, settings)
        })
    }

    /// Another lens on the same loaded model, which remembers for itself.
    fn another(&self, py: Python<'_>, wishes: Wishes) -> PyResult<Self> {
        let said = self.said(wishes);
        let settings = settings::lens(LensSettings::default(), &said)?;
        call(py, &Turn::default(), || {
            Self::of(self.classifier.share()?, shared(&self.others)?, said, settings)
        })
    }

    /// A still, or with `time` in seconds a frame that follows on the one before.
    fn morph<'py>(
        &self,
        py: Python<'py>,
        picture: Given<'py>,
        wishes: Wishes,
        time: Option<f64>,
    ) -> PyResult<Told<'py>> {
        let usual = match time {
            Some(_) => LensSettings::of_streams(),
            None => LensSettings::of_stills(),
        };
        let settings = settings::lens(usual, &self.said(wishes))?;
        let (source, turn) = (picture.source()?, Turn::default());
        let position = time.map(position);
        let morphed = call(py, &turn, || {
            let picture = source.read()?;
            let mut state = self.state();
            turn.take(self.moving.clone(), || state.morph(&picture, settings, position))
        })?;
        self.told(py, morphed)
    }

    /// Several morphs of one picture, and the sheet that shows them.
    fn sheet<'py>(
        &self,
        py: Python<'py>,
        picture: Given<'py>,
        wishes: Vec<Wishes>,
    ) -> PyResult<(Array<'py, u8>, Vec<Told<'py>>)> {
        let settings = wishes
            .into_iter()
            .map(|wishes| settings::lens(LensSettings::of_stills(), &self.said(wishes)));
        let settings: Vec<_> = settings.collect::<PyResult<_>>()?;
        let (source, turn) = (picture.source()?, Turn::default());
        let (sheet, morphs) = call(py, &turn, || {
            let picture = source.read()?;
            let mut state = self.state();
            let morphs: Vec<_> = turn.take(self.moving.clone(), || {
                let morph = |settings| state.morph(&picture, settings, None);
                settings.into_iter().map(morph).collect()
            })?;
            Ok((self.draw(&picture.view()?, &morphs)?, morphs))
        })?;
        let morphs = morphs.into_iter().map(|morphed| self.told(py, morphed));
        Ok((sheet.into_array(py)?, morphs.collect::<PyResult<_>>()?))
    }

    /// The gradient at the picture, or at the model's input.
    fn gradient<'py>(
        &self,
        py: Python<'py>,
        picture: Given<'py>,
        wishes: Wishes,
        at_input: bool,
    ) -> PyResult<Array<'py, f32>> {
        let settings = settings::lens(LensSettings::default(), &self.said(wishes))?;
        let (source, turn) = (picture.source()?, Turn::default());
        let (shape, values) = call(py, &turn, || {
            let picture = source.read()?;
            let mut state = self.state();
            turn.take(self.reading.clone(), || {
                state.gradient(&picture.view()?, settings, at_input)
            })
        })?;
        picture::array(py, shape, values)
    }

    /// The probability of each class.
    fn classify<'py>(&self, py: Python<'py>, picture: Given<'py>, wishes: Wishes) -> PyResult<Vec<f32>> {
        let settings = settings::lens(LensSettings::default(), &self.said(wishes))?;
        let (source, turn) = (picture.source()?, Turn::default());
        call(py, &turn, || {
            let picture = source.read()?;
            let mut state = self.state();
            turn.take(self.reading.clone(), || {
                let frame = picture.view()?;
                let part = part(&settings, &frame);
                state.reader.set_settings(&whole(settings))?;
                let frame = part.and_then(|part| frame.crop(part)).unwrap_or(frame);
                Ok(state.reader.score(&frame)?.probabilities.clone())
            })
        })
    }

    /// The label of each class.
    fn labels(&self) -> Vec<String> {
        let classes = 0..self.classifier.classes();
        classes.map(|class| self.label(class)).collect()
    }

    fn warnings(&self) -> Vec<String> {
        let models = std::iter::once(&self.classifier).chain(&self.others);
        models.flat_map(Classifier::warnings).cloned().collect()
    }

    /// Name, value and source of what had to be known of the model.
    fn facts(&self) -> Vec<(&'static str, String, String)> {
        let facts = self.classifier.facts().iter();
        facts
            .map(|fact| (fact.name, fact.value.clone(), fact.source.to_string()))
            .collect()
    }

    /// Height, width and channels of what the model sees.
    fn input_shape(&self) -> (usize, usize, usize) {
        let signature = self.classifier.signature();
        (signature.height, signature.width, signature.channels())
    }

    /// The magnification that the model's description advises.
    fn advised_magnification(&self) -> Option<f64> {
        self.classifier.signature().magnification
    }

    /// The settings of a still.
    fn settings(&self) -> PyResult<Vec<(String, Option<String>)>> {
        let settings = settings::lens(LensSettings::of_stills(), &self.said)?;
        Ok(settings::in_force(&settings))
    }
}

impl Lens {
    fn of(
        classifier: Classifier,
        others: Vec<Classifier>,
        said: Vec<Wishes>,
        settings: LensSettings,
    ) -> Result<Self, Error> {
        let reader = Reader::new(classifier.share()?, &settings)?;
        let mut lens = steerlens::Lens::new(classifier.share()?, settings)?;
        for other in shared(&others)? {
            lens.also(other)?;
        }
        Ok(Self {
            classifier,
            others,
            said,
            moving: lens.interrupter(),
            reading: reader.interrupter(),
            state: Mutex::new(State { lens, reader }),
        })
    }

    /// What is said of every call, and of this one.
    fn said(&self, wishes: Wishes) -> Vec<Wishes> {
        self.said.iter().cloned().chain([wishes]).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn label(&self, class: usize) -> String {
        self.classifier.label(class).into_owned()
    }

    /// What `steerlens.Morph` is made of.
    fn told<'py>(&self, py: Python<'py>, morphed: Morphed) -> PyResult<Told<'py>> {
        let Morphed { report, before, .. } = morphed;
        let after = report.after;
        let warnings: Vec<_> = morphed
            .warning
            .map(str::to_owned)
            .into_iter()
            .chain(report.warning)
            .collect();
        let dict = PyDict::new(py);
        dict.set_item("image", morphed.picture.into_array(py)?)?;
        dict.set_item("source", self.label(report.source))?;
        dict.set_item("target", self.label(report.target))?;
        dict.set_item("classes", (report.source, report.target))?;
        dict.set_item("before", (before[0], before[1]))?;
        dict.set_item(
            "after",
            after.map(|after| (after.source_probability, after.target_probability)),
        )?;
        dict.set_item("top_before", self.label(morphed.top))?;
        dict.set_item("top_after", after.map(|after| self.label(after.top_class)))?;
        dict.set_item("magnification", report.magnification)?;
        dict.set_item("l2", report.l2)?;
        dict.set_item("attained", report.attained)?;
        dict.set_item("led", report.led)?;
        dict.set_item("agreement", morphed.agreement)?;
        dict.set_item("drivers_agreement", report.drivers_agreement)?;
        dict.set_item("gradient_norm", morphed.gradient_norm)?;
        dict.set_item("phase_rms", report.phase_rms)?;
        dict.set_item("warnings", warnings)?;
        Ok(dict)
    }

    /// The sheet: the picture, then its morphs, with what the classifier says of each.
    fn draw(&self, source: &FrameView<'_>, morphs: &[Morphed]) -> Result<Written, Error> {
        let drawn = |class: usize| drawn_label(&self.classifier.label(class), class).into_owned();
        let stray = |report: &Report, top: usize| {
            (![report.source, report.target].contains(&top)).then(|| drawn(top))
        };
        let classes = |report: &Report, [source, target]: [Option<f32>; 2]| {
            [(drawn(report.source), source), (drawn(report.target), target)]
        };
        let Some(first) = morphs.first() else {
            return Err(Error::new(
                steerlens::ErrorKind::Settings,
                "a sheet needs a target or a magnification",
            ));
        };
        let mut cells = vec![Cell {
            picture: copy(source)?.to_picture()?.on_white(),
            heading: "source".to_owned(),
            stray: stray(&first.report, first.top),
            classes: classes(&first.report, first.before.map(Some)),
        }];
        let mut targets = Vec::new();
        for Morphed { picture, report, .. } in morphs {
            let after = report.after;
            cells.push(Cell {
                picture: picture.to_picture()?.on_white(),
                heading: format!("magnification {}", short(report.magnification)),
                stray: after.and_then(|after| stray(report, after.top_class)),
                classes: classes(
                    report,
                    [
                        after.map(|after| after.source_probability),
                        after.map(|after| after.target_probability),
                    ],
                ),
            });
            let target = drawn(report.target);
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        let title = format!("{} \u{2192} {}", drawn(first.report.source), targets.join(", "));
        let stem = self.classifier.model_file().file_stem().unwrap_or_default();
        let aside = format!(" \u{b7} {}", stem.to_string_lossy());
        Ok(Written::of(sheet::draw(&title, &aside, &cells)))
    }
}

impl State {
    fn morph(
        &mut self,
        picture: &Readable<'_>,
        settings: LensSettings,
        position: Option<FramePosition>,
    ) -> Result<Morphed, Error> {
        let frame = picture.view()?;
        let size = steerlens::Lens::output_size(settings.view.display_mode, frame.width(), frame.height());
        let mut out = Written::like(&frame, size);
        self.lens.set_settings(settings)?;
        if position.is_none() {
            // A still is the first of its kind.
            self.lens.reset();
        }
        self.lens.at(position.unwrap_or_default());
        let report = self.lens.morph(&frame, &mut out.view_mut()?)?;
        let reading = self.lens.reading();
        let before = [report.source, report.target]
            .map(|class| reading.probabilities.get(class).copied().unwrap_or(f32::NAN));
        Ok(Morphed {
            picture: out,
            before,
            agreement: report.agreement,
            gradient_norm: reading.gradient_norm,
            top: reading.top_class(),
            warning: picture.warning(),
            report,
        })
    }

    /// Shape and values, pixel by pixel: of the picture, or of the model's input.
    fn gradient(
        &mut self,
        frame: &FrameView<'_>,
        settings: LensSettings,
        at_input: bool,
    ) -> Result<(Shape, Vec<f32>), Error> {
        let part = part(&settings, frame).unwrap_or_else(|| Rect::whole(frame.size()));
        let seen = frame.crop(part).unwrap_or(*frame);
        let mut reading = Reading::default();
        self.reader.set_settings(&whole(settings))?;
        self.reader.reset();
        self.reader.read(&seen, &mut reading)?;
        let mut sampling = self.reader.sampling(&seen);
        let input = sampling.input_size();
        let planes: Vec<&[f32]> = reading.gradient.chunks_exact(input.0 * input.1).collect();
        if at_input {
            return Ok(interleaved(input, &planes));
        }
        let mut plane = vec![0.0; part.width * part.height];
        let mut planes = planes.into_iter().map(|input| {
            sampling.adjoint(input, &mut plane);
            spread(&plane, part, frame.size())
        });
        let planes: Vec<Vec<f32>> = planes.by_ref().collect();
        let planes = of_channels(planes, frame.format());
        Ok(interleaved(
            frame.size(),
            &planes.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        ))
    }
}

/// Further handles on the same loaded models.
fn shared(classifiers: &[Classifier]) -> Result<Vec<Classifier>, steerlens::classifier::Error> {
    classifiers.iter().map(Classifier::share).collect()
}

/// How many seconds into its stream a frame is.
fn position(seconds: f64) -> FramePosition {
    FramePosition {
        time: Duration::try_from_secs_f64(seconds).ok(),
        continuous: seconds > 0.0,
        picture: None,
    }
}

/// The part of a frame that is looked at, where it is not all of it.
fn part(settings: &LensSettings, frame: &FrameView<'_>) -> Option<Rect> {
    settings.input.roi.and_then(|roi| roi.clipped(frame.size()))
}

/// The settings for that part alone.
fn whole(settings: LensSettings) -> LensSettings {
    settings.with(|settings| settings.input.roi = None)
}

/// A part's values in their place.
fn spread(values: &[f32], part: Rect, (width, height): (usize, usize)) -> Vec<f32> {
    let mut all = vec![0.0; width * height];
    let rows = all.chunks_exact_mut(width).skip(part.y);
    for (row, values) in rows.zip(values.chunks_exact(part.width)) {
        row[part.x..part.x + part.width].copy_from_slice(values);
    }
    all
}

/// From planes of the model's channels to planes of the picture's.
fn of_channels(mut planes: Vec<Vec<f32>>, format: PixelFormat) -> Vec<Vec<f32>> {
    match (planes.len(), format.is_gray()) {
        // Each of the model's channels is the grey value.
        (3, true) => {
            let mut sum = planes.remove(0);
            for plane in planes {
                sum.iter_mut().zip(plane).for_each(|(sum, value)| *sum += value);
            }
            vec![sum]
        }
        (1, false) => {
            let luma = planes.remove(0);
            LUMA.map(|share| luma.iter().map(|value| share * value).collect())
                .into()
        }
        _ => planes,
    }
}

/// Planes as values of pixels.
fn interleaved(size: (usize, usize), planes: &[&[f32]]) -> (Shape, Vec<f32>) {
    let pixels = 0..size.0 * size.1;
    let values = pixels.flat_map(|pixel| planes.iter().map(move |plane| plane[pixel]));
    (Shape::new(PixelFormat::Rgb, size), values.collect())
}

/// A frame of one's own.
fn copy(frame: &FrameView<'_>) -> Result<Written, Error> {
    let mut copy = Written::like(frame, frame.size());
    steerlens::render::pass_on(frame, &mut copy.view_mut()?)?;
    Ok(copy)
}
