// SPDX-License-Identifier: MPL-2.0
//! `steerlens inspect`: what a model is, and whether its gradient can be taken.

use anyhow::Result;
use clap::ArgMatches;
use steerlens::ErrorKind;

use super::{path, print};
use crate::args::{self, name};
use crate::report::Inspected;
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let settings = args::classifier(matches, path(matches, name::MODEL));
    let spinner = progress::spinner("reading the model");
    let inspection = steerlens::inspect(&settings);
    spinner.finish_and_clear();
    match inspection {
        Ok(inspection) => {
            let report = Inspected::from(inspection);
            print(matches, &report)?;
            Ok(if report.supported {
                Outcome::Done
            } else {
                Outcome::Finding
            })
        }
        // Refused before there was anything to tell: still an answer, not a failure.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::NotAClassifier) => {
            progress::say(format_args!("refused: {error}"));
            Ok(Outcome::Finding)
        }
        Err(error) => Err(error.into()),
    }
}
