// SPDX-License-Identifier: MPL-2.0
//! Reading a condition, left to right; an error shows the place where reading ended.

use steerlens::morph::Method;
use steerlens::settings::Choice;

use super::{Condition, Filter, Measure, Quantity, Relation};
use crate::error::{Result, error};

const MEASURES: &[(&str, Measure)] = &[
    ("flips", Measure::Flips),
    ("wrong", Measure::Wrong),
    ("failed", Measure::Failed),
];
const QUANTITIES: &[(&str, Quantity)] = &[
    ("psnr", Quantity::Psnr),
    ("ssim", Quantity::Ssim),
    ("l2", Quantity::L2),
    ("magnification", Quantity::Magnification),
    ("p", Quantity::Sure),
];
/// Longer ones first: each is tried in turn.
const RELATIONS: &[(&str, Relation)] = &[
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    (">", Relation::Above),
    ("<", Relation::Below),
];
const METHOD: &str = "method";

pub(super) fn condition(text: &str) -> Result<Condition> {
    let text = text.trim();
    let mut read = Reading { text, at: 0 };
    let measure = read.one_of(MEASURES, "is no measure")?;
    let mut filters = Vec::new();
    if read.sign("(") {
        if measure != Measure::Flips {
            return Err(read.wrong_before("narrows down flips alone: leave the brackets out"));
        }
        loop {
            filters.push(read.filter()?);
            if read.sign(")") {
                break;
            }
            if !read.sign(",") {
                return Err(read.wrong("stands where a comma or a closing bracket belongs"));
            }
        }
    }
    let relation = read.relation()?;
    let limit = read.share()?;
    if !read.rest().is_empty() {
        return Err(read.wrong("stands behind the end of the condition"));
    }
    Ok(Condition {
        measure,
        filters,
        relation,
        limit,
        text: text.to_owned(),
    })
}

