// SPDX-License-Identifier: MPL-2.0
//! Which share of the inputs a machine audits.

use std::fmt;
use std::str::FromStr;

use steerlens_files::hash;

/// One of several machines that share the inputs; written `3/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl Shard {
    /// Whether an input is of this share, by its key: the same on every machine.
    pub(crate) fn has(self, key: &str) -> bool {
        hash::of_words(&[key]) % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "write K/N, K from 1 to N: 3/8";
        let (number, of) = text.split_once('/').ok_or(ADVICE)?;
        match (number.parse(), of.parse()) {
            (Ok(number), Ok(of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(ADVICE),
        }
    }
}
