// SPDX-License-Identifier: MPL-2.0
//! From flags to settings.

use std::path::PathBuf;

use steerlens::{ClassChoice, ClassifierSettings, LensSettings};

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
        super::lens(matches),
        matches.clone(),
    ))
}

#[test]
fn the_definition_holds_together() {
    command().debug_assert();
}

#[test]
fn no_flag_means_the_library_s_defaults() {
    let (classifier, lens, matches) = morph(&[]).unwrap();
    let model_file = PathBuf::from("model.onnx");
    assert_eq!(
        classifier,
        ClassifierSettings {
            model_file,
            ..ClassifierSettings::default()
        }
    );
    assert_eq!(
        lens,
        LensSettings {
            measure_after: true,
            ..LensSettings::default()
        }
    );
    assert_eq!(matches.get_one::<Magnifications>(name::SHEET), None);
}

#[test]
fn every_flag_reaches_its_setting() {
    use steerlens::classifier::{InputFormat, InputLayout, Normalization};
    use steerlens::frame::Fit;
    use steerlens::morph::{ColorMode, Method, Normalise, StepMode};
    use steerlens::pyramid::Grid;
    use steerlens::render::DisplayMode;

    let line = "--target-label smile --source-class 3 --method csp-joint --color-mode joint \
         --resolution model --magnification -2.5 --amplitude-exponent 0 --amplitude-floor .25 \
         --amplitude-gain 2 --phase-limit 3 --normalise none --l2-budget 7 --padding 16 --steps 8 \
         --step-mode source --control random --seed 7 --orientations 6 --octaves 3 --grid exact --display-mode difference \
         --output-name scores --input-size 48x192 --label-file l.txt --model-info i.ini --input-format bgr \
         --input-layout nhwc --normalization byte --mean .1,.2,.3 --std 1 --fit stretch --crop-fraction .875 \
         --onnxruntime-library libonnxruntime.so --threads 2";
    let flags: Vec<&str> = line.split_whitespace().collect();
    let (classifier, lens, _) = morph(&flags).unwrap();
    let expected = LensSettings {
        source: ClassChoice::Index(3),
        target: ClassChoice::Label("smile".to_owned()),
        method: Method::CspJoint,
        color_mode: ColorMode::Joint,
        resolution: steerlens::Resolution::Model,
        magnification: -2.5,
        amplitude_exponent: 0.0,
        amplitude_floor: 0.25,
        amplitude_gain: 2.0,
        phase_limit: 3.0,
        normalise: Normalise::None,
        l2_budget: 7.0,
        padding: 16,
        steps: 8,
        step_mode: StepMode::Source,
        control: steerlens::Control::Random,
        seed: 7,
        orientations: 6,
        octaves: 3,
        grid: Grid::Exact,
        display_mode: DisplayMode::Difference,
        measure_after: true,
        ..LensSettings::default()
    };
    assert_eq!(lens, expected);
    let expected = ClassifierSettings {
        model_file: "model.onnx".into(),
        label_file: Some("l.txt".into()),
        model_info: Some("i.ini".into()),
        output_name: Some("scores".to_owned()),
        input_size: Some((48, 192)),
        input_format: InputFormat::Bgr,
        input_layout: InputLayout::Nhwc,
        normalization: Normalization::Byte,
        mean: vec![0.1, 0.2, 0.3],
        std: vec![1.0],
        fit: Fit::Stretch,
        crop_fraction: 0.875,
        runtime_library: Some("libonnxruntime.so".into()),
        threads: 2,
    };
    assert_eq!(classifier, expected);
}

#[test]
fn a_label_wins_over_a_number_and_minus_one_is_automatic() {
    let (_, lens, _) = morph(&["--target", "smile", "--target-class", "2", "--source-class", "-1"]).unwrap();
    assert_eq!(
        (lens.target, lens.source),
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
