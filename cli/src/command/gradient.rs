// SPDX-License-Identifier: MPL-2.0
//! `steerlens gradient`: the model with its reverse half, as a file.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use clap::ArgMatches;
use steerlens::ClassifierSettings;
use steerlens::gradient::{self, Profile, Written};

use super::path;
use crate::args::{self, name};
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let settings = args::classifier(matches, path(matches, name::MODEL));
    let out = path(matches, name::OUT);
    let profile = match matches.get_one::<String>(name::PROFILE).map(String::as_str) {
        Some("cpu") => Profile::Cpu,
        _ => Profile::Plain,
    };
    let spinner = progress::spinner("differentiating the model");
    let written = write(&settings, profile, &out)?;
    spinner.finish_and_clear();
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "wrote    {} ({} nodes)", out.display(), written.nodes)?;
    writeln!(stdout, "inputs   {}, cotangent", written.input)?;
    writeln!(stdout, "outputs  {}, input_gradient", written.logits)?;
    stdout.flush()?;
    Ok(Outcome::Done)
}

fn write(settings: &ClassifierSettings, profile: Profile, out: &Path) -> Result<Written, steerlens::Error> {
    gradient::write(settings, profile, out)
}
