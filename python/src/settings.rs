// SPDX-License-Identifier: MPL-2.0
//! Settings by name, and the list of them: the rows of the library's groups.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use steerlens::morph::ReachMode;
use steerlens::settings::{
    AnyChoice, Count, Group, Real, Span, Switch, Text, Visitor, Whole, get_by_name, set_by_name,
};
use steerlens::{ClassChoice, ClassifierSettings, ErrorKind, LensSettings, Preset, ReachSettings};

use crate::error::Error;
use steerlens::frame::Rect;

/// How alike two names have to be to be taken for the same one.
const ALIKE: f64 = 0.7;

/// Keyword arguments: names as the library has them, and values as text.
pub(crate) type Given = Vec<(String, String)>;

/// A class as Python names it: by number, by label, or not at all.
#[derive(Debug, Clone, FromPyObject)]
pub(crate) enum Class {
    Number(usize),
    Label(String),
}

impl From<Class> for ClassChoice {
    fn from(class: Class) -> Self {
        match class {
            Class::Number(number) => Self::Index(number),
            Class::Label(label) => Self::Label(label),
        }
    }
}

/// What is said of how pictures are morphed, beside the rows.
#[derive(Debug, Clone, Default, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Wishes {
    source: Option<Class>,
    target: Option<Class>,
    preset: Option<String>,
    roi: Option<(usize, usize, usize, usize)>,
    rows: Given,
}

/// A model's settings.
///
/// # Errors
/// Where a keyword is unknown, or its value does not fit.
pub(crate) fn classifier(
    model: PathBuf,
    input_size: Option<(usize, usize)>,
    rows: &Given,
) -> PyResult<ClassifierSettings> {
    let mut settings = ClassifierSettings {
        model_file: model,
        input_size,
        ..Default::default()
    };
    for (name, value) in rows {
        if !set_by_name(&mut settings, name, value) {
            return Err(refused(name, value, &model_rows()));
        }
    }
    settings.check().map_err(Error::from)?;
    Ok(settings)
}

/// A model's settings, of keyword arguments of model and lens; what is said of the lens stays in `wishes`.
///
/// # Errors
/// As for [`classifier`].
pub(crate) fn of_model(
    model: PathBuf,
    input_size: Option<(usize, usize)>,
    wishes: &mut Wishes,
) -> PyResult<ClassifierSettings> {
    let of_model = model_rows();
    let (model_rows, lens_rows) = std::mem::take(&mut wishes.rows)
        .into_iter()
        .partition(|(name, _)| of_model.iter().any(|row| row.name == *name));
    let classifier = classifier(model, input_size, &model_rows)?;
    let mut rows = self::lens_rows();
    rows.extend(of_model);
    wishes.rows = lens_rows;
    change(&mut LensSettings::default(), wishes, &rows)?;
    Ok(classifier)
}

/// A lens's settings: as is usual, but for what is said, one after the other. Where it is said how far pictures go, nothing
/// else ends the way unless that is said too.
///
/// # Errors
/// As for [`classifier`].
pub(crate) fn lens(usual: LensSettings, said: &[Wishes]) -> PyResult<LensSettings> {
    let (mut settings, rows) = (usual, lens_rows());
    let mut all = said.iter().flat_map(|wishes| &wishes.rows);
    if all.any(|(name, _)| ReachSettings::says_how_far(name)) {
        settings.reach.mode = ReachMode::Fixed;
    }
    said.iter()
        .try_for_each(|wishes| change(&mut settings, wishes, &rows))?;
    Ok(settings)
}

fn change(settings: &mut LensSettings, wishes: &Wishes, rows: &[Row]) -> PyResult<()> {
    if let Some(name) = &wishes.preset {
        let Some(preset) = Preset::find(name) else {
            let known = Preset::ALL.map(|preset| preset.name).join(", ");
            let text = format!("there is no preset \"{name}\"; there are: {known}");
            return Err(Error::new(ErrorKind::Settings, text).into());
        };
        preset.apply(settings);
    }
    for (name, value) in &wishes.rows {
        if !set_by_name(settings, name, value) {
            return Err(refused(name, value, rows));
        }
    }
    if let Some(source) = &wishes.source {
        settings.gradient.source = source.clone().into();
    }
    if let Some(target) = &wishes.target {
        settings.gradient.target = target.clone().into();
    }
    if let Some((x, y, width, height)) = wishes.roi {
        settings.input.roi = Some(Rect { x, y, width, height });
    }
    Ok(settings.check().map_err(Error::from)?)
}

/// Why a keyword is not taken: there is none of the name, or its value is of another kind.
fn refused(name: &str, value: &str, rows: &[Row]) -> PyErr {
    if let Some(row) = rows.iter().find(|row| row.name == name) {
        let text = format!("{} takes {}, and not \"{value}\"", row.keyword(), row.takes());
        return Error::new(ErrorKind::Settings, text).into();
    }
    let keyword = name.replace('-', "_");
    let alike = |row: &&Row| strsim::jaro_winkler(row.name, name);
    let near = rows
        .iter()
        .filter(|row| alike(row) > ALIKE)
        .max_by(|a, b| alike(a).total_cmp(&alike(b)));
    let hint = match near {
        Some(row) => format!("did you mean {}?", row.keyword()),
        None => "steerlens.settings() lists what there is".to_owned(),
    };
    PyTypeError::new_err(format!("unexpected keyword argument '{keyword}': {hint}"))
}

