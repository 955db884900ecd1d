// SPDX-License-Identifier: MPL-2.0
//! Talk: everything that goes to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Writes one line to standard error. Where nobody can read it any more, nothing is lost.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "steerlens: {line}");
}

/// Writes a report to standard error, where standard output is taken.
pub(crate) fn say_all(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Says each of the warnings on a line of its own.
pub(crate) fn warn<W: fmt::Display>(warnings: impl IntoIterator<Item = W>) {
    for warning in warnings {
        say(format_args!("warning: {warning}"));
    }
}

/// A spinner for work of unknown length; shown on a terminal only, gone when dropped or finished.
pub(crate) fn spinner(what: impl Into<String>) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(style("{spinner} {msg}"));
    bar.set_message(what.into());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar over `count` pieces of work; shown on a terminal only, gone when dropped or finished.
pub(crate) fn bar(count: usize, what: impl Into<String>) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    bar.set_style(style("{spinner} {msg} {wide_bar} {pos}/{len}"));
    bar.set_message(what.into());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar over thousandths of long work, with the time left; what was done and how fast is its message.
pub(crate) fn long_bar() -> ProgressBar {
    let bar = ProgressBar::new(1000);
    bar.set_style(style("{spinner} {percent:>3} % {wide_bar} {msg}, {eta} left"));
    bar.set_message("beginning");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Lines about long work, for logs: nothing where a terminal has a bar.
#[derive(Debug)]
pub(crate) struct Log {
    silent: bool,
    tenths: u64,
    last: Instant,
}

impl Log {
    /// Says what begins.
    pub(crate) fn begin(what: fmt::Arguments<'_>) -> Self {
        let silent = io::stderr().is_terminal();
        if !silent {
            say(what);
        }
        Self {
            silent,
            tenths: 0,
            last: Instant::now(),
        }
    }

    /// Says how far the work is, in thousandths, after each tenth and each minute.
    pub(crate) fn tell(&mut self, thousandths: u64, what: fmt::Arguments<'_>) {
        let tenths = thousandths / 100;
        if !self.silent && (tenths > self.tenths || self.last.elapsed() >= Duration::from_secs(60)) {
            say(format_args!("{} %, {what}", thousandths / 10));
            (self.tenths, self.last) = (tenths, Instant::now());
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
