// SPDX-License-Identifier: MPL-2.0
//! The contact sheet: the source picture, then its morphs, each with a caption, under one title.

use image::{Rgb, RgbImage, RgbaImage};

use crate::canvas::{Canvas, Ink, fit, scaled, width};

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
/// From one baseline of a caption to the next: a line of text with its bar.
const LINE: u32 = 28;
/// From a picture's lower edge to the first baseline, and to the end of its captions.
const FIRST: u32 = 24;
const CAPTIONS: u32 = FIRST + 2 * LINE + 9;
/// Pictures side by side; more go into further rows.
const COLUMNS: usize = 8;

/// Pixels that a small picture is enlarged to, about, and a large one is reduced to, at most.
const SMALL: u32 = 224;
const LARGE: u32 = 320;
/// The narrowest column: captions need room under slim pictures too.
const NARROW: u32 = 168;

/// A picture and what stands under it.
#[derive(Debug)]
pub struct Cell {
    /// The picture, as on white paper.
    pub picture: RgbaImage,
    /// "source", or the magnification.
    pub heading: String,
    /// What the picture is taken for, where that is neither the source nor the target.
    pub stray: Option<String>,
    /// The source class and the target class, with their probabilities.
    pub classes: [(String, Option<f32>); 2],
}

/// Draws a sheet under a title, which goes on with an aside in gray.
pub fn draw(title: &str, aside: &str, cells: &[Cell]) -> RgbImage {
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
    let row = tallest + CAPTIONS;
    let inner = columns as u32 * (column + GAP) - GAP;

    let mut canvas = Canvas::new(inner + 2 * MARGIN, top + rows * (row + GAP) - GAP + MARGIN, PAPER);
    let title = fit(TITLE, title, inner);
    let (baseline, taken) = (MARGIN + TITLE as u32 - 4, width(TITLE, &title));
    canvas.text((MARGIN, baseline), TITLE, DARK, &title);
    canvas.text(
        (MARGIN + taken, baseline),
        TITLE,
        GRAY,
        &fit(TITLE, aside, inner.saturating_sub(taken)),
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
    let mut baseline = y + FIRST;
    let heading = fit(CAPTION, &cell.heading, room);
    canvas.text((x, baseline), CAPTION, DARK, &heading);
    if let Some(stray) = &cell.stray {
        let left = room.saturating_sub(width(CAPTION, &heading) + 10);
        let stray = fit(CAPTION, &format!("reads {stray}"), left);
        canvas.text(
            (x + room - width(CAPTION, &stray).min(room), baseline),
            CAPTION,
            GRAY,
            &stray,
        );
    }
    for ((label, probability), ink) in cell.classes.iter().zip([SOURCE, TARGET]) {
        baseline += LINE;
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

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::{Cell, PAPER, draw, shown_size};

    fn cell(width: u32, height: u32, heading: &str) -> Cell {
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            Rgba([(x * 9) as u8, (y * 7) as u8, 40, 255])
        });
        let classes = [("neutral".to_owned(), Some(0.25)), ("smile".to_owned(), None)];
        Cell {
            picture,
            heading: heading.to_owned(),
            stray: None,
            classes,
        }
    }

    #[test]
    fn small_pictures_grow_by_whole_factors_and_large_ones_shrink() {
        assert_eq!(shown_size((28, 28)), (224, 224));
        assert_eq!(shown_size((64, 64)), (256, 256));
        assert_eq!(shown_size((224, 224)), (224, 224));
        assert_eq!(shown_size((451, 300)), (320, 213));
        assert_eq!(shown_size((10_000, 1)), (320, 1));
        assert_eq!(shown_size((1, 1)), (224, 224));
    }

    #[test]
    fn every_pixel_of_a_small_picture_is_on_the_sheet_as_a_square() {
        let cell = cell(28, 28, "source");
        let sheet = draw("a \u{2192} b", "", std::slice::from_ref(&cell));
        let corner = (super::MARGIN, super::MARGIN + super::TITLE as u32 + 24);
        for (x, y, pixel) in cell.picture.enumerate_pixels() {
            for (dx, dy) in [(0, 0), (7, 0), (0, 7), (7, 7)] {
                let drawn = sheet.get_pixel(corner.0 + 8 * x + dx, corner.1 + 8 * y + dy);
                assert_eq!(drawn.0, pixel.0[..3], "pixel {x}, {y}");
            }
        }
    }

    #[test]
    fn a_longer_list_goes_into_further_rows_and_the_margins_stay_blank() {
        let cells: Vec<Cell> = (0..11)
            .map(|i| cell(64, 48, &format!("magnification {i}")))
            .collect();
        let (one, two) = (draw("t", "", &cells[..8]), draw("t", "", &cells));
        assert_eq!(one.width(), two.width());
        assert!(two.height() > one.height() + 192);
        for (x, y, pixel) in two.enumerate_pixels() {
            let inside = (super::MARGIN..two.width() - super::MARGIN).contains(&x)
                && (super::MARGIN - 10..two.height() - super::MARGIN).contains(&y);
            assert!(inside || *pixel == PAPER, "ink at {x}, {y}");
        }
    }

    #[test]
    fn words_of_any_length_stay_within_their_column() {
        let mut cells = vec![cell(28, 28, "source"), cell(28, 28, "second")];
        let narrow = draw("t", "", &cells);
        cells[0].heading = "a heading that is far longer than the column is wide ".repeat(4);
        cells[0].stray = Some("something else entirely ".repeat(9));
        cells[1].stray = cells[0].stray.clone();
        cells[0].classes[0].0 = "\u{4e2d}\u{6587} and a label without end ".repeat(20);
        let wide = draw(&"title ".repeat(200), "aside", &cells);
        assert_eq!(narrow.dimensions(), wide.dimensions());
        let gap = super::MARGIN + 224..super::MARGIN + 224 + super::GAP;
        let captions = super::MARGIN + super::TITLE as u32 + 24 + 224..wide.height();
        assert!(
            gap.flat_map(|x| captions.clone().map(move |y| (x, y)))
                .all(|(x, y)| *wide.get_pixel(x, y) == PAPER)
        );
    }
}
