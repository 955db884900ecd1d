// SPDX-License-Identifier: MPL-2.0
//! The name, default, range and description of every setting that a user can make, in one place.
//!
//! The element's properties, the command line's flags and the documentation take them from here. Names are
//! kebab-case, as GStreamer's own elements write them.

use std::time::Duration;

use crate::classifier::{InputFormat, InputLayout, Normalization, Objective};
use crate::frame::Fit;
use crate::morph::{ColorMode, MagnificationUnit, Method, StepMode};
use crate::pyramid::Grid;
use crate::render::DisplayMode;
use crate::runtime::{Optimisation, Provider};
use crate::{Control, Resolution, Sweep};

/// A setting whose value lies between two others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranged<T> {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// The value that is used when nothing is said.
    pub default: T,
    /// Smallest accepted value.
    pub min: T,
    /// Largest accepted value.
    pub max: T,
    /// One sentence, the unit in it; a [`Span`] has none to name.
    pub blurb: &'static str,
}

/// A real-valued setting.
pub type Real = Ranged<f64>;

/// A whole-number setting.
pub type Count = Ranged<u32>;

/// A setting that is a span of time; the element's properties count it in nanoseconds.
pub type Span = Ranged<Duration>;

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// The value that is used when nothing is said.
    pub default: bool,
    /// One sentence.
    pub blurb: &'static str,
}

/// A setting that holds text, a path or a list; absent when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// One sentence.
    pub blurb: &'static str,
}

/// A setting with a few named values. The first is the default unless [`Choice::DEFAULT`] says otherwise.
pub trait Choice: Copy + PartialEq + Sized + 'static {
    /// The setting's name, kebab-case.
    const NAME: &'static str;
    /// One sentence.
    const BLURB: &'static str;
    /// The value that is used when nothing is said.
    const DEFAULT: Self;
    /// Every value with its nick (as written by users) and one sentence.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The nick of this value.
    fn nick(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(value, ..)| *value == self)
            .map_or("", |(_, nick, _)| nick)
    }

    /// The value with this nick, if there is one.
    fn from_nick(nick: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, n, _)| *n == nick)
            .map(|(value, ..)| *value)
    }
}

macro_rules! choice {
    ($type:ty, $name:literal, $default:ident, $blurb:literal, $($value:ident = $nick:literal: $text:literal),+ $(,)?) => {
        impl Choice for $type {
            const NAME: &'static str = $name;
            const BLURB: &'static str = $blurb;
            const DEFAULT: Self = <$type>::$default;
            const ALL: &'static [(Self, &'static str, &'static str)] = &[$((<$type>::$value, $nick, $text)),+];
        }
        impl Default for $type {
            fn default() -> Self {
                <Self as Choice>::DEFAULT
            }
        }
    };
}

choice!(Method, "method", CspPhase, "The coordinates in which the picture moves",
    CspPhase = "csp-phase": "Local phases of the complex steerable pyramid; amplitudes stay",
    CspJoint = "csp-joint": "Local phases and amplitudes of the pyramid",
    FourierPhase = "fourier-phase": "Phases of the global Fourier transform",
    Pixel = "pixel": "Pixel values, along the gradient itself");
choice!(Objective, "objective", Margin, "The scalar whose gradient is taken",
    Margin = "margin": "Logit of the target minus logit of the source",
    Logit = "logit": "Logit of the target alone",
    LogProbability = "log-probability": "Logarithm of the target's probability: away from every other class as well");
choice!(ColorMode, "color-mode", Luma, "What is edited in a colour picture",
    Luma = "luma": "Luma only; colour differences stay",
    Joint = "joint": "Red, green and blue share one phase step",
    Independent = "independent": "Red, green and blue each take their own phase step");
choice!(Resolution, "resolution", Auto, "Where the pyramid works",
    Auto = "auto": "At the frame's size up to 640x480 pixels, at the model's above",
    Model = "model": "At the model's input size; the change is enlarged",
    Frame = "frame": "At the frame's size, with the exact adjoint of the resize");
choice!(MagnificationUnit, "magnification-unit", Rms, "The unit of magnification",
    Rms = "rms": "Radians RMS over the picture's energy",
    None = "none": "The literal factor on the raw phase step");
choice!(StepMode, "step-mode", Reanalyse, "How several steps follow each other",
    Reanalyse = "reanalyse": "Each step analyses the current picture anew",
    Source = "source": "Steps accumulate in the source picture's coefficients");
choice!(Control, "control", None, "A direction in place of the gradient's, to compare it with",
    None = "none": "The gradient's own",
    Random = "random": "Random, with the gradient's spectrum");
choice!(Grid, "grid", Fast, "The sampling grid of the pyramid's bands",
    Exact = "exact": "Octave grid, comparable with the published method",
    Fast = "fast": "Fewer samples, same masks; the picture is the same to the eye");
