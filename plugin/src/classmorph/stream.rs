// SPDX-License-Identifier: MPL-2.0
//! One frame's way through the element.
//!
//! The base class calls in this order: `submit_input_buffer`, `before_transform`, and `transform`, which maps the
//! buffers for `transform_frame`; results go onto the buffer when its frame is no longer mapped.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::BaseTransformMode;
use gst_base::subclass::prelude::*;
use gst_video::subclass::prelude::*;
use gst_video::{VideoFrameRef, prelude::*};
use steerlens::morph::ColorMode;
use steerlens::{Error, ErrorKind, FrameView, FrameViewMut, LensSettings};

use super::caps::{self, Modes, Phase};
use super::imp::{CAT, ClassMorph, Opened, lock};
use super::messages::{self, Stamp};
use super::region::{self, Found, RoiSource};
use super::settings::Settings;
use super::warnings::Kind;
use super::{errors, frame, metas};
use crate::message::FrameReport;

/// What a frame brings beside its pixels.
#[derive(Default)]
struct Outcome {
    report: Option<FrameReport>,
    warning: Option<String>,
    /// Whether it waited for the first gradient.
    waited: bool,
    /// The most probable class, its probability, and the age of both, where a region of interest is told.
    top: Option<(String, f64, Option<Duration>)>,
}

impl BaseTransformImpl for ClassMorph {
    const MODE: BaseTransformMode = BaseTransformMode::NeverInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        self.start_run();
        self.open()?;
        self.started.store(true, Ordering::Release);
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        self.started.store(false, Ordering::Release);
        self.stop_model();
        Ok(())
    }

    fn transform_caps(
        &self,
        direction: gst::PadDirection,
        caps: &gst::Caps,
        filter: Option<&gst::Caps>,
    ) -> Option<gst::Caps> {
        let modes = Modes::of_query().unwrap_or_else(|| self.caps_modes());
        Some(modes.across(direction, caps, filter))
    }

    fn query(&self, direction: gst::PadDirection, query: &mut gst::QueryRef) -> bool {
        let is_of_caps = matches!(
            query.view(),
            gst::QueryView::Caps(_) | gst::QueryView::AcceptCaps(_)
        );
        let mut answer = || BaseTransformImplExt::parent_query(self, direction, query);
        let answered = if is_of_caps {
            self.caps_modes().throughout(answer)
        } else {
            answer()
        };
        match (direction, query.view_mut()) {
            (gst::PadDirection::Src, gst::QueryViewMut::Latency(query)) if answered => {
                self.add_latency(query)
            }
            (gst::PadDirection::Sink, gst::QueryViewMut::Caps(query)) => self.look_at_answer(query),
            _ => (),
        }
        answered
    }

    /// Once frames flow, a format is no reason to end the stream: see `change`.
    fn accept_caps(&self, direction: gst::PadDirection, caps: &gst::Caps) -> bool {
        let modes = self.caps_modes();
        let accepts = |modes: Modes| modes.throughout(|| self.parent_accept_caps(direction, caps));
        if accepts(modes) {
            return true;
        }
        let by_color = direction == gst::PadDirection::Sink && accepts(modes.in_luma());
        match modes.phase {
            Phase::Flowing { luma_only: true, .. } => by_color,
            _ => {
                if by_color {
                    self.refused(caps);
                }
                false
            }
        }
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        self.handle_event(&event);
        self.parent_sink_event(event)
    }

    /// Follows changes, and counts; the base class drops frames that are late (QoS).
    fn submit_input_buffer(
        &self,
        is_discont: bool,
        inbuf: gst::Buffer,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        self.follow_changes();
        lock(&self.stats).frames_in += 1;
        let flow = self.parent_submit_input_buffer(is_discont, inbuf);
        // GST_BASE_TRANSFORM_FLOW_DROPPED
        if flow == Ok(gst::FlowSuccess::CustomSuccess) {
            lock(&self.stats).frames_dropped += 1;
        }
        flow
    }

    /// Lets controllers set the properties for this frame's time.
    fn before_transform(&self, inbuf: &gst::BufferRef) {
        if let Some(time) = Stamp::of(&self.obj().segment(), inbuf).stream_time {
            // It fails where nothing is controlled.
            let _ = self.obj().sync_values(time);
        }
    }

    fn transform(
        &self,
        inbuf: &gst::Buffer,
        outbuf: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        lock(&self.region).take();
        let flow = self.parent_transform(inbuf, outbuf)?;
        let report = lock(&self.attached).take();
        if let Some(report) = report {
            self.or_fail(metas::attach(outbuf, &report))?;
        }
        let classification = lock(&self.region).take();
        if let Some(classification) = classification {
            self.or_fail(region::annotate(outbuf, &classification))?;
        }
        Ok(flow)
    }

    /// What is said of places in the frame goes on with it.
    fn transform_meta<'a>(
        &self,
        outbuf: &mut gst::BufferRef,
        meta: gst::MetaRef<'a, gst::Meta>,
        inbuf: &'a gst::BufferRef,
    ) -> bool {
        region::passes(&meta, self.doubled.load(Ordering::Acquire))
            .unwrap_or_else(|| metas::is_analytics(&meta) || self.parent_transform_meta(outbuf, meta, inbuf))
    }
}

