// SPDX-License-Identifier: MPL-2.0
//! `steerlens`, the command line: inspect a classifier, take its gradient, morph a picture, audit many, check the
//! machine.
//!
//! All of the program is here, so that the Python package has it too. It only translates: flags into the library's settings,
//! the library's answers into text, JSON and pictures. Data goes to standard output, talk to standard error.
//!
//! ```shell
//! steerlens morph media/faces/neutral-2.png -m models/faces_robust.onnx --target smile -o smile.png
//! ```
//!
//! The cargo feature `video`, on unless taken away, reads videos in audits through GStreamer. The JSON of every command and
//! the columns of an audit's table keep their names; new ones are added. Environment variables are those of the library.

mod args;
mod command;
mod output;
mod progress;
mod report;

use std::ffi::OsString;
use std::io;
use std::panic::{self, AssertUnwindSafe};

use report::Answer;
use steerlens::ClassifierSettings;

pub use args::audit_command;

/// How a command ended that could do its work.
enum Outcome {
    /// Everything is as wished.
    Done,
    /// The answer is "no": the model is refused, a budget was not attained, something is missing.
    Finding,
    /// The work is done but for some inputs that could not be read.
    Partial,
    /// A comparison went beyond its threshold.
    Exceeded,
    /// The user ended it; what is done is kept.
    Interrupted,
}

/// Runs the program with these arguments, its own name first, and gives its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = match args::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        // Help is such an error too, and knows where it is printed.
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    // The one place where endings become exit codes. A reader that closed the pipe has seen enough.
    match run(&matches) {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Finding) => 1,
        Ok(Outcome::Partial) => 3,
        Ok(Outcome::Exceeded) => 4,
        // As shells count a program that SIGINT ended.
        Ok(Outcome::Interrupted) => 130,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            progress::say(format_args!("error: {error}"));
            2
        }
    }
}

/// What `steerlens inspect --json` answers about a model.
///
/// # Errors
/// When the model cannot be read, or ONNX Runtime cannot be used. That a model is refused is an answer.
pub fn inspect(settings: &ClassifierSettings) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(
        &command::inspected(settings)?.json(),
    )?)
}

/// What `steerlens audit` with these words is asked to do.
///
/// # Errors
/// When a word is not understood, in the words of the command line.
pub fn audit_settings(words: &[OsString]) -> anyhow::Result<steerlens_audit::Settings> {
    let program = ["steerlens", "audit"].map(OsString::from);
    let line = program.into_iter().chain(words.iter().cloned());
    let matches = args::command().try_get_matches_from(line).map_err(|error| {
        // Usage and tips are for terminals.
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        anyhow::anyhow!("{}", first.strip_prefix("error: ").unwrap_or(first))
    })?;
    match matches.subcommand() {
        Some(("audit", matches)) if matches.subcommand_name().is_none() => args::audit_settings(matches),
        _ => anyhow::bail!("these words ask for no audit"),
    }
}

/// Runs the command; a panic has been reported where it happened, and ends like any other error.
fn run(matches: &clap::ArgMatches) -> anyhow::Result<Outcome> {
    panic::catch_unwind(AssertUnwindSafe(|| command::run(matches))).unwrap_or_else(|_| {
        Err(anyhow::anyhow!(
            "internal error; please report it, with the lines above"
        ))
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
