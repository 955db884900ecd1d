// SPDX-License-Identifier: MPL-2.0
//! The contact sheet: the source picture, then its morphs, each with a caption, under one title.

mod canvas;

use image::{Rgb, RgbImage, RgbaImage};

use canvas::{Canvas, Ink, fit, scaled, width};

const PAPER: Ink = Rgb([250, 250, 248]);
const DARK: Ink = Rgb([34, 36, 40]);
const GRAY: Ink = Rgb([112, 116, 122]);
const TRACK: Ink = Rgb([228, 229, 228]);
const SOURCE: Ink = Rgb([154, 158, 164]);
const TARGET: Ink = Rgb([37, 99, 176]);

const MARGIN: u32 = 40;
const GAP: u32 = 20;
const TITLE: f32 = 22.0;
const CAPTION: f32 = 13.0;
/// From the top of a caption to the next: a line of text with its bar.
const LINE: u32 = 30;
/// Pictures side by side; more go into further rows.
const COLUMNS: usize = 8;

/// Pixels that a small picture is enlarged to, about, and a large one is reduced to, at most.
const SMALL: u32 = 224;
const LARGE: u32 = 320;
/// The narrowest column: captions need room under slim pictures too.
const NARROW: u32 = 168;

/// A picture and what stands under it.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) picture: RgbaImage,
    /// "source", or the magnification.
    pub(crate) heading: String,
    /// The source class and the target class, with their probabilities.
    pub(crate) classes: [(String, Option<f32>); 2],
}

/// Draws a sheet.
pub(crate) fn draw(title: &str, cells: &[Cell]) -> RgbImage {
    let pictures: Vec<RgbaImage> = cells
        .iter()
        .map(|cell| scaled(&cell.picture, shown_size(cell.picture.dimensions())))
        .collect();
    let column = pictures
        .iter()
        .map(RgbaImage::width)
        .max()
        .unwrap_or(0)
        .max(NARROW);
    let tallest = pictures.iter().map(RgbaImage::height).max().unwrap_or(0);
    let columns = cells.len().clamp(1, COLUMNS);
    let rows = cells.len().div_ceil(columns) as u32;
    let top = MARGIN + TITLE as u32 + 24;
    let row = tallest + 3 * LINE + 12;
    let inner = columns as u32 * (column + GAP) - GAP;

    let mut canvas = Canvas::new(
        inner + 2 * MARGIN,
        top + rows * (row + GAP) - GAP + MARGIN - 12,
        PAPER,
    );
    canvas.text(
        (MARGIN, MARGIN + TITLE as u32 - 4),
        TITLE,
        DARK,
        &fit(TITLE, title, inner),
    );
    for (i, (cell, picture)) in cells.iter().zip(&pictures).enumerate() {
        let x = MARGIN + (i % columns) as u32 * (column + GAP);
        let y = top + (i / columns) as u32 * (row + GAP);
        canvas.picture((x, y + tallest - picture.height()), picture);
        caption(&mut canvas, (x, y + tallest), picture.width().max(NARROW), cell);
    }
    canvas.finish()
}

/// The heading, then each class with its probability and a bar as long.
fn caption(canvas: &mut Canvas, (x, y): (u32, u32), room: u32, cell: &Cell) {
    let mut baseline = y + 24;
    canvas.text((x, baseline), CAPTION, DARK, &fit(CAPTION, &cell.heading, room));
    for ((label, probability), ink) in cell.classes.iter().zip([SOURCE, TARGET]) {
        baseline += LINE - 4;
        let number = probability.map_or_else(|| "\u{2013}".to_owned(), |p| format!("{p:.3}"));
        let reserved = width(CAPTION, &number);
        canvas.text(
            (x, baseline),
            CAPTION,
            GRAY,
            &fit(CAPTION, label, room.saturating_sub(reserved + 10)),
        );
        canvas.text((x + room - reserved, baseline), CAPTION, DARK, &number);
        canvas.fill((x, baseline + 6), (room, 3), TRACK);
        let share = probability.unwrap_or(0.0).clamp(0.0, 1.0);
        canvas.fill((x, baseline + 6), ((share * room as f32).round() as u32, 3), ink);
    }
}

/// The size at which a picture is shown.
fn shown_size((width, height): (u32, u32)) -> (u32, u32) {
    let longer = width.max(height).max(1);
    let factor = ((f64::from(SMALL) / f64::from(longer)).round() as u32).max(1);
    if longer * factor <= LARGE {
        return (width * factor, height * factor);
    }
    let reduced =
        |side: u32| ((f64::from(side) * f64::from(LARGE) / f64::from(longer)).round() as u32).max(1);
    (reduced(width), reduced(height))
}
