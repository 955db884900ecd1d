// SPDX-License-Identifier: MPL-2.0
//! How long light takes from a camera to the browser's picture, by a clock that is drawn into the frames.
//!
//! ```shell
//! cargo test --release -p steerlens-live --test page -- --ignored --nocapture glass
//! ```
//!
//! The camera is a server of this test: JPEGs of 640x480 at 30 a second, as network cameras send them, with the time of
//! day as sixteen black and white squares. The browser reads the squares in its picture before each repaint. Encoding and
//! decoding of the camera's JPEGs are in the figure, the time until the screen shows the repaint is not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use gst::prelude::*;
use image::{Rgb, RgbImage, imageops};
use steerlens_live::Session;

use crate::chromium::Browser;
use crate::client::{ROOT, settings};

/// Width and height of a square.
const SQUARE: u32 = 40;
const BITS: u32 = 16;

/// Latencies of ten seconds, in milliseconds, in order.
const WATCH: &str = r#"
new Promise((done) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 40 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const picture = document.getElementById("picture");
  const found = [];
  const end = performance.now() + 10000;
  let last = null;
  const look = () => {
    const now = Date.now();
    context.drawImage(picture, 0, 0, 640, 40, 0, 0, 640, 40);
    const data = context.getImageData(0, 0, 640, 40).data;
    let clock = 0;
    for (let bit = 0; bit < 16; bit++) clock |= (data[4 * (640 * 20 + 40 * bit + 20)] > 128) << bit;
    if (clock !== last) found.push((now - clock) & 0xffff);
    last = clock;
    if (performance.now() < end) requestAnimationFrame(look);
    else done(found.slice(1).sort((a, b) => a - b));
  };
  look();
})
"#;

/// A camera of the network that has one viewer.
pub(crate) fn camera() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let face = image::open(format!("{ROOT}/media/face_astronaut.png"))
        .unwrap()
        .into_rgb8();
    let face = imageops::resize(&face, 480, 480, imageops::FilterType::Triangle);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n--frame\r\n";
            let mut encode = encoder();
            let mut next = Instant::now();
            let mut sent = stream.write_all(head.as_bytes());
            while sent.is_ok() {
                next += Duration::from_secs(1) / 30;
                thread::sleep(next.saturating_duration_since(Instant::now()));
                let mut frame = RgbImage::new(640, 480);
                imageops::replace(&mut frame, &face, 80, 0);
                let now = SystemTime::now()
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap()
                    .as_millis();
                for bit in 0..BITS {
                    let shade = if now >> bit & 1 == 1 { 255 } else { 0 };
                    let square = RgbImage::from_pixel(SQUARE, SQUARE, Rgb([shade; 3]));
                    imageops::replace(&mut frame, &square, i64::from(bit * SQUARE), 0);
                }
                let jpeg = encode(frame);
                let head = format!(
                    "Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                    jpeg.len()
                );
                let parts = [head.as_bytes(), &jpeg, b"\r\n--frame\r\n"];
                sent = stream.write_all(&parts.concat());
            }
        }
    });
    address
}

/// What makes JPEGs of 640x480, as quickly as a camera does: the processor is the lens's and the browser's.
fn encoder() -> impl FnMut(RgbImage) -> Vec<u8> {
    gst::init().unwrap();
    let line = "appsrc name=in format=time caps=video/x-raw,format=RGB,width=640,height=480,framerate=30/1 ! videoconvert \
                ! jpegenc quality=90 ! appsink name=out sync=false";
    let pipeline = gst::parse::launch(line)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let part = |name| pipeline.by_name(name).unwrap();
    let from = part("in").downcast::<gst_app::AppSrc>().unwrap();
    let to = part("out").downcast::<gst_app::AppSink>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    move |frame| {
        // The pipeline lives as long as it encodes.
        let _ = &pipeline;
        from.push_buffer(gst::Buffer::from_slice(frame.into_raw()))
            .unwrap();
        let sample = to.pull_sample().unwrap();
        sample.buffer().unwrap().map_readable().unwrap().to_vec()
    }
}

#[test]
#[ignore = "a measurement, for a quiet machine"]
fn glass_to_glass() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let mut settings = settings("face_expression.onnx", &camera());
    settings.lens.gradient.samples = 2;
    let session = Session::start(settings).unwrap();
    let tab = browser.watch(&session, (1440, 900));
    browser.value(&tab, "new Promise((done) => setTimeout(done, 3000))");
    let found = browser.value(&tab, WATCH);
    let found: Vec<u64> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|value| value.as_u64())
        .collect();
    let at = |share: usize| found[share * (found.len() - 1) / 100];
    let state = browser.value(&tab, "JSON.stringify(newest)");
    println!(
        "glass to glass: {} frames in 10 s, p50 {} ms, p95 {} ms",
        found.len(),
        at(50),
        at(95)
    );
    println!("{state}");
}