impl VideoFilterImpl for ClassMorph {
    fn set_info(
        &self,
        incaps: &gst::Caps,
        in_info: &gst_video::VideoInfo,
        outcaps: &gst::Caps,
        out_info: &gst_video::VideoInfo,
    ) -> Result<(), gst::LoggableError> {
        gst::info!(CAT, imp = self, "in {incaps}, out {outcaps}");
        self.forget();
        self.doubled
            .store(out_info.width() != in_info.width(), Ordering::Release);
        self.agreed(incaps);
        self.look_at_content(in_info);
        self.parent_set_info(incaps, in_info, outcaps, out_info)
    }

    fn transform_frame(
        &self,
        inframe: &VideoFrameRef<&gst::BufferRef>,
        outframe: &mut VideoFrameRef<&mut gst::BufferRef>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        #[cfg(test)]
        super::bus::tests::panic_at(inframe.buffer());
        let begun = Instant::now();
        let settings = lock(&self.settings).clone();
        let stamp = Stamp::of(&self.obj().segment(), inframe.buffer());
        let views = frame::view(inframe).and_then(|view| Ok((view, frame::view_mut(outframe)?)));
        let (view, mut out) = views.map_err(|message| self.fail(message))?;

        let mut wanted = settings.lens(stamp.stream_time);
        self.fit_to_caps(&mut wanted, &view, out.as_view().width());
        self.look_at_frame(inframe);
        if let Some(text) = settings.unused() {
            self.warn(Kind::Unused, &text);
        }
        let found = match settings.roi_source {
            RoiSource::Meta => region::largest(inframe.buffer(), view.size()),
            RoiSource::Property => None,
        };
        let gap = inframe.buffer().flags().contains(gst::BufferFlags::GAP);
        let nowhere = settings.roi_source == RoiSource::Meta && found.is_none();
        if gap || nowhere || settings.pass_on(&wanted) {
            return self.pass_on(&view, &mut out);
        }
        if let Some(found) = found {
            wanted.input.roi = Some(found.rect);
        }

        match self.morph(&settings, wanted, &stamp, &view, &mut out) {
            Ok(outcome) => {
                let waited = outcome.waited;
                self.publish(&settings, outcome, found);
                if !waited {
                    self.took(begun.elapsed());
                }
                Ok(gst::FlowSuccess::Ok)
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => Err(gst::FlowError::Flushing),
                ErrorKind::Settings => {
                    self.warn(Kind::Settings, &error.to_string());
                    self.pass_on(&view, &mut out)
                }
                _ => Err(self.fail(errors::bus_error(&error))),
            },
        }
    }
}

impl ClassMorph {
    pub(super) fn caps_modes(&self) -> Modes {
        // Before the lock: the pad is asked for its caps.
        let phase = self.phase();
        Modes::of(&lock(&self.settings).lens, phase)
    }

