// SPDX-License-Identifier: MPL-2.0
//! The one way into the settings, for properties, presets and controllers: what was set is compared with what was there,
//! and the pads are negotiated anew before the next frame where that is needed.
//!
//! Once frames flow, no setting ends the stream. The neighbours are asked for what it needs; where they cannot give it,
//! the frames are edited and shown as far as the caps allow, and a warning names the property.

use std::sync::atomic::Ordering;

use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use steerlens::morph::ColorMode;
use steerlens::render::DisplayMode;
use steerlens::settings::Choice;

use super::caps::{self, Modes, Phase};
use super::imp::{ClassMorph, lock};
use super::settings::Settings;
use super::warnings::Kind;

/// So many frames in a row that do not fit the settings are no longer the ones that were on their way meanwhile.
const MANY: u32 = 25;

impl ClassMorph {
    /// Changes the settings. Whichever thread this is, it waits for no neighbour: see [`Self::follow_changes`].
    pub(super) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let seen = |settings: &Settings| {
            let lens = &settings.lens;
            (
                lens.morph.color_mode,
                caps::doubles(lens.view.display_mode),
                settings.latency,
            )
        };
        let (color, width, latency) = {
            let mut settings = lock(&self.settings);
            let before = seen(&settings);
            change(&mut settings);
            let after = seen(&settings);
            (before.0 != after.0, before.1 != after.1, before.2 != after.2)
        };
        if latency && self.started.load(Ordering::Acquire) {
            self.ask_again();
        }
        if (color || width) && self.obj().sink_pad().has_current_caps() {
            let mut limiter = lock(&self.limiter);
            for (changed, name) in [(color, ColorMode::NAME), (width, DisplayMode::NAME)] {
                if changed {
                    limiter.settle(name);
                }
            }
            drop(limiter);
            self.unmet.store(0, Ordering::Relaxed);
            self.color_changed.fetch_or(color, Ordering::AcqRel);
            self.width_changed.fetch_or(width, Ordering::AcqRel);
        }
    }

    /// How far the stream has come.
    pub(super) fn phase(&self) -> Phase {
        if !self.started.load(Ordering::Acquire) {
            Phase::Stopped
        } else {
            match self.obj().sink_pad().current_caps() {
                Some(caps) => Phase::Flowing {
                    doubled: self.doubled.load(Ordering::Acquire),
                    luma_only: caps::is_luma_only(&caps),
                },
                None => Phase::Started,
            }
        }
    }

    /// Has the pads negotiated anew where a change needs it: in the streaming thread, which may ask the neighbours.
    pub(super) fn follow_changes(&self) {
        let color = self.color_changed.swap(false, Ordering::AcqRel);
        let width = self.width_changed.swap(false, Ordering::AcqRel);
        if !color && !width {
            return;
        }
        let element = self.obj();
        let Some(caps) = element.sink_pad().current_caps() else {
            return;
        };
        let modes = self.caps_modes();
        if color {
            if caps::fits(&caps, modes.color) || self.can_become(&caps::template(), modes) {
                element.reconfigure_sink();
            } else {
                self.warn(Kind::Caps, &in_luma(modes, &caps));
            }
        }
        if width {
            if self.can_become(&caps, modes.in_luma()) {
                element.reconfigure_src();
            } else {
                self.warn(Kind::Caps, &at_that_width(modes));
            }
        }
    }

    /// Whether upstream can give, of these caps, some that become under `modes` what downstream takes.
    fn can_become(&self, caps: &gst::Caps, modes: Modes) -> bool {
        let element = self.obj();
        let downstream = element.src_pad().peer_query_caps(None);
        let upstream = element.sink_pad().peer_query_caps(Some(caps));
        let out = modes.strict().across(gst::PadDirection::Sink, &upstream, None);
        out.can_intersect(&downstream)
    }

    /// Caps have been agreed on.
    pub(super) fn agreed(&self, caps: &gst::Caps) {
        let modes = self.caps_modes();
        self.unmet.store(0, Ordering::Relaxed);
        if !caps::fits(caps, modes.color) {
            self.warn(Kind::Caps, &in_luma(modes, caps));
        }
    }

    /// A frame was edited or shown as the caps allow, and not as the settings say; there are some of those while new caps
    /// are on their way.
    pub(super) fn fell_back(&self, color: bool) {
        if self.unmet.fetch_add(1, Ordering::Relaxed) + 1 != MANY {
            return;
        }
        let modes = self.caps_modes();
        let Some(caps) = self.obj().sink_pad().current_caps() else {
            return;
        };
        let text = if color {
            in_luma(modes, &caps)
        } else {
            at_that_width(modes)
        };
        self.warn(Kind::Caps, &text);
    }

    /// Upstream asked with caps that the settings leave nothing of, before the first ones were agreed on.
    pub(super) fn refused(&self, caps: &gst::CapsRef) {
        let mode = self.caps_modes().color;
        self.warn(
            Kind::Caps,
            &format!(
                "{}={} edits red, green and blue, and upstream offers {}: put videoconvert in front, or set color-mode=luma",
                ColorMode::NAME,
                mode.nick(),
                caps::formats(caps),
            ),
        );
    }
}

fn in_luma(modes: Modes, caps: &gst::CapsRef) -> String {
    format!(
        "{}={} edits red, green and blue, and this stream stays {}: its luma alone is edited; put videoconvert in front of \
         classmorph and behind it",
        ColorMode::NAME,
        modes.color.nick(),
        caps::formats(caps),
    )
}

fn at_that_width(modes: Modes) -> String {
    let (name, nick) = (DisplayMode::NAME, modes.display.nick());
    if modes.doubles() {
        format!(
            "{name}={nick} is twice as wide as the frames, which downstream does not take: the morph alone is shown; leave the \
             width open there, or set it before the start"
        )
    } else {
        format!(
            "{name}={nick} is as wide as the frames, which downstream does not take: frame and morph stay side by side; leave \
             the width open there, or set it before the start"
        )
    }
}
