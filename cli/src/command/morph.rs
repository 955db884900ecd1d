// SPDX-License-Identifier: MPL-2.0
//! `steerlens morph`: one picture moved towards another class, or a strip of it.

use anyhow::{Result, bail};
use clap::ArgMatches;
use steerlens::{Lens, LensSettings, Reading};

use super::{path, print};
use crate::args::{self, Magnifications, name};
use crate::picture::{Picture, write_png};
use crate::report::{Files, Morphed, Step, short};
use crate::sheet::{self, Cell};
use crate::{Outcome, atomic_file, progress};

pub(super) fn run(matches: &ArgMatches) -> Result<Outcome> {
    let [image, model, output] = [name::IMAGE, name::MODEL, name::OUT].map(|name| path(matches, name));
    let files = Files { image, model, output };
    let out = &files.output;
    if !out
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
    {
        bail!(
            "the picture {} would be a PNG file: give it a name that ends in .png",
            out.display()
        );
    }
    atomic_file::refuse_inputs(out, [&files.image, &files.model])?;
    let settings = args::lens(matches);
    let source = Picture::read(&files.image)?;
    if let Some(warning) = source.warning() {
        progress::say(format_args!("warning: {}: {warning}", files.image.display()));
    }

    let spinner = progress::spinner(format!("loading {}", files.model.display()));
    let mut lens = Lens::open(&args::classifier(matches, files.model.clone()), settings.clone())?;
    spinner.set_message("reading the picture");
    let mut reading = Reading::default();
    lens.read(&source.view()?, &mut reading)?;
    spinner.finish_and_clear();

    let sheet = matches.get_one::<Magnifications>(name::SHEET);
    let magnifications = sheet.map_or_else(|| vec![settings.magnification], |list| list.0.clone());
    let bar = progress::bar(magnifications.len(), "morphing");
    let mut morphs = Vec::with_capacity(magnifications.len());
    for magnification in magnifications {
        lens.set_settings(LensSettings {
            magnification,
            ..settings.clone()
        })?;
        morphs.push(apply(&mut lens, &source, &reading)?);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let (pictures, steps): (Vec<_>, Vec<_>) = morphs.into_iter().unzip();
    let out = files.output.clone();
    let report = Morphed::new(&lens, &reading, steps, files, source.size());
    match pictures.as_slice() {
        [picture] if sheet.is_none() => picture.write(&out)?,
        pictures => write_png(
            &sheet::draw(
                &report.pair(),
                &report.aside(),
                &cells(&report, &source, pictures),
            )
            .into(),
            &out,
        )?,
    }
    for warning in report.warnings() {
        progress::say(format_args!("warning: {warning}"));
    }
    print(matches, &report)?;
    Ok(if report.attained() {
        Outcome::Done
    } else {
        Outcome::Finding
    })
}

fn apply(lens: &mut Lens, source: &Picture, reading: &Reading) -> Result<(Picture, Step)> {
    let (width, height) = source.size();
    let mut picture = source.blank(Lens::output_size(lens.settings().display_mode, width, height));
    let report = lens.apply(&source.view()?, reading, &mut picture.view_mut()?)?;
    let step = Step::new(lens, report);
    Ok((picture, step))
}

/// The source picture and its morphs, with what the classifier says of each.
fn cells(report: &Morphed, source: &Picture, pictures: &[Picture]) -> Vec<Cell> {
    let classes = |source, target| {
        [
            (report.source_label.clone(), source),
            (report.target_label.clone(), target),
        ]
    };
    let first = Cell {
        picture: source.on_white(),
        heading: "source".to_owned(),
        stray: report.source_stray(),
        classes: classes(Some(report.source_probability), Some(report.target_probability)),
    };
    let morphs = pictures.iter().zip(&report.morphs).map(|(picture, morph)| Cell {
        picture: picture.on_white(),
        heading: format!("magnification {}", short(morph.magnification)),
        stray: report.stray(morph),
        classes: classes(morph.source_probability_after, morph.target_probability_after),
    });
    std::iter::once(first).chain(morphs).collect()
}