    /// An answer that leaves upstream nothing is explained, where a property is the reason.
    fn look_at_answer(&self, query: &gst::query::Caps) {
        let modes = self.caps_modes();
        let is_empty = query.result().is_some_and(|caps| caps.is_empty());
        let (Some(filter), true, Phase::Started) = (query.filter(), is_empty, modes.phase) else {
            return;
        };
        if filter.is_empty() || modes == modes.in_luma() {
            return;
        }
        let mut again = gst::query::Caps::new(Some(&filter.to_owned()));
        let direction = gst::PadDirection::Sink;
        let answered = modes
            .in_luma()
            .throughout(|| BaseTransformImplExt::parent_query(self, direction, &mut again));
        if answered && again.result().is_some_and(|caps| !caps.is_empty()) {
            self.refused(filter);
        }
    }

    /// What cannot be done with the caps agreed on is done as far as they allow: a frame may come between a change of a
    /// property and the new caps, or no others may be had.
    fn fit_to_caps(&self, wanted: &mut LensSettings, view: &FrameView<'_>, out_width: usize) {
        let display = caps::negotiated(wanted.view.display_mode, view.width(), out_width);
        let color = view.format().is_yuv() && wanted.morph.color_mode != ColorMode::Luma;
        if color || display != wanted.view.display_mode {
            self.fell_back(color);
        }
        wanted.view.display_mode = display;
        if color {
            wanted.morph.color_mode = ColorMode::Luma;
        }
    }

    /// Takes one frame through the lens, and keeps what there is to say until the lock is gone.
    fn morph(
        &self,
        settings: &Settings,
        wanted: LensSettings,
        stamp: &Stamp,
        view: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Outcome, Error> {
        let mut opened = lock(&self.opened);
        let Some(Opened { live, .. }) = opened.as_mut() else {
            // The base class sends no frame outside of start() and stop().
            steerlens::render::pass_on(view, out).map_err(steerlens::Error::from)?;
            return Ok(Outcome::default());
        };
        if self.forget.swap(false, Ordering::AcqRel) {
            live.reset();
        }
        let done = live.morph(&settings.live, wanted, stamp.position(), view, out)?;
        let Some(reading) = live.reading() else {
            return Ok(Outcome::default());
        };

        let number = {
            let mut stats = lock(&self.stats);
            stats.add(&done);
            stats.frames_in.saturating_sub(1)
        };
        gst::trace!(CAT, imp = self, "frame {number}: {:?}", done.report);
        let labels = live.labels();
        let report = settings
            .is_asked()
            .then(|| messages::analysed(number, stamp, labels, reading, &done, settings.top_k));
        let top = (settings.roi_source == RoiSource::Meta).then(|| {
            let class = reading.top_class();
            let confidence = reading.probabilities.get(class).copied().unwrap_or(0.0);
            let age = done.report.held.then_some(done.report.gradient_age);
            (labels.name(class).into_owned(), f64::from(confidence), age)
        });
        Ok(Outcome {
            report,
            warning: done.report.warning,
            waited: done.waited,
            top,
        })
    }

    /// Posts what there is to say, and keeps what goes onto the buffer.
    fn publish(&self, settings: &Settings, outcome: Outcome, found: Option<Found>) {
        if let (Some(of), Some((label, confidence, age))) = (found, outcome.top) {
            *lock(&self.region) = Some(region::Classification {
                of,
                label,
                confidence,
                age,
            });
        }
        if let Some(warning) = outcome.warning {
            self.warn(Kind::Frame, &warning);
        }
        if let Some(report) = outcome.report {
            if settings.post_messages {
                self.post((&report).into());
            }
            *lock(&self.attached) = settings.attach_meta.then_some(report);
        }
    }

    fn pass_on(
        &self,
        view: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        frame::copy(view, out).map_err(|message| self.fail(message))?;
        lock(&self.stats).frames_bypassed += 1;
        Ok(gst::FlowSuccess::Ok)
    }

    /// A buffer that takes no meta ends the stream.
    fn or_fail(&self, outcome: Result<(), glib::BoolError>) -> Result<(), gst::FlowError> {
        outcome.map_err(|error| {
            self.fail(gst::error_msg!(
                gst::StreamError::Failed,
                ("the results cannot be attached to the buffer"),
                ["{error}"]
            ))
        })
    }
}
