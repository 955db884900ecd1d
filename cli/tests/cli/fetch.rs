// SPDX-License-Identifier: MPL-2.0
//! How wheels are fetched: by the script that `steerlens doctor --get` and set-up run, with a wheel and a pip that are made
//! up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::repository;

/// What is pinned for each machine.
const ROWS: &str = include_str!("../../src/onnxruntime.tsv");

/// A folder with a wheel, and a Python whose pip does as it is told.
struct Machine {
    folder: tempfile::TempDir,
    wheel: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let content = folder.path().join("onnxruntime");
        fs::create_dir_all(content.join("capi")).unwrap();
        fs::write(content.join("LICENSE"), "the licence").unwrap();
        fs::write(content.join("capi/libonnxruntime.so.1.99.0"), "the library").unwrap();
        let wheel = folder.path().join("source.whl");
        let zipped = Command::new("python3")
            .args(["-m", "zipfile", "-c"])
            .args([&wheel, &content])
            .status();
        assert!(zipped.unwrap().success());
        Self { folder, wheel }
    }

    /// Python, with this as what its pip does for `download`, to `folder`.
    fn python(&self, download: &str) -> Command {
        let pip = format!(
            "import shutil, sys\n\
             folder = next((word[7:] for word in sys.argv if word.startswith('--dest=')), None)\n\
             if 'download' in sys.argv:\n    {download}\n"
        );
        module(self.folder.path(), "pip", &pip);
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", self.folder.path());
        python
    }

    /// Runs the script for a wheel of this checksum; gives what it says, where it fails.
    fn fetch(&self, download: &str, sha256: &str, words: &[&str]) -> Result<(), String> {
        let rows = self.folder.path().join("rows");
        fs::write(
            &rows,
            format!("# a comment\nonnxruntime\t1.99.0\tany\ta.whl\t{sha256}\tMIT\n"),
        )
        .unwrap();
        let output = self
            .python(download)
            .arg(repository("cli/src/wheel.py"))
            .arg("onnxruntime")
            .arg(self.place())
            .args([
                "*/libonnxruntime.so.*=libonnxruntime.so",
                "onnxruntime/LICENSE=LICENSE",
            ])
            .args(words)
            .stdin(fs::File::open(rows).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.success() {
            true => Ok(()),
            false => Err(said.trim_end().rsplit('\n').next().unwrap_or_default().to_owned()),
        }
    }

    fn copy(&self) -> String {
        format!("shutil.copy({:?}, folder + '/a.whl')", self.wheel)
    }

    fn sum(&self) -> String {
        steerlens_files::hash::of_files(&[&self.wheel]).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data/steerlens")
    }

    fn place(&self) -> PathBuf {
        self.data().join("onnxruntime")
    }

    /// Names below the data folder.
    fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.data()).unwrap();
        names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

/// A module of Python that does this when it is run, before one of the same name that is installed.
fn module(folder: &Path, name: &str, code: &str) {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("__init__.py"), "").unwrap();
    fs::write(folder.join("__main__.py"), code).unwrap();
}

#[test]
fn the_library_is_the_wheel_s_and_lies_alone_in_its_place() {
    let machine = Machine::new();
    fs::create_dir_all(machine.place()).unwrap();
    fs::write(machine.place().join("libonnxruntime.so"), "a broken one").unwrap();
    machine.fetch(&machine.copy(), &machine.sum(), &[]).unwrap();
    let text = |name: &str| fs::read_to_string(machine.place().join(name)).unwrap();
    assert_eq!(text("libonnxruntime.so"), "the library");
    assert_eq!(text("LICENSE"), "the licence");
    assert_eq!(machine.left(), ["onnxruntime"]);
    assert!(text("SHA256SUMS").ends_with(&format!("# {}\n", machine.sum())));
    let checked = Command::new("sha256sum")
        .args(["--check", "--status", "SHA256SUMS"])
        .current_dir(machine.place())
        .status();
    assert!(checked.unwrap().success());
}

#[test]
fn a_wheel_that_is_kept_is_not_fetched_again_as_long_as_it_is_whole() {
    let machine = Machine::new();
    let cache = machine.folder.path().join("cache");
    let words = ["--cache", cache.to_str().unwrap()];
    machine.fetch(&machine.copy(), &machine.sum(), &words).unwrap();
    machine
        .fetch("sys.exit('no network')", &machine.sum(), &words)
        .unwrap();
    fs::write(cache.join("a.whl"), "half of it").unwrap();
    machine.fetch(&machine.copy(), &machine.sum(), &words).unwrap();
}

#[test]
fn another_file_than_was_pinned_is_not_used() {
    let machine = Machine::new();
    let error = machine.fetch(&machine.copy(), &"0".repeat(64), &[]).unwrap_err();
    assert!(
        error.contains(&machine.sum()) && error.contains("it is not used"),
        "{error}"
    );
    assert!(machine.left().is_empty());
    let error = machine.fetch("pass", &machine.sum(), &[]).unwrap_err();
    assert_eq!(error, "pip did not fetch a.whl");
    let error = machine
        .fetch(&machine.copy(), &machine.sum(), &["*.dll=onnxruntime.dll"])
        .unwrap_err();
    assert_eq!(error, "a.whl does not hold *.dll");
}

/// It tries three times, and waits in between.
#[test]
fn what_pip_says_last_is_told() {
    let machine = Machine::new();
    let failing = "open(folder + '/../../tries', 'a').write('.'); sys.exit('ERROR: no network')";
    let error = machine.fetch(failing, &machine.sum(), &[]).unwrap_err();
    assert_eq!(
        error,
        "onnxruntime 1.99.0 could not be fetched: ERROR: no network"
    );
    assert_eq!(
        fs::read_to_string(machine.folder.path().join("data/tries")).unwrap(),
        "..."
    );
    assert!(machine.left().is_empty());
}

#[test]
fn without_pip_it_is_said_what_to_do() {
    let machine = Machine::new();
    // Both are there, and end as if they were not.
    let without = machine.folder.path().join("without");
    for name in ["pip", "venv"] {
        module(&without, name, "import sys; sys.exit('No module named it')");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .args(["doctor", "--get"])
        .env("PYTHONPATH", without)
        .env("XDG_DATA_HOME", machine.folder.path().join("data"))
        .env_remove("ORT_DYLIB_PATH")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("apt install --no-install-recommends python3-venv") && said.contains("ORT_DYLIB_PATH"),
        "{said}"
    );
    assert!(machine.left().is_empty());
}

#[test]
fn every_machine_that_is_pinned_has_its_own_file_and_a_whole_checksum() {
    let rows: Vec<Vec<&str>> = ROWS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let machines: Vec<&str> = rows.iter().map(|row| row[2]).collect();
    assert_eq!(machines, ["x86_64", "aarch64"]);
    for row in rows {
        let begin = format!("{}-{}-", row[0], row[1]);
        assert!(row[3].starts_with(&begin) && row[3].contains(row[2]), "{row:?}");
        assert!(row[4].len() == 64 && row.len() == 6, "{row:?}");
    }
}
