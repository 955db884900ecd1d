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
    use steerlens::frame::{Fit, Rect};
    use steerlens::morph::{ColorMode, MagnificationUnit, Method, StepMode};
    use steerlens::pyramid::Grid;
    use steerlens::render::DisplayMode;

    let line = "--target-label smile --source-class 3 --method csp-joint --color-mode joint \
         --resolution model --magnification -2.5 --amplitude-exponent 0 --amplitude-floor .25 \
         --amplitude-gain 2 --scale-weight .5 --phase-smooth 1.5 --phase-limit 3 --magnification-unit none --l2-budget 7 --padding 16 --steps 8 \
         --step-mode source --control random --seed 7 --smooth-grad 16 --noise-level .2 --orientations 6 --octaves 3 \
         --grid exact --display-mode difference --caption --roi 8,4,96,64 \
         --output-name scores --input-size 48x192 --label-file l.txt --model-info i.ini --input-format bgr \
         --input-layout nhwc --normalization byte --mean .1,.2,.3 --std 1 --fit stretch --crop-fraction .875 \
         --onnxruntime-library libonnxruntime.so --threads 2 --objective logit --execution-provider cuda --device 1 \
         --optimization-level enable-basic";
    let flags: Vec<&str> = line.split_whitespace().collect();
    let (classifier, lens, _) = morph(&flags).unwrap();
    let expected = LensSettings {
        source: ClassChoice::Index(3),
        target: ClassChoice::Label("smile".to_owned()),
        objective: steerlens::Objective::Logit,
        method: Method::CspJoint,
        color_mode: ColorMode::Joint,
        resolution: steerlens::Resolution::Model,
        magnification: -2.5,
        amplitude_exponent: 0.0,
        amplitude_floor: 0.25,
        amplitude_gain: 2.0,
        scale_weight: 0.5,
        phase_smooth: 1.5,
        phase_limit: 3.0,
        magnification_unit: MagnificationUnit::None,
        l2_budget: 7.0,
        padding: 16,
        steps: 8,
        step_mode: StepMode::Source,
        control: steerlens::Control::Random,
        seed: 7,
        smooth_grad: 16,
        noise_level: 0.2,
        orientations: 6,
        octaves: 3,
        grid: Grid::Exact,
        display_mode: DisplayMode::Difference,
        caption: true,
        measure_after: true,
        fit: Fit::Stretch,
        crop_fraction: 0.875,
        roi: Some(Rect {
            x: 8,
            y: 4,
            width: 96,
            height: 64,
        }),
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
        runtime_library: Some("libonnxruntime.so".into()),
        threads: 2,
        execution_provider: steerlens::Provider::Cuda,
        device: Some("1".to_owned()),
        optimization_level: steerlens::runtime::Optimisation::Basic,
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

#[test]
fn a_preset_is_the_library_s_and_flags_beside_it_win() {
    use steerlens::Preset;
    for preset in Preset::ALL {
        let mut expected = LensSettings {
            measure_after: true,
            ..LensSettings::default()
        };
        preset.apply(&mut expected);
        assert_eq!(morph(&["--preset", preset.name]).unwrap().1, expected);
    }
    let (_, lens, _) = morph(&["--steps", "2", "--preset", "readable"]).unwrap();
    assert_eq!(lens.steps, 2);
    assert_eq!(lens.color_mode, steerlens::morph::ColorMode::Joint);
    assert!(morph(&["--preset", "loud"]).is_err());
}

#[test]
fn an_audit_takes_as_many_judges_as_it_counts() {
    let audit = |judges: usize| {
        let line = ["steerlens", "audit", "clips", "-m", "model.onnx", "-o", "report"];
        let judges = ["--judge", "judge.onnx"].repeat(judges);
        let matches = command().get_matches_from(line.into_iter().chain(judges));
        let (_, matches) = matches.subcommand().unwrap();
        super::audit_settings(matches).map(|settings| settings.judges.len())
    };
    assert_eq!(audit(64).unwrap(), 64);
    assert!(audit(65).unwrap_err().to_string().starts_with("65 judges"));
}
