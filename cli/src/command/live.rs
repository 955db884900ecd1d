// SPDX-License-Identifier: MPL-2.0
//! `steerlens live`: a camera or a clip beside its morph, on a page.

use std::sync::mpsc;

use anyhow::{Result, anyhow};
use clap::ArgMatches;
use steerlens_live::Session;

use super::say;
use crate::{Outcome, args, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let (end, ended) = mpsc::channel();
    let settings = args::live_settings(matches, &end)?;
    ctrlc::set_handler(move || {
        let _ = end.send(());
    })
    .map_err(|error| anyhow!("Ctrl-C cannot be handled: {error}"))?;
    let spinner = progress::spinner(format!("loading {}", settings.classifier.model_file.display()));
    let session = Session::start(settings);
    spinner.finish_and_clear();
    let session = session?;
    say(&format!("{}\n", session.address()))?;
    progress::say(format_args!(
        "open this address in a browser of this machine; Ctrl-C ends"
    ));
    let _ = ended.recv();
    Ok(Outcome::Done)
}
