// SPDX-License-Identifier: MPL-2.0
//! Finding and opening ONNX Runtime: every way it can fail is one clear error, soon, and never the process's end.
//!
//! A process opens one library for ever, so each case runs this program again as a child: the test `child`, told by
//! its environment what to ask for, writes down what it got.
//!
//! These need the library (`make setup`) and a C compiler, as Rust does, for libraries that only pretend.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail it")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use steerlens::Runtime;
use tempfile::TempDir;

const REQUESTS: &str = "STEERLENS_TEST_REQUESTS";
const VERDICTS: &str = "STEERLENS_TEST_VERDICTS";
/// What a failure may take. Measured: under 1 ms.
const SOON: Duration = Duration::from_secs(5);

/// Asks for each library in turn; an empty request names none.
#[test]
fn child() {
    let (Some(requests), Some(verdicts)) = (env::var_os(REQUESTS), env::var_os(VERDICTS)) else {
        return;
    };
    let mut lines = String::new();
    for request in requests.to_str().unwrap().split('\n') {
        lines += &format!("{}\n", open(request.as_ref()));
        fs::write(&verdicts, &lines).unwrap();
    }
}

/// The verdict on a request: four threads ask at once, and must hear the same, soon.
fn open(request: &Path) -> String {
    const THREADS: usize = 4;
    let start = Barrier::new(THREADS);
    let ask = || {
        start.wait();
        let begin = Instant::now();
        let verdict = Runtime::open(Some(request));
        assert!(
            begin.elapsed() < SOON,
            "{} took {:?}",
            request.display(),
            begin.elapsed()
        );
        match verdict {
            Ok(runtime) => (
                Some(std::ptr::from_ref(runtime).addr()),
                format!("opened {}", runtime.path().display()),
            ),
            Err(e) => (None, e.to_string()),
        }
    };
    let mut verdicts: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    verdicts.dedup();
    let [(_, verdict)] = verdicts.as_slice() else {
        panic!("the threads heard {verdicts:?}")
    };
    verdict.clone()
}

/// What a new process answers to these requests.
fn ask(requests: &[&Path], environment: &[(&str, &OsStr)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let verdicts = folder.path().join("verdicts");
    let requests: Vec<_> = requests.iter().map(|p| p.to_str().unwrap()).collect();
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env_remove("ORT_DYLIB_PATH")
        .env(REQUESTS, requests.join("\n"))
        .env(VERDICTS, &verdicts)
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > SOON * 10 {
            process.kill().unwrap();
            process.wait().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    };
    let lines: Vec<_> = fs::read_to_string(&verdicts)
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    assert!(status.success(), "the child ended with {status} after {lines:?}");
    assert_eq!(lines.len(), requests.len());
    lines
}

/// The library that the other cases are made from.
fn good() -> &'static Path {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}")).path()
}

/// A library with the entry point of ONNX Runtime and nothing behind it.
fn pretender(folder: &TempDir, name: &str, defines: &[&str]) -> PathBuf {
    const SOURCE: &str = r#"
        static const void *api(unsigned version) { return API; }
        static const char *version(void) { return VERSION; }
        static const struct { const void *(*api)(unsigned); const char *(*version)(void); } base = { api, version };
        const void *OrtGetApiBase(void) { return BASE; }
    "#;
    let source = folder.path().join(format!("{name}.c"));
    let library = source.with_extension("so");
    fs::write(&source, SOURCE).unwrap();
    let done = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .args(defines.iter().map(|define| format!("-D{define}")))
        .status()
        .unwrap();
    assert!(done.success());
    library
}

#[test]
fn every_unusable_library_is_one_clear_error_and_the_next_request_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fs::read(good()).unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let pretend = |name: &str, defines: &[&str]| pretender(&folder, name, defines);
    let cases = [
        (folder.path().join("missing.so"), "No such file or directory"),
        (
            file("empty.so", b""),
            "it is not a 64-bit little-endian ELF library",
        ),
        (
            file("text.so", &[b'x'; 1000]),
            "it is not a 64-bit little-endian ELF library",
        ),
        (folder.path().to_owned(), "it is not a regular file"),
        (fifo, "it is not a regular file"),
        (
            file("half.so", &whole[..whole.len() / 2]),
            "the file is truncated",
        ),
        (
            file("almost.so", &whole[..whole.len() - 1]),
            "the file is truncated",
        ),
        (
            PathBuf::from("libm.so.6"),
            "it is not ONNX Runtime (it has no OrtGetApiBase)",
        ),
        (
            PathBuf::from("libnosuchthing.so"),
            "cannot open shared object file",
        ),
        (
            pretend("nobase", &["BASE=0", "VERSION=0", "API=0"]),
            "its OrtGetApiBase returns nothing",
        ),
        (
            pretend("mute", &["BASE=&base", "VERSION=0", "API=0"]),
            "it does not tell its version",
        ),
        (
            pretend("old", &["BASE=&base", "VERSION=\"1.16.3\"", "API=\"\""]),
            "its version is \"1.16.3\"",
        ),
        (
            pretend("two", &["BASE=&base", "VERSION=\"2.31.0\"", "API=\"\""]),
            "its version is \"2.31.0\"",
        ),
        (
            pretend("odd", &["BASE=&base", "VERSION=\"1.x\"", "API=\"\""]),
            "its version is \"1.x\"",
        ),
        (
            pretend("bare", &["BASE=&base", "VERSION=\"1.17.0\"", "API=0"]),
            "its version 1.17.0 does not offer the interface 17",
        ),
    ];
    let requests: Vec<_> = cases
        .iter()
        .map(|(path, _)| path.as_path())
        .chain([good()])
        .collect();
    let verdicts = ask(&requests, &[]);
    for ((path, reason), verdict) in cases.iter().zip(&verdicts) {
        let begin = format!("{} cannot be used as ONNX Runtime: ", path.display());
        assert!(
            verdict.starts_with(&begin) && verdict.contains(reason),
            "expected {reason:?}, got {verdict:?}"
        );
    }
    assert_eq!(verdicts.last().unwrap(), &format!("opened {}", good().display()));
}

