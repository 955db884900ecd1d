// SPDX-License-Identifier: MPL-2.0
//! ONNX Runtime's library, fetched with the tools that a machine has: pip downloads its wheel, Python unpacks it.

use std::env::consts::ARCH;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use steerlens_audit::hash;

use crate::progress;

/// What is fetched; tools/setup reads this file too.
const ROWS: &str = include_str!("../onnxruntime.tsv");

/// A wheel that is fetched by name and version, and used if it has this checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wheel<'a> {
    package: &'a str,
    version: &'a str,
    file: &'a str,
    sha256: &'a str,
}

/// Fetches ONNX Runtime for this machine and puts it to `library`, whose folder it makes anew: library, licence, and
/// checksums of both.
///
/// # Errors
/// When nothing is pinned for this machine, Python or its pip is missing, the wheel cannot be had or is another one than
/// was pinned. The folder is then as it was.
pub(super) fn onnxruntime(library: &Path) -> Result<()> {
    let wheel = pinned(ROWS, ARCH).ok_or_else(|| {
        anyhow!(
            "no ONNX Runtime is pinned for {ARCH}: get a libonnxruntime.so of version 1.17 or later, and name it with \
             ORT_DYLIB_PATH"
        )
    })?;
    progress::say(format_args!("fetching ONNX Runtime {}", wheel.version));
    fetch(wheel, &Python("python3"), library)?;
    progress::say(format_args!("wrote {}", library.display()));
    Ok(())
}

/// The row of a machine.
fn pinned<'a>(rows: &'a str, machine: &str) -> Option<Wheel<'a>> {
    rows.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let fields: Vec<_> = line.split('\t').collect();
            match *fields.as_slice() {
                [package, version, platform, file, sha256, _] if platform == machine => Some(Wheel {
                    package,
                    version,
                    file,
                    sha256,
                }),
                _ => None,
            }
        })
}

fn fetch(wheel: Wheel<'_>, python: &Python<'_>, library: &Path) -> Result<()> {
    let (Some(folder), Some(name)) = (library.parent(), library.file_name()) else {
        bail!("{} cannot be the place of a library", library.display());
    };
    let data = folder.parent().unwrap_or(folder);
    let unwritten = || format!("{} cannot be written", data.display());
    fs::create_dir_all(data).with_context(unwritten)?;
    // Beside its place, so that the finished folder moves there in one step.
    let work = tempfile::Builder::new()
        .prefix("new.")
        .tempdir_in(data)
        .with_context(unwritten)?;
    let file = wheel.download(python, work.path())?;
    let unpacked = work.path().join("unpacked");
    python.run(&["-m", "zipfile", "-e"], &[file.as_path(), unpacked.as_path()])?;
    let placed = work.path().join("placed");
    wheel
        .place(&unpacked, &placed, Path::new(name))
        .map_err(|error| anyhow!("{} does not hold library and licence ({error})", wheel.file))?;
    publish(&placed, folder).map_err(|error| anyhow!("{} cannot be written: {error}", folder.display()))
}

impl Wheel<'_> {
    /// Downloads it into a folder, and compares its checksum. pip picks a file by platform and Python, so both are named:
    /// the library needs neither, and any Python will do.
    fn download(&self, python: &Python<'_>, folder: &Path) -> Result<PathBuf> {
        let own;
        let python = match python.run(&["-m", "pip", "--version"], &[]) {
            Ok(()) => python,
            // Debian's venv brings a pip, and is a twentieth of what its pip asks for.
            Err(_) => {
                own = python.with_pip(&folder.join("venv"))?;
                &Python(&own)
            }
        };
        let platform = format!("--platform=manylinux_2_28_{ARCH}");
        let what = format!("{}=={}", self.package, self.version);
        let pip = [
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--implementation=cp",
            "--python-version=311",
            &platform,
            &what,
            "--dest",
        ];
        python
            .run(&pip, &[folder])
            .map_err(|error| anyhow!("{} {} could not be fetched: {error}", self.package, self.version))?;
        let file = folder.join(self.file);
        let sum =
            hash::of_files(&[&file]).map_err(|error| anyhow!("pip did not fetch {}: {error}", self.file))?;
        if sum != self.sha256 {
            bail!(
                "{} has the checksum {sum}, where {} is expected: it is not used. `pip config list` says where pip \
                 fetches from",
                self.file,
                self.sha256
            );
        }
        Ok(file)
    }

    /// Picks library and licence out of the unpacked wheel, and lists their checksums as tools/setup does.
    fn place(&self, unpacked: &Path, placed: &Path, name: &Path) -> io::Result<()> {
        fs::create_dir(placed)?;
        let package = unpacked.join(self.package);
        let library = package.join(format!("capi/libonnxruntime.so.{}", self.version));
        let mut sums = String::new();
        for (from, to) in [(package.join("LICENSE"), Path::new("LICENSE")), (library, name)] {
            let place = placed.join(to);
            fs::rename(from, &place)?;
            // Writing to a string does not fail.
            let _ = writeln!(sums, "{}  {}", hash::of_files(&[&place])?, to.display());
        }
        let _ = writeln!(sums, "# {}", self.sha256);
        fs::write(placed.join("SHA256SUMS"), sums)
    }
}

