// SPDX-License-Identifier: MPL-2.0
//! The window, on a display of its own: Xvfb, with keys by xdotool. Where they are not installed, the test says so.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use gst::prelude::*;
use serde_json::Value;
use steerlens_live::Session;

use crate::client::{state, still};

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says to [`inside`] that there is a display to open a window on.
const INSIDE: &str = "STEERLENS_TEST_WINDOW";

/// A display, as long as this lives.
struct Display(Child);

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_window_shows_and_steers() {
    let there = |name: &str| {
        Command::new(name)
            .arg("-version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    if there("xdotool").and_then(|mut xdotool| xdotool.wait()).is_err() {
        eprintln!("SKIPPED: no xdotool is installed, and no window was opened");
        return;
    }
    let xvfb = Command::new("Xvfb")
        .args([
            "-displayfd",
            "1",
            // Else it begins anew when GStreamer has tried one sink, and shows the next no display.
            "-noreset",
            "-screen",
            "0",
            "800x600x24",
            "-nolisten",
            "tcp",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut xvfb) = xvfb else {
        eprintln!("SKIPPED: no Xvfb is installed, and no window was opened");
        return;
    };
    let mut number = String::new();
    let said = xvfb.stdout.take().unwrap();
    let _display = Display(xvfb);
    BufReader::new(said).read_line(&mut number).unwrap();
    // The environment of this process is other tests' too.
    let inside = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "window::inside", "--nocapture"])
        .env("DISPLAY", format!(":{}", number.trim()))
        .env_remove("WAYLAND_DISPLAY")
        .env(INSIDE, "")
        .status();
    assert!(inside.unwrap().success());
}

#[test]
fn inside() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let mut settings = still("test");
    let (end, ended) = mpsc::channel();
    settings.window = Some(end);
    let session = Session::start(settings).unwrap();
    state(&session, |state| state["number"].as_u64() > Some(3));
    let press = |key: &str| {
        let keys = [
            "search",
            "--sync",
            "--onlyvisible",
            "--name",
            "steerlens live",
            "windowfocus",
            "key",
            key,
        ];
        assert!(
            Command::new("xdotool")
                .args(keys)
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
    };
    for (key, name, value) in [
        ("Up", "magnification", Value::from(0.1)),
        ("h", "gradient-mode", Value::from("held")),
        ("v", "display-mode", Value::from("morph")),
    ] {
        press(key);
        state(&session, |state| state["settings"][name] == value);
    }
    let before = state(&session, |_| true)["target"].clone();
    press("Right");
    state(&session, |state| state["target"] != before);

    let screen = screen();
    assert!(
        screen.iter().any(|byte| byte.abs_diff(screen[0]) > 100),
        "the screen is empty"
    );
    if let Some(folder) = std::env::var_os("STEERLENS_SCREENSHOTS") {
        let picture = image::RgbImage::from_raw(800, 600, screen).unwrap();
        picture
            .save(std::path::Path::new(&folder).join("window.png"))
            .unwrap();
    }
    press("q");
    ended.recv_timeout(PATIENCE).unwrap();
}

/// What the display shows, as RGB.
fn screen() -> Vec<u8> {
    let line = "ximagesrc num-buffers=1 ! videoconvert ! video/x-raw,format=RGB ! appsink name=sink";
    let pipeline = gst::parse::launch(line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let sink = pipeline
        .by_name("sink")
        .unwrap()
        .downcast::<gst_app::AppSink>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let sample = sink.pull_sample().unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    sample.buffer().unwrap().map_readable().unwrap().to_vec()
}
