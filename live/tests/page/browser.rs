// SPDX-License-Identifier: MPL-2.0
//! The page in a real Chromium. Where none is installed, the test says so and ends.
//!
//! `STEERLENS_SCREENSHOTS=folder` keeps pictures of the page: wide, dark, and as wide as a phone.

use std::path::Path;

use steerlens_live::Session;

use crate::chromium::Browser;
use crate::client::{session, settings};

/// Mean difference of the picture's halves, and of the picture and the one kept before, per byte.
const PIXELS: &str = r#"
window.pixels = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 120 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage($("picture"), 0, 0, 320, 120);
  return context.getImageData(0, 0, 320, 120).data;
};
window.apart = (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
window.moved = () => {
  const all = pixels();
  const half = (from) => all.filter((_, i) => (Math.floor(i / 4) % 320 < 160) === (from === 0));
  return apart(half(0), half(1));
};
"#;

#[test]
fn the_page_shows_and_steers() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let session = session("test");
    let tab = browser.watch(&session, (1440, 900));
    browser.wait(&tab, "$('bars').tBodies[0].rows.length === 4");
    browser.value(&tab, PIXELS);

    // The picture moves, and nothing is refused by the page's own policy.
    browser.value(&tab, "window.first = pixels()");
    browser.wait(&tab, "apart(window.first, pixels()) > 0.1");

    // A slider by the keyboard changes the stream.
    assert!(browser.value(&tab, "moved()").as_f64() < Some(1.5));
    browser.value(&tab, "$('magnification').focus()");
    browser.key(&tab, "End", 35);
    browser.wait(&tab, "newest.settings.magnification === 2");
    browser.wait(&tab, "moved() > 3");

    // A target is typed; a wrong one is answered with the nearest.
    browser.value(&tab, "$('target-label').focus()");
    browser.text(&tab, "frwon");
    browser.key(&tab, "Enter", 13);
    browser.wait(&tab, "$('trouble').textContent.includes('\"frown\"')");
    browser.value(&tab, "$('target-label').select()");
    browser.text(&tab, "frown");
    browser.key(&tab, "Enter", 13);
    browser.wait(
        &tab,
        "newest.target === 'frown' && $('trouble').textContent === ''",
    );

    // A region by the mouse: in the left half of the picture, and so of the frame.
    let places = browser.value(
        &tab,
        "(() => { const { box, left, top, scale } = places(); return [box.left + left, box.top + top, scale]; })()",
    );
    let [left, top, scale] = [0, 1, 2].map(|index| places[index].as_f64().unwrap());
    let at = |x: f64, y: f64| (left + x * scale, top + y * scale);
    browser.drag(&tab, at(40.0, 20.0), at(200.0, 180.0));
    browser.wait(&tab, "newest.settings.roi && newest.settings.roi[2] > 100");
    let roi = browser.value(&tab, "newest.settings.roi");
    for (index, expected) in [40.0, 20.0, 160.0, 160.0].into_iter().enumerate() {
        // A screen pixel is less than two of the frame's.
        assert!((roi[index].as_f64().unwrap() - expected).abs() <= 2.0, "{roi}");
    }

    // One that reaches beyond the frame ends there, as what is moved does.
    browser.value(&tab, "change({ roi: [200, 100, 4000, 4000] })");
    browser.wait(&tab, "newest.settings.roi[2] === 4000 && !$('region').hidden");
    browser.wait(
        &tab,
        "((box, all) => box.right <= all.right + 1 && box.bottom <= all.bottom + 1)\
         ($('region').getBoundingClientRect(), $('frame').getBoundingClientRect())",
    );

    // No slider goes where its setting may not.
    for slider in ["scale-weight", "samples"] {
        browser.value(&tab, &format!("$('{slider}').focus()"));
        browser.key(&tab, "End", 35);
        browser.wait(&tab, &format!("newest.settings['{slider}'] == $('{slider}').max"));
    }

    // A second tab sees the same settings.
    let second = browser.watch(&session, (390, 844));
    browser.wait(&second, "$('magnification').value === '2'");
    let width = browser.value(&second, "document.documentElement.scrollWidth");
    assert!(
        width.as_u64() <= Some(390),
        "the page is wider than a phone: {width}"
    );

    // Where less motion is asked for, the page begins paused.
    browser.prefer(&second, "prefers-reduced-motion", "reduce");
    browser.value(&second, "location.reload()");
    browser.wait(&second, "$('pause').textContent === 'Play'");

    // A recording is offered when it is stopped.
    browser.value(&tab, "$('record').click()");
    browser.wait(&tab, "newest.recording === true");
    browser.value(&tab, "$('record').click()");
    browser.wait(&tab, "!$('recording').hidden && newest.recording === false");

    if let Some(folder) = std::env::var_os("STEERLENS_SCREENSHOTS") {
        let folder = Path::new(&folder);
        browser.keep(&tab, &folder.join("wide.png"));
        browser.prefer(&tab, "prefers-color-scheme", "dark");
        browser.keep(&tab, &folder.join("dark.png"));
        browser.keep(&second, &folder.join("phone.png"));
    }
}

#[test]
fn a_face_becomes_sad_live() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let mut settings = settings("face_expression.onnx", "media/face.webm");
    settings.lens.gradient.samples = 1;
    settings.most = (160, 120);
    let session = Session::start(settings).unwrap();
    let tab = browser.watch(&session, (1440, 900));
    browser.wait(&tab, "newest.source === 'happy'");
    browser.value(&tab, "$('target-label').focus()");
    browser.text(&tab, "sad");
    browser.key(&tab, "Enter", 13);
    browser.wait(&tab, "newest.target === 'sad' && newest.classes[1].after > 0.5");
    // Both bars say what the state says.
    let shown = "$('bars').tBodies[0].rows[1].textContent";
    browser.wait(&tab, &format!("{shown}.startsWith('sad towards')"));
    if let Some(folder) = std::env::var_os("STEERLENS_SCREENSHOTS") {
        browser.keep(&tab, &Path::new(&folder).join("face.png"));
    }
}