choice!(Fit, "fit", CenterCrop, "How a frame is laid into the model's input",
    CenterCrop = "center-crop": "The centred square (or the input's shape) is cut out",
    Stretch = "stretch": "The whole frame is stretched to the input's shape",
    Letterbox = "letterbox": "The whole frame fits inside, with bars");
choice!(DisplayMode, "display-mode", Morph, "What is shown",
    Morph = "morph": "The morphed frame",
    Source = "source": "The frame as it came",
    Difference = "difference": "Mid-grey plus the change, magnified",
    Saliency = "saliency": "Size of the gradient, blurred by 1/100 of the shorter side, in colours over the dimmed frame",
    PhaseFlow = "phase-flow": "Where the morph moves things, direction and size in colours over the dimmed frame",
    SideBySide = "side-by-side": "The frame and its morph next to each other, twice as wide");
choice!(Sweep, "sweep", None, "How the magnification moves over a clip",
    None = "none": "It stands still",
    Sine = "sine": "Towards the target, back, away from it, and back, once per period",
    Triangle = "triangle": "From 0 to the magnification and back, once per period",
    Ramp = "ramp": "From 0 to the magnification, then again from 0");
choice!(InputFormat, "input-format", Auto, "The channels that the model wants",
    Auto = "auto": "From side-car, metadata, files beside the model or the means in its graph, else the number of channels (three: RGB)",
    Rgb = "rgb": "Red, green, blue",
    Bgr = "bgr": "Blue, green, red",
    Gray = "gray": "One channel, luma");
choice!(InputLayout, "input-layout", Auto, "The order of the model's input axes",
    Auto = "auto": "From side-car, metadata, or the shape",
    Nchw = "nchw": "Channels before height and width",
    Nhwc = "nhwc": "Channels last");
choice!(Normalization, "normalization", Auto, "How pixel values become the model's input",
    Auto = "auto": "From side-car, metadata, files beside the model or the scaling in its graph; else unit for one channel, imagenet for three",
    Imagenet = "imagenet": "(value - mean) / std with ImageNet's means and standard deviations",
    Unit = "unit": "0 to 1",
    Signed = "signed": "-1 to 1",
    Byte = "byte": "0 to 255",
    Clip = "clip": "(value - mean) / std with the constants of OpenAI's CLIP",
    Custom = "custom": "(value - mean) / std with the given mean and std");
choice!(Provider, "execution-provider", Cpu, "What runs the model; one that cannot be had is an error",
    Cpu = "cpu": "The processor",
    Cuda = "cuda": "An NVIDIA graphics processor, with a library that was built for it");
choice!(Optimisation, "optimization-level", All, "How far ONNX Runtime rewrites the model before it runs it",
    Disable = "disable-all": "Not at all",
    Basic = "enable-basic": "Redundant nodes are removed",
    Extended = "enable-extended": "Nodes are fused too",
    All = "enable-all": "The memory layout is chosen too");

macro_rules! facts {
    ($($kind:ident $id:ident = { $($field:ident: $value:expr),+ $(,)? };)+) => {
        $(
            #[doc = concat!("The setting `", stringify!($id), "`; its fields say the rest.")]
            pub const $id: $kind = $kind { $($field: $value),+ };
        )+
    };
}

