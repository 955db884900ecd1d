// SPDX-License-Identifier: MPL-2.0
//! Talk: everything that goes to standard error.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Writes one line to standard error. Where nobody can read it any more, nothing is lost.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "steerlens: {line}");
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

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
