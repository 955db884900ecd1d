// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit`: many pictures and videos, and what the classifier reacts to in them.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, anyhow};
use clap::ArgMatches;

use crate::args::{self, name};
use crate::audit::{self, Ending};
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    if let Some(("merge", matches)) = matches.subcommand() {
        let dirs: Vec<PathBuf> = matches.get_many("dir").unwrap_or_default().cloned().collect();
        let ending = audit::merge(&dirs, &args::audit_results(matches)?)?;
        return tell(matches, ending);
    }
    let settings = args::audit_settings(matches)?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        progress::say(format_args!("ending; what is finished is kept (again: at once)"));
    })
    .map_err(|error| anyhow!("Ctrl-C cannot be handled: {error}"))?;
    let ending = audit::run(&settings, &stop)?;
    tell(matches, ending)
}

fn tell(matches: &ArgMatches, ending: Ending) -> Result<Outcome> {
    let out = super::path(matches, name::OUT);
    if ending == Ending::Stopped {
        progress::say(format_args!(
            "interrupted; what is finished is in {}: go on with --resume",
            out.display()
        ));
        return Ok(Outcome::Interrupted);
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", out.join("report.html").display())?;
    stdout.flush()?;
    Ok(match ending {
        Ending::Partial => Outcome::Partial,
        Ending::Easier => {
            progress::say(format_args!(
                "flips became easier than the threshold allows: see the comparison in the report"
            ));
            Outcome::Exceeded
        }
        Ending::Whole | Ending::Stopped => Outcome::Done,
    })
}
