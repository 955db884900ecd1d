// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit` as users see it, and the way from its flags to an audit's settings.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use steerlens::pyramid::Grid;
use steerlens::settings::Choice;
use steerlens::{ClassifierSettings, Control, GradientSettings, LensSettings, ReachSettings};
use steerlens_audit::{
    Condition, Format, Results, SampleRule, Settings, Shard, Source, Targets, Truth, methods,
};

use super::settings::own_flag;
use super::{classifier, hidden, model, name, option, out, path, switch};

const INPUT: &str = "input";
const SAMPLES: &str = GradientSettings::SAMPLES.name;
const SOURCE: &str = "source";
const TARGETS: &str = "targets";
const PAIRS: &str = "pairs";
const METHODS: &str = "methods";
const BUDGETS: &str = "budgets";
const MAGNIFICATIONS: &str = "magnifications";
const NO_FLIP: &str = "no-flip";
const SAMPLE: &str = "sample";
const TRUTH: &str = "truth";
const LABELS_FROM: &str = "labels-from";
const JOBS: &str = "jobs";
const SHARD: &str = "shard";
const RESUME: &str = "resume";
const FORMAT: &str = "format";
const NO_STRIPS: &str = "no-strips";
const NO_CLIPS: &str = "no-clips";
const BASELINE: &str = "baseline";
const THRESHOLD: &str = "threshold";
const FAIL_IF: &str = "fail-if";
const RANDOM: &str = "random";
const OTHER: &str = "other";
/// How the copies of `SAMPLES` differ.
const OF_COPIES: [&str; 4] = [
    GradientSettings::SHIFT.name,
    GradientSettings::ZOOM.name,
    GradientSettings::MIRROR.name,
    GradientSettings::NOISE_LEVEL.name,
];
/// The folders that are merged.
const DIR: &str = "dir";

/// How frames are morphed where nothing is said: as the settings have it, on the grid of the published pyramid.
fn usual() -> LensSettings {
    LensSettings::default().with(|settings| settings.morph.pyramid.grid = Grid::Exact)
}

