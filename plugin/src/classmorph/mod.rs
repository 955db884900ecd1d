// SPDX-License-Identifier: MPL-2.0
//! The element `classmorph`: the library's [`steerlens::Lens`] as a video filter.
//!
//! These files only translate: properties into settings, buffers into views, reports into messages. What a morph
//! is, and every formula, lives in the library.
//!
//! * `imp`: the element as GObject sees it
//! * `properties`, `rows`, `enums`, `spec`, `presets`, `settings`: what can be set, and what the library is given of it
//! * `change`: the one way into the settings, and what it means for caps
//! * `open`, `instances`: the model, loaded on the way to PAUSED, and models that elements share
//! * `caps`: formats, and the doubled width of side-by-side
//! * `stream`: one frame's way, from the buffer that comes in to the one that goes out; `discont`: what interrupts it
//! * `live`, `latency`: what live pipelines are told of how long a frame takes
//! * `content`: frames that are not what people see
//! * `frame`, `region`: mapped buffers as views, and the part of them that upstream points at
//! * `bus`, `messages`, `metas`, `stats`, `errors`, `warnings`, `log`: everything that is said

mod bus;
mod caps;
mod change;
mod content;
mod discont;
mod enums;
mod errors;
mod frame;
mod imp;
mod instances;
mod latency;
mod live;
mod log;
mod messages;
mod metas;
mod open;
mod presets;
mod properties;
mod region;
mod rows;
mod settings;
mod spec;
mod stats;
mod stream;
mod warnings;

