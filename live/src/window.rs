// SPDX-License-Identifier: MPL-2.0
//! The picture in a window of the system's, with text on it and keys in it.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use gst::prelude::*;
use gst_video::NavigationEvent;
use serde_json::{Value, json};
use steerlens::render::DisplayMode;
use steerlens::settings::Choice;

use crate::error::{Error, Result};
use crate::pipeline::Pipeline;
use crate::shared::Shared;
use crate::shown::Shown;

const KEYS: &str = "left right  target    up down  how far    0  frame    v  view    h  hold    q  quit";
const TITLE: &str = "steerlens live";
/// A press of up or down, in radians RMS of phase.
const STEP: f64 = 0.1;

/// A window; it closes when this is let go.
#[derive(Debug)]
pub(crate) struct Window {
    pipeline: Pipeline,
    source: gst_app::AppSrc,
    text: gst::Element,
    /// Sent after the first picture: nothing may come before caps.
    title: Option<gst::Event>,
    written: String,
    refused: Arc<Mutex<String>>,
    end: Sender<()>,
}

impl Window {
    /// Opens it. `end` hears when the user has closed it.
    pub(crate) fn open(shared: &Arc<Shared>, end: Sender<()>) -> Result<Self> {
        // A window that cannot keep up loses pictures, and never holds up the stream.
        let line = "appsrc name=source format=time is-live=true max-buffers=1 leaky-type=downstream ! videoconvert \
                    ! textoverlay name=text valignment=bottom halignment=left line-alignment=left font-desc=\"Sans 11\" \
                    shaded-background=true ! videoconvert ! autovideosink name=sink sync=false";
        // DirectFB's own sink ends the process where it finds no console.
        if let Some(factory) = gst::ElementFactory::find("dfbvideosink") {
            factory.set_rank(gst::Rank::NONE);
        }
        let pipeline = Pipeline::build(line)?;
        let source: gst_app::AppSrc = pipeline.part("source")?;
        let refused = Arc::new(Mutex::new(String::new()));
        if let Some(pad) = source.static_pad("src") {
            let (shared, refused, end) = (Arc::clone(shared), Arc::clone(&refused), end.clone());
            pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
                if let Some(NavigationEvent::KeyPress { key, .. }) =
                    info.event().and_then(|event| NavigationEvent::parse(event).ok())
                {
                    let answer = press(&key, &shared, &end);
                    *refused.lock().unwrap_or_else(PoisonError::into_inner) = answer;
                }
                gst::PadProbeReturn::Ok
            });
        }
        let mut title = gst::TagList::new();
        if let Some(title) = title.get_mut() {
            title.add::<gst::tags::Title>(&TITLE, gst::TagMergeMode::Append);
        }
        let window = Self {
            text: pipeline.part("text")?,
            title: Some(gst::event::Tag::new(title)),
            pipeline,
            source,
            written: String::new(),
            refused,
            end,
        };
        if let Err(error) = window.pipeline.set_state(gst::State::Playing) {
            let reason = window.pipeline.trouble();
            return Err(Error::Window(reason.unwrap_or_else(|| error.to_string())));
        }
        // Where there is no display, GStreamer shows the pictures to nobody.
        let sink: gst::Bin = window.pipeline.part("sink")?;
        let nobody = |element: gst::Element| {
            element
                .factory()
                .is_some_and(|factory| factory.name() == "fakesink")
        };
        match sink.iterate_elements().into_iter().flatten().any(nobody) {
            true => Err(Error::Window("there is no display".to_owned())),
            false => Ok(window),
        }
    }

    /// Shows a frame; false when the window is there no more.
    pub(crate) fn show(&mut self, shown: &Shown) -> bool {
        let refused = self
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let text = text(&shown.state, &refused);
        if text != self.written {
            self.text
                .set_property("text", gst::glib::markup_escape_text(&text));
            self.written = text;
        }
        let time = self.source.current_running_time().unwrap_or_default();
        let pushed = shown
            .picture
            .sample(time)
            .is_ok_and(|sample| self.source.push_sample(&sample).is_ok());
        if pushed && let Some(title) = self.title.take() {
            self.source.send_event(title);
        }
        let open = pushed && self.pipeline.trouble().is_none();
        if !open {
            let _ = self.end.send(());
        }
        open
    }
}

/// Does what a key stands for; the answer is why not, if it cannot be done.
fn press(key: &str, shared: &Shared, end: &Sender<()>) -> String {
    let state = &shared.newest().state;
    let settings = &state["settings"];
    let far = settings["magnification"].as_f64().unwrap_or_default();
    let change = match key {
        "Left" => json!({ "target-label": neighbour(shared, state, -1) }),
        "Right" => json!({ "target-label": neighbour(shared, state, 1) }),
        "Up" => json!({ "magnification": far + STEP }),
        "Down" => json!({ "magnification": far - STEP }),
        "0" | "KP_0" => json!({ "magnification": 0 }),
        "v" => json!({ "display-mode": next_view(&settings["display-mode"]) }),
        "h" => json!({ "gradient-mode": if settings["gradient-mode"] == "held" { "sync" } else { "held" } }),
        "q" | "Escape" => {
            let _ = end.send(());
            return String::new();
        }
        _ => return String::new(),
    };
    let done = shared.change(change.to_string().as_bytes());
    done.err().map_or_else(String::new, |refusal| refusal.to_string())
}

/// The label of the class before or after the target.
fn neighbour(shared: &Shared, state: &Value, step: isize) -> String {
    let classes = shared.classifier.classes();
    let target = state["classes"][1]["class"].as_u64().unwrap_or_default() as usize;
    let next = (target + classes).saturating_add_signed(step) % classes.max(1);
    shared.classifier.label(next).into_owned()
}

fn next_view(view: &Value) -> &'static str {
    let all = DisplayMode::ALL;
    let at = all.iter().position(|(_, nick, _)| view == nick);
    all[at.map_or(0, |at| (at + 1) % all.len())].1
}

/// What stands on the picture.
fn text(state: &Value, refused: &str) -> String {
    let settings = &state["settings"];
    let word = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let share = |value: &Value| {
        value
            .as_f64()
            .map_or("–".to_owned(), |share| format!("{:.0} %", 100.0 * share))
    };
    let mut lines = vec![
        KEYS.to_owned(),
        format!(
            "{} → {}    how far {:.2}    {}{}",
            word(&state["source"]),
            word(&state["target"]),
            settings["magnification"].as_f64().unwrap_or_default(),
            word(&settings["display-mode"]),
            if settings["gradient-mode"] == "held" {
                "    held"
            } else {
                ""
            },
        ),
    ];
    for of in state["classes"].as_array().into_iter().flatten().take(2) {
        lines.push(format!(
            "{}  {} → {}",
            word(&of["label"]),
            share(&of["before"]),
            share(&of["after"])
        ));
    }
    let trouble = [
        refused,
        state["error"].as_str().unwrap_or_default(),
        state["warning"].as_str().unwrap_or_default(),
    ];
    lines.extend(
        trouble
            .iter()
            .filter(|text| !text.is_empty())
            .map(ToString::to_string),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_come_one_after_the_other() {
        let mut view = "morph";
        for (_, nick, _) in DisplayMode::ALL.iter().chain(DisplayMode::ALL) {
            assert_eq!(view, *nick);
            view = next_view(&view.into());
        }
    }
}
