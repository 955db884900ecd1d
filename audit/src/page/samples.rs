// SPDX-License-Identifier: MPL-2.0
//! One gradient beside the mean over copies of the picture: how fragile the network is at its grid of pixels, and what it
//! says of the picture.

use serde::Serialize;

use super::text;
use crate::summary::{Cell, Map, Share, Summary};
use crate::table::{Direction, Reach};

/// Agreement below which a direction is mostly noise: the limit of `steerlens morph`.
const DOUBTFUL: f64 = 0.2;
/// Scales of which the energy counts as coarse, from this one on: periods of about 16 pixels.
const COARSE: usize = 2;

/// Edits of each method along gradients of one sample and of many.
#[derive(Debug, Serialize)]
pub(super) struct Contrast {
    finding: String,
    judges: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    method: String,
    flipped: String,
    psnr: String,
    agreement: String,
    judges: Vec<String>,
    coarse: String,
}

/// `None` where only one number of samples was asked for.
pub(super) fn contrast(summary: &Summary) -> Option<Contrast> {
    let gradient = || {
        summary
            .cells
            .iter()
            .filter(|cell| cell.control == Direction::Gradient)
    };
    let first = gradient().next()?;
    gradient().find(|cell| cell.samples != first.samples)?;
    let mut ways: Vec<&Cell> = Vec::new();
    for cell in gradient() {
        if !ways.iter().any(|way| way.method == cell.method) {
            ways.push(cell);
        }
    }
    let found: Vec<_> = ways.iter().map(|way| found(summary, &way.method)).collect();
    Some(Contrast {
        finding: finding(&ways, &found),
        judges: summary
            .run
            .judges
            .iter()
            .map(|judge| judge.name().to_owned())
            .collect(),
        lines: ways
            .iter()
            .zip(&found)
            .map(|(way, found)| line(summary, way, found))
            .collect(),
    })
}

/// The cells of a way of moving: at the flip, and as far as it was moved otherwise.
#[derive(Clone, Copy)]
struct Found<'a> {
    flip: Option<&'a Cell>,
    furthest: Option<&'a Cell>,
}

fn found<'a>(summary: &'a Summary, method: &str) -> Found<'a> {
    let of = |flip: bool| {
        let mut cells = summary.cells.iter();
        cells.rfind(|cell| {
            cell.control == Direction::Gradient
                && cell.method == method
                && (cell.reach == Reach::Flip) == flip
        })
    };
    Found {
        flip: of(true),
        furthest: of(false),
    }
}

fn flipped(cell: &Cell) -> Share {
    Share {
        count: cell.attained,
        of: cell.attained + cell.missed,
        interval: None,
    }
}

/// What the first method says of the network.
fn finding(ways: &[&Cell], found: &[Found<'_>]) -> String {
    let said = |at: usize| {
        let flip = found[at].flip?;
        let psnr = flip.psnr.median?;
        Some(format!(
            "{} flip, at a median PSNR of {}",
            text::of(&flipped(flip)),
            text::psnr(psnr)
        ))
    };
    let base = |way: &Cell| way.method.split(',').next().unwrap_or_default().to_owned();
    let twin = ways
        .iter()
        .position(|way| way.samples != ways[0].samples && base(way) == base(ways[0]));
    let Some((many, (one, mean))) = twin.and_then(|many| Some((many, (said(0)?, said(many)?)))) else {
        return String::new();
    };
    let who = |cell: &Cell| match cell.samples {
        1 => "the frame's own gradient".to_owned(),
        samples => format!("the mean of {samples} slightly changed copies' gradients"),
    };
    format!(
        "Along {}, {one}. Along {}, {mean}.",
        who(ways[0]),
        who(ways[many])
    )
}

fn line(summary: &Summary, way: &Cell, found: &Found<'_>) -> Line {
    let coarse = |map: &Map| map.shares.iter().skip(COARSE).flatten().sum::<f64>();
    let energy = summary.energy.changes.iter().find(|map| map.method == way.method);
    Line {
        method: text::method(&way.method),
        flipped: found
            .flip
            .map_or_else(text::none, |cell| text::of(&flipped(cell))),
        psnr: found
            .flip
            .map_or_else(text::none, |cell| text::psnr_estimate(&cell.psnr)),
        agreement: agreement(way),
        judges: (0..summary.run.judges.len())
            .map(|judge| {
                let share = found.furthest.and_then(|cell| cell.judges.get(judge));
                share.map_or_else(text::none, text::of)
            })
            .collect(),
        coarse: energy.map_or_else(text::none, |map| text::percent(coarse(map))),
    }
}

/// How sure a cell's directions are, and what that comes to.
pub(super) fn agreement(cell: &Cell) -> String {
    match cell.agreement.median {
        None => text::none(),
        Some(cosine) if cosine < DOUBTFUL => format!("{cosine:.2}, mostly noise"),
        Some(cosine) => format!("{cosine:.2}"),
    }
}

/// How alike the drivers' gradients are.
pub(super) fn of_drivers(cell: &Cell) -> String {
    let cosine = cell.drivers_agreement.median;
    cosine.map_or_else(text::none, |cosine| format!("{cosine:.2}"))
}
