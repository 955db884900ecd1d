// SPDX-License-Identifier: MPL-2.0
//! ONNX Runtime: find its library, open it once per process, load models, run them, interrupt a run.
//!
//! The library is loaded at run time, when the first model is opened and not before. The way to it:
//! `library` lists what is tried, `elf` looks at a file before the loader maps it, `probe` loads and questions
//! it, and only then does [`Runtime`] hand it to the `ort` crate: most of that crate's entry points panic, and
//! one blocks, without a good library (docs/gstreamer.md 3.2). What goes wrong is an [`Error`] of our own; the crate's
//! errors are kept as text.
//!
//! A [`Session`] is a loaded model that can be run on any tensors, for probing; [`Session::bind`] turns it into
//! a [`BoundSession`], whose tensors stay, for frames. An [`Interrupter`] ends a run from another thread.

mod bound;
mod convert;
mod elf;
mod error;
mod interrupter;
mod probe;
mod process;
mod provider;
mod search;
mod session;
mod tensor;

pub use bound::BoundSession;
pub use error::{Error, Try};
pub use interrupter::Interrupter;
pub use process::Runtime;
pub use provider::Provider;
pub use session::{Optimisation, Session, SessionOptions};
pub use tensor::{Data, Tensor};
