// SPDX-License-Identifier: MPL-2.0
//! `steerlens inspect`: what a model is, and whether its gradient can be taken.

use std::io::{self, Write};

use anyhow::Result;
use clap::ArgMatches;
use steerlens::{ClassifierSettings, Error, ErrorKind, gradient};

use super::{path, print};
use crate::args::{self, name};
use crate::report::Inspected;
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let settings = args::classifier(matches, path(matches, name::MODEL));
    let spinner = progress::spinner("reading the model");
    let report = inspected(&settings);
    spinner.finish_and_clear();
    let report = report?;
    if matches.get_flag(name::LABELS) {
        progress::warn(&report.found.warnings);
        if let Some(reason) = &report.refusal {
            progress::say(format_args!("refused: {reason}"));
        }
        let mut out = io::stdout().lock();
        out.write_all(report.classes().as_bytes())?;
        out.flush()?;
    } else {
        print(matches, &report)?;
    }
    Ok(if report.is_supported() {
        Outcome::Done
    } else {
        Outcome::Finding
    })
}

/// The report on a model.
pub(crate) fn inspected(settings: &ClassifierSettings) -> Result<Inspected, Error> {
    match steerlens::inspect(settings).map_err(Error::from) {
        Ok(inspection) => Ok(Inspected::from(inspection)),
        // A model that can be read and has no gradient here: an answer, not a failure.
        Err(error) if is_refusal(&error) => {
            Ok(Inspected::refused(settings.model_file.clone(), error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::NotAClassifier)
        || matches!(error, Error::Gradient(gradient::Error::AmbiguousOutput(_)))
}