/// The definition of `steerlens audit`.
pub fn command() -> Command {
    let usual = usual();
    Command::new("audit")
        .override_usage(
            "steerlens audit [OPTIONS] <INPUT>... -m <MODEL> -o <DIR>\n       \
             steerlens audit merge [OPTIONS] <DIR>... -o <DIR>",
        )
        .about("Measure what a classifier reacts to, over pictures and videos")
        .long_about(
            "Measure what a classifier reacts to, over pictures and videos.\n\n\
             Moves every frame towards other classes, by several methods and equally far, and records when the \
             classifier changes its mind, whether other classifiers (judges) agree, and what sort of change it \
             was. The answers are in DIR/report.html, the rows in DIR/frames.parquet. An audit that was \
             interrupted goes on with --resume.",
        )
        .subcommand(merge())
        .subcommand_negates_reqs(true)
        .args_conflicts_with_subcommands(true)
        .arg(
            Arg::new(INPUT)
                .value_name("INPUT")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Pictures, videos, folders, patterns, or image sequences such as frame-%04d.png"),
        )
        .arg(model().short('m').long(name::MODEL).visible_alias(ClassifierSettings::MODEL_FILE.name))
        .arg(out("DIR", "Folder for the results"))
        .arg(path(name::ALSO, "MODEL").action(ArgAction::Append).help(
            "Classifier whose gradient is added, each brought to the same length; may be given several times. Classes \
             are matched by label",
        ))
        .arg(path(name::JUDGE, "MODEL").action(ArgAction::Append).help(
            "Classifier that only looks at the results; may be given several times. Classes are matched by label",
        ))
        .next_help_heading("What is looked at")
        .arg(option(SAMPLE, "RULE").default_value("fps=1").value_parser(|rule: &str| rule.parse::<SampleRule>()).help(
            "Frames of a video: every=N, at most fps=F in a second, the first max=N; several with commas",
        ))
        .arg(option(TRUTH, "FROM").value_parser(["folder"]).conflicts_with(LABELS_FROM).help(
            "True classes: the name of the folder that a file lies in",
        ))
        .arg(path(LABELS_FROM, "CSV").help("True classes: a table of path and label"))
        .next_help_heading("Classes")
        .arg(option(SOURCE, "WHICH").default_value("predicted").value_parser(["predicted", "true"]).help(
            "Class to move away from: the one predicted, or the true one",
        ))
        .arg(option(TARGETS, "LIST").default_value("runner-up").help(
            "Classes to move towards: runner-up, all, or labels with commas",
        ))
        .arg(option(PAIRS, "A:B,...").conflicts_with(TARGETS).help(
            "Move frames of class A towards class B; other frames are left out",
        ))
        .next_help_heading("How far")
        .arg(list(BUDGETS, "L2,..").help("L2 distances to move to, pixel values 0..1: methods are compared there"))
        .arg(list(MAGNIFICATIONS, "X,..").allow_negative_numbers(true).help(
            "Magnifications to move by [default without budgets: 1, 2 and 4 times the median flip]",
        ))
        .arg(switch(NO_FLIP).help("Do not search for the smallest magnification at which the class flips"))
        .args(own_flag(&usual, ReachSettings::STEPS.name))
        .next_help_heading("How")
        .arg(
            option(METHODS, "LIST")
                .default_value("csp-phase,csp-joint,fourier-phase,pixel")
                .help("Coordinates in which frames move, with commas"),
        )
        .arg(
            option(SAMPLES, "N,..")
                .value_delimiter(',')
                .value_parser(value_parser!(u32).range(1..=1000))
                .help(
                    "Slightly changed copies of each frame whose gradients are averaged; 1,16 sets single and averaged \
                     gradients side by side [default: 1]",
                ),
        )
        .args(OF_COPIES.into_iter().flat_map(|name| own_flag(&usual, name)).map(hidden))
        .arg(option(Control::NAME, "LIST").value_delimiter(',').value_parser(["none", RANDOM, OTHER]).help(
            "Move every frame once more, to compare with: random, in a random direction of the same spectrum; other, along \
             the gradient of another picture; or both with a comma [default: none]",
        ))
        .args(own_flag(&usual, GradientSettings::SEED.name).map(|flag| {
            flag.hide_short_help(false).help("Seed of the random directions [default: 0]")
        }))
        .args(super::settings::common_flags(&usual).into_iter().map(hidden))
        .next_help_heading("Long work")
        .arg(switch(RESUME).help("Go on with an audit that was interrupted"))
        .arg(option(SHARD, "K/N").value_parser(|shard: &str| shard.parse::<Shard>()).help(
            "Audit only the Kth of N equal shares of the inputs; `steerlens audit merge` puts the results together",
        ))
        .arg(option(JOBS, "N").short('j').value_parser(value_parser!(u16).range(1..=1024)).help(
            "Frames audited at once [default: one per core]. The results do not depend on it",
        ))
        .next_help_heading("Results")
        .args(results_flags())
        .arg(switch(NO_STRIPS).help("Write no pictures of the frames and their edits"))
        .arg(switch(NO_CLIPS).help("Write no clips of the videos and their edits"))
        .next_help_heading("Model")
        .args(super::settings::signature_flags().into_iter().map(hidden))
        .args(super::settings::input_flags().into_iter().map(|arg| match arg.get_id() == ClassifierSettings::LABEL_FILE.name {
            true => arg.visible_alias("labels"),
            false => hidden(arg),
        }))
        .args(
            super::settings::runtime_flags()
                .into_iter()
                .filter(|arg| arg.get_id() == ClassifierSettings::RUNTIME_LIBRARY.name)
                .map(hidden),
        )
        .after_help(
            "Examples:\n  \
             steerlens audit holiday.mp4 photos/ -m model.onnx -o report\n  \
             steerlens audit digits/ -m digits.onnx --judge other.onnx --truth folder \\\n    \
             --source true --pairs 3:8,4:9 --budgets 1,2 --control random -o report\n  \
             steerlens audit photos/ -m v2.onnx --baseline v1/summary.json -o v2\n\n\
             Exit status: 0 done; 2 error; 3 done, without inputs that could not be read;\n\
             4 a condition of --fail-if is fulfilled, or flips became easier than in the\n\
             baseline by more than the threshold;\n\
             130 interrupted, --resume goes on.",
        )
}

fn merge() -> Command {
    Command::new("merge")
        .override_usage("steerlens audit merge [OPTIONS] <DIR>... -o <DIR>")
        .about("Make one table and report of the shards of an audit")
        .arg(
            Arg::new(DIR)
                .value_name("DIR")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Result folders of the shards"),
        )
        .arg(out("DIR", "Folder for the results"))
        .args(results_flags())
        .after_help(
            "Example:\n  \
             steerlens audit merge shards/* -o report\n\n\
             Exit status: 0 done; 2 error; 3 done, with shards missing or named twice, or inputs that\n\
             could not be read; 4 as for `steerlens audit`.",
        )
}

