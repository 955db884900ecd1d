// SPDX-License-Identifier: MPL-2.0
//! `steerlens gradient`: the model with its reverse half, as a file.

use std::io::{self, Write};

use anyhow::Result;
use clap::ArgMatches;
use steerlens::Profile;
use steerlens::gradient::{COTANGENT, INPUT_GRADIENT};

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
    let written = steerlens::write_gradient(&settings, profile, &out)?;
    spinner.finish_and_clear();
    let (picture, scores) = (shape(&written.input_shape), shape(&written.logits_shape));
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "wrote    {}, {} nodes", out.display(), written.nodes)?;
    writeln!(
        stdout,
        "inputs   {} {picture}, {COTANGENT} {scores}",
        written.input
    )?;
    writeln!(
        stdout,
        "outputs  {} {scores}, {INPUT_GRADIENT} {picture}",
        written.logits
    )?;
    stdout.flush()?;
    Ok(Outcome::Done)
}

fn shape(extents: &[usize]) -> String {
    let extents: Vec<String> = extents.iter().map(ToString::to_string).collect();
    format!("[{}]", extents.join(", "))
}
