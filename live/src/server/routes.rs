// SPDX-License-Identifier: MPL-2.0
//! Which path answers what.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};
use steerlens::render::DisplayMode;
use steerlens::settings::Choice;

use super::answer::{Answer, json, named, refuse, stream, whole};
use super::door::Door;
use super::streams;
use crate::file_name;
use crate::shared::Shared;

/// Bytes of the longest change of settings.
const LONGEST: usize = 1 << 16;

/// A frame that is not there after so long is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(5);

const HTML: &str = include_str!("../../page/index.html");
const STYLE: &str = include_str!("../../page/style.css");
const SCRIPT: &str = include_str!("../../page/script.js");

pub(super) async fn answer(request: Request<Incoming>, door: &Door, shared: &Arc<Shared>) -> Answer {
    let (parts, body) = request.into_parts();
    let path = match door.let_in(parts.uri.path(), &parts.headers) {
        Ok(path) => path,
        Err(status) => {
            return refuse(
                status,
                "this is a page of one user: open the address that `steerlens live` printed",
            );
        }
    };
    match (&parts.method, path) {
        (&Method::GET, "") => whole("text/html; charset=utf-8", HTML),
        (&Method::GET, "style.css") => whole("text/css; charset=utf-8", STYLE),
        (&Method::GET, "script.js") => whole("text/javascript; charset=utf-8", SCRIPT),
        (&Method::GET, "labels") => json(&labels(shared)),
        (&Method::GET, "picture") => stream(streams::MULTIPART, streams::pictures(shared)),
        (&Method::GET, "frame.jpg") => frame(shared).await,
        (&Method::GET, "events") => stream(streams::EVENTS, streams::states(shared)),
        (&Method::GET, "still.png") => still(shared).await,
        (&Method::GET, "recording.webm") => match shared.recording().and_then(|recording| recording.open()) {
            Ok(file) => named(stream("video/webm", streams::file(file)), "steerlens.webm"),
            Err(error) => refuse(StatusCode::NOT_FOUND, error),
        },
        (&Method::POST, "settings" | "record") => {
            let Ok(body) = Limited::new(body, LONGEST).collect().await else {
                return refuse(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "what was sent is too long, or broke off",
                );
            };
            let text = body.to_bytes();
            match path {
                "settings" => shared
                    .change(&text)
                    .map_or_else(unfit, |settings| json(&settings)),
                _ => record(shared, &text).await,
            }
        }
        _ => refuse(StatusCode::NOT_FOUND, "there is nothing under this address"),
    }
}

fn unfit(error: impl ToString) -> Answer {
    refuse(StatusCode::UNPROCESSABLE_ENTITY, error)
}

/// What never changes: the model, its labels, and the views.
fn labels(shared: &Shared) -> Value {
    let classifier = &shared.classifier;
    let labels: Vec<_> = (0..classifier.classes())
        .map(|class| classifier.label(class))
        .collect();
    let views: Vec<_> = DisplayMode::ALL
        .iter()
        .map(|(_, nick, text)| json!([nick, text]))
        .collect();
    json!({ "model": file_name(classifier), "judge": shared.judge, "labels": labels, "views": views })
}

/// The next frame, alone.
async fn frame(shared: &Shared) -> Answer {
    let mut shown = shared.shown.subscribe();
    let newest = async {
        loop {
            shown.changed().await.ok()?;
            let jpeg = shown.borrow().jpeg.clone();
            if !jpeg.is_empty() {
                return Some(jpeg);
            }
        }
    };
    match tokio::time::timeout(PATIENCE, newest).await.ok().flatten() {
        Some(jpeg) => whole("image/jpeg", jpeg),
        None => refuse(StatusCode::SERVICE_UNAVAILABLE, "no frame comes"),
    }
}

async fn still(shared: &Arc<Shared>) -> Answer {
    let frame = shared.newest();
    let png = blocking(move || frame.picture.png(&frame.state.to_string())).await;
    png.map_or_else(unfit, |png| named(whole("image/png", png), "steerlens.png"))
}

async fn record(shared: &Arc<Shared>, text: &[u8]) -> Answer {
    let on = serde_json::from_slice::<Value>(text)
        .ok()
        .and_then(|said| said.get("on")?.as_bool());
    let Some(on) = on else {
        return unfit("a recording is begun with {\"on\": true} and ended with {\"on\": false}");
    };
    let shared = Arc::clone(shared);
    let done = blocking(move || match on {
        true => shared.start_recording(),
        false => shared.stop_recording(),
    });
    done.await
        .map_or_else(unfit, |()| json(&json!({ "recording": on })))
}

/// Work that would hold up the other viewers.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> crate::Result<T> + Send + 'static,
) -> crate::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(crate::Error::System(std::io::Error::other(error))))
}
