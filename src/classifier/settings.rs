// SPDX-License-Identifier: MPL-2.0
//! Which model, how pictures become its input, and which classes.

use std::path::PathBuf;

use crate::runtime::{Optimisation, Provider};
use crate::settings::{Text, choice, group};

choice! {
    pub enum InputFormat = "input-format", Auto, "The channels that the model wants" {
        Auto = "auto": "From side-car, metadata, files beside the model or the means in its graph, else the number of channels (three: RGB)",
        Rgb = "rgb": "Red, green, blue",
        Bgr = "bgr": "Blue, green, red",
        Gray = "gray": "One channel, luma",
    }
}

choice! {
    pub enum InputLayout = "input-layout", Auto, "The order of the model's input axes" {
        Auto = "auto": "From side-car, metadata, or the shape",
        /// `[N, C, H, W]`.
        Nchw = "nchw": "Channels before height and width",
        /// `[N, H, W, C]`.
        Nhwc = "nhwc": "Channels last",
    }
}

choice! {
    pub enum Normalization = "normalization", Auto, "How pixel values become the model's input" {
        /// From side-car, metadata, files beside the model or the graph's own scaling; else `Unit` for one channel,
        /// `Imagenet` for three.
        Auto = "auto": "From side-car, metadata, files beside the model or the scaling in its graph; else unit for one channel, imagenet for three",
        Imagenet = "imagenet": "(value - mean) / std with ImageNet's means and standard deviations",
        Unit = "unit": "0 to 1",
        Signed = "signed": "-1 to 1",
        Byte = "byte": "0 to 255",
        Clip = "clip": "(value - mean) / std with the constants of OpenAI's CLIP",
        Custom = "custom": "(value - mean) / std with the given mean and std",
    }
}

group! {
    /// Which model, and how frames become its input. `Default` says nothing and lets everything be found.
    pub struct ClassifierSettings {
        model_file: plain(PathBuf, PathBuf::new(), "The `.onnx` file."),
        label_file: path(LABEL_FILE, "label-file",
            "Class labels: one per line, numbered lines, or a list or map in JSON; unset: side-car, model metadata, MODEL.labels.txt, config.json, else \"class N\"; empty: none"),
        model_info: path(MODEL_INFO, "model-info",
            "Side-car that describes the model's input; unset: MODEL.onnx.modelinfo or MODEL.modelinfo, empty: none"),
        output_name: text(OUTPUT_NAME, "output-name",
            "Tensor that holds the class scores, or a row of one that holds more, as in NAME[0,:,3]; unset: found by its shape"),
        runtime_library: path(RUNTIME_LIBRARY, "onnxruntime-library",
            "ONNX Runtime library (libonnxruntime.so); unset: ORT_DYLIB_PATH, the copy that set-up placed, the system's. Loading a library runs its code"),
        execution_provider: choice(Provider),
        device: text(DEVICE, "device",
            "Number of the execution provider's device; unset: the first. The processor has none to choose"),
        optimization_level: choice(Optimisation),
        threads: count(THREADS, "threads", 0, 0, 256,
            "Threads of the model's run, and of the pyramid after it; 0: physical cores minus one, at least one"),
        input_format: choice(InputFormat),
        input_layout: choice(InputLayout),
        normalization: choice(Normalization),
        mean: list(MEAN, "mean",
            "Channel means on the 0..1 scale (or 0..255, which is recognised and said), 1 or 3 values; implies normalization=custom"),
        std: list(STD, "std",
            "Channel standard deviations on the scale of mean, 1 or 3 values; implies normalization=custom"),
        input_size: plain(Option<(usize, usize)>, None, "Height and width for a model with dynamic ones."),
    }
}

/// Settings that front ends write in a form of their own.
#[expect(missing_docs, reason = "each says what it is")]
impl ClassifierSettings {
    pub const MODEL_FILE: Text = Text {
        name: "model-file",
        blurb: "ONNX classifier to look through",
    };
    pub const ALSO_MODEL_FILES: Text = Text {
        name: "also-model-files",
        blurb: "Further ONNX classifiers that drive too: the picture moves along what their gradients agree on, between the classes of the same labels; scores stay those of model-file",
    };
    pub const INPUT_SIZE: Text = Text {
        name: "input-size",
        blurb: "Input size HxW of a model with dynamic height or width; unset: side-car or metadata",
    };
}

impl ClassifierSettings {
    /// The settings of a further model, which drives or judges: the same runtime, provider and threads; what it says of itself comes from its own
    /// files.
    #[must_use]
    pub fn beside(&self, model_file: PathBuf) -> Self {
        Self {
            model_file,
            runtime_library: self.runtime_library.clone(),
            execution_provider: self.execution_provider,
            device: self.device.clone(),
            threads: self.threads,
            optimization_level: self.optimization_level,
            ..Self::default()
        }
    }
}

/// A class, as the user names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClassChoice {
    /// Chosen from the logits.
    #[default]
    Auto,
    /// By number.
    Index(usize),
    /// By label: exact, else a number, else a unique beginning.
    Label(String),
}
