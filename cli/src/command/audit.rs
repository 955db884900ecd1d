// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit`: many pictures and videos, and what the classifier reacts to in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, anyhow};
use clap::ArgMatches;
use steerlens_audit::{Ending, Verdict};

use super::say;
use crate::Outcome;
use crate::args;
use crate::progress::{self, Bars};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let stop = Arc::new(AtomicBool::new(false));
    let bars = Bars::new(Arc::clone(&stop));
    if let Some(("merge", matches)) = matches.subcommand() {
        let (folders, results) = args::merged(matches);
        return finish(&steerlens_audit::merge(&folders, &results, &bars)?);
    }
    let settings = args::audit_settings(matches)?;
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        progress::say(format_args!("ending; what is finished is kept (again: at once)"));
    })
    .map_err(|error| anyhow!("Ctrl-C cannot be handled: {error}"))?;
    let ending = steerlens_audit::run(&settings, &bars);
    drop(bars);
    finish(&ending?)
}

fn finish(ending: &Ending) -> Result<Outcome> {
    for sentence in ending.in_words() {
        progress::say(format_args!("{sentence}"));
    }
    if ending.verdict != Verdict::Stopped {
        say(&format!("{}\n", ending.page.display()))?;
    }
    Ok(match ending.verdict {
        Verdict::Whole => Outcome::Done,
        Verdict::Partial => Outcome::Partial,
        Verdict::Failed | Verdict::Easier => Outcome::Exceeded,
        Verdict::Stopped => Outcome::Interrupted,
    })
}
