// SPDX-License-Identifier: MPL-2.0
//! What is attached to a morphed buffer (docs/gstreamer.md 2.2, 2.3).

use gst::meta::CustomMeta;

use crate::message::{FrameReport, META};

/// Makes the meta known, once per process. Without tags it survives whatever does not crop or scale time away.
pub(super) fn register() {
    if !CustomMeta::is_registered(META) {
        CustomMeta::register(META, &[]);
    }
}

/// Attaches the report. An earlier element's, copied from the input, gives way: readers ask by name and find one.
pub(super) fn attach(buffer: &mut gst::BufferRef, report: &FrameReport) -> Result<(), gst::glib::BoolError> {
    while let Ok(earlier) = CustomMeta::from_mut_buffer(buffer, META) {
        earlier.remove()?;
    }
    report.write(CustomMeta::add(buffer, META)?.mut_structure());
    // It can tell no age, and is therefore of this very frame.
    #[cfg(feature = "v1_24")]
    if !report.held {
        attach_analytics(buffer, report)?;
    }
    Ok(())
}

/// Whether a meta holds the analytics of elements in front. The base class leaves it behind; the frame is the same one.
pub(super) fn is_analytics(meta: &gst::MetaRef<'_, gst::Meta>) -> bool {
    #[cfg(feature = "v1_24")]
    return meta
        .downcast_ref::<gst_analytics::AnalyticsRelationMeta>()
        .is_some();
    #[cfg(not(feature = "v1_24"))]
    {
        let _ = meta;
        false
    }
}

/// The same classes for elements that know GStreamer's own analytics meta: the most probable ones of the frame, and
/// with `measure-after` source and target of the picture as written, related to the first.
#[cfg(feature = "v1_24")]
fn attach_analytics(buffer: &mut gst::BufferRef, report: &FrameReport) -> Result<(), gst::glib::BoolError> {
    use gst::glib::Quark;
    use gst_analytics::prelude::*;
    use gst_analytics::{AnalyticsRelationMeta, RelTypes};

    // Levels are single precision there.
    #[expect(clippy::cast_possible_truncation, reason = "a probability, rounded")]
    let level = |probability: &f64| *probability as f32;
    let levels: Vec<f32> = report.probabilities.iter().map(level).collect();
    let classes: Vec<Quark> = report.labels.iter().map(Quark::from_str).collect();

    // One that came with the input holds the results of elements in front, and is added to.
    if buffer.meta::<AnalyticsRelationMeta>().is_none() {
        AnalyticsRelationMeta::add(buffer);
    }
    let Some(mut meta) = buffer.meta_mut::<AnalyticsRelationMeta>() else {
        return Err(gst::glib::bool_error!("the analytics meta is not there"));
    };
    let before = meta.add_cls_mtd(&levels, &classes)?.id();
    if let Some(after) = &report.after {
        let pair = [&after.source_probability, &after.target_probability].map(level);
        let labels = [&report.source_label, &report.target_label].map(Quark::from_str);
        let after = meta.add_cls_mtd(&pair, &labels)?.id();
        meta.set_relation(RelTypes::RELATE_TO, after, before)?;
    }
    Ok(())
}