/// The text, and how far it is read.
struct Reading<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reading<'a> {
    /// What is left, without spaces before it.
    fn rest(&mut self) -> &'a str {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest
    }

    /// Reads a sign, where it stands next.
    fn sign(&mut self, sign: &str) -> bool {
        let there = self.rest().starts_with(sign);
        self.at += if there { sign.len() } else { 0 };
        there
    }

    /// Reads what is written in signs of a sort.
    fn word(&mut self, of: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find(|sign| !of(sign)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn one_of<T: Copy>(&mut self, known: &[(&str, T)], what: &str) -> Result<T> {
        let at = self.at + self.text[self.at..].len() - self.rest().len();
        let word = self.word(|sign| sign.is_ascii_alphanumeric());
        match known.iter().find(|(name, _)| *name == word) {
            Some((_, found)) => Ok(*found),
            None => {
                self.at = at;
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                Err(self.wrong(&format!("{what}: write {}", names.join(", "))))
            }
        }
    }

    fn relation(&mut self) -> Result<Relation> {
        let found = RELATIONS.iter().find(|(sign, _)| self.sign(sign));
        found
            .map(|(_, relation)| *relation)
            .ok_or_else(|| self.wrong("stands where one of > >= < <= belongs"))
    }

    fn filter(&mut self) -> Result<Filter> {
        if self.rest().starts_with(METHOD) {
            self.at += METHOD.len();
            if !self.sign("=") {
                return Err(self.wrong("stands where = belongs: method=csp-phase"));
            }
            let names: Vec<_> = Method::ALL
                .iter()
                .map(|(method, nick, _)| (*nick, *method))
                .collect();
            let start = self.text.len() - self.rest().len();
            let word = self.word(|sign| sign.is_ascii_alphanumeric() || sign == '-');
            return match names.iter().find(|(name, _)| *name == word) {
                Some((_, method)) => Ok(Filter::Method(*method)),
                None => {
                    self.at = start;
                    let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                    Err(self.wrong(&format!("is no method: write {}", names.join(", "))))
                }
            };
        }
        let quantity = self.one_of(QUANTITIES, "is nothing of a flip")?;
        let relation = self.relation()?;
        let number = match quantity {
            Quantity::Ssim | Quantity::Sure => self.share()?,
            _ => self.number()?.0,
        };
        Ok(Filter::Where(quantity, relation, number))
    }

    /// A number that is not negative, and whether it is in per cent.
    fn number(&mut self) -> Result<(f64, bool)> {
        self.rest();
        let start = self.at;
        let word = self.word(|sign| sign.is_ascii_digit() || sign == '.');
        match word.parse::<f64>() {
            Ok(number) => Ok((number, self.sign("%"))),
            Err(_) => {
                self.at = start;
                Err(self.wrong("stands where a number belongs"))
            }
        }
    }

    /// A share, `5%` or `0.05`.
    fn share(&mut self) -> Result<f64> {
        self.rest();
        let start = self.at;
        let (number, per_cent) = self.number()?;
        let share = if per_cent { number / 100.0 } else { number };
        if (0.0..=1.0).contains(&share) {
            return Ok(share);
        }
        self.at = start;
        Err(self.wrong("is no share: write 5% or 0.05, at most 100%"))
    }

    /// The error that what stands next is wrong.
    fn wrong(&mut self, why: &str) -> crate::Error {
        let rest = self.rest();
        let length = rest
            .find([' ', '(', ')', ',', '<', '>', '='])
            .unwrap_or(rest.len())
            .max(1);
        self.at_place(self.at, length, why)
    }

    /// The error that the sign that was read last is wrong.
    fn wrong_before(&self, why: &str) -> crate::Error {
        self.at_place(self.at - 1, 1, why)
    }

    fn at_place(&self, at: usize, bytes: usize, why: &str) -> crate::Error {
        let place = self.text.get(at..).unwrap_or("");
        let word = place.get(..bytes.min(place.len())).unwrap_or(place);
        let what = if word.is_empty() { "the end" } else { word };
        error!(
            Settings,
            "the condition cannot be read: {what} {why}\n  {}\n  {}{}",
            self.text,
            " ".repeat(self.text[..at].chars().count()),
            "^".repeat(word.chars().count().max(1))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        condition(text).unwrap_err().to_string()
    }

    #[test]
    fn a_condition_is_a_measure_its_filters_and_a_limit() {
        let read = condition(" flips( psnr > 40,p>=50%, method=csp-joint )>5% ").unwrap();
        assert_eq!(read.to_string(), "flips( psnr > 40,p>=50%, method=csp-joint )>5%");
        assert_eq!(
            (read.measure, read.relation, read.limit),
            (Measure::Flips, Relation::Above, 0.05)
        );
        assert_eq!(
            read.filters,
            [
                Filter::Where(Quantity::Psnr, Relation::Above, 40.0),
                Filter::Where(Quantity::Sure, Relation::AtLeast, 0.5),
                Filter::Method(Method::CspJoint),
            ]
        );
        let read = condition("wrong>=.125").unwrap();
        assert_eq!(
            (read.measure, read.relation, read.limit),
            (Measure::Wrong, Relation::AtLeast, 0.125)
        );
        assert_eq!(condition("failed < 0").unwrap().relation, Relation::Below);
    }

    #[test]
    fn an_error_shows_the_place() {
        let places = [
            (
                "flops > 5%",
                "flops is no measure: write flips, wrong, failed\n  flops > 5%\n  ^^^^^",
            ),
            (
                "flips(pnsr>40) > 5%",
                "pnsr is nothing of a flip: write psnr, ssim, l2, magnification, p\n  flips(pnsr>40) > 5%\n        ^^^^",
            ),
            (
                "flips(psnr=40) > 5%",
                "one of > >= < <= belongs\n  flips(psnr=40) > 5%\n            ^",
            ),
            (
                "flips(psnr>40 > 5%",
                "a comma or a closing bracket belongs\n  flips(psnr>40 > 5%\n                ^",
            ),
            (
                "flips > 500%",
                "500% is no share: write 5% or 0.05, at most 100%\n  flips > 500%\n          ^^^^",
            ),
            (
                "flips >",
                "the end stands where a number belongs\n  flips >\n         ^",
            ),
            (
                "flips > 5% today",
                "today stands behind the end of the condition\n  flips > 5% today\n             ^^^^^",
            ),
            (
                "wrong(p>0.5) > 1%",
                "( narrows down flips alone: leave the brackets out\n  wrong(p>0.5) > 1%\n       ^",
            ),
            ("flips(method=phase)>1%", "phase is no method: write csp-phase"),
            ("größe > 1", "größe is no measure"),
            ("", "the end is no measure"),
        ];
        for (text, said) in places {
            let error = refused(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
