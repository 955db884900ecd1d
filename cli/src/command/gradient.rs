// SPDX-License-Identifier: MPL-2.0
//! `steerlens gradient`: the model with its reverse half, as a file.

use anyhow::Result;
use clap::ArgMatches;
use steerlens::Profile;

use super::{path, print};
use crate::args::{self, name};
use crate::report::Written;
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let settings = args::classifier(matches, path(matches, name::MODEL));
    let out = path(matches, name::OUT);
    let profile = match matches.get_one::<String>(name::PROFILE).map(String::as_str) {
        Some("cpu") => Profile::Cpu,
        _ => Profile::Plain,
    };
    let spinner = progress::spinner("differentiating the model");
    let written = steerlens::write_gradient(&settings, profile, &out)?;
    spinner.finish_and_clear();
    print(matches, &Written::new(out, profile, written))?;
    Ok(Outcome::Done)
}
