// SPDX-License-Identifier: MPL-2.0
//! Methods on the frames that all of them moved equally far, and their differences.

use serde::Serialize;

use super::text;
use crate::summary::{Common, CommonLine, Estimate, Summary};
use crate::table::Direction;

/// A distance or magnification.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    reach: String,
    attained: String,
    /// The method from which differences are.
    first: String,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    method: String,
    probability: String,
    answered: String,
    warp: String,
    /// The three less those of the first method, each with its interval.
    less: Option<[(String, String); 3]>,
}

/// Those along the class gradient.
pub(super) fn common(summary: &Summary) -> Vec<Group> {
    let along = summary
        .common
        .iter()
        .filter(|common| common.control == Direction::Gradient);
    along.map(group).collect()
}

fn group(common: &Common) -> Group {
    Group {
        reach: text::reach(common.reach, common.requested),
        attained: format!("{} of {}", text::count(common.attained), text::count(common.of)),
        first: common
            .lines
            .first()
            .map_or_else(String::new, |line| text::method(&line.method)),
        lines: common.lines.iter().map(line).collect(),
    }
}

fn line(line: &CommonLine) -> Line {
    Line {
        method: text::method(&line.method),
        probability: text::percent_estimate(&line.p_target_after),
        answered: text::of(&line.answered),
        warp: text::percent_estimate(&line.e_warp),
        less: line.less_first.map(|less| {
            [less.p_target_after, less.answered, less.e_warp].map(|estimate| difference(&estimate))
        }),
    }
}

/// A difference of shares in per cent points, and its interval.
fn difference(estimate: &Estimate) -> (String, String) {
    let signed = |share: f64| match share < 0.0 {
        true => format!("\u{2212}{:.1}", -100.0 * share),
        false => format!("+{:.1}", 100.0 * share),
    };
    let value = estimate.median.map_or_else(text::none, signed);
    let interval = match estimate.interval {
        Some([Some(low), Some(high)]) => format!("{} to {}", signed(low), signed(high)),
        _ => String::new(),
    };
    (value, interval)
}
