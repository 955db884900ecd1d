// SPDX-License-Identifier: MPL-2.0
//! The library's settings as groups of flags, and the way back from flags to settings.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use steerlens::classifier::{InputFormat, InputLayout, Normalization};
use steerlens::frame::{Fit, Rect};
use steerlens::morph::{ColorMode, MagnificationUnit, Method, StepMode};
use steerlens::pyramid::Grid;
use steerlens::render::DisplayMode;
use steerlens::runtime::Optimisation;
use steerlens::settings::{self, Choice, Text};
use steerlens::{
    ClassChoice, ClassifierSettings, Control, LensSettings, Objective, Preset, Provider, Resolution,
};

use super::flag::{choice, choice_of, count, count_of, given, real, real_of, switch, text};

const PRESET: &str = "preset";

/// How the model's signature is understood.
pub(super) fn signature_flags() -> Vec<Arg> {
    vec![
        // `--output` is what the sentences of refused models advise.
        text(settings::OUTPUT_NAME, "TENSOR")
            .long("output")
            .visible_alias(settings::OUTPUT_NAME.name),
        text(settings::INPUT_SIZE, "HxW").value_parser(height_by_width),
    ]
}

/// How pictures become the model's input, and its output classes with names.
pub(super) fn input_flags() -> Vec<Arg> {
    vec![
        text(settings::LABEL_FILE, "FILE").value_parser(path_or_none()),
        text(settings::MODEL_INFO, "FILE").value_parser(path_or_none()),
        choice::<InputFormat>(),
        choice::<InputLayout>(),
        choice::<Normalization>(),
        text(settings::MEAN, "X,..")
            .value_parser(value_parser!(f64))
            .value_delimiter(','),
        text(settings::STD, "X,..")
            .value_parser(value_parser!(f64))
            .value_delimiter(','),
    ]
}

/// What of a picture the model sees.
pub(super) fn sight_flags() -> Vec<Arg> {
    vec![
        text(settings::ROI, "X,Y,W,H").value_parser(region),
        choice::<Fit>().hide_short_help(true),
        real(settings::CROP_FRACTION).hide_short_help(true),
    ]
}

/// Where and how the model runs.
pub(super) fn runtime_flags() -> Vec<Arg> {
    vec![
        text(settings::RUNTIME_LIBRARY, "FILE").value_parser(value_parser!(PathBuf)),
        count(settings::THREADS),
        choice::<Provider>().hide_short_help(true),
        text(settings::DEVICE, "N").hide_short_help(true),
        choice::<Optimisation>().hide_short_help(true),
    ]
}

/// From which class to which.
pub(super) fn class_flags() -> Vec<Arg> {
    vec![
        text(settings::TARGET_LABEL, "LABEL")
            .long("target")
            .visible_alias(settings::TARGET_LABEL.name),
        text(settings::SOURCE_LABEL, "LABEL")
            .long("source")
            .visible_alias(settings::SOURCE_LABEL.name),
        class_number(settings::TARGET_CLASS).hide_short_help(true),
        class_number(settings::SOURCE_CLASS).hide_short_help(true),
        choice::<Objective>().hide_short_help(true),
    ]
}

/// How far the picture moves.
pub(super) fn reach_flags() -> Vec<Arg> {
    vec![
        real(settings::MAGNIFICATION),
        real(settings::L2_BUDGET),
        count(settings::STEPS),
        choice::<StepMode>().hide_short_help(true),
        choice::<MagnificationUnit>().hide_short_help(true),
    ]
}

/// In which coordinates it moves.
pub(super) fn method_flags() -> Vec<Arg> {
    vec![
        preset(),
        choice::<Method>(),
        choice::<ColorMode>(),
        choice::<Resolution>().hide_short_help(true),
        real(settings::AMPLITUDE_EXPONENT).hide_short_help(true),
        real(settings::AMPLITUDE_FLOOR).hide_short_help(true),
        real(settings::AMPLITUDE_GAIN).hide_short_help(true),
        real(settings::SCALE_WEIGHT).hide_short_help(true),
        real(settings::PHASE_SMOOTH).hide_short_help(true),
        real(settings::PHASE_LIMIT).hide_short_help(true),
        count(settings::PADDING).hide_short_help(true),
        count(settings::ORIENTATIONS).hide_short_help(true),
        count(settings::OCTAVES).hide_short_help(true),
        choice::<Grid>().hide_short_help(true),
        choice::<Control>().hide_short_help(true),
        count(settings::SEED).hide_short_help(true),
        count(settings::SMOOTH_GRAD).hide_short_help(true),
        real(settings::NOISE_LEVEL).hide_short_help(true),
    ]
}

/// Settings under one name.
fn preset() -> Arg {
    let values = Preset::ALL.map(|preset| PossibleValue::new(preset.name).help(preset.about));
    let parser =
        PossibleValuesParser::new(values).try_map(|name| Preset::find(&name).ok_or("no such preset"));
    Arg::new(PRESET)
        .long(PRESET)
        .value_name("NAME")
        .help("Settings that belong together; flags given beside it win")
        .value_parser(parser)
}

/// What the picture shows.
pub(super) fn display_flags() -> Vec<Arg> {
    vec![choice::<DisplayMode>(), switch(settings::CAPTION)]
}

