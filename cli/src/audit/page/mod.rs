// SPDX-License-Identifier: MPL-2.0
//! `report.html`: an audit as one page that a person reads, checks and hands on.
//!
//! One file without scripts that opens from disk without a network. Drawings are tables with a drawn column, so
//! that every figure is also there as a number, and stretch with the page; their colours are the style sheet's, light
//! and dark. Rust computes places and texts, the template says what stands where; everything that comes from outside
//! (labels, paths, settings) is escaped by the template engine.

mod answers;
mod axis;
mod courses;
mod flips;
mod protocol;
mod rest;
mod text;
mod thumbnail;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Result;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use serde::Serialize;

use super::summary::Summary;

/// Classes of an axis of the matrix, and lines of a list; the rest is counted.
const MOST_CLASSES: usize = 12;

/// Makes the page. Strips are looked for below `folder`, the audit's output folder.
///
/// # Errors
/// Where the template does not fit the summary, which is a fault of this program.
pub(crate) fn render(summary: &Summary, folder: &Path) -> Result<String> {
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
        title: rest::title(summary),
        head: rest::head(summary),
        warnings: rest::warnings(summary),
        answers: answers::answers(summary),
        flips: flips::flips(summary),
        matrices: flips::matrices(summary),
        transfer: protocol::transfer(summary),
        protocol: protocol::table(summary),
        energy: rest::energy(summary),
        courses: courses::courses(summary),
        frames: rest::frames(summary, folder),
        left_out: rest::left_out(summary),
        comparison: rest::comparison(summary),
        settings: rest::settings(summary),
    };
    Ok(page.get_template("report.html")?.render(Serde(content))?)
}

/// What the template is told, one field for each section.
#[derive(Serialize)]
struct Content {
    style: &'static str,
    title: String,
    head: rest::Head,
    warnings: rest::Warnings,
    answers: Vec<answers::Answer>,
    flips: Option<flips::Section>,
    matrices: Vec<flips::Becomes>,
    transfer: protocol::Transfer,
    protocol: protocol::Table,
    energy: Vec<rest::EnergyMap>,
    courses: Vec<courses::Course>,
    frames: rest::FrameLists,
    left_out: rest::LeftOut,
    comparison: Option<rest::Beside>,
    settings: rest::SettingsBlock,
}
