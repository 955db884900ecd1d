// SPDX-License-Identifier: MPL-2.0
//! `steerlens doctor`: what is installed, and what to do about what is missing.

use anyhow::{Result, bail};
use clap::ArgMatches;
use steerlens::{ClassifierSettings, Runtime};

use super::{fetch, print};
use crate::args::name;
use crate::report::{Check, Checkup};
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    if matches.get_flag(name::GET) {
        get()?;
    }
    let mut checks = vec![runtime(matches)];
    checks.extend(video::checks());
    let report = Checkup(checks);
    print(matches, &report)?;
    Ok(if report.is_well() {
        Outcome::Done
    } else {
        Outcome::Finding
    })
}

/// Fetches ONNX Runtime, unless the user's own copy or a named one is what would be used. The distribution's may be old, or
/// talk.
fn get() -> Result<()> {
    let is_named = std::env::var_os("ORT_DYLIB_PATH").is_some_and(|path| !path.is_empty());
    let Some(copy) = Runtime::user_copy() else {
        bail!(
            "neither XDG_DATA_HOME nor HOME is set, so there is no place for ONNX Runtime: set one of them"
        );
    };
    match Runtime::find(None) {
        Err(missing) if is_named => {
            bail!("{missing}. As long as ORT_DYLIB_PATH is set, nothing else is looked for: unset it first")
        }
        Ok((path, version)) if is_named || copy.canonicalize().is_ok_and(|copy| copy == path) => {
            progress::say(format_args!(
                "ONNX Runtime {version} is there, {}; nothing was fetched",
                path.display()
            ));
            Ok(())
        }
        _ => fetch::onnxruntime(&copy),
    }
}

fn runtime(matches: &ArgMatches) -> Check {
    let requested = matches.get_one::<std::path::PathBuf>(ClassifierSettings::RUNTIME_LIBRARY.name);
    match Runtime::open(requested.map(std::path::PathBuf::as_path)) {
        Ok(runtime) => Check::found(
            "ONNX Runtime",
            format!("{}, {}", runtime.version(), runtime.path().display()),
        ),
        // The library's sentence lists every place that was tried and says what to do.
        Err(error) => Check::missing("ONNX Runtime", error.to_string()),
    }
}

#[cfg(not(feature = "video"))]
mod video {
    use crate::report::Check;

    pub(super) fn checks() -> Vec<Check> {
        let reason = "this program was built without the feature `video`";
        vec![Check::missing("GStreamer", reason).optional("not looked for")]
    }
}

#[cfg(feature = "video")]
mod video {
    use gst::prelude::*;

    use crate::report::Check;

    const BASE: &str = "gstreamer1.0-plugins-base";
    const GOOD: &str = "gstreamer1.0-plugins-good";
    /// Sinks that open windows.
    const X: &str = "gstreamer1.0-x";

    /// What the demo's pipelines and the live page use, with the Debian package (12 and 13) that has it.
    const ELEMENTS: &[(&str, &str)] = &[
        ("videotestsrc", BASE),
        ("videoconvert", BASE),
        ("videoscale", BASE),
        ("decodebin", BASE),
        ("oggdemux", BASE),
        ("theoradec", BASE),
        ("videocrop", GOOD),
        ("multifilesrc", GOOD),
        ("imagefreeze", GOOD),
        ("pngdec", GOOD),
        ("pngenc", GOOD),
        ("jpegdec", GOOD),
        ("jpegenc", GOOD),
        ("avidemux", GOOD),
        ("matroskademux", GOOD),
        ("vp8dec", GOOD),
        ("vp8enc", GOOD),
        ("webmmux", GOOD),
    ];

    /// For a camera only.
    const CAMERA: (&str, &str) = ("v4l2src", GOOD);

    pub(super) fn checks() -> Vec<Check> {
        if let Err(error) = gst::init() {
            let remedy =
                format!("it cannot be started ({error}); apt install gstreamer1.0-tools {BASE} {GOOD}");
            return vec![Check::missing("GStreamer", remedy)];
        }
        let (major, minor, micro, _) = gst::version();
        let mut checks = vec![
            Check::found("GStreamer", format!("{major}.{minor}.{micro}")),
            plugin(),
        ];
        checks.extend(ELEMENTS.iter().map(|&(name, package)| element(name, package)));
        checks.push(window());
        checks.push(element(CAMERA.0, CAMERA.1).optional("for a camera"));
        checks
    }

    /// Whether `autovideosink` finds a sink that opens. It exists wherever its package is, and plays to nobody where
    /// it finds none, without an error.
    fn window() -> Check {
        let name = "autovideosink";
        let Ok(sink) = gst::ElementFactory::make(name).build() else {
            return element(name, GOOD).optional("for windows");
        };
        // DirectFB's own sink ends the process where it finds no console.
        if let Some(factory) = gst::ElementFactory::find("dfbvideosink") {
            factory.set_rank(gst::Rank::NONE);
        }
        // READY opens the display, and no window yet.
        let opened = sink.set_state(gst::State::Ready).is_ok();
        let chosen = sink
            .downcast_ref::<gst::Bin>()
            .and_then(|bin| bin.children().first().and_then(gst::Element::factory))
            .map(|factory| factory.name())
            .filter(|chosen| opened && !chosen.starts_with("fake"));
        let _ = sink.set_state(gst::State::Null);
        let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        match chosen {
            Some(chosen) => Check::found(name, format!("opens {chosen}")),
            None if has_display && gst::ElementFactory::find("ximagesink").is_none() => {
                Check::missing(name, format!("no sink opens this display: apt install {X}"))
            }
            None if has_display => Check::missing(
                name,
                "no sink opens the display that DISPLAY or WAYLAND_DISPLAY names: is it there, and may you use it?",
            ),
            None => Check::missing(
                name,
                format!(
                    "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so nothing can be shown; \
                     pipelines that end in files run. On a machine with one: apt install {X}"
                ),
            )
            .optional("for windows"),
        }
    }

    fn plugin() -> Check {
        match file("classmorph") {
            Some(file) => Check::found("classmorph", file),
            None => Check::missing(
                "classmorph",
                "the plugin is not found: build it with `cargo build --release -p gst-plugin-steerlens`, then set \
                 GST_PLUGIN_PATH to the folder of libgststeerlens.so (target/release)",
            ),
        }
    }

    fn element(name: &str, package: &str) -> Check {
        match file(name) {
            Some(file) => Check::found(name, file),
            None => Check::missing(name, format!("apt install {package}")),
        }
    }

    /// The file of the plugin that has this element; looked up by file name only, nothing is loaded.
    fn file(element: &str) -> Option<String> {
        let plugin = gst::ElementFactory::find(element)?.plugin()?;
        Some(plugin.filename().map_or_else(
            || plugin.plugin_name().to_string(),
            |file| file.display().to_string(),
        ))
    }
}
