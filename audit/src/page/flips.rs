// SPDX-License-Identifier: MPL-2.0
//! How far each class is from flipping, and what becomes what.

use std::collections::BTreeMap;

use serde::Serialize;

use super::axis::{Log, Tick, rounded};
use super::{MOST_CLASSES, text};
use crate::summary::{Distances, Estimate, Flips, Matrix, Pair, Summary};
use crate::table::Direction;

/// The distances from flipping.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    /// End of the range that was searched: "> 4".
    beyond: String,
    ticks: Vec<Tick>,
    /// Every method and direction, all classes together.
    methods: Vec<Line>,
    /// The classes of each method, in the class gradient's direction.
    tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
struct Table {
    method: String,
    lines: Vec<Line>,
    /// Classes that are not listed, and their frames.
    more: usize,
    more_pairs: String,
}

/// One line: five places on the axis, and the numbers.
#[derive(Debug, Serialize)]
struct Line {
    label: String,
    random: bool,
    control: &'static str,
    /// Minimum, quartiles and maximum; beyond the range at its end.
    low: f64,
    quarter: f64,
    middle: f64,
    three: f64,
    high: f64,
    /// Whether the median lies within the range.
    found: bool,
    /// Whether anything lies beyond it.
    beyond: bool,
    flipped: String,
    share: String,
    share_interval: String,
    smallest: String,
    median: String,
    interval: String,
    l2: String,
    psnr: String,
    /// The same as a share of the range; empty where it is not known.
    share_of_range: String,
    l2_smallest: String,
}

pub(super) fn flips(summary: &Summary) -> Option<Section> {
    let all = |flips: &Flips| {
        let classes = flips
            .classes
            .iter()
            .take(MOST_CLASSES)
            .map(|class| &class.distances);
        classes
            .chain([&flips.all])
            .flat_map(|of| of.magnification_quantiles)
            .flatten()
            .collect::<Vec<_>>()
    };
    let range = summary.run.flip_range;
    let axis = Log::around(summary.flips.iter().flat_map(all).chain(range));
    let beyond = range.map_or_else(
        || "beyond".to_owned(),
        |range| format!("> {}", text::number(range)),
    );
    let methods = summary.flips.iter().map(|flips| {
        line(
            &axis,
            &beyond,
            text::method(&flips.method),
            &flips.all,
            flips.control,
        )
    });
    let gradient = summary
        .flips
        .iter()
        .filter(|flips| flips.control == Direction::Gradient);
    let tables = gradient.map(|flips| Table {
        method: text::method(&flips.method),
        lines: flips
            .classes
            .iter()
            .take(MOST_CLASSES)
            .map(|class| {
                line(
                    &axis,
                    &beyond,
                    class.label.clone(),
                    &class.distances,
                    Direction::Gradient,
                )
            })
            .collect(),
        more: flips.classes.len().saturating_sub(MOST_CLASSES),
        more_pairs: text::count(
            flips
                .classes
                .iter()
                .skip(MOST_CLASSES)
                .map(|class| class.distances.flipped.of)
                .sum(),
        ),
    });
    (!summary.flips.is_empty()).then(|| Section {
        ticks: axis.ticks(),
        methods: methods.collect(),
        tables: tables.collect(),
        beyond: beyond.clone(),
    })
}

fn line(axis: &Log, beyond: &str, label: String, distances: &Distances, control: Direction) -> Line {
    let quantiles = distances.magnification_quantiles;
    let [low, quarter, middle, three, high] = quantiles.map(|at| at.map_or(100.0, |at| axis.at(at)));
    Line {
        label,
        random: control != Direction::Gradient,
        control: text::control(control),
        low,
        quarter,
        middle,
        three,
        high,
        found: quantiles[2].is_some(),
        beyond: quantiles[4].is_none(),
        flipped: text::of(&distances.flipped),
        share: distances.flipped.share().map_or_else(String::new, text::percent),
        share_interval: text::share_interval(&distances.flipped),
        smallest: quantiles[0].map_or_else(|| beyond.to_owned(), text::number),
        median: text::estimate(&distances.magnification, beyond),
        interval: text::interval(&distances.magnification),
        l2: text::estimate(&distances.l2, "\u{2013}"),
        psnr: text::psnr_estimate(&distances.psnr),
        share_of_range: share_of_range(&distances.psnr),
        l2_smallest: distances.l2_quantiles[0].map_or_else(|| "\u{2013}".to_owned(), text::number),
    }
}

