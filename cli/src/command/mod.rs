// SPDX-License-Identifier: MPL-2.0
//! The commands: each turns its flags into one call of the library, and the answer into one report.

mod audit;
mod doctor;
mod fetch;
mod generate;
mod gradient;
mod inspect;
#[cfg(feature = "live")]
mod live;
mod morph;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::ArgMatches;
use steerlens::{ClassifierSettings, Runtime};

pub(crate) use inspect::inspected;

use crate::args::name;
use crate::output::Output;
use crate::report::Answer;
use crate::{Outcome, progress};

/// Runs the command that was asked for.
pub(crate) fn run(matches: &ArgMatches) -> Result<Outcome> {
    match matches.subcommand() {
        Some(("inspect", matches)) => inspect::run(matches),
        Some(("gradient", matches)) => gradient::run(matches),
        Some(("morph", matches)) => morph::run(matches),
        Some(("audit", matches)) => audit::run(matches),
        #[cfg(feature = "live")]
        Some(("live", matches)) => live::run(matches),
        Some(("doctor", matches)) => doctor::run(matches),
        Some(("generate", matches)) => generate::run(matches),
        // The one flag without a command.
        _ => version(),
    }
}

/// Says which program this is, and which library it would use; the library is not started.
fn version() -> Result<Outcome> {
    let runtime = match Runtime::find(None) {
        Ok((path, version)) => format!("{version}, {}", path.display()),
        Err(_) => "not found; `steerlens doctor` says where it was looked for".to_owned(),
    };
    say(&format!(
        "steerlens {}\nONNX Runtime {runtime}\n",
        env!("CARGO_PKG_VERSION")
    ))?;
    Ok(Outcome::Done)
}

/// A report as it goes to standard output: as JSON if that was asked for, else as text. It is made before the first
/// byte of it, or of a file that it is about, is written.
fn text(matches: &ArgMatches, report: &impl Answer) -> Result<String> {
    Ok(if matches.get_flag(name::JSON) {
        serde_json::to_string_pretty(&report.json())? + "\n"
    } else {
        report.to_string()
    })
}

/// Writes a report to standard output, whole or not at all.
fn print(matches: &ArgMatches, report: &impl Answer) -> Result<()> {
    say(&text(matches, report)?)
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes a result, then the report about it: to standard output, or to standard error where the result went there.
fn deliver(matches: &ArgMatches, output: &Output, result: &[u8], report: &impl Answer) -> Result<()> {
    let text = text(matches, report)?;
    output.write(result)?;
    if output.is_pipe() {
        progress::say_all(&text);
        Ok(())
    } else {
        say(&text)
    }
}

/// Where the result goes that the command makes of what it reads: never into one of these files.
fn output<'a>(
    matches: &ArgMatches,
    settings: &'a ClassifierSettings,
    picture: Option<&'a Path>,
) -> Result<Output> {
    let output = Output::named(path(matches, name::OUT));
    if output.is_pipe() && matches.get_flag(name::JSON) {
        bail!(
            "-o - sends the result to standard output, where --json would put its answer: name a file with -o, or \
             leave --json out"
        );
    }
    let named = [
        picture,
        Some(settings.model_file.as_path()),
        settings.label_file.as_deref(),
        settings.model_info.as_deref(),
        settings.runtime_library.as_deref(),
    ];
    output.spare(named.into_iter().flatten())?;
    Ok(output)
}

/// A path that the command requires.
fn path(matches: &ArgMatches, name: &str) -> PathBuf {
    matches.get_one::<PathBuf>(name).cloned().unwrap_or_default()
}
