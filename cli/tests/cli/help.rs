// SPDX-License-Identifier: MPL-2.0
//! Help is read in a terminal of 80 columns, and is true.

use std::process::Command;

use crate::common::steerlens;
use steerlens::pyramid::Spec;
use steerlens::settings::{Choice, get_by_name};
use steerlens::{LensSettings, ReachSettings, morph};

const COMMANDS: [&str; 6] = ["inspect", "gradient", "morph", "audit", "live", "doctor"];

#[test]
fn no_line_is_wider_than_a_terminal() {
    let top = [vec!["-h"], vec!["--help"]];
    let below = COMMANDS
        .iter()
        .flat_map(|&command| [vec![command, "-h"], vec![command, "--help"]]);
    for line in top.into_iter().chain(below) {
        let answer = steerlens(&line).code(0);
        let widest = answer
            .stdout
            .lines()
            .max_by_key(|line| line.chars().count())
            .unwrap_or_default();
        assert!(widest.chars().count() <= 100, "{line:?}: {widest}");
        assert_eq!(answer.stderr, "");
    }
}

#[test]
fn examples_fit_eighty_columns_and_stand_at_the_end() {
    for command in ["inspect", "gradient", "morph", "audit", "live"] {
        let help = steerlens([command, "--help"]).code(0).stdout;
        let (_, examples) = help.split_once("Examples:").expect("help ends in examples");
        assert!(examples.contains(&format!("steerlens {command} ")), "{examples}");
        assert!(
            examples.lines().all(|line| line.chars().count() <= 80),
            "{examples}"
        );
    }
}

#[test]
fn short_help_is_one_screen_and_says_where_there_is_more() {
    let help = steerlens(["morph", "-h"]).code(0).stdout;
    assert!(help.lines().count() <= 72, "{} lines", help.lines().count());
    assert!(help.contains("see more with '--help'"), "{help}");
    assert!(!help.contains("--amplitude-floor"), "{help}");
}

#[test]
fn flags_carry_the_library_s_names_defaults_and_words() {
    let help = steerlens(["morph", "--help"]).code(0).stdout;
    let flowing = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for setting in [
        ReachSettings::MAGNIFICATION,
        morph::Settings::AMPLITUDE_FLOOR,
        ReachSettings::L2_BUDGET,
    ] {
        assert!(
            flowing.contains(&format!("--{} <X> {} [default: ", setting.name, setting.blurb)),
            "{help}"
        );
    }
    let usual = LensSettings::of_stills();
    for setting in [ReachSettings::STEPS, Spec::ORIENTATIONS, morph::Settings::PADDING] {
        let usual = get_by_name(&usual, setting.name).unwrap();
        assert!(
            flowing.contains(&format!("{} [default: {usual},", setting.blurb)),
            "{help}"
        );
    }
    for (_, nick, text) in steerlens::morph::Method::ALL {
        assert!(help.contains(nick) && flowing.contains(text), "{nick}: {help}");
    }
}

#[test]
fn help_can_be_asked_for_as_a_command_too() {
    for line in [vec!["help"], vec!["help", "morph"]] {
        let help = steerlens(&line).code(0).stdout;
        assert!(help.contains("Usage: steerlens"), "{help}");
    }
    let [flag, command] =
        [vec!["morph", "--help"], vec!["help", "morph"]].map(|line| steerlens(&line).stdout);
    assert_eq!(flag, command);
}

#[test]
fn the_version_names_the_library_or_says_that_there_is_none() {
    for flag in ["--version", "-V"] {
        let answer = steerlens([flag]).code(0).stdout;
        let lines: Vec<&str> = answer.lines().collect();
        assert_eq!(lines.len(), 2, "{answer}");
        assert_eq!(lines[0], format!("steerlens {}", env!("CARGO_PKG_VERSION")));
        let library = lines[1].strip_prefix("ONNX Runtime ").unwrap();
        assert!(library.starts_with("1."), "run `make setup`: {answer}");
    }
    let nowhere = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .arg("--version")
        .env("ORT_DYLIB_PATH", "/nowhere/libonnxruntime.so")
        .output()
        .unwrap();
    let said = String::from_utf8(nowhere.stdout).unwrap();
    assert!(
        nowhere.status.success() && said.contains("ONNX Runtime not found"),
        "{said}"
    );
}

#[test]
fn no_command_and_wrong_flags_are_errors() {
    assert!(steerlens::<&str>([]).code(2).stderr.contains("Usage: steerlens"));
    assert!(
        steerlens(["morph", "a.png", "-m", "m.onnx"])
            .code(2)
            .stderr
            .contains("-o")
    );
    let answer = steerlens([
        "morph",
        "a.png",
        "-m",
        "m.onnx",
        "-o",
        "b.png",
        "--magnification",
        "65",
    ])
    .code(2);
    answer.says("it must be between -64 and 64");
}
