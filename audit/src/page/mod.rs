// SPDX-License-Identifier: MPL-2.0
//! `report.html`: an audit as one page that a person reads, checks and hands on.
//!
//! One file that opens from disk without a network, and reads without its script, which sorts and filters tables.
//! Drawings are tables with a drawn column, so that every figure is also there as a number, and stretch with the page;
//! their colours are the style sheet's, light and dark. Rust computes places and texts, the template says what stands
//! where; everything that comes from outside (labels, paths, settings) is escaped by the template engine.

mod accuracy;
mod answers;
mod axis;
mod common;
mod comparison;
mod courses;
mod energy;
mod exclusions;
mod extremes;
mod first;
mod flips;
mod frame_table;
mod head;
mod protocol;
mod samples;
mod script;
mod settings;
mod text;
mod thumbnail;

#[cfg(test)]
mod tests;

use std::path::Path;

use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

pub(crate) use first::in_words;

use crate::summary::Summary;

use crate::error::{Error, Result};

/// Classes of an axis of the matrix, and lines of a list; the rest is counted.
const MOST_CLASSES: usize = 12;
/// Files that are listed; the rest is counted.
const MOST_FILES: usize = 100;

/// Makes the page. Strips are looked for below `folder`, the audit's output folder.
///
/// # Errors
/// Where the template does not fit the summary, which is a fault of this program.
pub(crate) fn render(summary: &Summary, folder: &Path) -> Result<String> {
    fill(summary, folder).map_err(Error::format)
}

fn fill(summary: &Summary, folder: &Path) -> Result<String, minijinja::Error> {
    let mut page = Environment::new();
    page.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    page.add_template("macros.html", include_str!("macros.html"))?;
    page.add_template("report.html", include_str!("report.html"))?;
    let content = Content {
        style: include_str!("style.css"),
        script: script::SCRIPT,
        policy: script::policy(),
        title: head::title(summary),
        head: head::head(summary),
        first: first::first(summary, folder),
        warnings: head::warnings(summary),
        accuracy: accuracy::accuracy(summary),
        answers: answers::answers(summary),
        flips: flips::flips(summary),
        matrices: flips::matrices(summary),
        transfer: protocol::transfer(summary),
        protocol: protocol::table(summary),
        common: common::common(summary),
        samples: samples::contrast(summary),
        energy: energy::energy(summary),
        courses: courses::courses(summary),
        frames: extremes::frames(summary, folder),
        frame_table: frame_table::table(summary),
        left_out: exclusions::left_out(summary),
        comparison: comparison::comparison(summary),
        settings: settings::settings(summary),
    };
    page.get_template("report.html")?.render(Serde(content))
}

/// What the template is told, one field for each section.
#[derive(Serialize)]
struct Content {
    style: &'static str,
    script: &'static str,
    policy: String,
    title: String,
    head: head::Head,
    first: first::First,
    warnings: head::Warnings,
    accuracy: Option<accuracy::Accuracy>,
    answers: Vec<answers::Answer>,
    flips: Option<flips::Section>,
    matrices: Vec<flips::Becomes>,
    transfer: protocol::Transfer,
    protocol: protocol::Table,
    common: Vec<common::Group>,
    samples: Option<samples::Contrast>,
    energy: Vec<energy::EnergyMap>,
    courses: Vec<courses::Course>,
    frames: extremes::FrameLists,
    frame_table: frame_table::FrameTable,
    left_out: exclusions::LeftOut,
    comparison: Option<comparison::Beside>,
    settings: settings::SettingsBlock,
}