/// Puts a finished folder in its place.
fn publish(new: &Path, folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::rename(new, folder),
    }
}

/// The interpreter, by name or path.
struct Python<'a>(&'a str);

impl Python<'_> {
    /// Makes an environment with a pip, and gives its interpreter.
    fn with_pip(&self, environment: &Path) -> Result<String> {
        match self.run(&["-m", "venv"], &[environment]) {
            Ok(()) => Ok(environment.join("bin/python3").display().to_string()),
            Err(error) => bail!(
                "ONNX Runtime is fetched by pip, which is not there ({error}); on Debian: apt install \
                 --no-install-recommends python3-venv"
            ),
        }
    }

    /// Runs it quietly; where it fails, its last line is the error.
    fn run(&self, words: &[&str], paths: &[&Path]) -> Result<()> {
        let output = Command::new(self.0)
            .args(words)
            .args(paths)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| anyhow!("{} cannot be run: {error}", self.0))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            bail!("{}", last.unwrap_or("it ended without a word"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with a wheel that is made up, and a Python whose pip downloads it.
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
            let wheel = folder.path().join("a.whl");
            Python("python3")
                .run(&["-m", "zipfile", "-c"], &[&wheel, &content])
                .unwrap();
            Self { folder, wheel }
        }

        /// What the fake Python does for `pip download`; the folder is `$last`.
        fn fetch(&self, download: &str, sha256: &str) -> Result<()> {
            let python = self.folder.path().join("python3");
            let script = format!(
                "#!/bin/sh\nfor last; do :; done\ncase $3 in\n--version) ;;\ndownload) {download} ;;\n\
                 *) exec python3 \"$@\" ;;\nesac\n"
            );
            fs::write(&python, script).unwrap();
            fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
            let wheel = Wheel {
                package: "onnxruntime",
                version: "1.99.0",
                file: "a.whl",
                sha256,
            };
            fetch(wheel, &Python(python.to_str().unwrap()), &self.library())
        }

        fn library(&self) -> PathBuf {
            self.folder
                .path()
                .join("data/steerlens/onnxruntime/libonnxruntime.so")
        }

        fn sum(&self) -> String {
            hash::of_files(&[&self.wheel]).unwrap()
        }

        fn copy(&self) -> String {
            format!("cp {} \"$last\"", self.wheel.display())
        }

        /// Names below the data folder.
        fn left(&self) -> Vec<String> {
            let data = self.folder.path().join("data/steerlens");
            let names = fs::read_dir(data).unwrap();
            names
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        }
    }

    #[test]
    fn the_library_is_the_wheel_s_and_lies_alone_in_its_place() {
        let machine = Machine::new();
        fs::create_dir_all(machine.library().parent().unwrap()).unwrap();
        fs::write(machine.library(), "a broken one").unwrap();
        machine.fetch(&machine.copy(), &machine.sum()).unwrap();
        assert_eq!(fs::read_to_string(machine.library()).unwrap(), "the library");
        let licence = machine.library().with_file_name("LICENSE");
        assert_eq!(fs::read_to_string(licence).unwrap(), "the licence");
        assert_eq!(machine.left(), ["onnxruntime"]);
        let checked = Command::new("sha256sum")
            .args(["--check", "--status", "SHA256SUMS"])
            .current_dir(machine.library().parent().unwrap())
            .status();
        assert!(checked.unwrap().success());
    }

    #[test]
    fn another_file_than_was_pinned_is_not_used() {
        let machine = Machine::new();
        let error = machine
            .fetch(&machine.copy(), &"0".repeat(64))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&machine.sum()) && error.contains("it is not used"),
            "{error}"
        );
        assert!(machine.left().is_empty());
    }

    #[test]
    fn what_pip_says_is_told() {
        let machine = Machine::new();
        let failing = "echo 'ERROR: no network' >&2; exit 1";
        let error = machine.fetch(failing, &machine.sum()).unwrap_err().to_string();
        assert_eq!(
            error,
            "onnxruntime 1.99.0 could not be fetched: ERROR: no network"
        );
        let error = machine.fetch(":", &machine.sum()).unwrap_err().to_string();
        assert!(error.starts_with("pip did not fetch a.whl"), "{error}");
        assert!(machine.left().is_empty());
    }

    #[test]
    fn without_pip_its_package_is_named() {
        let machine = Machine::new();
        let wheel = pinned(ROWS, "x86_64").unwrap();
        let error = fetch(wheel, &Python("/nowhere/python3"), &machine.library()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("apt install --no-install-recommends python3-venv"),
            "{error}"
        );
        assert!(machine.left().is_empty());
    }

    #[test]
    fn every_machine_that_is_pinned_has_its_own_file_and_a_whole_checksum() {
        for machine in ["x86_64", "aarch64"] {
            let wheel = pinned(ROWS, machine).unwrap();
            let begin = format!("onnxruntime-{}-", wheel.version);
            assert!(
                wheel.file.starts_with(&begin) && wheel.file.contains(machine),
                "{wheel:?}"
            );
            assert_eq!(wheel.sha256.len(), 64, "{wheel:?}");
        }
        assert_eq!(pinned(ROWS, "any"), None);
    }
}
