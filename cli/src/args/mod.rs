// SPDX-License-Identifier: MPL-2.0
//! The command line as users see it: commands, their flags, their help.

mod audit;
mod flag;
#[cfg(feature = "live")]
mod live;
mod morph;
mod settings;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, value_parser};
use steerlens::ClassifierSettings;

pub use audit::command as audit_command;
pub(crate) use audit::{merged, settings as audit_settings};
pub(crate) use flag::OF_VIDEOS;
#[cfg(feature = "live")]
pub(crate) use live::settings as live_settings;
pub(crate) use morph::{Magnifications, settings as morph_settings};
pub(crate) use settings::{classifier, says_how_far};

/// Names of arguments that are not settings of the library.
pub(crate) mod name {
    pub(crate) const IMAGE: &str = "image";
    pub(crate) const MODEL: &str = "model";
    pub(crate) const ALSO: &str = "also";
    pub(crate) const JUDGE: &str = "judge";
    pub(crate) const OUT: &str = "out";
    pub(crate) const JSON: &str = "json";
    pub(crate) const LABELS: &str = "labels";
    pub(crate) const PROFILE: &str = "profile";
    pub(crate) const SHEET: &str = "sheet";
    pub(crate) const VERSION: &str = "version";
    pub(crate) const GET: &str = "get";
    pub(crate) const FOLDER: &str = "folder";
}

/// The whole command line.
pub(crate) fn command() -> Command {
    let command = Command::new("steerlens")
        .about("See how an image classifier gets from one class to another")
        .long_about(
            "See how an image classifier gets from one class to another.\n\n\
             Takes a stock ONNX classifier and a picture, asks the network which way the picture would have to \
             move to become another class, and moves its local phases that way: a class morph, after \"Through a \
             Steerable Lens\" (arXiv 2506.02300).",
        )
        .after_help(
            "Examples:\n  \
             steerlens doctor\n  \
             steerlens inspect model.onnx\n  \
             steerlens morph face.png -m model.onnx --target smile -o smile.png\n  \
             steerlens audit clips/ -m model.onnx -o report\n\n\
             Data goes to standard output, talk to standard error.\n\
             Exit status: 0 done; 1 the answer is no (refused, missing, not attained); \
             2 error.",
        )
        .arg_required_else_help(true)
        .args_conflicts_with_subcommands(true)
        .max_term_width(100)
        .arg(
            switch(name::VERSION)
                .short('V')
                .help("Print the version, and that of the ONNX Runtime found"),
        )
        .subcommand(inspect())
        .subcommand(gradient())
        .subcommand(morph::command())
        .subcommand(audit::command())
        .subcommand(doctor())
        .subcommand(generate());
    #[cfg(feature = "live")]
    let command = command.subcommand(live::command());
    command
}

fn inspect() -> Command {
    Command::new("inspect")
        .override_usage("steerlens inspect [OPTIONS] <MODEL>")
        .about("Tell what a model is, whether its gradient can be taken, and what it costs")
        .arg(model().index(1))
        .arg(json())
        .arg(
            switch(name::LABELS)
                .conflicts_with(name::JSON)
                .help("Print all classes instead, one a line: number, tab, label"),
        )
        .args(settings::signature_flags())
        .next_help_heading("Model input and labels")
        .args(settings::input_flags().into_iter().map(hidden))
        .next_help_heading("ONNX Runtime")
        .args(settings::runtime_flags().into_iter().map(hidden))
        .after_help(
            "Examples:\n  \
             steerlens inspect model.onnx\n  \
             steerlens inspect model.onnx --labels | grep -i cat\n  \
             steerlens inspect detector.onnx --output scores --input-size 224x224\n  \
             steerlens inspect model.onnx --json | jq .cost.ratio\n\n\
             Exit status: 0 supported; 1 refused, with reasons; 2 unreadable.",
        )
}

fn gradient() -> Command {
    Command::new("gradient")
        .override_usage("steerlens gradient [OPTIONS] <MODEL> -o <OUT.onnx>")
        .about("Write the model with its reverse half, for use in any ONNX runtime")
        .long_about(
            "Write the model with its reverse half, for use in any ONNX runtime.\n\n\
             The written model has the model's own inputs and `cotangent`, shaped as the logits; its outputs are \
             the logits, under their own name, and `input_gradient`: the gradient of the sum of cotangent times \
             logits. It is static: batch 1, one input size.",
        )
        .arg(model().index(1))
        .arg(out("OUT.onnx", "File to write; - is standard output, and the report then goes to standard error"))
        .arg(json())
        .args(settings::signature_flags())
        .arg(
            option(name::PROFILE, "NAME")
                .value_parser([
                    PossibleValue::new("plain").help("Standard operators, for any runtime"),
                    PossibleValue::new("cpu").help("Laid out for ONNX Runtime's CPU provider"),
                ])
                .default_value("plain")
                .help("For which runtime the reverse half is written"),
        )
        .next_help_heading("ONNX Runtime")
        .args(settings::runtime_flags().into_iter().map(hidden))
        .after_help(
            "Examples:\n  \
             steerlens gradient model.onnx -o model.grad.onnx\n  \
             steerlens gradient net.onnx -o grad.onnx --output scores --input-size 224x224",
        )
}

fn doctor() -> Command {
    Command::new("doctor")
        .override_usage("steerlens doctor [OPTIONS]")
        .about("Check what is installed, and say what to do about what is missing")
        .arg(
            switch(name::GET)
                .conflicts_with(ClassifierSettings::RUNTIME_LIBRARY.name)
                .help(
                    "Fetch ONNX Runtime first, for you alone, unless you have a copy of your own: by pip, of a fixed \
                     version, its checksum compared. It goes before the distribution's",
                ),
        )
        .arg(json())
        .args(
            settings::runtime_flags()
                .into_iter()
                .filter(|flag| flag.get_id() == ClassifierSettings::RUNTIME_LIBRARY.name),
        )
        .after_help("Exit status: 0 all there; 1 something is missing; 2 it could not be fetched.")
}

/// For packages; no user needs it.
fn generate() -> Command {
    Command::new("generate")
        .about("Write manual pages and completions, laid out as below /usr/share")
        .hide(true)
        .arg(
            Arg::new(name::FOLDER)
                .value_name("FOLDER")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Where to write; made if it is not there"),
        )
}

fn model() -> Arg {
    Arg::new(name::MODEL)
        .value_name("MODEL")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help(ClassifierSettings::MODEL_FILE.blurb)
}

fn out(value: &'static str, help: &'static str) -> Arg {
    path(name::OUT, value).short('o').required(true).help(help)
}

fn json() -> Arg {
    switch(name::JSON).help("Answer with one JSON object")
}

/// A flag with a value.
fn option(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

/// A flag with a file or folder.
fn path(name: &'static str, value: &'static str) -> Arg {
    option(name, value).value_parser(value_parser!(PathBuf))
}

/// A flag without a value.
fn switch(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

/// A flag that the short help leaves out.
fn hidden(flag: Arg) -> Arg {
    flag.hide_short_help(true)
}
