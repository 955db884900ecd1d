// SPDX-License-Identifier: MPL-2.0
//! From flags to settings.

use std::path::PathBuf;
use std::time::Duration;

use steerlens::frame::Rect;
use steerlens::morph::ReachMode;
use steerlens::settings::{
    AnyChoice, Choice, Count, Group, Real, Span, Switch, Text, Visitor, Whole, set_by_name,
};
use steerlens::{ClassChoice, ClassifierSettings, LensSettings, ReachSettings};

use super::{Magnifications, command, name};

fn morph(flags: &[&str]) -> Result<(ClassifierSettings, LensSettings, clap::ArgMatches), clap::Error> {
    let line = [
        "steerlens",
        "morph",
        "in.png",
        "-m",
        "model.onnx",
        "-o",
        "out.png",
    ];
    let matches = command().try_get_matches_from(line.iter().chain(flags))?;
    let (_, matches) = matches.subcommand().expect("a command was given");
    Ok((
        super::classifier(matches, "model.onnx".into()),
        super::morph_settings(matches),
        matches.clone(),
    ))
}

#[test]
fn the_definition_holds_together() {
    command().debug_assert();
}

#[test]
fn no_flag_means_what_the_library_does_with_stills() {
    let (classifier, lens, matches) = morph(&[]).unwrap();
    let model_file = PathBuf::from("model.onnx");
    assert_eq!(
        classifier,
        ClassifierSettings {
            model_file,
            ..ClassifierSettings::default()
        }
    );
    assert_eq!(lens, LensSettings::of_stills());
    assert_eq!(matches.get_one::<Magnifications>(name::SHEET), None);
}

/// Each flag of a group, with another value than the usual, reaches the setting of its name and no other.
#[test]
fn every_flag_reaches_its_setting() {
    fn check<G: Group>(taken: impl Fn(&[&str]) -> G) {
        let mut rows = Rows(Vec::new());
        taken(&[]).visit(&mut rows);
        for (name, word) in rows.0 {
            if super::flag::OF_VIDEOS.contains(&name) {
                continue;
            }
            let flag = format!("--{name}");
            let with_value = format!("{flag}={word}");
            let flags = match word.as_str() {
                "true" => vec![flag.as_str()],
                "false" => vec![with_value.as_str()],
                word => vec![flag.as_str(), word],
            };
            let mut expected = taken(&[]);
            assert!(set_by_name(&mut expected, name, &word), "{name}={word}");
            if ReachSettings::says_how_far(name) {
                set_by_name(&mut expected, ReachMode::NAME, ReachMode::Fixed.nick());
            }
            assert!(taken(&flags) == expected, "{flags:?}");
            assert!(expected != taken(&[]), "{flags:?} changes nothing");
        }
    }
    check(|flags| morph(flags).unwrap().0);
    check(|flags| morph(flags).unwrap().1);
}