/// The loader's own words must not be lost: a library that is there and whose dependency is not.
#[test]
fn a_missing_dependency_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let needed = pretender(&folder, "libneeded", &["BASE=0", "VERSION=0", "API=0"]);
    let library = folder.path().join("needs.so");
    let linked = Command::new("cc")
        .args(["-shared", "-Wl,--no-as-needed", "-o"])
        .args([&library, &needed])
        .status()
        .unwrap();
    assert!(linked.success());
    fs::remove_file(&needed).unwrap();
    let verdicts = ask(&[&library], &[]);
    assert!(
        verdicts[0].contains("libneeded.so: cannot open shared object file"),
        "{}",
        verdicts[0]
    );
}

#[test]
fn a_failing_environment_variable_is_not_passed_over() {
    let missing = OsStr::new("/nowhere/libonnxruntime.so");
    let verdicts = ask(
        &["".as_ref(), "".as_ref(), good()],
        &[("ORT_DYLIB_PATH", missing)],
    );
    assert!(
        verdicts[0].starts_with("/nowhere/libonnxruntime.so cannot be used"),
        "{}",
        verdicts[0]
    );
    assert_eq!(verdicts[0], verdicts[1]);
    assert_eq!(verdicts[2], format!("opened {}", good().display()));
}

/// A home with a broken copy and a loader path that has `usable` as the one good library, under that name.
fn search(usable: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let placed = folder.path().join("steerlens/onnxruntime");
    fs::create_dir_all(&placed).unwrap();
    fs::write(placed.join("libonnxruntime.so"), "x").unwrap();
    let versions = (17..=40).map(|minor| format!(".1.{minor}"));
    for name in ["".to_owned(), ".1".to_owned()].into_iter().chain(versions) {
        let path = folder.path().join(format!("libonnxruntime.so{name}"));
        match usable.contains(&name.as_str()) {
            true => std::os::unix::fs::symlink(good(), path).unwrap(),
            false => fs::write(path, "x").unwrap(),
        }
    }
    let path = folder.path().as_os_str();
    ask(
        &["".as_ref()],
        &[("XDG_DATA_HOME", path), ("LD_LIBRARY_PATH", path)],
    )
    .remove(0)
}

#[test]
fn a_search_without_a_find_tells_every_try_and_what_to_do() {
    let verdict = search(&[]);
    assert!(
        verdict.starts_with("ONNX Runtime was not found. Tried: /"),
        "{verdict}"
    );
    let placed = "/steerlens/onnxruntime/libonnxruntime.so (it is not a 64-bit little-endian ELF library); ";
    assert!(verdict.contains(placed), "{verdict}");
    assert!(verdict.contains("libonnxruntime.so.1.17 ("), "{verdict}");
    let advice = "The command `steerlens doctor --get` fetches it; or install the Debian package libonnxruntime1.21, or name \
                  the library with onnxruntime-library or ORT_DYLIB_PATH";
    assert!(verdict.ends_with(advice), "{verdict}");
}

#[test]
fn a_versioned_name_is_found_behind_broken_ones() {
    assert_eq!(search(&[".1.21"]), format!("opened {}", good().display()));
}

#[test]
fn one_library_has_many_names_and_another_one_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link.so");
    std::os::unix::fs::symlink(good(), &link).unwrap();
    let other = pretender(
        &folder,
        "other",
        &["BASE=&base", "VERSION=\"1.21.0\"", "API=\"\""],
    );
    let verdicts = ask(
        &[good(), &link, "".as_ref(), &other, "/nowhere.so".as_ref(), good()],
        &[],
    );
    let opened = format!("opened {}", good().display());
    assert_eq!(
        [&verdicts[0], &verdicts[1], &verdicts[2], &verdicts[5]],
        [&opened; 4]
    );
    let both = [good(), &other].map(|path| path.display().to_string());
    assert!(
        verdicts[3].starts_with("this process already uses the ONNX Runtime"),
        "{}",
        verdicts[3]
    );
    assert!(
        both.iter().all(|path| verdicts[3].contains(path)),
        "{}",
        verdicts[3]
    );
    assert!(
        verdicts[4].starts_with("/nowhere.so cannot be used"),
        "{}",
        verdicts[4]
    );
}

/// The child's threads are the first in their process to ask, and race for the library.
#[test]
fn racing_threads_get_the_same_library() {
    let verdicts = ask(&["".as_ref()], &[("ORT_DYLIB_PATH", good().as_os_str())]);
    assert_eq!(verdicts, [format!("opened {}", good().display())]);
}
