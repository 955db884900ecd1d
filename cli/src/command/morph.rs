// SPDX-License-Identifier: MPL-2.0
//! `steerlens morph`: one picture moved towards another class, or a strip of it.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::ArgMatches;
use image::DynamicImage;
use steerlens::render::{can_draw, drawn_label, no_font};
use steerlens::settings::short;
use steerlens::{Classifier, Lens, ReachSettings, Report};
use steerlens_files::sheet::{self, Cell};
use steerlens_files::{Encoding, Picture};

use super::{deliver, output, path};
use crate::args::{self, Magnifications, name};
use crate::output::PIPE;
use crate::report::{Files, Morphed, probabilities_after};
use crate::{Outcome, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let [image, model, out] = [name::IMAGE, name::MODEL, name::OUT].map(|name| path(matches, name));
    let classifier = args::classifier(matches, model.clone());
    let output = output(matches, &classifier, Some(&image))?;
    let encoding = match output.is_pipe() {
        true => Encoding::Png,
        false => Encoding::of(&out).ok_or_else(|| {
            anyhow!(
                "no picture can be written as {}: give it a name that ends in .png, .webp or .jpg",
                out.display()
            )
        })?,
    };
    let files = Files {
        image,
        model,
        output: out,
    };
    let settings = args::morph_settings(matches);
    let source = if files.image == Path::new(PIPE) {
        Picture::from_stdin()?
    } else {
        Picture::read(&files.image)?
    };
    if let Some(warning) = source.warning() {
        progress::say(format_args!("warning: {}: {warning}", files.image.display()));
    }

    let spinner = progress::spinner(format!("loading {}", files.model.display()));
    let mut lens = Lens::open(&classifier, settings.clone())?;
    lens.classifier().check_labels()?;
    output.spare(lens.classifier().files().iter().map(PathBuf::as_path))?;
    for file in matches.get_many::<PathBuf>(name::ALSO).into_iter().flatten() {
        spinner.set_message(format!("loading {}", file.display()));
        let further = Classifier::open(&classifier.beside(file.clone())).map_err(steerlens::Error::from)?;
        further.check_labels()?;
        output.spare(further.files().iter().map(PathBuf::as_path))?;
        lens.also(further)?;
    }
    spinner.set_message("reading the picture");
    lens.read(&source.view()?)?;
    spinner.finish_and_clear();

    let sheet = matches.get_one::<Magnifications>(name::SHEET);
    let magnifications = sheet.map_or_else(|| vec![settings.reach.magnification], |list| list.0.clone());
    let bar = progress::bar(magnifications.len(), "morphing");
    let mut morphs = Vec::with_capacity(magnifications.len());
    for magnification in magnifications {
        let reach = ReachSettings {
            magnification,
            ..settings.reach.clone()
        };
        morphs.push(apply(&mut lens, &source, &reach)?);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let (pictures, morphs): (Vec<_>, Vec<_>) = morphs.into_iter().unzip();
    let report = Morphed {
        lens: &lens,
        classifier: &classifier,
        files,
        size: source.size(),
        morphs,
    };
    let strip = sheet.map(|_| strip(&report, &source, &pictures));
    let result = strip.as_ref().or(pictures.first());
    let result = result.map_or_else(|| Ok(Vec::new()), |picture| picture.encode(encoding))?;
    if settings.reach.steps == 1
        && !args::says_how_far(matches)
        && let Some(advice) = report.advice().or_else(|| report.missed())
    {
        progress::say(format_args!("note: {advice}"));
    }
    if let Some(doubt) = report.doubt() {
        progress::say(format_args!("note: {doubt}"));
    }
    progress::warn(report.warnings());
    deliver(matches, &output, &result, &report)?;
    Ok(if report.attained() {
        Outcome::Done
    } else {
        Outcome::Finding
    })
}

fn apply(lens: &mut Lens, source: &Picture, reach: &ReachSettings) -> Result<(Picture, Report)> {
    let (width, height) = source.size();
    let mut picture = source.blank(Lens::output_size(
        lens.settings().view.display_mode,
        width,
        height,
    ));
    let report = lens.apply_as_far(&source.view()?, reach, &mut picture.view_mut()?)?;
    Ok((picture, report))
}

/// The strip: the source picture and its morphs, with what the classifier says of each.
fn strip(report: &Morphed<'_>, source: &Picture, pictures: &[Picture]) -> Picture {
    let mut lacking = None;
    let mut drawn = |(class, label): (usize, String)| {
        let drawn = drawn_label(&label, class).into_owned();
        if !can_draw(&label) {
            lacking.get_or_insert(label);
        }
        drawn
    };
    let pair = report.pair().map(&mut drawn);
    let classes = |probabilities: [Option<f32>; 2]| {
        let [source, target] = pair.clone();
        [(source, probabilities[0]), (target, probabilities[1])]
    };
    let first = Cell {
        picture: source.on_white(),
        heading: "source".to_owned(),
        stray: report.source_stray().map(&mut drawn),
        classes: classes(report.before().map(Some)),
    };
    let morphs = pictures.iter().zip(&report.morphs).map(|(picture, morph)| Cell {
        picture: picture.on_white(),
        heading: format!("magnification {}", short(morph.magnification)),
        stray: report.stray(morph).map(&mut drawn),
        classes: classes(probabilities_after(morph)),
    });
    let cells: Vec<Cell> = std::iter::once(first).chain(morphs).collect();
    let title = pair.join(" \u{2192} ");
    let sheet = sheet::draw(&title, &report.aside(), &cells);
    if let Some(label) = lacking {
        progress::say(format_args!("warning: {}", no_font(&label)));
    }
    DynamicImage::from(sheet).into()
}
