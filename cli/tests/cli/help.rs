// SPDX-License-Identifier: MPL-2.0
//! Help is read in a terminal of 80 columns, and is true.

use crate::common::steerlens;
use steerlens::settings::{self, Choice};

const COMMANDS: [&str; 5] = ["inspect", "gradient", "morph", "audit", "doctor"];

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
    for command in ["inspect", "gradient", "morph", "audit"] {
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
        settings::MAGNIFICATION,
        settings::AMPLITUDE_FLOOR,
        settings::L2_BUDGET,
    ] {
        assert!(
            flowing.contains(&format!("--{} <X> {} [default: ", setting.name, setting.blurb)),
            "{help}"
        );
    }
    for setting in [settings::STEPS, settings::ORIENTATIONS, settings::PADDING] {
        assert!(
            flowing.contains(&format!("{} [default: {},", setting.blurb, setting.default)),
            "{help}"
        );
    }
    for (_, nick, text) in steerlens::morph::Method::ALL {
        assert!(help.contains(nick) && flowing.contains(text), "{nick}: {help}");
    }
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
    assert!(
        answer.stderr.contains("it must be between -64 and 64"),
        "{}",
        answer.stderr
    );
}
