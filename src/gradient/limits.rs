// SPDX-License-Identifier: MPL-2.0
//! What is refused for its size, before anything is made of it.

use super::error::Error;
use super::extents::is_row;
use crate::runtime::Session;
use crate::size::{self, MAX_CLASSES, MAX_RUN, MAX_TENSOR};

/// Refuses a run whose tensors, as far as their shapes are known before it, would be too large.
pub(super) fn before_run(session: &Session) -> Result<(), Error> {
    let mut all = 0usize;
    for (name, shape) in session.output_shapes() {
        if let Some(shape) = shape {
            all = all.saturating_add(elements(name, &shape)?);
        }
    }
    if all > MAX_RUN {
        return Err(Error::TooLarge {
            reason: format!(
                "its tensors have {all} elements together in one run, more than {MAX_RUN} (2^30)"
            ),
        });
    }
    Ok(())
}

/// The number of a tensor's elements, if it may have so many.
pub(super) fn elements(name: &str, shape: &[usize]) -> Result<usize, Error> {
    size::check(shape, MAX_TENSOR).ok_or_else(|| Error::TooLarge {
        reason: format!(
            "the tensor \"{name}\" has the shape {shape:?}, more than {MAX_TENSOR} (2^28) elements"
        ),
    })
}

/// Refuses scores of no class, and a row of more classes than any classifier has.
pub(super) fn scores(output: &str, shape: &[usize]) -> Result<(), Error> {
    let refuse = |reason: String| {
        Err(Error::Scores {
            output: output.into(),
            shape: shape.to_vec(),
            reason,
        })
    };
    if shape.contains(&0) {
        return refuse("it has no elements".into());
    }
    if is_row(shape) && size::check(shape, MAX_CLASSES).is_none() {
        return refuse(format!("it has more than {MAX_CLASSES} (2^20) elements"));
    }
    Ok(())
}
