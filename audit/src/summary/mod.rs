// SPDX-License-Identifier: MPL-2.0
//! What the rows of an audit say together: everything the page states, and the content of `summary.json`.
//!
//! One pass over the rows keeps a few dozen bytes of each and every text once; then the statistics are made.
//! A *source* is one file (by its SHA-256, so a copy is no second source): frames of one video are not independent,
//! and intervals are found by drawing whole sources (`bootstrap.rs`). A *cell* is one method, control and reach.
//!
//! The measures stay apart (docs/method.md 0): the driver's probability, the judges' answers, the explained energy.
//! A row that failed or did not attain its budget is in no statistic, and is counted beside it.
//!
//! In JSON, probabilities and shares are 0..1, times nanoseconds, L2 distances in pixel values 0..1, and a
//! magnification of `null` with a denominator above 0 lies beyond the range that was searched.

mod bootstrap;
mod cases;
mod cells;
mod common;
mod compare;
mod counts;
mod energy;
mod extremes;
mod flips;
mod interval;
mod moved;
mod record;
mod verdict;
mod videos;
mod worst;

#[cfg(test)]
pub(super) mod made_up;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::cases::Collected;
use crate::condition::Condition;
use crate::error::Result;
use crate::table::Row;

pub use bootstrap::{DRAWS, FEWEST_SOURCES};
pub use cells::Cell;
pub use common::{Common, CommonLine, Differences};
pub use compare::{Compared, Comparison};
pub use counts::{Confused, Counts, Exclusion};
pub use energy::{Energy, Map};
pub use extremes::{ExtremeFrame, Extremes};
pub use flips::{ClassFlips, Distances, Flips, Matrix, Pair};
pub use interval::{Estimate, Share};
pub use moved::Moved;
pub use record::{InputFailure, InputFile, InputWarning, ModelFact, ModelFile, Record};
pub use verdict::Checked;
pub use videos::{Point, Video};
pub use worst::Worst;

/// The version of the summary's shape; keys are added, never renamed, within one.
const SCHEMA: u32 = 1;

/// The answers of an audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Version of this shape.
    pub schema: u32,
    /// What was run.
    pub run: Record,
    /// What the conditions under which the audit fails found, in their order.
    #[serde(default)]
    pub conditions: Vec<Checked>,
    /// How much was audited, and how much of it is in no statistic.
    pub counts: Counts,
    /// What the driver takes frames for whose true class is known, the most frequent first.
    #[serde(default)]
    pub confusion: Vec<Confused>,
    /// The least visible edit that changed the driver's answer to the target; missing where none did.
    #[serde(default)]
    pub worst: Option<Worst>,
    /// How far frames are from flipping, per method and control; empty where flips were not searched.
    pub flips: Vec<Flips>,
    /// Which classes become which, per method, in the class gradient's direction.
    pub matrices: Vec<Matrix>,
    /// The protocol table: one line per method, control and reach.
    pub cells: Vec<Cell>,
    /// Methods on the frames that all of them attained, and their differences; only of several methods.
    #[serde(default)]
    pub common: Vec<Common>,
    /// In which scales and orientations gradient and edits lie.
    pub energy: Energy,
    /// The course of each video.
    pub videos: Vec<Video>,
    /// The frames that were hardest and easiest to move.
    pub frames: Extremes,
    /// Why rows have no result.
    pub exclusions: Vec<Exclusion>,
    /// How this audit compares with an earlier one.
    pub comparison: Option<Comparison>,
}

impl Summary {
    /// Sums up rows, in any order that keeps the frames of a file in time, and judges them by conditions; the same rows
    /// give the same summary.
    ///
    /// # Errors
    /// The first error of the rows.
    pub fn of(
        rows: impl IntoIterator<Item = Result<Row>>,
        run: Record,
        conditions: &[Condition],
    ) -> Result<Self> {
        let mut collected = Collected::default();
        for row in rows {
            collected.add(&row?);
        }
        collected.sort();
        Ok(Self {
            schema: SCHEMA,
            conditions: verdict::check(&collected, conditions),
            counts: counts::count(&collected, &run),
            confusion: counts::confusion(&collected),
            worst: worst::worst(&collected),
            flips: flips::flips(&collected),
            matrices: flips::matrices(&collected),
            cells: cells::cells(&collected, run.judges.len()),
            common: common::common(&collected),
            energy: collected.energy.means(),
            videos: videos::videos(&collected),
            frames: extremes::frames(&collected),
            exclusions: counts::exclusions(&collected),
            comparison: None,
            run,
        })
    }

    /// Reads a summary that an earlier audit wrote.
    ///
    /// # Errors
    /// Where the text is no summary, or one of another version.
    pub fn read(json: &str) -> Result<Self> {
        compare::read(json)
    }

    /// Sets this audit beside an earlier one, and keeps the result for the page.
    pub fn compare(&mut self, baseline: &Self, threshold: Option<f64>) -> &Comparison {
        let comparison = compare::compare(self, baseline, threshold);
        self.comparison.insert(comparison)
    }

    /// The method that answers speak of: the first that was asked for.
    pub fn main_method(&self) -> Option<&str> {
        self.cells.first().map(|cell| cell.method.as_str())
    }
}