/**
 * SECTION:element-classmorph
 * @title: classmorph
 * @short_description: Shows how an image classifier gets from one class to another
 *
 * Each frame is moved along the classifier's own gradient, expressed in the local phases of a complex steerable
 * pyramid, so that one sees what the network would change to get from the source class to the target class.
 * Any ONNX image classifier will do; ONNX Runtime is loaded when the element goes to PAUSED.
 *
 * ## A drawn face smiles and is sober again, every two seconds
 *
 * ```shell
 * gst-launch-1.0 filesrc location=media/face.webm ! decodebin ! videoconvert \
 *     ! classmorph model-file=models/faces_robust.onnx target-label=smile sweep=triangle \
 *     ! videoconvert ! autovideosink
 * ```
 *
 * ## One picture, and what the network says of it
 *
 * ```shell
 * gst-launch-1.0 -m filesrc location=media/face_astronaut.png ! decodebin ! videoconvert \
 *     ! classmorph model-file=models/face_expression.onnx target-label="sad" magnification=0.2 post-messages=true \
 *         measure-after=true \
 *     ! videoconvert ! pngenc ! filesink location=out.png
 * ```
 *
 * With #GstClassMorph:post-messages each analysed frame posts an element message `classmorph`; with
 * #GstClassMorph:attach-meta the same fields lie on the morphed buffer, in a #GstCustomMeta called
 * `GstClassMorphMeta`. Frames that no model saw (a gap, a frame too small, a setting that does not fit) have neither.
 * Where `held` is true, what the model says is that of an earlier frame, `gradient-age` before this one: classes,
 * labels, logits, probabilities, `margin`, `gradient-norm`, `agreement` and, with
 * #GstClassMorph:also-model-files, `drivers-agreement`. What happened in a run is told by one frame only, the first
 * that was moved along what came of it: `inference-time` is 0 and `pair-changed` false everywhere else.
 * `gdouble`: `source-logit`, `target-logit`, `margin` (target's logit minus source's), `source-probability`,
 * `target-probability`, `gradient-norm` (of the objective, in pixel values 0..1 of the model's picture), with
 * #GstClassMorph:samples above 1 `agreement` (how sure the direction is, 0..1: how alike it is to be expected to the mean
 * of as many other samples),
 * `change-norm` (L2 norm of the change before clipping), `phase-rms` (RMS of the phase step before magnification, in
 * radians: how strong the gradient is in the phases), `magnification` (the one used), `l2`
 * (distance of the written picture from the frame, pixel values 0..1). `guint64`: `frame` (number in the stream,
 * from 0), `timestamp`, `stream-time`, `running-time`, `duration`, `inference-time`, `morph-time`, `gradient-age`
 * (nanoseconds). `gint`: `source-class`, `target-class`. Strings: `source-label`, `target-label`, and `warning`
 * where something is not as it was asked for, mostly a frame that was passed on unchanged. `gboolean`: `held` (the
 * gradient is an earlier frame's), `attained` (whether the L2 budget was reached), `pair-changed`, and with
 * `reach=auto` `led` (whether the target leads). #GstValueArray: `classes`, `labels` and `probabilities`, the most
 * probable first. With #GstClassMorph:measure-after also
 * `source-probability-after`, `target-probability-after`, `top-class-after` and `after-time`. From Rust,
 * `gststeerlens::message::FrameReport` is all of this as a type.
 *
 * Built with the cargo feature `v1_24`, #GstClassMorph:attach-meta also attaches the classes as
 * #GstAnalyticsRelationMeta: one classification of the frame, and with #GstClassMorph:measure-after a second one of
 * source and target in the picture as written, related to the first.
 *
 * With #GstClassMorph:roi-source `meta` the largest region that a detector in front attached is read and morphed, and the
 * rest of the frame stays: a #GstVideoRegionOfInterestMeta, which is given a parameter `classmorph` with `label`,
 * `confidence`, `held` and `gradient-age`, or with the feature `v1_24` a #GstAnalyticsODMtd, which is given a
 * classification that is part of it. Analytics metas can tell no age: they are attached where `held` is false.
 *
 * Opening a model posts `classmorph-loading` (`model-file`; `runtime`, the library if one was named) and
 * `classmorph-loaded` (`time` in nanoseconds, `nodes`, `gradient-nodes`, `provider`, `shared`); what was opened is
 * in #GstClassMorph:model-description.
 *
 * ## Live video, and video that is calm
 *
 * ```shell
 * gst-launch-1.0 v4l2src ! videoconvert ! classmorph @preset=calm model-file=models/faces_robust.onnx \
 *     target-label=smile gradient-mode=held ! queue ! videoconvert ! autovideosink
 * ```
 *
 * With #GstClassMorph:gradient-mode `held` the model reads the newest frame on a thread of its own, and every frame is
 * moved at full rate along the last gradient, whose age messages tell; only the first frame waits for one. With
 * #GstClassMorph:inference-interval the model reads every n-th frame only. A held gradient lies where things were when
 * it was taken: where the camera or what it sees moves, it is that much off, and a target that was changed counts from
 * the next gradient on. A picture that stands still is read and analysed once: a sweep over it costs little more than
 * drawing it.
 *
 * In a live pipeline the LATENCY query is answered with the time that a frame takes, so that a window waits for what was
 * computed: the longest of the last 32 frames but one, an eighth more and in whole milliseconds; held, that is the morph's
 * time alone. Before the first frame it is a run of the model for each of #GstClassMorph:steps. It grows at once, with a
 * LATENCY message, on which applications call gst_bin_recalculate_latency(), and shrinks when less than half of it would
 * do for 32 frames. With #GstClassMorph:latency it is fixed, and 0 is none. A `queue` between the element and a window has
 * the next frame begun while the last one waits for its time.
 *
 * #GstClassMorph:temporal-smoothing averages phase steps over the frames of a stream. The average starts anew with
 * other classes, sizes and settings, after a flush, a seek, a gap of more than a second, and a cut; forwards only.
 * A buffer that is marked as discontinuous is a frame like any other, since a leaky queue marks one after every buffer
 * that it drops.
 *
 * Once frames flow, no property ends the stream. What it needs of the caps is asked for; where upstream has no colours for
 * #GstClassMorph:color-mode, luma is edited, where downstream does not take the width of #GstClassMorph:display-mode, the
 * picture stays as wide as it is, and a warning names the property. An encoder or a muxer that was given one width may
 * refuse another one later, whatever it said before.
 *
 * The classifier reads pixels as they lie. A stream that is to be shown turned, one that is interlaced, or one that holds
 * several views is warned of once, with the element that mends it. Bytes between the rows of a picture are left as the
 * buffer pool gave them.
 *
 * The presets `paper`, `fast`, `readable`, `live` and `calm` are part of the plugin (#GstPreset; `@preset=live` in
 * gst-launch-1.0); others
 * can be saved beside them, and one that is saved under a shipped name wins.
 *
 * The action signal #GstClassMorph::reset forgets the automatic choice of classes, the held gradient, the average over
 * time and the counters of #GstClassMorph:stats.
 */
use gst::glib;
use gst::prelude::*;

glib::wrapper! {
    /// The element `classmorph`.
    pub struct ClassMorph(ObjectSubclass<imp::ClassMorph>)
        @extends gst_video::VideoFilter, gst_base::BaseTransform, gst::Element, gst::Object,
        @implements gst::Preset;
}

/// Registers the element and leads the library's log into GStreamer's. Opens nothing.
pub(super) fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    log::install();
    metas::register();
    #[cfg(feature = "doc")]
    properties::document();
    // Never plugged in by itself: it changes the picture.
    gst::Element::register(
        Some(plugin),
        "classmorph",
        gst::Rank::NONE,
        ClassMorph::static_type(),
    )
}