facts! {
    Text MODEL_FILE = { name: "model-file", blurb: "ONNX classifier to look through" };
    Text LABEL_FILE = { name: "label-file", blurb: "Class labels: one per line, numbered lines, or a list or map in JSON; unset: side-car, model metadata, MODEL.labels.txt, config.json, else \"class N\"; empty: none" };
    Text MODEL_INFO = { name: "model-info", blurb: "Side-car that describes the model's input; unset: MODEL.onnx.modelinfo or MODEL.modelinfo, empty: none" };
    Text OUTPUT_NAME = { name: "output-name", blurb: "Tensor that holds the class scores, or a row of one that holds more, as in NAME[0,:,3]; unset: found by its shape" };
    Text INPUT_SIZE = { name: "input-size", blurb: "Input size HxW of a model with dynamic height or width; unset: side-car or metadata" };
    Text RUNTIME_LIBRARY = { name: "onnxruntime-library", blurb: "ONNX Runtime library (libonnxruntime.so); unset: ORT_DYLIB_PATH, the copy that set-up placed, the system's. Loading a library runs its code" };
    Count THREADS = { name: "threads", default: 0, min: 0, max: 256, blurb: "Threads of the model's run, and of the pyramid after it; 0: physical cores minus one, at least one" };
    Text DEVICE = { name: "device", blurb: "Number of the execution provider's device; unset: the first. The processor has none to choose" };
    Text MEAN = { name: "mean", blurb: "Channel means on the 0..1 scale (or 0..255, which is recognised and said), 1 or 3 values; implies normalization=custom" };
    Text STD = { name: "std", blurb: "Channel standard deviations on the scale of mean, 1 or 3 values; implies normalization=custom" };
    Real CROP_FRACTION = { name: "crop-fraction", default: 0.0, min: 0.0, max: 1.0, blurb: "Share of the short side that center-crop keeps; 0: side-car, metadata, else 1" };
    Text SOURCE_CLASS = { name: "source-class", blurb: "Number of the class to move away from; -1: the predicted class, or the next one where that is the target" };
    Text TARGET_CLASS = { name: "target-class", blurb: "Number of the class to move towards; -1: the most probable class other than the source" };
    Text SOURCE_LABEL = { name: "source-label", blurb: "Label of the class to move away from (exact, else a number, else a unique beginning); wins over source-class" };
    Text TARGET_LABEL = { name: "target-label", blurb: "Label of the class to move towards (exact, else a number, else a unique beginning); wins over target-class" };
    Count CLASS_HOLD = { name: "class-hold", default: 5, min: 0, max: 1000, blurb: "Analysed frames in a row that a new automatic class must lead before the pair of classes switches" };
    Real MAGNIFICATION = { name: "magnification", default: 1.0, min: -64.0, max: 64.0, blurb: "How far the picture moves, in radians RMS of phase (see magnification-unit); 0 is the frame bit for bit, negative moves away from the target. What a side-car advises is told, and not taken" };
    Real AMPLITUDE_EXPONENT = { name: "amplitude-exponent", default: 1.0, min: 0.0, max: 2.0, blurb: "Weighting of the phase step by amplitude: 0 the derivative as it is (with scale-weight=1 that of the published abstract), 2 the phase difference of motion magnification" };
    Real SCALE_WEIGHT = { name: "scale-weight", default: 0.0, min: 0.0, max: 1.0, blurb: "How much coarse scales are favoured in the phase step: 0 not at all, 1 by the area of their samples, as the derivative by each phase does" };
    Real PHASE_SMOOTH = { name: "phase-smooth", default: 0.0, min: 0.0, max: 64.0, blurb: "Standard deviation of the smoothing of the phase step over the picture, in samples of the octave grid; 0: none" };
    Real AMPLITUDE_FLOOR = { name: "amplitude-floor", default: 0.1, min: 0.0, max: 1.0, blurb: "Amplitudes below this share of the RMS amplitude do not raise the phase step" };
    Real AMPLITUDE_GAIN = { name: "amplitude-gain", default: 0.5, min: 0.0, max: 100.0, blurb: "Share of amplitude change, csp-joint only" };
    Real PHASE_LIMIT = { name: "phase-limit", default: std::f64::consts::FRAC_PI_2, min: 0.0, max: std::f64::consts::PI, blurb: "Soft limit of a phase change, in radians; 0: no limit" };
    Real L2_BUDGET = { name: "l2-budget", default: 0.0, min: 0.0, max: 1e6, blurb: "L2 distance that the morph is taken to, pixel values 0..1; 0: off, magnification decides" };
    Count PADDING = { name: "padding", default: 0, min: 0, max: 256, blurb: "Mirrored border around the frame, in pixels; 8 to 16 keep structure at one border from acting on the opposite one" };
    Count STEPS = { name: "steps", default: 1, min: 1, max: 64, blurb: "How often the gradient is taken along the way; 1 is the paper's single gradient" };
    Text ROI = { name: "roi", blurb: "Part of the frame that is read and morphed: x, y, width, height in pixels, clipped to the frame; unset: all of it" };
    Switch CAPTION = { name: "caption", default: false, blurb: "Draw the two classes with their probabilities into the lower edge of the picture" };
    Span TEMPORAL_SMOOTHING = { name: "temporal-smoothing", default: Duration::ZERO, min: Duration::ZERO, max: Duration::from_secs(60), blurb: "Time constant of the running average of phase steps over the frames of a video, with steps=1; a tenth of a second takes most of the flicker away, 0: none" };
    Count SEED = { name: "seed", default: 0, min: 0, max: u32::MAX, blurb: "Which of the random directions of control=random, and which noise of smooth-grad" };
    Count SMOOTH_GRAD = { name: "smooth-grad", default: 0, min: 0, max: 1000, blurb: "Noisy copies of the picture whose gradients are averaged, for stills; 0: the picture's own gradient" };
    Real NOISE_LEVEL = { name: "noise-level", default: 0.1, min: 0.0, max: 1.0, blurb: "Standard deviation of the noise of smooth-grad, pixel values 0..1" };
    Count ORIENTATIONS = { name: "orientations", default: 4, min: 2, max: 8, blurb: "Orientations of the pyramid" };
    Count OCTAVES = { name: "octaves", default: 0, min: 0, max: 12, blurb: "Octaves of the pyramid; 0: from the size" };
    Switch MEASURE_AFTER = { name: "measure-after", default: false, blurb: "Classify the morphed picture too, as written; one more forward run" };
    Count TOP_K = { name: "top-k", default: 5, min: 1, max: 100, blurb: "Classes listed in a message, most probable first" };
}