fn results_flags() -> [Arg; 4] {
    [
        option(FORMAT, "FORMAT")
            .default_value("parquet")
            .value_parser(["parquet", "csv"])
            .help("Format of the table"),
        path(BASELINE, "FILE").help("An earlier audit's summary.json to compare with"),
        option(THRESHOLD, "SHARE")
            .default_value("0.1")
            .value_parser(share)
            .requires(BASELINE)
            .help("By what share flips may become easier than in the baseline"),
        option(FAIL_IF, "CONDITION")
            .action(ArgAction::Append)
            .value_parser(|text: &str| text.parse::<Condition>())
            .help("Fail where this is so: 'flips(psnr>40) > 5%', 'wrong > 10%'; may be given several times")
            .long_help(
                "Fail (exit status 4) where this is so; may be given several times.\n\n\
                 flips(psnr>40, p>50%) > 5%: more than 5 % of the frames of whose class the model is sure by more \
                 than 50 % flip by a change of more than 40 dB PSNR, by whichever method. In brackets, with commas: \
                 psnr, ssim, l2, magnification (of the flip), p (of the frame), method=csp-phase.\n\
                 wrong > 10%: more than 10 % of the frames whose true class is known have another answer.\n\
                 failed > 0: some row has no result.",
            ),
    ]
}

fn list(name: &'static str, value: &'static str) -> Arg {
    option(name, value)
        .value_delimiter(',')
        .value_parser(|text: &str| match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err("it must be numbers with commas between"),
        })
}

fn share(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("it must be between 0 and 1"),
    }
}

/// Where results go.
fn results(matches: &ArgMatches) -> Results {
    let mut results = Results::new(paths(matches, name::OUT).next().unwrap_or_default());
    if word(matches, FORMAT) == "csv" {
        results.format = Format::Csv;
    }
    results.fail_if = matches.get_many(FAIL_IF).unwrap_or_default().cloned().collect();
    results.baseline = paths(matches, BASELINE).next();
    if let Some(threshold) = matches.get_one(THRESHOLD) {
        results.threshold = *threshold;
    }
    results
}

/// The folders that are to be merged, and where the results go.
pub(crate) fn merged(matches: &ArgMatches) -> (Vec<PathBuf>, Results) {
    (paths(matches, DIR).collect(), results(matches))
}

/// What the flags ask for.
///
/// # Errors
/// When a list cannot be read.
pub(crate) fn settings(matches: &ArgMatches) -> Result<Settings> {
    let lens = super::settings::lens(matches, usual());
    let results = results(matches);
    let model = paths(matches, name::MODEL).next().unwrap_or_default();
    let mut settings = Settings::new(paths(matches, INPUT).collect(), &model, &results.out);
    settings.model = classifier(matches, model);
    settings.also = paths(matches, name::ALSO)
        .map(|file| settings.model.beside(file))
        .collect();
    settings.judges = paths(matches, name::JUDGE)
        .map(|file| settings.model.beside(file))
        .collect();
    settings.sample = matches.get_one(SAMPLE).copied().unwrap_or_default();
    settings.truth = match paths(matches, LABELS_FROM).next() {
        Some(table) => Truth::Table(table),
        None if word(matches, TRUTH) == "folder" => Truth::Folder,
        None => Truth::Unknown,
    };
    if word(matches, SOURCE) == "true" {
        settings.source = Source::True;
    }
    settings.targets = match matches.get_one::<String>(PAIRS) {
        Some(pairs) => Targets::pairs(pairs)?,
        None => word(matches, TARGETS).parse()?,
    };
    settings.budgets = numbers(matches, BUDGETS);
    settings.magnifications = numbers(matches, MAGNIFICATIONS);
    settings.flips = !matches.get_flag(NO_FLIP);
    settings.methods = methods(word(matches, METHODS))?;
    let controls: Vec<&String> = matches.get_many(Control::NAME).unwrap_or_default().collect();
    settings.random_control = controls.iter().any(|control| *control == RANDOM);
    settings.other_control = controls.iter().any(|control| *control == OTHER);
    if let Some(samples) = matches.get_many(SAMPLES) {
        settings.samples = samples.copied().collect();
    }
    settings.copies = lens.gradient.clone();
    settings.seed = lens.gradient.seed;
    settings.steps = lens.reach.steps;
    settings.resolution = lens.resolution;
    settings.morph = lens.morph;
    if let Some(jobs) = matches.get_one::<u16>(JOBS) {
        settings.jobs = usize::from(*jobs);
    }
    settings.shard = matches.get_one(SHARD).copied();
    settings.resume = matches.get_flag(RESUME);
    settings.strips = !matches.get_flag(NO_STRIPS);
    settings.clips = !matches.get_flag(NO_CLIPS);
    settings.results = results;
    Ok(settings)
}

fn word<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

fn paths(matches: &ArgMatches, name: &str) -> impl Iterator<Item = PathBuf> {
    matches.get_many::<PathBuf>(name).unwrap_or_default().cloned()
}

fn numbers(matches: &ArgMatches, name: &str) -> Vec<f64> {
    matches.get_many(name).unwrap_or_default().copied().collect()
}