fn share_of_range(psnr: &Estimate) -> String {
    let share = psnr.median.map(text::share_of_range);
    share.map_or_else(String::new, text::percent)
}

/// What becomes what, by one method.
#[derive(Debug, Serialize)]
pub(super) struct Becomes {
    method: String,
    reach: String,
    /// Empty where there are too many classes for a square.
    targets: Vec<String>,
    rows: Vec<Row>,
    /// The pairs one by one, where there are too many classes.
    list: Vec<Listed>,
    more: usize,
    more_of: String,
}

#[derive(Debug, Serialize)]
struct Row {
    label: String,
    fields: Vec<Option<Field>>,
}

#[derive(Debug, Serialize)]
struct Field {
    text: String,
    /// Per cent, for the colour.
    share: f64,
    title: String,
}

#[derive(Debug, Serialize)]
struct Listed {
    source: String,
    target: String,
    field: Field,
    percent: String,
    magnification: String,
}

pub(super) fn matrices(summary: &Summary) -> Vec<Becomes> {
    summary.matrices.iter().map(matrix).collect()
}

fn matrix(matrix: &Matrix) -> Becomes {
    let sources = totals(&matrix.pairs, |pair| (pair.source, &pair.source_label));
    let targets = totals(&matrix.pairs, |pair| (pair.target, &pair.target_label));
    let square = sources.len() <= MOST_CLASSES && targets.len() <= MOST_CLASSES;
    let most = if square { matrix.pairs.len() } else { MOST_CLASSES };
    let rows = sources.iter().map(|(source, label)| Row {
        label: label.clone(),
        fields: targets
            .iter()
            .map(|(target, _)| {
                let mut pairs = matrix.pairs.iter();
                pairs
                    .find(|pair| pair.source == *source && pair.target == *target)
                    .map(field)
            })
            .collect(),
    });
    Becomes {
        method: text::method(&matrix.method),
        reach: text::reach(matrix.reach, matrix.requested),
        rows: if square { rows.collect() } else { Vec::new() },
        targets: if square {
            targets.into_iter().map(|(_, label)| label).collect()
        } else {
            Vec::new()
        },
        list: matrix
            .pairs
            .iter()
            .take(if square { 0 } else { most })
            .map(listed)
            .collect(),
        more: matrix.pairs.len().saturating_sub(most),
        more_of: text::count(matrix.pairs.iter().skip(most).map(|pair| pair.became.of).sum()),
    }
}

fn listed(pair: &Pair) -> Listed {
    Listed {
        source: pair.source_label.clone(),
        target: pair.target_label.clone(),
        field: field(pair),
        percent: pair.became.share().map_or_else(String::new, text::percent),
        magnification: pair
            .magnification
            .map_or_else(|| "beyond".to_owned(), text::number),
    }
}

fn field(pair: &Pair) -> Field {
    let magnification = pair
        .magnification
        .map_or_else(|| "beyond the range".to_owned(), text::number);
    Field {
        text: format!("{}/{}", pair.became.count, pair.became.of),
        share: rounded(100.0 * pair.became.share().unwrap_or(0.0)),
        title: format!(
            "{} to {}: {}, median magnification {magnification}",
            pair.source_label,
            pair.target_label,
            text::of_percent(&pair.became)
        ),
    }
}

/// Classes with their labels, the most frequent first.
fn totals<'a>(pairs: &'a [Pair], class: impl Fn(&'a Pair) -> (i32, &'a String)) -> Vec<(i32, String)> {
    let mut totals: BTreeMap<i32, (usize, &String)> = BTreeMap::new();
    for pair in pairs {
        let (class, label) = class(pair);
        totals.entry(class).or_insert((0, label)).0 += pair.became.of;
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by_key(|(_, (of, _))| std::cmp::Reverse(*of));
    totals
        .into_iter()
        .map(|(class, (_, label))| (class, label.clone()))
        .collect()
}
