// SPDX-License-Identifier: MPL-2.0
//! `heads[0,:,4]`: one row of a tensor that holds more than one.
//!
//! The grammar is NumPy's basic indexing: one entry for each axis, separated by commas, axes left out at the end taken
//! whole. A number takes one element (negative: from the end), `:` the whole axis, `a:b` its elements from a up to
//! but without b; either may be left out.

use crate::gradient::error::Error;
use crate::gradient::extents::is_row;

/// What is taken of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    At(i64),
    Part(Option<i64>, Option<i64>),
}

/// The entries behind a tensor's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    text: String,
    entries: Vec<Entry>,
}

/// A place in a tensor of known shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) starts: Vec<usize>,
    pub(super) ends: Vec<usize>,
}

impl Row {
    /// Extents of what is taken, every axis kept.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.starts.iter().zip(&self.ends).map(|(a, b)| b - a).collect()
    }

    /// The elements of this place in a tensor of the given shape.
    pub(super) fn of(&self, elements: &[f32], shape: &[usize]) -> Vec<f32> {
        let inside = |at: &usize| {
            let (mut rest, mut within) = (*at, true);
            for (axis, extent) in shape.iter().enumerate().rev() {
                let place = rest % extent.max(&1);
                rest /= extent.max(&1);
                within &= (self.starts[axis]..self.ends[axis]).contains(&place);
            }
            within
        };
        (0..elements.len())
            .filter(inside)
            .map(|at| elements[at])
            .collect()
    }
}

/// A tensor's name and the place behind it. A name that is a tensor's as it stands has none.
///
/// # Errors
/// When the place is none, with what is wrong in it.
pub(super) fn parse(text: &str, is_tensor: impl Fn(&str) -> bool) -> Result<(&str, Option<Place>), Error> {
    let split = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    let Some((name, inner)) = split.filter(|_| !is_tensor(text)) else {
        return Ok((text, None));
    };
    let entries: Result<Vec<Entry>, Error> = inner
        .split(',')
        .map(|entry| {
            self::entry(entry.trim()).ok_or_else(|| Error::Place {
                text: text.into(),
                reason: format!(
                    "\"{}\" is no entry: each axis takes a number, \":\" or \"a:b\", as in {name}[0,:]",
                    entry.trim()
                ),
            })
        })
        .collect();
    let place = Place {
        text: text.into(),
        entries: entries?,
    };
    Ok((name, Some(place)))
}

fn entry(text: &str) -> Option<Entry> {
    let number = |text: &str| text.trim().parse::<i64>().ok();
    let bound = |text: &str| match text.trim() {
        "" => Some(None),
        text => number(text).map(Some),
    };
    match text.split_once(':') {
        Some((a, b)) => Some(Entry::Part(bound(a)?, bound(b)?)),
        None => number(text).map(Entry::At),
    }
}

