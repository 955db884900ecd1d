// SPDX-License-Identifier: MPL-2.0
//! `steerlens gradient`: the model with its reverse half, as a file.

use std::path::PathBuf;

use anyhow::Result;
use clap::ArgMatches;
use steerlens::Profile;

use super::{deliver, output, path};
use crate::args::{self, name};
use crate::report::Written;
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let settings = args::classifier(matches, path(matches, name::MODEL));
    let output = output(matches, &settings, None)?;
    let (profile, named) = match matches.get_one::<String>(name::PROFILE).map(String::as_str) {
        Some("cpu") => (Profile::Cpu, "cpu"),
        _ => (Profile::Plain, "plain"),
    };
    let spinner = progress::spinner("differentiating the model");
    let (model, written) = steerlens::encode_gradient(&settings, profile).map_err(steerlens::Error::from)?;
    spinner.finish_and_clear();
    output.spare(written.files.iter().map(PathBuf::as_path))?;
    progress::warn(&written.warnings);
    let report = Written {
        file: path(matches, name::OUT),
        profile: named,
        model: written,
    };
    deliver(matches, &output, &model, &report)?;
    Ok(Outcome::Done)
}
