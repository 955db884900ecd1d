// SPDX-License-Identifier: MPL-2.0
//! One row of the audit's table: one frame, target, method, control and reach.
//!
//! The table's schema is made from the fields below, in their order. A real that is not known (the row failed, or
//! the question does not arise) is NaN here and a missing value in the table; a class that is not known is -1.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use steerlens::Control;
use steerlens::morph::Method;
use steerlens::settings::Choice;

use super::column::{Column, choice_column};
use crate::error::{Error, Result, error};

/// Which direction the picture was moved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The driver's class gradient.
    Gradient,
    /// A random direction of the gradient's spectrum: what any edit of that shape and size does.
    Random,
    /// The driver's gradient at another picture, between the same two classes: what an edit does that knows the classes and
    /// not the picture.
    Other,
}

/// How far the picture was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// To an L2 distance from the frame.
    L2,
    /// By a magnification.
    Magnification,
    /// To the smallest magnification at which the driver's most probable class becomes the target.
    Flip,
}

impl From<Direction> for Control {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Gradient | Direction::Other => Self::None,
            Direction::Random => Self::Random,
        }
    }
}

impl Choice for Direction {
    const NAME: &'static str = "control";
    const BLURB: &'static str = "Direction in which the picture moved";
    const DEFAULT: Self = Self::Gradient;
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Gradient, "gradient", "The driver's class gradient"),
        (Self::Random, "random", "Random, with the gradient's spectrum"),
        (Self::Other, "other", "The driver's gradient at another picture"),
    ];
}

impl Choice for Reach {
    const NAME: &'static str = "reach";
    const BLURB: &'static str = "How far the picture moved";
    const DEFAULT: Self = Self::L2;
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::L2, "l2", "To an L2 distance"),
        (Self::Magnification, "magnification", "By a magnification"),
        (Self::Flip, "flip", "To the flip"),
    ];
}

choice_column!(Direction, Reach);

/// A method as summary and page name it: its nick, and of how many copies' gradients the direction is the mean, where that is
/// not the frame's own.
pub(crate) fn name(nick: &str, samples: u32) -> String {
    match samples {
        0 | 1 => nick.to_owned(),
        samples => format!("{nick}, {samples} samples"),
    }
}

/// Declares the row, and from the same list the table's schema and the ways there and back.
macro_rules! row {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty,)+) => {
        /// One row of the table.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Row {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Default for Row {
            /// Nothing is known.
            fn default() -> Self {
                Self { $($name: <$type as Column>::UNKNOWN,)+ }
            }
        }

        impl Row {
            /// The names of the columns, in order.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The table's schema.
            pub(crate) fn schema() -> SchemaRef {
                Arc::new(Schema::new(vec![$(<$type as Column>::field(stringify!($name))),+]))
            }

            /// Rows as columns.
            pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch> {
                let columns = vec![$(<$type as Column>::array(rows.iter().map(|row| &row.$name))),+];
                RecordBatch::try_new(Self::schema(), columns).map_err(Error::format)
            }

            /// Columns as rows.
            pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<Self>> {
                let foreign = |name: &str| error!(Results, "the table's column {name} is missing or of another type: it was written by another version; run the audit again");
                $(let $name = batch.column_by_name(stringify!($name)).ok_or_else(|| foreign(stringify!($name)))?;)+
                (0..batch.num_rows())
                    .map(|at| Ok(Self {
                        $($name: <$type as Column>::read($name, at).ok_or_else(|| foreign(stringify!($name)))?,)+
                    }))
                    .collect()
            }

            /// The row as a record of CSV.
            pub(crate) fn record(&self) -> Vec<String> {
                vec![$(Column::text(&self.$name)),+]
            }
        }
    };
}

