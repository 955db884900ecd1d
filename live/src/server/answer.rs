// SPDX-License-Identifier: MPL-2.0
//! Answers: text, files and streams, all with the same headers.

use std::convert::Infallible;

use http_body_util::{Channel, Either, Full};
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// Whole at once, or piece by piece.
pub(super) type Answer = Response<Either<Full<Bytes>, Channel<Bytes, Infallible>>>;

/// Nothing is loaded from elsewhere, nothing is kept, and no other page frames this one.
static HEADERS: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

pub(super) fn whole(kind: &'static str, bytes: impl Into<Bytes>) -> Answer {
    with_headers(kind, Either::Left(Full::new(bytes.into())))
}

pub(super) fn stream(kind: &'static str, body: Channel<Bytes, Infallible>) -> Answer {
    with_headers(kind, Either::Right(body))
}

pub(super) fn json(value: &Value) -> Answer {
    whole("application/json", value.to_string())
}

/// A sentence that says why not.
pub(super) fn refuse(status: StatusCode, sentence: impl ToString) -> Answer {
    let mut answer = json(&json!({ "error": sentence.to_string() }));
    *answer.status_mut() = status;
    answer
}

/// The same, to be kept under this name.
pub(super) fn named(mut answer: Answer, name: &'static str) -> Answer {
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    answer
}

fn with_headers(kind: &'static str, body: Either<Full<Bytes>, Channel<Bytes, Infallible>>) -> Answer {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in &HEADERS {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    answer
}
