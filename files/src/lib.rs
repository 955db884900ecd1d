// SPDX-License-Identifier: MPL-2.0
//! Files of pictures and of results, as all programs of this repository read and write them.
//!
//! A [`Picture`] is a file's picture as a frame of the library, and is written as a file again; a [`sheet`] sets several
//! side by side with what a classifier says of each, drawn on a [`canvas`]. An [`atomic_file`] is there whole or not at all,
//! and a [`hash`] says whether a file is still the one it was.

pub mod atomic_file;
pub mod canvas;
mod error;
pub mod hash;
mod jpeg;
mod picture;
pub mod sheet;

pub use error::{Cause, Error};
pub use picture::{Encoding, Picture};
