// SPDX-License-Identifier: MPL-2.0
//! The pictures of a contact sheet, and what the judge says of each.

use std::path::Path;

use serde_json::json;
use steerlens::Control;
use steerlens::morph::Method;
use steerlens::settings::Choice;

use super::Result;
use super::kind::{CLOTHES, FACES, Kind, Pair, top_class};
use super::walk::{Reach, Walker, Way};

/// Rows of a kind's sheet, and the distance of its morphs.
fn rows(kind: &str) -> (&'static [Pair], f64) {
    match kind {
        "digits" => (
            &[
                ("3", "8"),
                ("4", "9"),
                ("9", "4"),
                ("5", "6"),
                ("7", "9"),
                ("1", "7"),
                ("0", "6"),
            ],
            6.0,
        ),
        "clothes" => (CLOTHES, 5.0),
        "faces" => (FACES, 4.0),
        _ => (
            &[
                ("circle", "square"),
                ("square", "circle"),
                ("circle", "triangle"),
                ("square", "triangle"),
                ("triangle", "star"),
                ("circle", "ring"),
                ("ring", "circle"),
            ],
            12.0,
        ),
    }
}

/// Writes the morphs and `KIND.json`, from which `tools/methods_pictures.py` lays out the sheet.
pub(crate) fn write(kind: &mut Kind, out: &Path) -> Result<()> {
    let (pairs, budget) = rows(kind.name);
    let folder = out.join("sheets").join(kind.name);
    std::fs::create_dir_all(&folder)?;
    let mut drivers = std::mem::take(&mut kind.drivers);
    let mut cells = Vec::new();
    for (row, (source, target)) in pairs.iter().enumerate() {
        let (from, to) = (kind.class(source)?, kind.class(target)?);
        // Another picture of the class in every row that starts from it.
        let earlier = pairs[..row].iter().filter(|(other, _)| other == source).count();
        let found = kind
            .pictures
            .iter()
            .filter(|picture| picture.label == from)
            .nth(earlier);
        let Some(picture) = found.cloned() else {
            continue;
        };
        let file = folder.join(format!("{row}-source.png"));
        picture.save(&file)?;
        cells.push(json!({ "row": row, "source": source, "target": target, "file": file }));
        for (name, driver) in &mut drivers {
            for steps in [1, 8] {
                for &(method, ..) in Method::ALL {
                    let way = Way {
                        method,
                        steps,
                        control: Control::None,
                        reach: Reach::Budget(budget),
                        color_mode: kind.color_mode,
                        tuning: None,
                    };
                    let morphed = Walker::new(driver, way)?.walk(driver, &picture, to, 0)?;
                    let (driven, judged) = (
                        top_class(driver, &morphed.picture)?,
                        kind.verdict(&morphed.picture)?,
                    );
                    let file = folder.join(format!("{row}-{name}-{steps}-{}.png", method.nick()));
                    morphed.picture.save(&file)?;
                    cells.push(json!({
                        "row": row, "driver": name, "steps": steps, "method": method.nick(), "file": file,
                        "driver-says": kind.labels[driven], "judge-says": kind.labels[judged],
                        "l2": morphed.l2, "attained": morphed.attained,
                    }));
                }
            }
        }
    }
    kind.drivers = drivers;
    let sheet = json!({ "kind": kind.name, "l2": budget, "cells": cells });
    std::fs::write(
        out.join("sheets").join(format!("{}.json", kind.name)),
        sheet.to_string(),
    )?;
    Ok(())
}