/// A setting, as it is listed.
#[derive(Debug)]
struct Row {
    name: &'static str,
    kind: &'static str,
    /// As text; `None` where nothing is set.
    default: Option<String>,
    range: Option<(f64, f64)>,
    values: Vec<(&'static str, &'static str)>,
    doc: &'static str,
}

impl Row {
    /// The keyword argument's name.
    fn keyword(&self) -> String {
        self.name.replace('-', "_")
    }

    /// The kind in words.
    fn takes(&self) -> String {
        match self.kind {
            "float" => "a number".to_owned(),
            "int" => "a whole number".to_owned(),
            "seconds" => "a number of seconds".to_owned(),
            "bool" => "True or False".to_owned(),
            "choice" => format!(
                "one of {}",
                self.values
                    .iter()
                    .map(|(nick, _)| *nick)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            "floats" => "a list of numbers".to_owned(),
            _ => "text".to_owned(),
        }
    }
}

fn model_rows() -> Vec<Row> {
    rows(ClassifierSettings::default())
}

fn lens_rows() -> Vec<Row> {
    rows(LensSettings::of_stills())
}

fn rows(mut group: impl Group) -> Vec<Row> {
    let mut rows = Rows(Vec::new());
    group.visit(&mut rows);
    let mut rows = rows.0;
    for row in &mut rows {
        row.default = get_by_name(&group, row.name).filter(|text| !text.is_empty());
    }
    rows
}

struct Rows(Vec<Row>);

impl Rows {
    fn push(&mut self, name: &'static str, kind: &'static str, range: Option<(f64, f64)>, doc: &'static str) {
        self.0.push(Row {
            name,
            kind,
            default: None,
            range,
            values: Vec::new(),
            doc,
        });
    }
}

impl Visitor for Rows {
    fn real(&mut self, fact: &'static Real, _: &mut f64) {
        self.push(fact.name, "float", Some((fact.min, fact.max)), fact.blurb);
    }

    fn count(&mut self, fact: &'static Count, _: &mut u32) {
        self.push(
            fact.name,
            "int",
            Some((fact.min.into(), fact.max.into())),
            fact.blurb,
        );
    }

    fn whole(&mut self, fact: &'static Whole, _: &mut u64) {
        self.push(
            fact.name,
            "int",
            Some((fact.min as f64, fact.max as f64)),
            fact.blurb,
        );
    }

    fn span(&mut self, fact: &'static Span, _: &mut Duration) {
        let range = (fact.min.as_secs_f64(), fact.max.as_secs_f64());
        self.push(fact.name, "seconds", Some(range), fact.blurb);
    }

    fn switch(&mut self, fact: &'static Switch, _: &mut bool) {
        self.push(fact.name, "bool", None, fact.blurb);
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        self.push(value.name(), "choice", None, value.blurb());
        if let Some(row) = self.0.last_mut() {
            row.values = value.values();
        }
    }

    fn text(&mut self, fact: &'static Text, _: &mut Option<String>) {
        self.push(fact.name, "str", None, fact.blurb);
    }

    fn path(&mut self, fact: &'static Text, _: &mut Option<PathBuf>) {
        self.push(fact.name, "path", None, fact.blurb);
    }

    fn list(&mut self, fact: &'static Text, _: &mut Vec<f64>) {
        self.push(fact.name, "floats", None, fact.blurb);
    }
}

/// Every setting that is a keyword argument: `of` says whether of the model or of the lens.
#[pyfunction]
pub(crate) fn settings(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let of = |of: &'static str, rows: Vec<Row>| rows.into_iter().map(move |row| (of, row));
    of("model", model_rows())
        .chain(of("lens", lens_rows()))
        .map(|(of, row)| {
            let dict = PyDict::new(py);
            dict.set_item("name", row.keyword())?;
            dict.set_item("of", of)?;
            dict.set_item("kind", row.kind)?;
            dict.set_item("default", row.default)?;
            dict.set_item("range", row.range)?;
            dict.set_item("values", row.values)?;
            dict.set_item("doc", row.doc)?;
            Ok(dict)
        })
        .collect()
}

/// The settings in force, as text.
pub(crate) fn in_force(group: &impl Group) -> Vec<(String, Option<String>)> {
    rows(group.clone())
        .into_iter()
        .map(|row| (row.keyword(), row.default))
        .collect()
}

/// Names and descriptions of the presets.
#[pyfunction]
pub(crate) fn presets() -> Vec<(&'static str, &'static str)> {
    Preset::ALL.map(|preset| (preset.name, preset.about)).to_vec()
}
