// SPDX-License-Identifier: MPL-2.0
//! One frame as it is shown, with what is known of it.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Value, json};
use steerlens::{Classifier, LiveReport, Reading};

use crate::encode::Picture;
use crate::timing::Timing;

/// Classes with a bar, beside source and target.
const BARS: usize = 5;

/// One frame as it is shown.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Frames shown so far, this one included; 0 before the first.
    pub(crate) number: u64,
    pub(crate) picture: Picture,
    /// Empty where nobody looks on.
    pub(crate) jpeg: Bytes,
    /// What is known of it: see [`state`].
    pub(crate) state: Value,
}

/// What a frame's state is made of.
pub(crate) struct Facts<'a> {
    pub(crate) classifier: &'a Classifier,
    pub(crate) reading: Option<&'a Reading>,
    pub(crate) done: Option<&'a LiveReport>,
    pub(crate) timing: &'a Timing,
    /// Width and height of the input's frame.
    pub(crate) frame: (usize, usize),
    pub(crate) dropped: u64,
    pub(crate) recording: bool,
    pub(crate) settings: Value,
    /// Why the frame is shown as it came.
    pub(crate) error: Option<String>,
}

/// A frame's state as the page reads it. Times are in milliseconds, probabilities 0..1; what is not known is `null`.
pub(crate) fn state(number: u64, facts: &Facts<'_>) -> Value {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let report = facts.done.map(|done| &done.report);
    let after = report.and_then(|report| report.after);
    let pair = report.map(|report| [report.source, report.target]);
    let class = |class: usize, before: f32| {
        let after = after.zip(pair).and_then(|(after, [source, target])| match class {
            _ if class == target => Some(after.target_probability),
            _ if class == source => Some(after.source_probability),
            _ => None,
        });
        json!({
            "class": class,
            "label": facts.classifier.label(class),
            "before": before,
            "after": after,
        })
    };
    let classes: Vec<Value> = facts.reading.map_or_else(Vec::new, |reading| {
        let probabilities = &reading.probabilities;
        shown_classes(probabilities, pair)
            .into_iter()
            .filter_map(|index| Some(class(index, *probabilities.get(index)?)))
            .collect()
    });
    json!({
        "number": number,
        "frame": [facts.frame.0, facts.frame.1],
        "source": pair.map(|[source, _]| facts.classifier.label(source)),
        "target": pair.map(|[_, target]| facts.classifier.label(target)),
        "top-after": after.map(|after| facts.classifier.label(after.top_class)),
        "classes": classes,
        "agreement": report.and_then(|report| report.agreement),
        "l2": report.map(|report| report.l2),
        "held": report.map(|report| report.held),
        "age": report.map(|report| ms(report.gradient_age)),
        "inference": facts.done.map(|done| ms(done.inference_time)),
        "time": facts.done.map(|done| ms(done.time)),
        "rate": facts.timing.rate(),
        "latency-p50": facts.timing.quantile(0.5).map(ms),
        "latency-p95": facts.timing.quantile(0.95).map(ms),
        "dropped": facts.dropped,
        "recording": facts.recording,
        "warning": report.and_then(|report| report.warning.as_deref()),
        "error": facts.error,
        "settings": facts.settings,
    })
}

/// Source and target, then the most probable of the others.
fn shown_classes(probabilities: &[f32], pair: Option<[usize; 2]>) -> Vec<usize> {
    let pair = pair.as_ref().map_or(&[][..], |pair| &pair[..]);
    let mut others: Vec<usize> = (0..probabilities.len())
        .filter(|class| !pair.contains(class))
        .collect();
    others.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
    pair.iter()
        .copied()
        .chain(others.into_iter().take(BARS))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_comes_first_and_then_what_is_most_probable() {
        let probabilities = [0.1, 0.4, 0.05, 0.2, 0.25];
        assert_eq!(shown_classes(&probabilities, Some([1, 2])), [1, 2, 4, 3, 0]);
        assert_eq!(shown_classes(&probabilities, None), [1, 4, 3, 0, 2]);
    }
}
