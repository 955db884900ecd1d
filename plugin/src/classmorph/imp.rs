// SPDX-License-Identifier: MPL-2.0
//! The glue that GObject and the base classes call.
//!
//! Each lock is held for its own data only, none while a model is loaded, and none while something is posted: the
//! receiver of a message may call back.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use gst::glib::{self, subclass::Signal};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::BaseTransformMode;
use gst_base::subclass::prelude::*;
use gst_video::subclass::prelude::*;
use gst_video::{VideoFrameRef, prelude::*};
use steerlens::classifier::Interrupter;
use steerlens::morph::ColorMode;
use steerlens::render::DisplayMode;
use steerlens::{ClassifierSettings, ErrorKind, FrameView, FrameViewMut, Lens, LensSettings, Preset};

use super::caps::{self, Width};
use super::engine::Engine;
use super::instances::{self, Instance};
use super::messages::{self, Stamp};
use super::properties::TABLE;
use super::region::{self, RoiSource};
use super::settings::Settings;
use super::stats::Stats;
use super::warnings::{Kind, Limiter};
use super::worker::Failure;
use super::{errors, frame, metas};
use crate::message::FrameReport;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "classmorph",
        gst::DebugColorFlags::empty(),
        Some("Class morph element"),
    )
});

/// The model in use, and what it was opened for.
struct Opened {
    classifier: ClassifierSettings,
    /// The name that the model is shared under, and what holds it there.
    name: Option<String>,
    _instance: Option<Arc<Instance>>,
    engine: Engine,
}

/// What there is to say of one frame.
struct Said {
    report: Option<FrameReport>,
    warning: Option<String>,
    /// The most probable class and its probability, where a region of interest is told.
    top: Option<(String, f64)>,
}

#[derive(Default)]
pub struct ClassMorph {
    settings: Mutex<Settings>,
    opened: Mutex<Option<Opened>>,
    /// Apart from the engine, whose lock is held during a run.
    interrupter: Mutex<Option<Interrupter>>,
    /// What earlier frames left behind is forgotten before the next one.
    forget: AtomicBool,
    /// Whether pictures go out twice as wide as they come in.
    doubled: AtomicBool,
    /// What this frame's region of interest is to be told.
    region: Mutex<Option<region::Said>>,
    segment: Mutex<Option<gst::Segment>>,
    stats: Mutex<Stats>,
    limiter: Mutex<Limiter>,
    /// The open model, as `model-description` shows it.
    description: Mutex<Option<gst::Structure>>,
    /// What is to be attached to the buffer once it is no longer mapped.
    attached: Mutex<Option<FrameReport>>,
}

/// The data behind a lock; a panic elsewhere has been reported and is no reason for another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[glib::object_subclass]
impl ObjectSubclass for ClassMorph {
    const NAME: &'static str = "GstClassMorph";
    type Type = super::ClassMorph;
    type ParentType = gst_video::VideoFilter;
    type Interfaces = (gst::Preset,);
}

impl ObjectImpl for ClassMorph {
    fn constructed(&self) {
        self.parent_constructed();
        self.obj().set_gap_aware(true);
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static SPECS: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let stats = glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
                .nick("Stats")
                .blurb("Counters since the start, times in nanoseconds")
                .read_only()
                .build();
            let description = glib::ParamSpecBoxed::builder::<gst::Structure>("model-description")
                .nick("Model description")
                .blurb(
                    "The open model: its tensors, exporter, nodes, and what runs it; unset before the start",
                )
                .read_only()
                .build();
            TABLE
                .iter()
                .map(|property| property.spec.clone())
                .chain([stats, description])
                .collect()
        });
        &SPECS
    }

    fn set_property(&self, id: usize, value: &glib::Value, _pspec: &glib::ParamSpec) {
        let Some(property) = TABLE.get(id - 1) else { return };
        let recolored;
        let display_mode = {
            let mut settings = lock(&self.settings);
            let before = settings.lens.display_mode;
            let color_mode = settings.lens.color_mode;
            property.set(&mut settings, value);
            recolored = color_mode != settings.lens.color_mode;
            (before, settings.lens.display_mode)
        };
        if recolored {
            self.obj().reconfigure_sink();
        }
        if property.needs_start() && self.obj().current_state() > gst::State::Ready {
            let name = property.spec.name();
            gst::warning!(
                CAT,
                imp = self,
                "{name} counts from the next start; set it in NULL or READY"
            );
        }
        if display_mode.0 != display_mode.1 {
            self.obj().reconfigure_src();
        }
    }

    fn property(&self, id: usize, _pspec: &glib::ParamSpec) -> glib::Value {
        match TABLE.get(id - 1) {
            Some(property) => property.get(&mut lock(&self.settings)),
            None if id - 1 == TABLE.len() => lock(&self.stats).structure().to_value(),
            None => lock(&self.description).to_value(),
        }
    }

    fn signals() -> &'static [Signal] {
        static SIGNALS: LazyLock<Vec<Signal>> = LazyLock::new(|| {
            let reset = Signal::builder("reset")
                .action()
                .class_handler(|values| {
                    if let Some(Ok(element)) = values.first().map(|v| v.get::<super::ClassMorph>()) {
                        element.imp().start_over();
                    }
                    None
                })
                .build();
            vec![reset]
        });
        &SIGNALS
    }
}

