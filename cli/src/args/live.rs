// SPDX-License-Identifier: MPL-2.0
//! `steerlens live` as users see it, and the way from its flags to a session's settings.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use anyhow::{Result, bail};
use clap::{Arg, ArgMatches, Command, value_parser};
use steerlens::settings::short;
use steerlens::{ClassifierSettings, LensSettings, LiveSettings, Preset, ReachSettings};
use steerlens_live::{Input, Settings};

use super::flag::{flags, flags_of_videos, given, take};
use super::{hidden, model, name, option, path, settings, switch};

const INPUT: &str = "input";
const PORT: &str = "port";
const SIZE: &str = "size";
const WINDOW: &str = "window";
/// The network that is taken where none is named: it reads real faces, which are what a camera sees first.
const MODEL: &str = "models/face_expression.onnx";

/// How frames are morphed where nothing is said.
fn usual() -> LensSettings {
    Settings::new(PathBuf::new()).lens
}

pub(super) fn command() -> Command {
    let usual = usual();
    let own = |arg: Arg| {
        match arg.get_id() == ReachSettings::MAGNIFICATION.name {
        true => arg.help(format!(
            "How far the picture moves, in radians RMS of phase; negative is away from the target [default: what the \
             model's description advises, else {}]",
            short(usual.reach.magnification)
        )),
        false => arg,
    }
    };
    Command::new("live")
        .override_usage("steerlens live [OPTIONS] [INPUT]")
        .about("Show a camera or a clip beside its morph, on a page where you steer")
        .long_about(
            "Show a camera or a clip beside its morph, on a page where you steer.\n\n\
             The page is served on 127.0.0.1, and its address is printed; only who has the address is let in. \
             Ctrl-C ends it.",
        )
        .arg(Arg::new(INPUT).value_name("INPUT").index(1).help(
            "Camera as /dev/video0, clip, picture, address as rtsp://.. or http://.., or `test` \
             [default: the first camera]",
        ))
        .arg(
            model()
                .short('m')
                .long(name::MODEL)
                .visible_alias(ClassifierSettings::MODEL_FILE.name)
                .required(false)
                .help("ONNX classifier [default: the network of facial expressions, where it is found]"),
        )
        .arg(
            path(name::JUDGE, "MODEL")
                .help("Classifier that only looks on, beside the stream. Classes are matched by label"),
        )
        .arg(
            option(PORT, "N")
                .value_parser(value_parser!(u16))
                .default_value("0")
                .help("Port on 127.0.0.1; 0 takes a free one"),
        )
        .arg(
            option(SIZE, "WxH")
                .value_parser(width_by_height)
                .help("Largest frame; larger ones are made smaller [default: 640x480]"),
        )
        .arg(
            switch(WINDOW)
                .help("Show the picture in a window too, with keys in it: its closing ends the program"),
        )
        .next_help_heading("Classes")
        .args(settings::class_flags(&usual))
        .next_help_heading("How far")
        .args(settings::reach_flags(&usual).into_iter().map(own))
        .next_help_heading("How")
        .args(settings::method_flags(&usual, Preset::OF_STREAMS))
        .args(settings::display_flags(&usual))
        .args(settings::sight_flags(&usual))
        .args(flags(&LiveSettings::default()).into_iter().map(hidden))
        .args(flags_of_videos(&usual).into_iter().map(hidden))
        .next_help_heading("Model")
        .args(settings::signature_flags().into_iter().map(hidden))
        .args(settings::input_flags().into_iter().map(hidden))
        .args(settings::runtime_flags().into_iter().map(hidden))
        .after_help(
            "Examples:\n  \
             steerlens live\n  \
             steerlens live media/face.webm --target sad\n  \
             steerlens live /dev/video2 -m net.onnx --gradient-mode held\n  \
             steerlens live test -m net.onnx --port 8080",
        )
}

/// What the flags of `steerlens live` say; `end` hears when a window is closed.
///
/// # Errors
/// When the input is not there, or no model is named and none found.
pub(crate) fn settings(matches: &ArgMatches, end: &Sender<()>) -> Result<Settings> {
    let model = match given::<PathBuf>(matches, name::MODEL) {
        Some(model) => model,
        None => found()?,
    };
    let mut settings = Settings::new(model.clone());
    if let Some(word) = given::<String>(matches, INPUT) {
        settings.input = Input::named(&word)?;
    }
    settings.classifier = settings::classifier(matches, model);
    settings.judge = given::<PathBuf>(matches, name::JUDGE).map(|file| settings.classifier.beside(file));
    settings.lens = settings::lens(matches, settings.lens);
    take(matches, &mut settings.pace);
    settings.magnification_given = settings::says_how_far(matches);
    settings.window = matches.get_flag(WINDOW).then(|| end.clone());
    settings.port = given(matches, PORT).unwrap_or_default();
    settings.most = given(matches, SIZE).unwrap_or(settings.most);
    Ok(settings)
}

/// The network of facial expressions: in a folder `models` beside the program or above it, here, or among the user's
/// data.
fn found() -> Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let above = program.ancestors().skip(1).take(4).map(Path::to_owned);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or(home);
    let places = above
        .chain([PathBuf::new()])
        .chain(data.map(|data| data.join("steerlens")));
    let mut all = places.map(|place| place.join(MODEL));
    match all.find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!(
            "no model was named, and {MODEL} was found neither beside the program nor here nor in \
             ~/.local/share/steerlens: name an ONNX classifier with -m"
        ),
    }
}

fn width_by_height(text: &str) -> Result<(u32, u32), &'static str> {
    let (width, height) = text.split_once('x').ok_or("write width, x, height: 640x480")?;
    let range = 16..=4096;
    match (width.parse(), height.parse()) {
        (Ok(width), Ok(height)) if range.contains(&width) && range.contains(&height) => Ok((width, height)),
        _ => Err("write width, x, height, from 16 to 4096 pixels each: 640x480"),
    }
}
