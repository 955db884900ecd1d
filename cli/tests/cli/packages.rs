// SPDX-License-Identifier: MPL-2.0
//! What packages need: manual pages, completions, and ONNX Runtime where a distribution has none.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::steerlens;

const COMMANDS: [&str; 6] = ["inspect", "gradient", "morph", "audit", "live", "doctor"];

fn generated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    steerlens(["generate".as_ref(), folder.path()]).code(0);
    folder
}

#[test]
fn every_command_has_a_page_that_names_all_its_flags() {
    let folder = generated();
    let page = |name: &str| fs::read_to_string(folder.path().join("man/man1").join(name)).unwrap();
    let front = page("steerlens.1");
    for command in COMMANDS {
        assert!(front.contains(&format!("steerlens\\-{command}(1)")), "{front}");
        let page = page(&format!("steerlens-{command}.1")).replace("\\-", "-");
        let help = steerlens([command, "--help"]).code(0).stdout;
        let flags = help.lines().filter_map(|line| {
            let flag = line
                .trim_start()
                .split([' ', ',', '[', '='])
                .find(|word| word.starts_with("--"))?;
            line.trim_start().starts_with('-').then_some(flag)
        });
        let mut count = 0;
        for flag in flags {
            count += 1;
            assert!(page.contains(flag), "{flag} of {command}");
        }
        assert!(count > 1, "{help}");
    }
    let pages = fs::read_dir(folder.path().join("man/man1")).unwrap().count();
    // The front page, one of each command, and one of `steerlens audit merge`; what is hidden has none.
    assert_eq!(pages, COMMANDS.len() + 2);
}

/// What bash offers for a line whose last word is unfinished.
fn completed(script: &Path, line: &[&str]) -> Vec<String> {
    let asked = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                 _steerlens steerlens \"${@: -1}\" \"${@: -2:1}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["--norc", "-c", asked, "bash"])
        .arg(script)
        .args(line)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|word| word.trim().to_owned()).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let folder = generated();
    let script = folder.path().join("bash-completion/completions/steerlens");
    assert_eq!(completed(&script, &["steerlens", "mo"]), ["morph"]);
    assert_eq!(
        completed(&script, &["steerlens", "morph", "--magnification-"]),
        ["--magnification-unit"]
    );
    assert_eq!(
        completed(&script, &["steerlens", "gradient", "--profile", "c"]),
        ["cpu"]
    );
    assert!(folder.path().join("zsh/site-functions/_steerlens").is_file());
    assert!(
        folder
            .path()
            .join("fish/vendor_completions.d/steerlens.fish")
            .is_file()
    );
}

/// `steerlens doctor --get` where no Python is, with this library named, and what it says.
fn get(named: Option<&str>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steerlens"));
    command.args(["doctor", "--get"]).env("PATH", "/nowhere");
    if let Some(library) = named {
        command.env("ORT_DYLIB_PATH", library);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_library_that_is_there_is_not_fetched_again() {
    let (_, said) = get(None);
    assert!(said.contains("nothing was fetched"), "run `make setup`: {said}");
}

#[test]
fn a_copy_of_ones_own_is_fetched_beside_the_systems() {
    let folder = tempfile::tempdir().unwrap();
    let (there, _) = steerlens::Runtime::find(None).unwrap();
    std::os::unix::fs::symlink(there, folder.path().join("libonnxruntime.so")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .args(["doctor", "--get"])
        .env("PATH", "/nowhere")
        .env("LD_LIBRARY_PATH", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .env_remove("ORT_DYLIB_PATH")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // It gets as far as to look for Python.
    assert!(
        said.contains("python3 cannot be run") && output.status.code() == Some(2),
        "{said}"
    );
}

#[test]
fn nothing_is_fetched_that_would_not_be_found() {
    let (code, said) = get(Some("/nowhere/libonnxruntime.so"));
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("/nowhere/libonnxruntime.so") && said.contains("unset it first"),
        "{said}"
    );
}
