// SPDX-License-Identifier: MPL-2.0
//! Talk: everything that goes to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use steerlens_audit::{Phase, Progress};

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

/// What an audit tells: as bars on a terminal, as lines in a log.
pub(crate) struct Bars {
    stop: Arc<AtomicBool>,
    shown: Mutex<Option<Shown>>,
}

/// The phase that is shown.
enum Shown {
    /// Gone when dropped.
    Short(ProgressBar),
    Long(Log),
}

impl Bars {
    /// Bars of work that ends when `stop` is set.
    pub(crate) fn new(stop: Arc<AtomicBool>) -> Self {
        Self {
            stop,
            shown: Mutex::new(None),
        }
    }
}

impl Progress for Bars {
    fn phase(&self, phase: &Phase<'_>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = None;
        *shown = match *phase {
            Phase::Loading { model } => Some(Shown::Short(spinner(format!("loading {}", model.display())))),
            Phase::Auditing { model, inputs, jobs } => Some(Shown::Long(Log::begin(format_args!(
                "auditing {} with {}, {} at once",
                counted(inputs as u64, "input"),
                model.display(),
                counted(jobs as u64, "frame")
            )))),
            Phase::Clips { count } => Some(Shown::Short(bar(count, "writing clips"))),
            _ => None,
        };
    }

    fn advance(&self, done: f64, count: u64) {
        match &mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Shown::Short(bar)) => bar.set_position(count),
            Some(Shown::Long(log)) => log.tell((1000.0 * done).round() as u64, count),
            None => {}
        }
    }

    fn warn(&self, warning: &str) {
        say(format_args!("warning: {warning}"));
    }

    fn note(&self, note: &str) {
        say(format_args!("{note}"));
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Long work: a bar over thousandths, with the time left, and lines for logs where no terminal has a bar.
struct Log {
    bar: ProgressBar,
    silent: bool,
    tenths: u64,
    last: Instant,
}

impl Log {
    /// Says what begins.
    fn begin(what: fmt::Arguments<'_>) -> Self {
        let silent = io::stderr().is_terminal();
        if !silent {
            say(what);
        }
        let bar = ProgressBar::new(1000);
        bar.set_style(style("{spinner} {percent:>3} % {wide_bar} {msg}, {eta} left"));
        bar.set_message("beginning");
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            silent,
            tenths: 0,
            last: Instant::now(),
        }
    }

    /// Says how far the work is, in thousandths; to logs after each tenth and each minute.
    fn tell(&mut self, thousandths: u64, frames: u64) {
        let speed = frames as f64 / self.bar.elapsed().as_secs_f64();
        self.bar.set_position(thousandths);
        self.bar.set_message(format!("{frames} frames, {speed:.1}/s"));
        let tenths = thousandths / 100;
        if !self.silent && (tenths > self.tenths || self.last.elapsed() >= Duration::from_secs(60)) {
            let frames = counted(frames, "frame");
            say(format_args!(
                "{} %, {frames}, {speed:.1} per second",
                thousandths / 10
            ));
            (self.tenths, self.last) = (tenths, Instant::now());
        }
    }
}

fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
