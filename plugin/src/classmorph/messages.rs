// SPDX-License-Identifier: MPL-2.0
//! What the element says on the bus (FIELD.md 5.2), as structures; posting is `imp`'s.

use std::path::Path;

use steerlens::classifier::Labels;
use steerlens::{Classifier, ClassifierSettings, Moment, Reading, Report};

use super::settings::nanoseconds;

/// A frame's times, as the element `level` gives them; without a time the field holds `GST_CLOCK_TIME_NONE`.
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

    /// The frame's place in its stream; `broken` where it does not follow on the frame before.
    pub(super) fn moment(&self, broken: bool) -> Moment {
        Moment {
            time: self.stream_time.map(Into::into),
            continuous: !broken && !self.backwards,
            picture: None,
        }
    }
}

/// One analysed frame: the message `classmorph`.
pub(super) fn analysed(
    frame: u64,
    stamp: &Stamp,
    labels: &Labels,
    reading: &Reading,
    report: &Report,
    top_k: u32,
) -> gst::Structure {
    let (source, target) = (report.source, report.target);
    let logit = |class| value(&reading.logits, class);
    let probability = |class| value(&reading.probabilities, class);
    let top = most_probable(&reading.probabilities, top_k);

    let mut fields = gst::Structure::builder("classmorph")
        .field("frame", frame)
        .field("timestamp", stamp.timestamp)
        .field("stream-time", stamp.stream_time)
        .field("running-time", stamp.running_time)
        .field("duration", stamp.duration)
        .field("source-class", number(source))
        .field("target-class", number(target))
        .field("source-label", labels.name(source).as_ref())
        .field("target-label", labels.name(target).as_ref())
        .field("source-logit", logit(source))
        .field("target-logit", logit(target))
        .field("source-probability", probability(source))
        .field("target-probability", probability(target))
        .field("margin", f64::from(reading.margin()))
        .field("gradient-norm", reading.gradient_norm)
        .field("change-norm", report.change_norm)
        .field("phase-rms", report.phase_rms)
        .field("magnification", report.magnification)
        .field("held", report.held)
        .field("gradient-age", nanoseconds(report.gradient_age))
        .field("inference-time", nanoseconds(reading.inference_time))
        .field("morph-time", nanoseconds(report.morph_time))
        .field("classes", gst::Array::new(top.iter().map(|class| number(*class))))
        .field(
            "probabilities",
            gst::Array::new(top.iter().map(|class| probability(*class))),
        )
        .field("l2", report.l2)
        .field("attained", report.attained)
        .field("pair-changed", reading.pair_changed)
        .field_if_some("warning", report.warning.as_deref());
    if let Some(after) = report.after {
        fields = fields
            .field("source-probability-after", f64::from(after.source_probability))
            .field("target-probability-after", f64::from(after.target_probability))
            .field("top-class-after", number(after.top_class))
            .field("after-time", nanoseconds(after.time));
    }
    fields.build()
}

/// A model is about to be loaded: the message `classmorph-loading`. `runtime` is the library asked for, if any.
pub(super) fn loading(classifier: &ClassifierSettings) -> gst::Structure {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    gst::Structure::builder("classmorph-loading")
        .field("model-file", text(&classifier.model_file))
        .field("runtime", classifier.runtime_library.as_deref().map(text))
        .build()
}

/// A model has been loaded: the message `classmorph-loaded`.
pub(super) fn loaded(classifier: &Classifier) -> gst::Structure {
    gst::Structure::builder("classmorph-loaded")
        .field("time", nanoseconds(classifier.load_time()))
        .field("nodes", count(classifier.nodes()))
        .field("gradient-nodes", count(classifier.gradient_nodes()))
        .field("provider", "cpu")
        .build()
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

    #[test]
    fn loading_names_the_files() {
        gst::init().unwrap();
        let settings = ClassifierSettings {
            model_file: "faces.onnx".into(),
            ..ClassifierSettings::default()
        };
        let structure = loading(&settings);
        assert_eq!(structure.get("model-file"), Ok("faces.onnx"));
        assert_eq!(structure.get::<Option<String>>("runtime"), Ok(None));
    }
}
