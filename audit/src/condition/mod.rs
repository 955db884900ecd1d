// SPDX-License-Identifier: MPL-2.0
//! Conditions under which an audit fails: `flips(psnr>40, p>50%) > 5%`.
//!
//! A condition is a measure, what narrows it down, and a limit:
//!
//! ```text
//! condition = measure [ "(" filter { "," filter } ")" ] relation number
//! measure   = "flips" | "wrong" | "failed"
//! filter    = quantity relation number | "method" "=" name
//! quantity  = "psnr" | "ssim" | "l2" | "magnification" | "p"
//! relation  = ">" | ">=" | "<" | "<="
//! number    = digits [ "." digits ] [ "%" ]
//! ```

mod parse;

use std::fmt;
use std::str::FromStr;

use steerlens::morph::Method;

use crate::error::Error;

/// Something that must not be so: where it is, the audit fails. Made of text, which is the grammar above; shown as it was
/// written.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub(crate) measure: Measure,
    pub(crate) filters: Vec<Filter>,
    pub(crate) relation: Relation,
    /// A share, 0..=1.
    pub(crate) limit: f64,
    text: String,
}

/// Which share is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Of frames and targets, those that flip within the range; of each method by itself.
    Flips,
    /// Of frames whose true class is known, those that the driver gives another.
    Wrong,
    /// Of rows, those without result.
    Failed,
}

/// What narrows flips down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Filter {
    /// Of this method alone.
    Method(Method),
    /// Where a quantity is so.
    Where(Quantity, Relation, f64),
}

/// A number of a frame, or of its flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Psnr,
    Ssim,
    L2,
    Magnification,
    /// The driver's probability of the source, before any edit: which frames are looked at.
    Sure,
}

/// How two numbers stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Relation {
    pub(crate) fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
        }
    }

    /// Whether a larger value is nearer to a failure.
    pub(crate) fn is_upward(self) -> bool {
        matches!(self, Self::Above | Self::AtLeast)
    }
}

impl Quantity {
    /// Whether it is a frame's, and says which frames are looked at; else it is a flip's.
    pub(crate) fn is_of_the_frame(self) -> bool {
        self == Self::Sure
    }
}

impl FromStr for Condition {
    type Err = Error;

    /// Reads a condition.
    ///
    /// # Errors
    /// With a sentence that shows the place.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse::condition(text)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
