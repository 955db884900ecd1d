// SPDX-License-Identifier: MPL-2.0
//! How far edits go where nobody says: to once, twice and four times the median flip of a few frames. Further away there
//! is often nothing left of a picture, and nearer nothing has happened yet. And the first frames themselves, for the control
//! that takes gradients from other pictures.

use std::sync::{Arc, LazyLock};

use crate::feed::Feed;
use crate::input::{Frame, Input};
use crate::journal::Journal;
use crate::progress::Stop;
use crate::protocol::Worker;
use crate::settings::Settings;

const TIMES: [f64; 3] = [1.0, 2.0, 4.0];

/// Magnifications, and the words that say where they are from.
pub(crate) struct Reaches {
    pub(crate) magnifications: Vec<f64>,
    pub(crate) from: String,
}

/// The magnifications that suit the first frames of these inputs. `None` where distances were asked for, flips are
/// not searched, or none is found.
pub(crate) fn reaches(
    settings: &Settings,
    inputs: &[Input],
    worker: &mut Worker,
    stop: &Stop<'_>,
) -> Option<Reaches> {
    let given = !settings.budgets.is_empty() || !settings.magnifications.is_empty();
    if given || !settings.flips {
        return None;
    }
    let truths = settings.truth.labels(inputs, false).ok()?;
    let feed = feed(settings, inputs, &truths, stop);
    let mut flips = Vec::new();
    for at in 0..inputs.len() {
        if stop.is_set() {
            return None;
        }
        // What cannot be read or moved is said when its turn comes.
        if let Ok(frame) = feed.first_of(at) {
            flips.extend(worker.flips_of(&frame).unwrap_or_default());
        }
    }
    flips.sort_by(f64::total_cmp);
    let median = *flips.get(flips.len().checked_sub(1)? / 2)?;
    Some(Reaches {
        magnifications: TIMES.map(|times| rounded(times * median)).to_vec(),
        from: format!("1, 2 and 4 times the median of {} flips", flips.len()),
    })
}

/// The first frames of these inputs, of those that can be read.
pub(crate) fn first_frames(settings: &Settings, inputs: &[Input], stop: &Stop<'_>) -> Vec<Arc<Frame>> {
    let Ok(truths) = settings.truth.labels(inputs, false) else {
        return Vec::new();
    };
    let feed = feed(settings, inputs, &truths, stop);
    (0..inputs.len())
        .filter_map(|at| feed.first_of(at).ok().map(Arc::new))
        .collect()
}

fn feed<'a>(
    settings: &Settings,
    inputs: &'a [Input],
    truths: &'a [Option<String>],
    stop: &'a Stop<'a>,
) -> Feed<'a> {
    static NOTHING_DONE: LazyLock<Journal> = LazyLock::new(Journal::default);
    Feed {
        inputs,
        truths,
        sample: settings.sample,
        journal: &NOTHING_DONE,
        stop,
        progress: &|_| (),
    }
}

/// With two digits.
fn rounded(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    // Through text, so that 0.3 is no 0.30000000000000004.
    let digits = usize::try_from(-(unit.log10().round() as i32)).unwrap_or(0);
    format!("{:.digits$}", (value / unit).round() * unit)
        .parse()
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_two_digits() {
        let pairs = [
            (0.018_59, 0.019),
            (0.037_18, 0.037),
            (3.96, 4.0),
            (0.3, 0.3),
            (0.000_994, 0.000_99),
        ];
        for (value, round) in pairs {
            assert_eq!(rounded(value), round);
        }
    }
}