impl GstObjectImpl for ClassMorph {}

impl ElementImpl for ClassMorph {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Class morph",
                "Filter/Effect/Video",
                "Shows how an image classifier gets from one class to another, by moving local phases along \
                 its gradient",
                env!("CARGO_PKG_AUTHORS"),
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            [("src", gst::PadDirection::Src), ("sink", gst::PadDirection::Sink)]
                .into_iter()
                .filter_map(|(name, direction)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps::template()).ok()
                })
                .collect()
        });
        &TEMPLATES
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        if transition == gst::StateChange::PausedToReady {
            self.interrupt();
        }
        let success = self.parent_change_state(transition)?;
        if transition == gst::StateChange::ReadyToNull {
            let opened = lock(&self.opened).take();
            drop(opened);
            lock(&self.interrupter).take();
            lock(&self.description).take();
        }
        Ok(success)
    }
}

impl BaseTransformImpl for ClassMorph {
    const MODE: BaseTransformMode = BaseTransformMode::NeverInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    /// Loads the model, unless the last run's is still the one wanted.
    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let classifier = settings.classifier()?;
        let name = settings.instance();
        let wanted = settings.lens(None);
        self.start_over();
        *lock(&self.limiter) = Limiter::default();
        lock(&self.segment).take();

        let kept = lock(&self.opened)
            .take()
            .filter(|opened| opened.classifier == classifier && opened.name == name);
        let mut opened = match kept {
            Some(opened) => opened,
            None => self.load(classifier, name, wanted.clone())?,
        };
        opened
            .engine
            .prepare(wanted)
            .map_err(|failure| errors::of_failure(&failure))?;

