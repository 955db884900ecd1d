// SPDX-License-Identifier: MPL-2.0
//! `steerlens generate`: manual pages and completions, made of the definitions that `--help` shows. Packages put them where
//! they belong; users do not see the command.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ArgMatches;
use clap_complete::Shell;

use super::path;
use crate::Outcome;
use crate::args::{self, name};

/// The shells, and where below `/usr/share` each looks for what completes a command.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions/steerlens"),
    (Shell::Zsh, "zsh/site-functions/_steerlens"),
    (Shell::Fish, "fish/vendor_completions.d/steerlens.fish"),
];

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let folder = path(matches, name::FOLDER);
    for (shell, place) in COMPLETIONS {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut args::command(), "steerlens", &mut script);
        write(&folder.join(place), &script)?;
    }
    let command = args::command()
        .version(env!("CARGO_PKG_VERSION"))
        // The flag has a definition of its own.
        .disable_version_flag(true)
        // Each command has a page of its own.
        .disable_help_subcommand(true);
    let pages = folder.join("man/man1");
    fs::create_dir_all(&pages)
        .and_then(|()| clap_mangen::generate_to(command, &pages))
        .with_context(|| format!("{} cannot be written", pages.display()))?;
    Ok(Outcome::Done)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, content))
        .with_context(|| format!("{} cannot be written", path.display()))
}
