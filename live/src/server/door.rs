// SPDX-License-Identifier: MPL-2.0
//! Who is let in: who knows the token, and came by this machine's own address.

use std::io;

use constant_time_eq::constant_time_eq;
use hyper::header::{HOST, ORIGIN};
use hyper::{HeaderMap, StatusCode};

use crate::error::{Error, Result};

/// Random bytes of a token.
const TOKEN: usize = 16;

/// Who is let in.
#[derive(Debug)]
pub(super) struct Door {
    token: String,
    port: u16,
}

impl Door {
    pub(super) fn new(port: u16) -> Result<Self> {
        let mut bytes = [0; TOKEN];
        getrandom::fill(&mut bytes).map_err(|error| Error::System(io::Error::other(error)))?;
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { token, port })
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// What of the path comes after the token, for those who are let in.
    ///
    /// A page of another site reaches this port by a name of its own that points here, which the Host header shows; or
    /// sends a form, which Origin shows. Neither knows the token.
    pub(super) fn let_in<'a>(&self, path: &'a str, headers: &HeaderMap) -> Result<&'a str, StatusCode> {
        let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        let one = |name| {
            let mut all = headers.get_all(name).iter();
            (
                all.next().and_then(|value| value.to_str().ok()),
                all.next().is_some(),
            )
        };
        let is_host = |text: Option<&str>| text.is_some_and(|text| hosts.iter().any(|host| host == text));
        let (host, twice) = one(HOST);
        if twice || !is_host(host) {
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        if headers.contains_key(ORIGIN) {
            let (origin, twice) = one(ORIGIN);
            if twice || !is_host(origin.and_then(|origin| origin.strip_prefix("http://"))) {
                return Err(StatusCode::FORBIDDEN);
            }
        }
        let (token, rest) = path
            .strip_prefix('/')
            .and_then(|path| path.split_once('/'))
            .unwrap_or_default();
        match constant_time_eq(token.as_bytes(), self.token.as_bytes()) {
            true => Ok(rest),
            false => Err(StatusCode::NOT_FOUND),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_knows_the_token_and_comes_by_the_own_address_is_let_in() {
        let door = Door::new(1234).unwrap();
        let path = format!("/{}/events", door.token);
        let ask = |path: &str, headers: &[(hyper::header::HeaderName, &str)]| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()))
                .collect();
            door.let_in(path, &headers).map(str::to_owned)
        };
        let host = (HOST, "127.0.0.1:1234");
        assert_eq!(ask(&path, std::slice::from_ref(&host)).unwrap(), "events");
        assert_eq!(ask(&path, &[(HOST, "localhost:1234")]).unwrap(), "events");
        assert_eq!(
            ask(&path, &[host.clone(), (ORIGIN, "http://127.0.0.1:1234")]).unwrap(),
            "events"
        );
        for wrong in [
            "/",
            "/events",
            "//events",
            "/0123456789abcdef0123456789abcdef/events",
        ] {
            assert_eq!(
                ask(wrong, std::slice::from_ref(&host)),
                Err(StatusCode::NOT_FOUND),
                "{wrong}"
            );
        }
        for wrong in ["127.0.0.1", "127.0.0.1:80", "example.org:1234", ""] {
            assert_eq!(
                ask(&path, &[(HOST, wrong)]),
                Err(StatusCode::MISDIRECTED_REQUEST),
                "{wrong}"
            );
        }
        assert_eq!(ask(&path, &[]), Err(StatusCode::MISDIRECTED_REQUEST));
        for wrong in ["http://example.org", "null", "https://127.0.0.1:1234"] {
            assert_eq!(
                ask(&path, &[host.clone(), (ORIGIN, wrong)]),
                Err(StatusCode::FORBIDDEN),
                "{wrong}"
            );
        }
    }
}
