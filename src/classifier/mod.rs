// SPDX-License-Identifier: MPL-2.0
//! A model as a classifier: its signature, preprocessing, labels, and the reading of a frame.

mod affine;
mod choice;
mod description;
mod error;
mod export;
mod input_statements;
mod inspection;
mod labels;
mod metadata;
mod modelinfo;
mod neighbours;
mod normalise;
mod objective;
mod open;
mod preprocess;
mod probabilities;
mod provenance;
mod read;
mod reading;
mod scale;
mod settings;
mod signature;
mod statements;
mod text_file;

pub use description::{Activation, InputInfo, LabelSource, ModelInfo, OutputInfo, Range};
pub use error::{Error, Misfit};
pub use export::{Written, encode_gradient};
pub use inspection::{Inspection, ModelDescription, OperatorCount, TensorInfo, inspect};
pub use labels::{LabelError, Labels};
pub use modelinfo::ModelInfoError;
pub use objective::Objective;
pub use open::Classifier;
pub use provenance::{Fact, Source};
pub use reading::Reading;
pub use settings::{ClassChoice, ClassifierSettings, InputFormat, InputLayout, Normalization};
pub use signature::Signature;
pub use text_file::TextError;

pub(crate) use choice::{PairChooser, best_but, resolve};
pub(crate) use reading::OtherGradient;

pub use crate::runtime::Interrupter;