impl Place {
    /// Where this is in a tensor of the given shape.
    ///
    /// # Errors
    /// When it lies outside, is empty, or is no row: the axis is named.
    pub(super) fn resolve(&self, shape: &[usize]) -> Result<Row, Error> {
        let refuse = |reason: String| Error::Place {
            text: self.text.clone(),
            reason,
        };
        if self.entries.len() > shape.len() {
            return Err(refuse(format!(
                "{} entries for {} axes of {shape:?}",
                self.entries.len(),
                shape.len()
            )));
        }
        let mut row = Row {
            starts: vec![0; shape.len()],
            ends: shape.to_vec(),
        };
        for (axis, (entry, extent)) in self.entries.iter().zip(shape).enumerate() {
            // From the end where it is negative; a part may reach beyond the axis, as it may in NumPy.
            let within = |at: i64| -> Option<usize> {
                let signed = i64::try_from(*extent).ok()?;
                usize::try_from(if at < 0 { at.checked_add(signed)? } else { at }).ok()
            };
            let (start, end) = match *entry {
                Entry::At(at) => match within(at).filter(|at| at < extent) {
                    Some(at) => (at, at + 1),
                    None => {
                        return Err(refuse(format!(
                            "axis {axis} of {shape:?} has the entries 0 to {}",
                            extent.saturating_sub(1)
                        )));
                    }
                },
                Entry::Part(a, b) => (
                    a.map_or(Some(0), within).unwrap_or(0).min(*extent),
                    b.map_or(Some(*extent), within).unwrap_or(0).min(*extent),
                ),
            };
            if start >= end {
                return Err(refuse(format!("nothing is left of axis {axis} of {shape:?}")));
            }
            (row.starts[axis], row.ends[axis]) = (start, end);
        }
        let taken = row.shape();
        if !is_row(&taken) {
            return Err(refuse(format!(
                "{taken:?} is left of {shape:?}, which is no row: give numbers for all axes but that of the classes"
            )));
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        parse(text, |_| false).unwrap().1.unwrap()
    }

    fn row(text: &str, shape: &[usize]) -> Result<(Vec<usize>, Vec<usize>), String> {
        let row = place(text).resolve(shape).map_err(|e| e.to_string())?;
        Ok((row.starts, row.ends))
    }

    #[test]
    fn entries_mean_what_they_mean_in_numpy() {
        assert_eq!(row("y[:,3]", &[1, 40, 9]), Ok((vec![0, 3, 0], vec![1, 4, 9])));
        assert_eq!(row("y[0,:,-1]", &[1, 40, 9]), Ok((vec![0, 0, 8], vec![1, 40, 9])));
        assert_eq!(
            row("y[0, 4:, 7]", &[1, 84, 99]),
            Ok((vec![0, 4, 7], vec![1, 84, 8]))
        );
        assert_eq!(
            row("y[0,:-5,7]", &[1, 84, 99]),
            Ok((vec![0, 0, 7], vec![1, 79, 8]))
        );
        assert_eq!(row("y[3]", &[20, 1, 37]), Ok((vec![3, 0, 0], vec![4, 1, 37])));
        assert_eq!(row("y[0,1:900]", &[1, 10]), Ok((vec![0, 1], vec![1, 10])));
        assert_eq!(
            row("y[0,7]", &[1, 10]),
            Ok((vec![0, 7], vec![1, 8])),
            "one score is a row"
        );
    }

    #[test]
    fn the_elements_of_a_place_are_those_that_it_names() {
        let elements: Vec<f32> = (0u8..24).map(f32::from).collect();
        let of = |text: &str| place(text).resolve(&[2, 3, 4]).unwrap().of(&elements, &[2, 3, 4]);
        assert_eq!(of("y[1,2]"), [20.0, 21.0, 22.0, 23.0]);
        assert_eq!(of("y[0,:,3]"), [3.0, 7.0, 11.0]);
        assert_eq!(of("y[1,0,1:3]"), [13.0, 14.0]);
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let said = |text: &str, shape: &[usize], words: &str| {
            let error = row(text, shape).unwrap_err();
            assert!(error.contains(text) && error.contains(words), "{text}: {error}");
        };
        said(
            "y[:,40]",
            &[1, 40, 9],
            "axis 1 of [1, 40, 9] has the entries 0 to 39",
        );
        said("y[:,-41]", &[1, 40, 9], "0 to 39");
        said("y[0,:]", &[1, 40, 9], "[1, 40, 9] is left");
        said("y[0,0,0,0]", &[1, 40, 9], "4 entries for 3 axes");
        said("y[0,5:5]", &[1, 40], "nothing is left of axis 1");
        for text in ["y[]", "y[a]", "y[1.5]", "y[0;1]", "y[::2]", "y[1,,2]"] {
            let error = parse(text, |_| false).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("is no entry"), "{error}");
        }
    }

    #[test]
    fn a_tensor_of_that_very_name_comes_first() {
        assert_eq!(parse("y[0]", |name| name == "y[0]").unwrap(), ("y[0]", None));
        assert_eq!(parse("StatefulPartitionedCall:0", |_| false).unwrap().1, None);
        let (name, place) = parse("y[0][:,2]", |name| name == "y[0]").unwrap();
        assert!(name == "y[0]" && place.is_some());
    }
}