row! {
    /// Path of the file, as found below what was named.
    input: String,
    /// SHA-256 of the file, hexadecimal.
    input_sha256: String,
    /// Number of the frame in its file, from 0; 0 for a picture.
    frame: u64,
    /// Time of the frame in its file, from the beginning, in nanoseconds; missing for a picture.
    time_ns: Option<u64>,
    /// Width of the frame in pixels.
    width: u32,
    /// Height of the frame in pixels.
    height: u32,
    /// True label, where one was given.
    truth: Option<String>,
    /// Whether the picture changed abruptly, from one frame of the file to the next, since the frame audited before
    /// it.
    scene_cut: bool,
    /// Class moved away from.
    source_class: i32,
    /// Its label.
    source_label: String,
    /// Class moved towards.
    target_class: i32,
    /// Its label.
    target_label: String,
    /// Coordinates in which the picture moved.
    method: Method,
    /// Direction in which it moved: `gradient`, or a control, `random` or `other` (the gradient at another picture).
    control: Direction,
    /// Steps of the walk.
    steps: u32,
    /// How far it moved: `l2`, `magnification` or `flip`.
    reach: Reach,
    /// The L2 distance or magnification asked for; missing for `flip`.
    requested: f64,
    /// Whether that was reached; for `flip`, whether the driver flipped within the range.
    attained: bool,
    /// Magnification used (the far end of the range where a flip was not attained).
    magnification: f64,
    /// L2 distance of the picture as written from the frame, pixel values 0..1, over all colour planes.
    l2: f64,
    /// Peak signal-to-noise ratio in dB, luma.
    psnr: f64,
    /// Structural similarity, luma.
    ssim: f64,
    /// Driver's probability of the source class, at the frame.
    p_source_before: f32,
    /// Driver's probability of the target class, at the frame.
    p_target_before: f32,
    /// Driver's probability of the source class, at the picture as written.
    p_source_after: f32,
    /// Driver's probability of the target class, at the picture as written.
    p_target_after: f32,
    /// Driver's most probable class, at the frame.
    top_before: i32,
    /// Driver's most probable class, at the picture as written.
    top_after: i32,
    /// Each judge's most probable class at the frame, as the driver numbers classes; -1 for a class that the
    /// driver does not have. In the order of the settings.
    judge_top_before: Vec<i32>,
    /// Each judge's most probable class at the picture as written, numbered likewise.
    judge_top_after: Vec<i32>,
    /// Each judge's probability of the target class, at the picture as written.
    judge_p_target_after: Vec<f32>,
    /// Share of the edit's energy that a smooth warp accounts for, 0..1 (docs/method.md 3).
    e_warp: f64,
    /// Share that a smooth warp and a smooth gain account for.
    e_warp_gain: f64,
    /// Raw RMS of the phase step before normalisation.
    phase_rms: f64,
    /// L2 norm of the gradient at the model's input.
    gradient_norm: f64,
    /// Scales of the two energy maps below.
    scales: u32,
    /// Orientations of the two energy maps.
    orientations: u32,
    /// Share of the gradient's energy in each band of the pyramid, scale by scale from the finest, each with all its
    /// orientations; what is missing to 1 lies in the residuals.
    gradient_energy: Vec<f32>,
    /// Share of the edit's energy in each band.
    change_energy: Vec<f32>,
    /// Slightly changed copies of the frame whose gradients were averaged; 1: the frame's own gradient.
    samples: u32,
    /// How sure the direction is, 0..1: the cosine to be expected with the mean of as many other copies; missing for one.
    agreement: f64,
    /// How alike the gradients of several drivers are: the mean cosine of all pairs, -1..1; missing for a single driver.
    drivers_agreement: f64,
    /// Picture of the frame and its edits, relative to the output folder.
    strip: Option<String>,
    /// Why this row has no result: a sentence. Such a row is listed and counted as excluded.
    failure: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_from_columns_and_what_is_unknown_is_missing() {
        let known = Row {
            input: "a/b.png".to_owned(),
            time_ns: Some(40_000_000),
            method: Method::Pixel,
            control: Direction::Random,
            reach: Reach::Flip,
            l2: 1.25,
            psnr: f64::INFINITY,
            p_target_after: 0.5,
            judge_top_after: vec![3, -1],
            change_energy: vec![0.25, 0.5],
            failure: Some("why".to_owned()),
            ..Row::default()
        };
        let batch = Row::batch(&[known.clone(), Row::default()]).unwrap();
        let column = |name: &str| batch.column_by_name(name).unwrap();
        assert_eq!(
            (column("l2").null_count(), column("requested").null_count()),
            (1, 2)
        );
        let rows = Row::rows(&batch).unwrap();
        assert_eq!(Row::batch(&rows).unwrap(), batch);
        // NaN is not equal to itself: compare what CSV writes.
        assert_eq!(rows[0].record(), known.record());
        assert_eq!(rows[1].record().len(), Row::COLUMNS.len());
        let text = |name: &str| {
            let at = Row::COLUMNS.iter().position(|column| *column == name).unwrap();
            (rows[0].record()[at].clone(), rows[1].record()[at].clone())
        };
        assert_eq!(text("judge_top_after"), ("3;-1".to_owned(), String::new()));
        assert_eq!(text("requested"), (String::new(), String::new()));
    }

    #[test]
    fn every_column_is_described_for_users() {
        let page = include_str!("../../../docs/audit.md");
        let table = page.split("## Columns").nth(1).unwrap();
        let described: Vec<&str> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        assert_eq!(described, Row::COLUMNS);
    }

    #[test]
    fn a_foreign_table_is_refused_by_its_column() {
        let batch = Row::batch(&[Row::default()]).unwrap();
        let names = ["input", "input_sha256"];
        let some = batch.project(&[0, 1]).unwrap();
        assert_eq!(some.schema().fields().len(), names.len());
        let error = Row::rows(&some).unwrap_err().to_string();
        assert!(error.contains("column frame is missing"), "{error}");
    }
}