        let interrupter = opened.engine.interrupter();
        interrupter.clear();
        *lock(&self.interrupter) = Some(interrupter);
        *lock(&self.opened) = Some(opened);
        Ok(())
    }

    /// Joins the model's thread; the model is kept for the next start.
    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        let mut opened = lock(&self.opened);
        if let Some(Opened { engine, .. }) = opened.as_mut()
            && !engine.rest()
        {
            *opened = None;
        }
        Ok(())
    }

    fn transform_caps(
        &self,
        direction: gst::PadDirection,
        caps: &gst::Caps,
        filter: Option<&gst::Caps>,
    ) -> Option<gst::Caps> {
        let (display_mode, color_mode) = ANSWER.get().unwrap_or_else(|| self.caps_modes());
        let caps = caps::editable(caps, color_mode);
        let other = match (display_mode, direction) {
            (DisplayMode::SideBySide, gst::PadDirection::Src) => caps::with_width(&caps, Width::Halved),
            (DisplayMode::SideBySide, _) => caps::with_width(&caps, Width::Doubled),
            _ => caps,
        };
        Some(match filter {
            Some(filter) => filter.intersect_with_mode(&other, gst::CapsIntersectMode::First),
            None => other,
        })
    }

    /// A caps query comes to [`Self::transform_caps`] twice, there and back; a mode that changed between would leave
    /// nothing of the caps, and upstream would fail to negotiate.
    fn query(&self, direction: gst::PadDirection, query: &mut gst::QueryRef) -> bool {
        let outer = ANSWER.replace(Some(self.caps_modes()));
        let answered = BaseTransformImplExt::parent_query(self, direction, query);
        ANSWER.set(outer);
        answered
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        match event.view() {
            gst::EventView::FlushStart(_) => self.interrupt(),
            gst::EventView::FlushStop(_) => {
                if let Some(interrupter) = lock(&self.interrupter).as_ref() {
                    interrupter.clear();
                }
                self.forget();
            }
            gst::EventView::StreamStart(_) => self.forget(),
            // No frame will come to say what became of the last run.
            gst::EventView::Eos(_) => {
                let trouble = lock(&self.opened)
                    .as_mut()
                    .and_then(|opened| opened.engine.trouble());
                if let Some(failure) = trouble.filter(|failure| failure.kind() != ErrorKind::Interrupted) {
                    self.report(errors::of_failure(&failure));
                }
            }
            gst::EventView::Segment(event) => {
                let new = event.segment();
                let same = |old: &gst::Segment| old.rate() == new.rate() && old.base() == new.base();
                if !lock(&self.segment)
                    .replace(new.clone())
                    .as_ref()
                    .is_some_and(same)
                {
                    self.forget();
                }
            }
            _ => (),
        }
        self.parent_sink_event(event)
    }

    /// Lets controllers set the properties for this frame's time.
    fn before_transform(&self, inbuf: &gst::BufferRef) {
        if let Some(time) = Stamp::of(&self.obj().segment(), inbuf).stream_time {
            // It fails where nothing is controlled.
            let _ = self.obj().sync_values(time);
        }
    }

    /// Results go onto the buffer when its frame is no longer mapped.
    fn transform(
        &self,
        inbuf: &gst::Buffer,
        outbuf: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        lock(&self.region).take();
        let flow = self.parent_transform(inbuf, outbuf)?;
        let report = lock(&self.attached).take();
        if let Some(report) = report {
            self.attach(outbuf, &report)?;
        }
        let told = lock(&self.region).take();
        if let Some(said) = told {
            region::annotate(outbuf, &said);
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

    /// Counts; the base class drops frames that are late (QoS).
    fn submit_input_buffer(
        &self,
        is_discont: bool,
        inbuf: gst::Buffer,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        // A discontinuity alone is no new scene: a leaky queue marks one after every frame that it drops, and
        // choosing the classes anew each time would cost a run and let them flicker.
        lock(&self.stats).frames_in += 1;
        let flow = self.parent_submit_input_buffer(is_discont, inbuf);
        // GST_BASE_TRANSFORM_FLOW_DROPPED
        if flow == Ok(gst::FlowSuccess::CustomSuccess) {
            lock(&self.stats).frames_dropped += 1;
        }
        flow
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
        self.parent_set_info(incaps, in_info, outcaps, out_info)
    }

    fn transform_frame(
        &self,
        inframe: &VideoFrameRef<&gst::BufferRef>,
        outframe: &mut VideoFrameRef<&mut gst::BufferRef>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        #[cfg(test)]
        tests::panic_at(inframe.buffer());
        let settings = lock(&self.settings).clone();
        let stamp = Stamp::of(&self.obj().segment(), inframe.buffer());
        let flags = inframe.buffer().flags();
        let gap = flags.contains(gst::BufferFlags::GAP);
        let views = frame::view(inframe).and_then(|view| Ok((view, frame::view_mut(outframe)?)));
        let (view, mut out) = views.map_err(|message| self.fail(message))?;

        let mut wanted = settings.lens(stamp.stream_time);
        wanted.display_mode = caps::negotiated(wanted.display_mode, view.width(), out.as_view().width());
        // The frame may come between a change of the property and the new caps.
        if view.format().is_yuv() {
            wanted.color_mode = ColorMode::Luma;
        }
        let found = match settings.roi_source {
            RoiSource::Meta => region::largest(inframe.buffer(), view.size()),
            RoiSource::Property => None,
        };
        let nowhere = settings.roi_source == RoiSource::Meta && found.is_none();
        if gap || nowhere || settings.pass_on(&wanted) {
            self.pass_on(&view, &mut out)?;
            return Ok(gst::FlowSuccess::Ok);
        }
        if let Some(found) = found {
            wanted.roi = Some(found.rect);
        }
        let broken = flags.contains(gst::BufferFlags::DISCONT);
        match self.morph(&settings, wanted, (&stamp, broken), &view, &mut out) {
            Ok(said) => {
                if let (Some(of), Some((label, confidence))) = (found, said.top) {
                    *lock(&self.region) = Some(region::Said {
                        of,
                        label,
                        confidence,
                    });
                }
                if let Some(warning) = said.warning {
                    self.warn(Kind::Frame, &warning);
                }
                if let Some(report) = said.report {
                    if settings.post_messages {
                        self.say((&report).into());
                    }
                    *lock(&self.attached) = settings.attach_meta.then_some(report);
                }
                Ok(gst::FlowSuccess::Ok)
            }
            Err(failure) => match failure.kind() {
                ErrorKind::Interrupted => Err(gst::FlowError::Flushing),
                ErrorKind::Settings => {
                    self.warn(Kind::Settings, &failure.to_string());
                    self.pass_on(&view, &mut out)?;
                    Ok(gst::FlowSuccess::Ok)
                }
                _ => Err(self.fail(errors::of_failure(&failure))),
            },
        }
    }
}

thread_local! {
    /// What decides on caps, for the query that this thread is answering. Queries are nested where elements are in a row.
    static ANSWER: Cell<Option<(DisplayMode, ColorMode)>> = const { Cell::new(None) };
}

impl ClassMorph {
    /// What of the settings decides on caps.
    fn caps_modes(&self) -> (DisplayMode, ColorMode) {
        let settings = lock(&self.settings);
        (settings.lens.display_mode, settings.lens.color_mode)
    }

    /// Opens the model, which may take long; says so before and after.
    fn load(
        &self,
        classifier: ClassifierSettings,
        name: Option<String>,
        lens: LensSettings,
    ) -> Result<Opened, gst::ErrorMessage> {
        let file = classifier.model_file.display();
        gst::info!(CAT, imp = self, "loading {file}");
        self.say((&messages::loading(&classifier)).into());
        let begun = Instant::now();
        let model = instances::open(name.as_deref(), &classifier)?;
        let lens = Lens::new(model.classifier, lens).map_err(|error| errors::bus_error(&error))?;
        let (time, shared, instance) = (begun.elapsed(), model.shared, model.instance);
        let model = lens.classifier();
        let runtime = model.runtime();
        let library = runtime.path().display();
        gst::info!(
            CAT,
            imp = self,
            "loaded {file} in {time:.1?}, ONNX Runtime {} at {library}, provider {}{}",
            runtime.version(),
            model.provider().name(),
            if shared { ", shared" } else { "" }
        );
        *lock(&self.stats) = Stats::since_loading(time);
        *lock(&self.description) = Some(messages::description(model));
        self.obj().notify("model-description");
        self.say((&messages::loaded(model, time, shared)).into());
        for warning in model.warnings() {
            gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{warning}"));
        }
        Ok(Opened {
            classifier,
            name,
            _instance: instance,
            engine: Engine::new(lens),
        })
    }

    /// Takes one frame through the lens, and keeps what there is to say until the lock is gone.
    fn morph(
        &self,
        settings: &Settings,
        wanted: LensSettings,
        (stamp, broken): (&Stamp, bool),
        view: &FrameView<'_>,
        out: &mut FrameViewMut<'_>,
    ) -> Result<Said, Failure> {
        let mut opened = lock(&self.opened);
        let Some(Opened { engine, .. }) = opened.as_mut() else {
            // The base class sends no frame outside of start() and stop().
            steerlens::render::pass_on(view, out).map_err(steerlens::Error::from)?;
            return Ok(Said {
                report: None,
                warning: None,
                top: None,
            });
        };
        if self.forget.swap(false, Ordering::AcqRel) {
            engine.forget();
        }
        let moment = stamp.moment(broken);
        let done = engine.morph(settings.pace(), wanted, (moment, broken), view, out)?;

        let number = {
            let mut stats = lock(&self.stats);
            stats.add(engine.reading(), &done);
            stats.frames_in.saturating_sub(1)
        };
        let report = done.report;
        gst::trace!(CAT, imp = self, "frame {number}: {report:?}");
        let (labels, reading) = (engine.labels(), engine.reading());
        let said = settings
            .is_asked()
            .then(|| messages::analysed(number, stamp, labels, reading, &report, settings.top_k));
        let top = (settings.roi_source == RoiSource::Meta).then(|| {
            let class = reading.top_class();
            let confidence = reading.probabilities.get(class).copied().unwrap_or(0.0);
            (labels.name(class).into_owned(), f64::from(confidence))
        });
        Ok(Said {
            report: said,
            warning: report.warning,
            top,
        })
    }

    fn attach(&self, buffer: &mut gst::BufferRef, report: &FrameReport) -> Result<(), gst::FlowError> {
        let attached = metas::attach(buffer, report);
        #[cfg(feature = "v1_24")]
        let attached = attached.and_then(|()| metas::attach_analytics(buffer, report));
        attached.map_err(|error| {
            self.fail(gst::error_msg!(
                gst::StreamError::Failed,
                ("the results cannot be attached to the buffer"),
                ["{error}"]
            ))
        })
    }

    fn pass_on(&self, view: &FrameView<'_>, out: &mut FrameViewMut<'_>) -> Result<(), gst::FlowError> {
        frame::copy(view, out).map_err(|message| self.fail(message))?;
        lock(&self.stats).frames_bypassed += 1;
        Ok(())
    }

    /// Nothing has been seen yet: the start, and the signal `reset`.
    fn start_over(&self) {
        let mut stats = lock(&self.stats);
        *stats = stats.restarted();
        self.forget();
    }

    /// Sets the properties that a shipped preset holds.
    pub(super) fn take_on(&self, preset: &Preset) {
        preset.apply(&mut lock(&self.settings).lens);
        for name in Preset::SETTINGS {
            self.obj().notify(name);
        }
    }

    fn forget(&self) {
        self.forget.store(true, Ordering::Release);
    }

    fn interrupt(&self) {
        if let Some(interrupter) = lock(&self.interrupter).as_ref() {
            interrupter.interrupt();
        }
    }

    /// Posts an element message; without a bus nobody listens.
    fn say(&self, structure: gst::Structure) {
        let element = self.obj();
        let message = gst::message::Element::builder(structure).src(&*element).build();
        let _ = element.post_message(message);
    }

    fn warn(&self, kind: Kind, text: &str) {
        let allowed = lock(&self.limiter).allows(kind, Instant::now());
        if allowed {
            match kind {
                Kind::Settings => gst::element_imp_warning!(self, gst::ResourceError::Settings, ("{text}")),
                Kind::Frame => gst::element_imp_warning!(self, gst::StreamError::Failed, ("{text}")),
            }
        }
    }

    fn report(&self, message: gst::ErrorMessage) {
        lock(&self.stats).errors += 1;
        self.post_error_message(message);
    }

    /// Posts the error, once, and ends the stream.
    fn fail(&self, message: gst::ErrorMessage) -> gst::FlowError {
        self.report(message);
        gst::FlowError::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offset of a buffer at which the element panics, as if it had a mistake.
    const MISTAKE: u64 = 0xDEAD;

    pub(super) fn panic_at(buffer: &gst::BufferRef) {
        assert!(buffer.offset() != MISTAKE, "a mistake");
    }

    /// The application survives, learns of it once, and gets rid of the element.
    #[test]
    fn a_panic_ends_as_one_bus_error() {
        gst::init().unwrap();
        let element = glib::Object::new::<super::super::ClassMorph>();
        element.set_property(
            "model-file",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../models/faces_robust.onnx"),
        );
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let mut harness = gst_check::Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        harness.set_src_caps(
            "video/x-raw,format=GRAY8,width=32,height=32,framerate=25/1"
                .parse()
                .unwrap(),
        );
        let frame = |offset| {
            let mut buffer = gst::Buffer::with_size(32 * 32).unwrap();
            buffer.get_mut().unwrap().set_offset(offset);
            buffer
        };
        assert!(harness.push(frame(0)).is_ok(), "run `make setup`");
        assert_eq!(harness.push(frame(MISTAKE)), Err(gst::FlowError::Error));
        let errors: Vec<_> = bus.iter_filtered(&[gst::MessageType::Error]).collect();
        assert_eq!(harness.push(frame(1)), Err(gst::FlowError::Error));
        let [error] = &errors[..] else {
            panic!("{errors:?}")
        };
        let gst::MessageView::Error(error) = error.view() else {
            unreachable!()
        };
        assert!(error.error().message().contains("a mistake"), "{}", error.error());
    }
}
