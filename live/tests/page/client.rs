// SPDX-License-Identifier: MPL-2.0
//! A client that speaks HTTP/1.0 by hand, so that answers come in one piece, and a session to ask.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use image::RgbImage;
use serde_json::Value;
use steerlens_live::{Input, Session, Settings};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Longer than anything takes here; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A model of this repository on `test`, an address, or a file of this repository.
pub(crate) fn settings(model: &str, input: &str) -> Settings {
    let mut settings = Settings::new(format!("{ROOT}/models/{model}"));
    let file = format!("{ROOT}/{input}");
    let word = if Path::new(&file).exists() { &file } else { input };
    settings.input = Input::named(word).unwrap();
    settings
}

/// The small network of drawn faces, without a preset: what is shown of a still then stands still.
pub(crate) fn still(input: &str) -> Settings {
    let mut settings = settings("faces_robust.onnx", input);
    settings.lens = steerlens::LensSettings::default();
    settings.lens.view.display_mode = steerlens::render::DisplayMode::SideBySide;
    settings.lens.view.measure_after = true;
    settings.lens.reach.magnification = 0.0;
    settings.magnification_given = true;
    settings.most = (320, 240);
    settings
}

/// A session of [`still`].
pub(crate) fn session(input: &str) -> Session {
    Session::start(still(input)).unwrap()
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The sentence of a refusal.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// Host with port, and the path with the token.
pub(crate) fn parts(session: &Session) -> (String, String) {
    let rest = session.address().strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    (host.to_owned(), format!("/{path}"))
}

fn send(host: &str, request: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream)
}

/// Sends a request as it stands there.
pub(crate) fn raw(host: &str, request: &str) -> Answer {
    let mut all = Vec::new();
    send(host, request).read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: all[end + 4..].to_vec(),
    }
}

pub(crate) fn get(session: &Session, name: &str) -> Answer {
    let (host, path) = parts(session);
    raw(
        &host,
        &format!("GET {path}{name} HTTP/1.0\r\nHost: {host}\r\n\r\n"),
    )
}

pub(crate) fn post(session: &Session, name: &str, body: &str) -> Answer {
    let (host, path) = parts(session);
    let length = body.len();
    raw(
        &host,
        &format!("POST {path}{name} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

/// One viewer's stream of pictures.
pub(crate) struct Pictures(BufReader<TcpStream>);

impl Pictures {
    pub(crate) fn of(session: &Session) -> Self {
        let (host, path) = parts(session);
        Self(send(
            &host,
            &format!("GET {path}picture HTTP/1.0\r\nHost: {host}\r\n\r\n"),
        ))
    }

    /// The next picture, decoded.
    pub(crate) fn next(&mut self) -> RgbImage {
        let mut line = String::new();
        let length = loop {
            line.clear();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream ended");
            if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                break length.trim().parse().unwrap();
            }
        };
        self.0.read_line(&mut line).unwrap();
        let mut jpeg = vec![0; length];
        self.0.read_exact(&mut jpeg).unwrap();
        image::load_from_memory(&jpeg).unwrap().into_rgb8()
    }
}

/// The next state of which this holds.
pub(crate) fn state(session: &Session, holds: impl Fn(&Value) -> bool) -> Value {
    let (host, path) = parts(session);
    let events = send(
        &host,
        &format!("GET {path}events HTTP/1.0\r\nHost: {host}\r\n\r\n"),
    );
    for line in events.lines() {
        if let Some(text) = line.unwrap().strip_prefix("data: ") {
            let state = serde_json::from_str(text).unwrap();
            if holds(&state) {
                return state;
            }
        }
    }
    panic!("the events ended");
}
