// SPDX-License-Identifier: MPL-2.0
//! The descriptions that exporters leave inside the `.onnx` file itself, as strings by key: each in its own dialect.
//! Those that lie in files beside the model are in [`super::neighbours`].

mod common;
mod geti;
mod image;
pub(super) mod literal;
mod own;
mod ultralytics;
mod words;

use super::description::{InputInfo, ModelInfo, OutputInfo};
use super::{Range, Source};
pub(super) use words::{Entries, described, inline, other_task, sides};

/// A way in which an exporter describes its models.
struct Dialect {
    name: &'static str,
    /// `None` where nothing is said in it.
    read: fn(&Entries<'_>) -> Option<ModelInfo>,
    /// The range that its users take for granted where it says none.
    usual: Option<Range>,
}

const BYTES: Range = Range { min: 0.0, max: 255.0 };

/// The more deliberate first: where a file has several, the first one that says something counts.
const DIALECTS: [Dialect; 5] = [
    Dialect {
        name: "steerlens",
        read: own::read,
        usual: None,
    },
    Dialect {
        name: "ONNX image",
        read: image::read,
        usual: Some(BYTES),
    },
    Dialect {
        name: "Ultralytics",
        read: ultralytics::read,
        usual: None,
    },
    Dialect {
        name: "OpenVINO Model API",
        read: geti::read,
        usual: Some(BYTES),
    },
    Dialect {
        name: "common keys",
        read: common::read,
        usual: None,
    },
];

impl ModelInfo {
    /// Understands a model's metadata, in every dialect. A value that cannot be understood is left aside with a
    /// warning: the keys are anybody's to use, and the user cannot easily change them.
    pub fn from_metadata<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let (mut input, mut output, mut all) = (InputInfo::default(), OutputInfo::default(), Self::default());
        for (_, info) in statements(&entries) {
            input = info.inputs.into_iter().fold(input, InputInfo::or);
            output = info.outputs.into_iter().fold(output, OutputInfo::or);
            all.warnings.extend(info.warnings);
        }
        all.inputs.push(input);
        all.outputs.push(output);
        all
    }
}

/// What each dialect says, the first one the strongest.
pub(super) fn statements(entries: &Entries<'_>) -> Vec<(Source, ModelInfo)> {
    DIALECTS
        .iter()
        .filter_map(|dialect| Some((Source::Metadata(dialect.name), (dialect.read)(entries)?)))
        .collect()
}

/// The range that pictures have which say nothing of it, in a dialect whose users know it.
pub(super) fn usual_range(said: &[(Source, ModelInfo)]) -> Option<Range> {
    let speaks = |dialect: &Dialect| {
        said.iter()
            .any(|(source, _)| *source == Source::Metadata(dialect.name))
    };
    DIALECTS
        .iter()
        .filter(|dialect| speaks(dialect))
        .find_map(|dialect| dialect.usual)
}
