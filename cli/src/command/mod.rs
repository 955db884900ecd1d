// SPDX-License-Identifier: MPL-2.0
//! The commands: each turns its flags into one call of the library, and the answer into one report.

mod audit;
mod doctor;
mod gradient;
mod inspect;
mod morph;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::ArgMatches;
use serde::Serialize;

use crate::Outcome;
use crate::args::name;

/// Runs the command that was asked for.
pub(crate) fn run(matches: &ArgMatches) -> Result<Outcome> {
    match matches.subcommand() {
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("gradient", matches)) => gradient::run(matches),
        Some(("morph", matches)) => morph::run(matches),
        Some(("audit", matches)) => audit::run(matches),
        Some(("doctor", matches)) => doctor::run(matches),
        // clap requires one of the above.
        _ => Ok(Outcome::Done),
    }
}

/// Writes a report to standard output: as JSON if that was asked for, else as text.
fn print(matches: &ArgMatches, report: &(impl Serialize + fmt::Display)) -> Result<()> {
    let mut out = io::stdout().lock();
    if matches.get_flag(name::JSON) {
        serde_json::to_writer_pretty(&mut out, report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(out.flush()?)
}

/// A path that the command requires.
fn path(matches: &ArgMatches, name: &str) -> PathBuf {
    matches.get_one::<PathBuf>(name).cloned().unwrap_or_default()
}
