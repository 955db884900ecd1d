// SPDX-License-Identifier: MPL-2.0
//! Audits: asked for in the words of the command line, told to Python while they run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ValueHint};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use steerlens::ErrorKind;
use steerlens_audit::{Phase, Progress};

use crate::call::{Turn, watched};
use crate::error::{Error, snake_case};
use crate::model::open_for;

/// What an audit has told, and Python has not heard yet.
#[derive(Debug, Default)]
struct News {
    /// Of the phase: its name, the share that is done, and frames or clips.
    stand: Option<(&'static str, f64, u64)>,
    warnings: Vec<String>,
}

/// Keeps what an audit tells for the thread that has the interpreter.
struct Listener<'a> {
    news: &'a Mutex<News>,
    turn: &'a Turn,
}

impl Listener<'_> {
    fn hear(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Listener<'_> {
    fn phase(&self, phase: &Phase<'_>) {
        let name = match phase {
            Phase::Loading { .. } => "loading",
            Phase::Checking => "checking",
            Phase::Auditing { .. } => "auditing",
            Phase::Writing => "writing",
            Phase::Clips { .. } => "writing clips",
            _ => return,
        };
        self.hear(|news| news.stand = Some((name, 0.0, 0)));
    }

    fn advance(&self, done: f64, count: u64) {
        self.hear(|news| {
            let name = news.stand.map_or("auditing", |(name, ..)| name);
            news.stand = Some((name, done, count));
        });
    }

    fn warn(&self, warning: &str) {
        self.hear(|news| news.warnings.push(warning.to_owned()));
    }

    fn is_stopped(&self) -> bool {
        self.turn.is_cancelled()
    }
}

/// Runs an audit; `words` are those of `steerlens audit`. `listen` is called with phase, share and count where they
/// changed, and `warn` with each warning.
#[pyfunction]
pub(crate) fn audit<'py>(
    py: Python<'py>,
    words: Vec<OsString>,
    listen: &Bound<'py, PyAny>,
    warn: &Bound<'py, PyAny>,
    usual: Option<PathBuf>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut settings =
        steerlens_cli::audit_settings(&words).map_err(|error| Error::of(error, ErrorKind::Settings))?;
    settings.results.command = ["steerlens", "audit"]
        .into_iter()
        .map(ToOwned::to_owned)
        .chain(words.iter().map(|word| word.to_string_lossy().into_owned()))
        .collect();
    let (news, turn) = (Mutex::default(), Turn::default());
    let mut heard = None;
    let mut tell = |_: Python<'_>| {
        // Python is called without the lock, or the audit would wait for it.
        let (stand, warnings) = {
            let news: &mut News = &mut news.lock().unwrap_or_else(PoisonError::into_inner);
            (news.stand, std::mem::take(&mut news.warnings))
        };
        for warning in warnings {
            warn.call1((warning,))?;
        }
        if let Some(stand) = stand
            && heard.replace(stand) != Some(stand)
        {
            listen.call1(stand)?;
        }
        Ok(())
    };
    let listener = Listener {
        news: &news,
        turn: &turn,
    };
    let ending = watched(py, &turn, &mut tell, || {
        open_for(&settings.model, usual.as_deref())?;
        steerlens_audit::run(&settings, &listener)
            .map_err(|error| Error::of(error.into(), ErrorKind::Settings))
    })?;
    tell(py)?;
    let told = PyDict::new(py);
    told.set_item("verdict", snake_case(ending.verdict))?;
    told.set_item("folder", &ending.out)?;
    told.set_item("table", &ending.table)?;
    told.set_item("page", &ending.page)?;
    Ok(told)
}

/// The flags of `steerlens audit` as keyword arguments: name, kind, values and a sentence.
#[pyfunction]
pub(crate) fn audit_settings(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let command = steerlens_cli::audit_command();
    // What every audit needs is no keyword.
    let optional = command.get_arguments().filter(|flag| !flag.is_required_set());
    let flags = optional.filter_map(|flag| Some((flag.get_long()?, flag)));
    let keyword = |(name, flag): (&str, &Arg)| {
        let dict = PyDict::new(py);
        dict.set_item("name", name.replace('-', "_"))?;
        let is_switch = matches!(flag.get_action(), ArgAction::SetTrue);
        let kind = match flag.get_value_hint() {
            _ if is_switch => "bool",
            ValueHint::AnyPath => "path",
            // Numbers and lists are written so too.
            _ => "text",
        };
        dict.set_item("kind", kind)?;
        let values = flag.get_possible_values();
        let values = values.iter().filter(|_| !is_switch).map(PossibleValue::get_name);
        dict.set_item("values", values.collect::<Vec<_>>())?;
        dict.set_item("many", matches!(flag.get_action(), ArgAction::Append))?;
        dict.set_item(
            "doc",
            flag.get_help().map(ToString::to_string).unwrap_or_default(),
        )?;
        Ok(dict)
    };
    flags.map(keyword).collect()
}
