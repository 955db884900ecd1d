// SPDX-License-Identifier: MPL-2.0
//! The library's reports as what the element says (docs/gstreamer.md 2.1); `bus` posts them, and `metas` attaches them.

use steerlens::classifier::Labels;
use steerlens::settings::Choice;
use steerlens::{Classifier, ClassifierSettings, Fact, FramePosition, LiveReport, Reading, Source};

use crate::message::{self, FrameReport, Loaded, Loading, nanoseconds};

/// A frame's times, as the element `level` gives them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    timestamp: Option<gst::ClockTime>,
    running_time: Option<gst::ClockTime>,
    duration: Option<gst::ClockTime>,
    pub(super) stream_time: Option<gst::ClockTime>,
    /// Whether the segment is played backwards.
    backwards: bool,
}

impl Stamp {
    /// The times of `buffer` in `segment`.
    pub(super) fn of(segment: &gst::Segment, buffer: &gst::BufferRef) -> Self {
        let backwards = segment.rate() < 0.0;
        let segment = segment.downcast_ref::<gst::ClockTime>();
        let timestamp = buffer.pts();
        Self {
            timestamp,
            running_time: segment.and_then(|segment| segment.to_running_time(timestamp)),
            duration: buffer.duration(),
            stream_time: segment.and_then(|segment| segment.to_stream_time(timestamp)),
            backwards,
        }
    }

    /// The frame's place in its stream. A buffer that is marked as discontinuous follows on the one before all the
    /// same: a leaky queue marks one after every frame that it drops. A gap in time and a cut are seen by themselves,
    /// and starts, flushes, seeks and other caps have the past forgotten (`breaks`).
    pub(super) fn position(&self) -> FramePosition {
        FramePosition {
            time: self.stream_time.map(Into::into),
            continuous: !self.backwards,
            picture: None,
        }
    }
}

/// What there is to say of one analysed frame, which was moved along this reading. What the model says is that of the
/// frame that was read, which `held` and `gradient-age` tell; what happened in a run is told once, with `LiveReport::read`.
pub(super) fn analysed(
    frame: u64,
    stamp: &Stamp,
    labels: &Labels,
    reading: &Reading,
    done: &LiveReport,
    top_k: u32,
) -> FrameReport {
    let report = &done.report;
    let (source, target) = (report.source, report.target);
    let logit = |class| value(&reading.logits, class);
    let probability = |class| value(&reading.probabilities, class);
    let top = most_probable(&reading.probabilities, top_k);
    FrameReport {
        frame,
        timestamp: stamp.timestamp,
        stream_time: stamp.stream_time,
        running_time: stamp.running_time,
        duration: stamp.duration,
        source_class: number(source),
        target_class: number(target),
        source_label: labels.name(source).into_owned(),
        target_label: labels.name(target).into_owned(),
        source_logit: logit(source),
        target_logit: logit(target),
        source_probability: probability(source),
        target_probability: probability(target),
        margin: f64::from(reading.margin()),
        gradient_norm: reading.gradient_norm,
        agreement: report.agreement,
        drivers_agreement: report.drivers_agreement,
        change_norm: report.change_norm,
        phase_rms: report.phase_rms,
        magnification: report.magnification,
        held: report.held,
        gradient_age: report.gradient_age,
        inference_time: done.inference_time,
        morph_time: report.morph_time,
        classes: top.iter().map(|class| number(*class)).collect(),
        labels: top.iter().map(|class| labels.name(*class).into_owned()).collect(),
        probabilities: top.iter().map(|class| probability(*class)).collect(),
        l2: report.l2,
        attained: report.attained,
        led: report.led,
        pair_changed: done.read && reading.pair_changed,
        warning: report.warning.clone(),
        after: report.after.map(|after| message::After {
            source_probability: f64::from(after.source_probability),
            target_probability: f64::from(after.target_probability),
            top_class: number(after.top_class),
            time: after.time,
        }),
    }
}

/// A model is about to be opened.
pub(super) fn loading(classifier: &ClassifierSettings) -> Loading {
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    Loading {
        model_file: text(&classifier.model_file),
        runtime: classifier.runtime_library.as_deref().map(text),
    }
}

/// A model has been opened, in this time.
pub(super) fn loaded(classifier: &Classifier, time: std::time::Duration, shared: bool) -> Loaded {
    Loaded {
        time,
        nodes: count(classifier.nodes()),
        gradient_nodes: count(classifier.gradient_nodes()),
        provider: classifier.provider().nick().into(),
        shared,
    }
}

/// The open model, for the property `model-description` (docs/gstreamer.md 2.6). Tensors are written as
/// `name type [axes]`, facts as `name: value (source)`.
pub(super) fn description(classifier: &Classifier) -> gst::Structure {
    let about = classifier.description();
    let tensors = |tensors: &[steerlens::TensorInfo]| {
        gst::Array::new(tensors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    gst::Structure::builder("application/x-classmorph-model")
        .field("model-file", classifier.model_file().to_string_lossy().as_ref())
        .field("producer", about.producer.as_str())
        .field("opset", about.opset)
        .field("inputs", tensors(&about.inputs))
        .field("outputs", tensors(&about.outputs))
        .field(
            "facts",
            gst::Array::new(classifier.facts().iter().map(fact).collect::<Vec<_>>()),
        )
        .field("classes", count(classifier.classes()))
        .field("nodes", count(classifier.nodes()))
        .field("gradient-nodes", count(classifier.gradient_nodes()))
        .field("runtime", classifier.runtime().version())
        .field(
            "runtime-library",
            classifier.runtime().path().to_string_lossy().as_ref(),
        )
        .field("provider", classifier.provider().nick())
        .field("load-time", nanoseconds(classifier.load_time()))
        .build()
}

/// What had to be known of a model, and where it was taken from.
fn fact(fact: &Fact) -> String {
    let source = match &fact.source {
        Source::Setting => "property".to_owned(),
        source => source.to_string(),
    };
    format!("{}: {} ({source})", fact.name, fact.value)
}

fn value(values: &[f32], class: usize) -> f64 {
    values.get(class).copied().map_or(f64::NAN, f64::from)
}

/// A class as messages number it.
fn number(class: usize) -> i32 {
    i32::try_from(class).unwrap_or(i32::MAX)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The first `k` classes, most probable first; of equals the lower number.
fn most_probable(probabilities: &[f32], k: u32) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..probabilities.len()).collect();
    classes.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
    classes.truncate(usize::try_from(k).unwrap_or(usize::MAX));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_come_first_and_ties_by_number() {
        assert_eq!(most_probable(&[0.1, 0.4, 0.1, 0.4], 3), [1, 3, 0]);
        assert_eq!(most_probable(&[0.1, 0.9], 100), [1, 0]);
    }

    #[test]
    fn times_are_of_the_segment() {
        gst::init().unwrap();
        let ms = gst::ClockTime::from_mseconds;
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(ms(100));
        segment.set_time(ms(5000));
        segment.set_base(ms(30));
        let mut buffer = gst::Buffer::new();
        buffer.get_mut().unwrap().set_pts(ms(140));
        let stamp = Stamp::of(segment.upcast_ref(), &buffer);
        assert_eq!(stamp.timestamp, Some(ms(140)));
        assert_eq!(stamp.stream_time, Some(ms(5040)));
        assert_eq!(stamp.running_time, Some(ms(70)));
        assert_eq!(stamp.duration, None);
    }
}