/// The model named by `model`, with every flag about it that the command has.
pub(crate) fn classifier(matches: &ArgMatches, model: PathBuf) -> ClassifierSettings {
    let path = |setting: Text| given::<PathBuf>(matches, setting.name);
    let numbers = |setting: Text| -> Vec<f64> {
        matches
            .try_get_many(setting.name)
            .ok()
            .flatten()
            .unwrap_or_default()
            .copied()
            .collect()
    };
    ClassifierSettings {
        model_file: model,
        label_file: path(settings::LABEL_FILE),
        model_info: path(settings::MODEL_INFO),
        output_name: given(matches, settings::OUTPUT_NAME.name),
        input_size: given(matches, settings::INPUT_SIZE.name),
        input_format: given(matches, InputFormat::NAME).unwrap_or_default(),
        input_layout: given(matches, InputLayout::NAME).unwrap_or_default(),
        normalization: given(matches, Normalization::NAME).unwrap_or_default(),
        mean: numbers(settings::MEAN),
        std: numbers(settings::STD),
        runtime_library: path(settings::RUNTIME_LIBRARY),
        execution_provider: given(matches, Provider::NAME).unwrap_or_default(),
        device: given(matches, settings::DEVICE.name),
        optimization_level: given(matches, Optimisation::NAME).unwrap_or_default(),
        threads: given(matches, settings::THREADS.name).unwrap_or(settings::THREADS.default) as usize,
    }
}

/// How a picture is morphed; the morph is always classified again.
pub(crate) fn lens(matches: &ArgMatches) -> LensSettings {
    let mut base = LensSettings::default();
    if let Some(preset) = given::<Preset>(matches, PRESET) {
        preset.apply(&mut base);
    }
    LensSettings {
        source: class(matches, settings::SOURCE_LABEL, settings::SOURCE_CLASS),
        target: class(matches, settings::TARGET_LABEL, settings::TARGET_CLASS),
        objective: choice_of(matches, base.objective),
        method: choice_of(matches, base.method),
        color_mode: choice_of(matches, base.color_mode),
        resolution: choice_of(matches, base.resolution),
        magnification: real_of(matches, settings::MAGNIFICATION, base.magnification),
        amplitude_exponent: real_of(matches, settings::AMPLITUDE_EXPONENT, base.amplitude_exponent),
        amplitude_floor: real_of(matches, settings::AMPLITUDE_FLOOR, base.amplitude_floor),
        amplitude_gain: real_of(matches, settings::AMPLITUDE_GAIN, base.amplitude_gain),
        scale_weight: real_of(matches, settings::SCALE_WEIGHT, base.scale_weight),
        phase_smooth: real_of(matches, settings::PHASE_SMOOTH, base.phase_smooth),
        phase_limit: real_of(matches, settings::PHASE_LIMIT, base.phase_limit),
        magnification_unit: choice_of(matches, base.magnification_unit),
        l2_budget: real_of(matches, settings::L2_BUDGET, base.l2_budget),
        padding: count_of(matches, settings::PADDING, base.padding),
        steps: count_of(matches, settings::STEPS, base.steps),
        step_mode: choice_of(matches, base.step_mode),
        control: choice_of(matches, base.control),
        seed: u64::from(count_of(matches, settings::SEED, settings::SEED.default)),
        smooth_grad: count_of(matches, settings::SMOOTH_GRAD, base.smooth_grad),
        noise_level: real_of(matches, settings::NOISE_LEVEL, base.noise_level),
        orientations: count_of(matches, settings::ORIENTATIONS, base.orientations),
        octaves: count_of(matches, settings::OCTAVES, base.octaves),
        grid: choice_of(matches, base.grid),
        display_mode: choice_of(matches, base.display_mode),
        caption: given(matches, settings::CAPTION.name).unwrap_or_default() || base.caption,
        measure_after: true,
        fit: choice_of(matches, base.fit),
        crop_fraction: real_of(matches, settings::CROP_FRACTION, base.crop_fraction),
        roi: given(matches, settings::ROI.name),
        // A still has no frames to hold a class over, nor to smooth between.
        class_hold: base.class_hold,
        temporal_smoothing: base.temporal_smoothing,
    }
}

/// Whether a flag says how far pictures are moved; no preset does.
pub(crate) fn says_how_far(matches: &ArgMatches) -> bool {
    let reals = [settings::MAGNIFICATION, settings::L2_BUDGET];
    reals
        .iter()
        .any(|fact| given::<f64>(matches, fact.name).is_some())
        || matches.contains_id(super::name::SHEET)
}

fn class(matches: &ArgMatches, label: Text, number: Text) -> ClassChoice {
    let by_number = || given::<i64>(matches, number.name).and_then(|number| usize::try_from(number).ok());
    match given::<String>(matches, label.name) {
        Some(label) => ClassChoice::Label(label),
        None => by_number().map_or(ClassChoice::Auto, ClassChoice::Index),
    }
}

fn class_number(setting: Text) -> Arg {
    text(setting, "N")
        .allow_negative_numbers(true)
        .action(ArgAction::Set)
        .value_parser(value_parser!(i64).range(-1..=i64::from(i32::MAX)))
}

/// A path that may be empty, which means: none.
fn path_or_none() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn height_by_width(text: &str) -> Result<(usize, usize), &'static str> {
    let (height, width) = text.split_once('x').ok_or("write height, x, width: 224x224")?;
    match (height.parse(), width.parse()) {
        (Ok(height), Ok(width)) if height > 0 && width > 0 => Ok((height, width)),
        _ => Err("write height, x, width as whole numbers of pixels: 224x224"),
    }
}

fn region(text: &str) -> Result<Rect, &'static str> {
    const FORM: &str = "write x, y, width and height in pixels: 80,40,320,320";
    let numbers: Result<Vec<usize>, _> = text.split(',').map(|number| number.trim().parse()).collect();
    match numbers.map_err(|_| FORM)?[..] {
        [x, y, width, height] if width > 0 && height > 0 => Ok(Rect { x, y, width, height }),
        _ => Err(FORM),
    }
}
