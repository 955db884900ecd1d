// SPDX-License-Identifier: MPL-2.0
//! The authors' protocol (docs/method.md 0): driver against judges, both against the control, and the whole table.

use serde::Serialize;

use super::axis::{Tick, share_at, share_ticks};
use super::samples::{agreement, of_drivers};
use super::text;
use crate::summary::{Cell, Share, Summary};
use crate::table::{Direction, Reach};

/// Who answers the target after the edit.
#[derive(Debug, Serialize)]
pub(super) struct Transfer {
    ticks: Vec<Tick>,
    /// Whether there are judges, and a control.
    judges: bool,
    control: bool,
    /// The judges on the unedited frames.
    before: Vec<Before>,
    /// One per reach, the furthest distance first.
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Before {
    judge: String,
    agrees: String,
    target: String,
}

#[derive(Debug, Serialize)]
struct Group {
    reach: String,
    methods: Vec<Method>,
}

#[derive(Debug, Serialize)]
struct Method {
    name: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    who: String,
    judge: bool,
    gradient: Option<Dot>,
    random: Option<Dot>,
}

#[derive(Debug, Serialize)]
struct Dot {
    at: f64,
    low: f64,
    high: f64,
    interval: bool,
    of: String,
    percent: String,
}

pub(super) fn transfer(summary: &Summary) -> Transfer {
    let judges: Vec<&str> = summary.run.judges.iter().map(|judge| judge.name()).collect();
    let mut groups: Vec<(_, String, Vec<Method>)> = Vec::new();
    for cell in summary
        .cells
        .iter()
        .filter(|cell| cell.control == Direction::Gradient)
    {
        let control = control(summary, cell);
        let line = |who: String, judge: bool, of: &dyn Fn(&Cell) -> Option<Share>| Line {
            who,
            judge,
            gradient: of(cell).and_then(|share| dot(&share)),
            random: control.and_then(of).and_then(|share| dot(&share)),
        };
        // At the flip the driver answers the target by construction.
        let mut lines = vec![line("driver".to_owned(), false, &|cell| Some(cell.answered))];
        for (at, judge) in judges.iter().enumerate() {
            lines.push(line((*judge).to_owned(), true, &|cell| {
                cell.judges.get(at).copied()
            }));
        }
        if judges.len() > 1 {
            let all = if judges.len() == 2 {
                "both judges"
            } else {
                "all judges"
            };
            lines.push(line(all.to_owned(), true, &|cell| cell.all_judges));
        }
        let method = Method {
            name: text::method(&cell.method),
            lines,
        };
        let reach = (cell.reach, cell.requested);
        match groups.iter_mut().find(|(of, ..)| *of == reach) {
            Some((.., methods)) => methods.push(method),
            None => groups.push((reach, text::reach_of(cell), vec![method])),
        }
    }
    // Distances stand in rising order; the furthest says most, and comes first.
    let furthest = groups.iter().rposition(|((reach, _), ..)| *reach == Reach::L2);
    if let Some(furthest) = furthest {
        groups[..=furthest].rotate_right(1);
    }
    Transfer {
        ticks: share_ticks(),
        judges: !judges.is_empty(),
        control: summary.cells.iter().any(|cell| cell.control == Direction::Random),
        before: judges
            .iter()
            .zip(&summary.counts.judges)
            .map(|(judge, before)| Before {
                judge: (*judge).to_owned(),
                agrees: text::of_percent(&before.agrees),
                target: text::of_percent(&before.target),
            })
            .collect(),
        groups: groups
            .into_iter()
            .map(|(_, reach, methods)| Group { reach, methods })
            .collect(),
    }
}

/// The random direction's twin of a cell.
pub(super) fn control<'a>(summary: &'a Summary, cell: &Cell) -> Option<&'a Cell> {
    twin(summary, cell, Direction::Random)
}

/// The same method and reach in another direction.
pub(super) fn twin<'a>(summary: &'a Summary, cell: &Cell, control: Direction) -> Option<&'a Cell> {
    summary.cells.iter().find(|other| {
        other.control == control
            && other.method == cell.method
            && other.reach == cell.reach
            && other.requested == cell.requested
    })
}

fn dot(share: &Share) -> Option<Dot> {
    let value = share.share()?;
    let [low, high] = share.interval.unwrap_or([value, value]);
    Some(Dot {
        at: share_at(value),
        low: share_at(low),
        high: share_at(high),
        interval: share.interval.is_some(),
        of: text::of(share),
        percent: text::percent(value),
    })
}

/// The protocol table.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    judges: Vec<String>,
    all: Option<&'static str>,
    /// Whether some direction is a mean over samples, or over drivers.
    agreement: bool,
    drivers: bool,
    groups: Vec<Lines>,
}

#[derive(Debug, Serialize)]
struct Lines {
    reach: String,
    flip: bool,
    lines: Vec<TableLine>,
}

#[derive(Debug, Serialize)]
struct TableLine {
    method: String,
    about: &'static str,
    control: &'static str,
    random: bool,
    attained: String,
    failed: usize,
    probability: Number,
    answered: Number,
    judges: Vec<Number>,
    all: Option<Number>,
    warp: Number,
    warp_gain: Number,
    l2: Number,
    psnr: Number,
    agreement: String,
    drivers: String,
}

#[derive(Debug, Serialize)]
struct Number {
    value: String,
    interval: String,
}

pub(super) fn table(summary: &Summary) -> Table {
    let mut groups: Vec<Lines> = Vec::new();
    for cell in &summary.cells {
        let reach = text::reach(cell.reach, cell.requested);
        let line = table_line(cell);
        match groups.last_mut() {
            Some(group) if group.reach == reach => group.lines.push(line),
            _ => groups.push(Lines {
                flip: cell.requested.is_none(),
                reach,
                lines: vec![line],
            }),
        }
    }
    let judges = &summary.run.judges;
    Table {
        judges: judges.iter().map(|judge| judge.name().to_owned()).collect(),
        agreement: summary.cells.iter().any(|cell| cell.agreement.of > 0),
        drivers: summary.cells.iter().any(|cell| cell.drivers_agreement.of > 0),
        all: (judges.len() > 1).then_some(if judges.len() == 2 { "both" } else { "all judges" }),
        groups,
    }
}

fn table_line(cell: &Cell) -> TableLine {
    let share = |share: &Share| Number {
        value: if share.of == 0 {
            "\u{2013}".to_owned()
        } else {
            text::count(share.count)
        },
        interval: text::share_interval(share),
    };
    let percent = |estimate| Number {
        value: text::percent_estimate(estimate),
        interval: text::percent_interval(estimate),
    };
    TableLine {
        method: text::method(&cell.method),
        about: text::about(&cell.method),
        control: text::control(cell.control),
        random: cell.control != Direction::Gradient,
        attained: format!("{}/{}", text::count(cell.attained), text::count(cell.rows)),
        failed: cell.failed,
        probability: percent(&cell.p_target_after),
        answered: share(&cell.answered),
        judges: cell.judges.iter().map(share).collect(),
        all: cell.all_judges.as_ref().map(share),
        warp: percent(&cell.e_warp),
        warp_gain: percent(&cell.e_warp_gain),
        l2: Number {
            value: text::estimate(&cell.l2, "\u{2013}"),
            interval: text::interval(&cell.l2),
        },
        agreement: agreement(cell),
        drivers: of_drivers(cell),
        psnr: Number {
            value: text::psnr_estimate(&cell.psnr),
            interval: cell.psnr.median.map_or_else(String::new, |psnr| {
                format!("{} of range", text::percent(text::share_of_range(psnr)))
            }),
        },
    }
}