/// The name of each setting, and a value that is not the usual one.
struct Rows(Vec<(&'static str, String)>);

impl Visitor for Rows {
    fn real(&mut self, fact: &'static Real, _: &mut f64) {
        self.0
            .push((fact.name, (fact.min * 0.25 + fact.max * 0.75).to_string()));
    }

    fn count(&mut self, fact: &'static Count, _: &mut u32) {
        self.0.push((fact.name, fact.max.to_string()));
    }

    fn whole(&mut self, fact: &'static Whole, _: &mut u64) {
        self.0.push((fact.name, fact.max.to_string()));
    }

    fn span(&mut self, fact: &'static Span, _: &mut Duration) {
        self.0.push((fact.name, fact.max.as_secs_f64().to_string()));
    }

    fn switch(&mut self, fact: &'static Switch, usual: &mut bool) {
        self.0.push((fact.name, (!*usual).to_string()));
    }

    fn choice(&mut self, value: &mut dyn AnyChoice) {
        let usual = value.current();
        let mut values = value.values().into_iter().map(|(nick, _)| nick);
        let other = values.rfind(|nick| *nick != usual);
        self.0.push((value.name(), other.unwrap_or(usual).to_owned()));
    }

    fn text(&mut self, fact: &'static Text, _: &mut Option<String>) {
        self.0.push((fact.name, "scores".to_owned()));
    }

    fn path(&mut self, fact: &'static Text, _: &mut Option<PathBuf>) {
        self.0.push((fact.name, "some/file".to_owned()));
    }

    fn list(&mut self, fact: &'static Text, _: &mut Vec<f64>) {
        self.0.push((fact.name, "0.5,0.25,1".to_owned()));
    }
}

#[test]
fn flags_that_are_no_rows_reach_their_settings() {
    let line = "--roi 8,4,96,64 --input-size 48x192 --output scores";
    let (classifier, lens, _) = morph(&line.split(' ').collect::<Vec<_>>()).unwrap();
    let roi = Rect {
        x: 8,
        y: 4,
        width: 96,
        height: 64,
    };
    assert_eq!(lens.input.roi, Some(roi));
    assert_eq!(classifier.input_size, Some((48, 192)));
    assert_eq!(classifier.output_name.as_deref(), Some("scores"));
}

#[test]
fn a_label_wins_over_a_number_and_minus_one_is_automatic() {
    let (_, lens, _) = morph(&["--target", "smile", "--target-class", "2", "--source-class", "-1"]).unwrap();
    assert_eq!(
        (lens.gradient.target, lens.gradient.source),
        (ClassChoice::Label("smile".to_owned()), ClassChoice::Auto)
    );
}

#[test]
fn a_sheet_has_its_list_or_the_usual_one() {
    let list = |flags: &[&str]| {
        let (_, _, matches) = morph(flags).unwrap();
        matches.get_one::<Magnifications>(name::SHEET).unwrap().0.clone()
    };
    assert_eq!(list(&["--sheet"]), [0.05, 0.1, 0.2, 0.5, 1.0]);
    assert_eq!(list(&["--sheet", "0,.5, 2"]), [0.0, 0.5, 2.0]);
    assert_eq!(list(&["--sheet=-1,1"]), [-1.0, 1.0]);
}

#[test]
fn what_is_out_of_range_or_contradicts_is_refused() {
    for flags in [
        &["--magnification", "65"][..],
        &["--magnification", "NaN"],
        &["--steps", "0"],
        &["--phase-limit", "3.2"],
        &["--method", "magic"],
        &["--input-size", "224"],
        &["--input-size", "0x224"],
        &["--sheet", "1,,2"],
        &["--sheet", "65"],
        &["--sheet", "--magnification", "1"],
        &["--sheet", "--l2-budget", "1"],
    ] {
        assert!(morph(flags).is_err(), "{flags:?}");
    }
}

#[test]
fn a_preset_is_the_library_s_and_flags_beside_it_win() {
    use steerlens::Preset;
    for preset in Preset::ALL {
        let mut expected = LensSettings::of_stills();
        preset.apply(&mut expected);
        assert_eq!(morph(&["--preset", preset.name]).unwrap().1, expected);
    }
    let (_, lens, _) = morph(&["--steps", "2", "--preset", "readable"]).unwrap();
    assert_eq!(lens.reach.steps, 2);
    assert_eq!(lens.morph.color_mode, steerlens::morph::ColorMode::Joint);
    let (_, lens, _) = morph(&["--preset", "readable", "--mirror=false"]).unwrap();
    assert!(!lens.gradient.mirror);
    assert!(morph(&["--preset", "loud"]).is_err());
}

#[test]
fn an_audit_without_flags_has_the_crate_s_defaults() {
    let line = "steerlens audit clips photos -m model.onnx -o report".split(' ');
    let matches = command().get_matches_from(line);
    let (_, matches) = matches.subcommand().unwrap();
    let inputs = ["clips", "photos"].map(PathBuf::from).into();
    assert_eq!(
        super::audit_settings(matches).unwrap(),
        steerlens_audit::Settings::new(inputs, "model.onnx", "report")
    );
}
