// SPDX-License-Identifier: MPL-2.0
//! `steerlens morph` as users see it, and the way from its flags to a lens's settings.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use steerlens::morph::ReachMode;
use steerlens::settings::Choice;
use steerlens::{ClassifierSettings, LensSettings, Preset, ReachSettings};

use super::flag::given;
use super::{hidden, json, model, name, option, out, path, settings};

/// The magnifications of a sheet when none are listed: small ones for networks trained on photographs, 1 for
/// robust ones (docs/method.md 2.1).
pub(crate) const SHEET: &str = ".05,.1,.2,.5,1";
/// Pictures in the longest sheet.
const MOST_PICTURES: usize = 60;

pub(super) fn command() -> Command {
    let usual = LensSettings::of_stills();
    let own = |arg: Arg| match arg.get_id() == ReachMode::NAME {
        true => arg.help(format!(
            "{} [default: auto, or fixed where a flag says how far]",
            ReachMode::BLURB
        )),
        false => arg,
    };
    Command::new("morph")
        .override_usage("steerlens morph [OPTIONS] <IMAGE> -m <MODEL> --target <LABEL> -o <OUT.png>")
        .about("Move a picture towards another class")
        .long_about(
            "Move a picture towards another class.\n\n\
             Takes the network's gradient towards the target class at the picture, and extrapolates the picture's local \
             phases along it: in many small steps until the target leads, or as far as is said; in one step with \
             --preset fast. What is written is classified again.",
        )
        .arg(Arg::new(name::IMAGE).value_name("IMAGE").required(true).index(1).value_parser(value_parser!(PathBuf)).help("PNG, JPEG, WebP or BMP picture; - takes one from standard input"))
        .arg(model().short('m').long(name::MODEL).visible_alias(ClassifierSettings::MODEL_FILE.name))
        .arg(
            path(name::ALSO, "MODEL")
                .action(ArgAction::Append)
                .help(
                    "A further classifier that drives too; may be given again. The picture moves along what the gradients \
                     agree on, between the classes of the same labels; scores stay those of the first",
                ),
        )
        .arg(out(
            "OUT.png",
            "Picture to write, in the format of its name: PNG or WebP, without loss, or JPEG; - is standard output, as PNG, \
             and the report then goes to standard error",
        ))
        .arg(
            option(name::SHEET, "LIST")
                .num_args(0..=1)
                .default_missing_value(SHEET)
                .value_parser(magnifications)
                .conflicts_with_all([ReachSettings::MAGNIFICATION.name, ReachSettings::L2_BUDGET.name])
                .help(format!(
                    "Write a strip instead: the source picture, then one morph for each magnification of a comma \
                     list [without a list: {SHEET}]"
                )),
        )
        .arg(json())
        .next_help_heading("Classes")
        .args(settings::class_flags(&usual))
        .next_help_heading("How far")
        .args(settings::reach_flags(&usual).into_iter().map(own))
        .next_help_heading("How")
        .args(settings::method_flags(&usual, Preset::OF_STILLS))
        .args(settings::display_flags(&usual))
        .args(settings::sight_flags(&usual))
        .next_help_heading("Model")
        .args(settings::signature_flags().into_iter().map(hidden))
        .args(settings::input_flags().into_iter().map(hidden))
        .args(settings::runtime_flags().into_iter().map(hidden))
        .after_help(
            "Examples:\n  \
             steerlens morph face.png -m faces.onnx --target smile -o smile.png\n  \
             steerlens morph orange.jpg -m net.onnx --target lemon --l2-budget 9 -o out.png\n  \
             steerlens morph cat.jpg -m net.onnx --source \"tiger cat\" --preset fast \\\n    \
             --target \"Egyptian Mau\" --sheet .05,.1,.2 -o sheet.png\n  \
             curl -s https://example.org/face.png | \\\n    \
             steerlens morph - -m faces.onnx --target smile -o - | display\n\n\
             Exit status: 0 done; 1 the L2 budget was not attained; 2 error.",
        )
}

/// How a picture is morphed.
pub(crate) fn settings(matches: &ArgMatches) -> LensSettings {
    let mut settings = settings::lens(matches, LensSettings::of_stills());
    let is_said = given::<String>(matches, ReachMode::NAME).is_some();
    if !is_said && settings::says_how_far(matches) {
        settings.reach.mode = ReachMode::Fixed;
    }
    settings
}

/// A comma list of magnifications, each within the setting's range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Magnifications(pub(crate) Vec<f64>);

fn magnifications(text: &str) -> Result<Magnifications, String> {
    let range = ReachSettings::MAGNIFICATION.min..=ReachSettings::MAGNIFICATION.max;
    let values: Vec<f64> = text
        .split(',')
        .map(|value| value.trim().parse().ok().filter(|value| range.contains(value)))
        .collect::<Option<_>>()
        .ok_or_else(|| {
            format!(
                "write magnifications between {} and {}, with commas: {SHEET}",
                range.start(),
                range.end()
            )
        })?;
    if values.len() > MOST_PICTURES {
        return Err(format!(
            "it lists {} magnifications, more than the {MOST_PICTURES} that fit a sheet",
            values.len()
        ));
    }
    Ok(Magnifications(values))
}
