// SPDX-License-Identifier: MPL-2.0
//! Where ONNX Runtime is looked for (docs/gstreamer.md 3.4).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What will be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Candidates {
    /// The user named one library; nothing else will do.
    Named(PathBuf),
    /// The first usable one of these.
    Search(Vec<PathBuf>),
}

/// Where a user's own copy of the library lies, or would, in the data folder. Nowhere without a home.
pub(super) fn user_copy() -> Option<PathBuf> {
    user_copy_from(&|name| std::env::var_os(name))
}

/// What to try: `requested`, else `ORT_DYLIB_PATH` (the `ort` crate's own variable), else the usual places.
/// Empty paths count as not given.
pub(super) fn candidates(requested: Option<&Path>) -> Candidates {
    candidates_from(requested, |name| std::env::var_os(name))
}

fn candidates_from(requested: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Candidates {
    let requested = requested
        .filter(|p| !p.as_os_str().is_empty())
        .map(Path::to_path_buf);
    if let Some(named) = requested.or_else(|| path(&variable, "ORT_DYLIB_PATH")) {
        return Candidates::Named(named);
    }
    let placed = user_copy_from(&variable);
    // Without their -dev packages distributions have versioned names only: Debian 13's is libonnxruntime.so.1.21.
    let system = ["libonnxruntime.so".into(), "libonnxruntime.so.1".into()]
        .into_iter()
        .chain(
            (17..=40)
                .rev()
                .map(|minor| format!("libonnxruntime.so.1.{minor}").into()),
        );
    Candidates::Search(placed.into_iter().chain(system).collect())
}

fn user_copy_from(variable: &impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // The base directory specification has a relative XDG_DATA_HOME ignored.
    let data = path(variable, "XDG_DATA_HOME")
        .filter(|p| p.is_absolute())
        .or_else(|| Some(path(variable, "HOME")?.join(".local/share")))?;
    Some(data.join("steerlens/onnxruntime/libonnxruntime.so"))
}

/// A variable that holds a path.
fn path(variable: &impl Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    variable(name)
        .map(PathBuf::from)
        .filter(|p| !p.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(given: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| given.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into())
    }

    fn first(candidates: Candidates) -> PathBuf {
        match candidates {
            Candidates::Search(paths) => paths[0].clone(),
            Candidates::Named(path) => panic!("{path:?} was not named"),
        }
    }

    #[test]
    fn a_request_wins_over_the_environment_and_both_over_the_search() {
        let env = [("ORT_DYLIB_PATH", "/env.so"), ("HOME", "/h")].as_slice();
        let named = |p: &str| Candidates::Named(p.into());
        assert_eq!(
            candidates_from(Some("/asked.so".as_ref()), variables(env)),
            named("/asked.so")
        );
        assert_eq!(candidates_from(None, variables(env)), named("/env.so"));
        assert_eq!(
            candidates_from(Some("".as_ref()), variables(env)),
            named("/env.so")
        );
    }

    #[test]
    fn the_placed_copy_comes_before_the_system_and_the_newest_system_first() {
        let Candidates::Search(paths) =
            candidates_from(None, variables(&[("ORT_DYLIB_PATH", ""), ("HOME", "/h")]))
        else {
            panic!("nothing was named");
        };
        let names: Vec<_> = paths.iter().map(|p| p.to_str().unwrap()).collect();
        assert_eq!(
            names[..4],
            [
                "/h/.local/share/steerlens/onnxruntime/libonnxruntime.so",
                "libonnxruntime.so",
                "libonnxruntime.so.1",
                "libonnxruntime.so.1.40",
            ]
        );
        assert_eq!(
            (names.len(), *names.last().unwrap()),
            (27, "libonnxruntime.so.1.17")
        );
    }

    #[test]
    fn the_data_folder_is_xdg_s() {
        let copy = "steerlens/onnxruntime/libonnxruntime.so";
        let in_xdg = variables(&[("XDG_DATA_HOME", "/data"), ("HOME", "/h")]);
        assert_eq!(
            first(candidates_from(None, in_xdg)),
            Path::new("/data").join(copy)
        );
        let relative = variables(&[("XDG_DATA_HOME", "data"), ("HOME", "/h")]);
        assert_eq!(
            first(candidates_from(None, relative)),
            Path::new("/h/.local/share").join(copy)
        );
        assert_eq!(
            first(candidates_from(None, variables(&[]))),
            Path::new("libonnxruntime.so")
        );
    }
}
