// SPDX-License-Identifier: MPL-2.0
//! The library's settings as groups of flags, and the way back from flags to settings.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use steerlens::frame::Rect;
use steerlens::morph::{MagnificationUnit, Method};
use steerlens::settings::{Choice, Text};
use steerlens::{ClassChoice, ClassifierSettings, Control, LensSettings, Preset, ReachSettings, Resolution};

use super::flag::{flags, given, take, text};

pub(super) const PRESET: &str = "preset";

/// The settings of a classifier that say how its signature is understood, and how pictures become its input.
const SIGNATURE: &[&str] = &[ClassifierSettings::OUTPUT_NAME.name];
const INPUT: &[&str] = &[
    "label-file",
    "model-info",
    "input-format",
    "input-layout",
    "normalization",
    "mean",
    "std",
];

/// How the model's signature is understood.
pub(super) fn signature_flags() -> Vec<Arg> {
    // `--output` is what the sentences of refused models advise.
    let named = model_flags(|name| SIGNATURE.contains(&name)).map(|flag| {
        flag.long("output")
            .visible_alias(ClassifierSettings::OUTPUT_NAME.name)
            .value_name("TENSOR")
            .hide_short_help(false)
    });
    let size = text(ClassifierSettings::INPUT_SIZE, "HxW").value_parser(height_by_width);
    named.chain([size]).collect()
}

/// How pictures become the model's input, and its output classes with names.
pub(super) fn input_flags() -> Vec<Arg> {
    model_flags(|name| INPUT.contains(&name)).collect()
}

/// Where and how the model runs.
pub(super) fn runtime_flags() -> Vec<Arg> {
    model_flags(|name| !INPUT.contains(&name) && !SIGNATURE.contains(&name)).collect()
}

fn model_flags(wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Arg> {
    flags(&ClassifierSettings::default())
        .into_iter()
        .filter(move |flag| wanted(flag.get_id().as_str()))
}

/// What of a picture the model sees.
pub(super) fn sight_flags(usual: &LensSettings) -> Vec<Arg> {
    let mut all = vec![text(LensSettings::ROI, "X,Y,W,H").value_parser(region)];
    all.extend(flags(&usual.input));
    all
}

/// From which class to which, and how the gradient is taken.
pub(super) fn class_flags(usual: &LensSettings) -> Vec<Arg> {
    let mut all = vec![
        text(LensSettings::TARGET_LABEL, "LABEL")
            .long("target")
            .visible_alias(LensSettings::TARGET_LABEL.name),
        text(LensSettings::SOURCE_LABEL, "LABEL")
            .long("source")
            .visible_alias(LensSettings::SOURCE_LABEL.name),
        class_number(LensSettings::TARGET_CLASS).hide_short_help(true),
        class_number(LensSettings::SOURCE_CLASS).hide_short_help(true),
    ];
    all.extend(flags(&usual.gradient));
    all.extend(own_flag(usual, Control::NAME));
    all
}

/// How far the picture moves.
pub(super) fn reach_flags(usual: &LensSettings) -> Vec<Arg> {
    flags(&usual.reach)
}

/// In which coordinates it moves.
pub(super) fn method_flags(usual: &LensSettings, preset: &'static str) -> Vec<Arg> {
    let mut all = vec![preset_flag().default_value(preset)];
    all.extend(flags(&usual.morph));
    all.extend(own_flag(usual, Resolution::NAME));
    all
}

/// How pictures move, whatever the method, and in the unit in which methods are compared.
pub(super) fn common_flags(usual: &LensSettings) -> Vec<Arg> {
    let own = [Method::NAME, MagnificationUnit::NAME];
    let mut all = flags(&usual.morph);
    all.retain(|flag| !own.contains(&flag.get_id().as_str()));
    all.extend(own_flag(usual, Resolution::NAME));
    all
}

/// The flag of a single setting.
pub(super) fn own_flag(usual: &LensSettings, name: &str) -> impl Iterator<Item = Arg> {
    flags(usual).into_iter().filter(move |flag| flag.get_id() == name)
}

/// Settings under one name.
fn preset_flag() -> Arg {
    let values = Preset::ALL.map(|preset| PossibleValue::new(preset.name).help(preset.about));
    let parser =
        PossibleValuesParser::new(values).try_map(|name| Preset::find(&name).ok_or("no such preset"));
    Arg::new(PRESET)
        .long(PRESET)
        .value_name("NAME")
        .help("Settings that belong together, in place of the defaults shown here; flags given beside it win")
        .value_parser(parser)
}

/// What the picture shows.
pub(super) fn display_flags(usual: &LensSettings) -> Vec<Arg> {
    flags(&usual.view)
}

/// The model named by `model`, with every flag about it that the command has.
pub(crate) fn classifier(matches: &ArgMatches, model: PathBuf) -> ClassifierSettings {
    let mut settings = ClassifierSettings {
        model_file: model,
        input_size: given(matches, ClassifierSettings::INPUT_SIZE.name),
        ..ClassifierSettings::default()
    };
    take(matches, &mut settings);
    settings
}

/// How pictures are morphed: as is usual, but for what is said.
pub(super) fn lens(matches: &ArgMatches, usual: LensSettings) -> LensSettings {
    let mut settings = usual;
    if let Some(preset) = given::<Preset>(matches, PRESET) {
        preset.apply(&mut settings);
    }
    take(matches, &mut settings);
    settings.gradient.source = class(matches, LensSettings::SOURCE_LABEL, LensSettings::SOURCE_CLASS);
    settings.gradient.target = class(matches, LensSettings::TARGET_LABEL, LensSettings::TARGET_CLASS);
    settings.input.roi = given(matches, LensSettings::ROI.name);
    settings
}

/// Whether a flag says how far pictures are moved; no preset does.
pub(crate) fn says_how_far(matches: &ArgMatches) -> bool {
    matches
        .ids()
        .any(|id| ReachSettings::says_how_far(id.as_str()) || id == super::name::SHEET)
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
