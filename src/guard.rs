// SPDX-License-Identifier: MPL-2.0
//! A panic becomes a reason.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls `f`, and turns its panic into text.
///
/// What `f` may leave half done must be dropped or refused by the caller, who returns an error next.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it panicked")
            .to_owned()
    })
}

/// What a function that panicked said of it.
#[derive(Debug)]
pub(crate) struct Panicked(pub(crate) String);

/// Calls `f` for a public function: no panic crosses it.
pub(crate) fn shielded<T, E: From<Panicked>>(f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    caught(f).unwrap_or_else(|panic| Err(Panicked(panic).into()))
}

/// Calls `f`, and turns its error, or its panic, into text.
///
/// `ort` panics on types it does not know (a sequence of sequences as a model's output, an optional output that is
/// absent) and on libraries that misbehave; models and libraries are input here, and input must not panic.
pub(crate) fn guard<T, E: std::fmt::Display>(f: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    caught(f)?.map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::guard;

    #[test]
    fn errors_and_panics_become_text() {
        assert_eq!(guard(|| Ok::<_, String>(1)), Ok(1));
        assert_eq!(guard(|| Err::<(), _>("refused")), Err("refused".to_owned()));
        assert_eq!(
            guard(|| -> Result<(), String> { panic!("no {}", "api") }),
            Err("no api".to_owned())
        );
        assert_eq!(
            guard(|| -> Result<(), String> { panic!("null") }),
            Err("null".to_owned())
        );
    }
}
