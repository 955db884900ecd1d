// SPDX-License-Identifier: MPL-2.0
//! One frame as it is shown, with what is known of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::{Value, json};
use steerlens::{Classifier, LiveReport};

use crate::encode::Picture;
use crate::judging::Judged;
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

/// One frame as the lens made it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) picture: Picture,
    /// What the network says of the frame; empty where it was not read.
    pub(crate) probabilities: Vec<f32>,
    pub(crate) done: Option<LiveReport>,
    /// What the judge said last, if there is one.
    pub(crate) judged: Option<Arc<Judged>>,
    /// Width and height of the input's frame.
    pub(crate) frame: (usize, usize),
    pub(crate) taken: Option<Instant>,
    pub(crate) dropped: u64,
    pub(crate) settings: Value,
    /// Why the frame is shown as it came.
    pub(crate) error: Option<String>,
}

/// A frame's state as the page reads it. Times are in milliseconds, probabilities 0..1; what is not known is `null`.
pub(crate) fn state(
    number: u64,
    made: &Made,
    classifier: &Classifier,
    timing: &Timing,
    recording: bool,
) -> Value {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let report = made.done.as_ref().map(|done| &done.report);
    let after = report.and_then(|report| report.after);
    let pair = report.map(|report| [report.source, report.target]);
    let judged = made.judged.as_deref();
    let said = judged.and_then(|judged| judged.said.as_ref().ok());
    let judge = |class: usize, picture: usize| *said?[picture].probabilities.get(class)?;
    let class = |class: usize, before: f32| {
        let after = after.zip(pair).and_then(|(after, [source, target])| match class {
            _ if class == target => Some(after.target_probability),
            _ if class == source => Some(after.source_probability),
            _ => None,
        });
        json!({
            "class": class,
            "label": classifier.label(class),
            "before": before,
            "after": after,
            "judge-before": judge(class, 0),
            "judge-after": judge(class, 1),
        })
    };
    let probabilities = &made.probabilities;
    let classes: Vec<Value> = shown_classes(probabilities, pair)
        .into_iter()
        .filter_map(|index| Some(class(index, *probabilities.get(index)?)))
        .collect();
    json!({
        "number": number,
        "frame": [made.frame.0, made.frame.1],
        "source": pair.map(|[source, _]| classifier.label(source)),
        "target": pair.map(|[_, target]| classifier.label(target)),
        "top-after": after.map(|after| classifier.label(after.top_class)),
        "classes": classes,
        "agreement": report.and_then(|report| report.agreement),
        "l2": report.map(|report| report.l2),
        "held": report.map(|report| report.held),
        "age": report.map(|report| ms(report.gradient_age)),
        "inference": made.done.as_ref().map(|done| ms(done.inference_time)),
        "time": made.done.as_ref().map(|done| ms(done.time)),
        "judge": judged.map(|judged| json!({
            "age": ms(made.taken.unwrap_or_else(Instant::now).saturating_duration_since(judged.taken)),
            "top-before": said.and_then(|said| Some(classifier.label(said[0].top?))),
            "top-after": said.and_then(|said| Some(classifier.label(said[1].top?))),
            "error": judged.said.as_ref().err(),
        })),
        "rate": timing.rate(),
        "latency-p50": timing.quantile(0.5).map(ms),
        "latency-p95": timing.quantile(0.95).map(ms),
        "dropped": made.dropped,
        "recording": recording,
        "warning": report.and_then(|report| report.warning.as_deref()),
        "error": made.error,
        "settings": made.settings,
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
