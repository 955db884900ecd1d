// SPDX-License-Identifier: MPL-2.0
//! The library's named choices as GObject enumerations.
//!
//! GObject wants nicks and explanations as constants of the type, so they stand here again; a test holds them
//! to [`steerlens::settings::Choice::ALL`], the one truth. Nicks are ABI: they never change.

use glib::translate::{FromGlib, IntoGlib};
use glib::value::FromValue;
use gst::glib::{self, prelude::*};
#[cfg(feature = "doc")]
use gst::prelude::*;
use steerlens::settings::Choice;

use super::properties::{When, described, nick};

/// A GObject enumeration that mirrors one of the library's choices, value for value.
pub(super) trait Mirror:
    Copy
    + ToValue
    + for<'a> FromValue<'a>
    + FromGlib<i32>
    + IntoGlib<GlibType = i32>
    + HasParamSpec<ParamSpec = glib::ParamSpecEnum>
    + StaticType
    + 'static
{
    /// The library's type.
    type Of: Choice;

    /// The library's value as GObject's.
    fn of(value: Self::Of) -> Self;

    /// GObject's value as the library's.
    fn get(self) -> Self::Of;
}

macro_rules! mirror {
    ($name:ident, $type_name:literal, $of:ty, $($value:ident = $nick:literal: $text:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, glib::Enum)]
        #[enum_type(name = $type_name)]
        pub(super) enum $name {
            $(#[enum_value(name = $text, nick = $nick)] $value),+
        }

        impl Mirror for $name {
            type Of = $of;

            fn of(value: $of) -> Self {
                match value {
                    $(<$of>::$value => Self::$value),+
                }
            }

            fn get(self) -> $of {
                match self {
                    $(Self::$value => <$of>::$value),+
                }
            }
        }
    };
}

mirror!(Method, "GstClassMorphMethod", steerlens::morph::Method,
    CspPhase = "csp-phase": "Local phases of the complex steerable pyramid; amplitudes stay",
    CspJoint = "csp-joint": "Local phases and amplitudes of the pyramid",
    FourierPhase = "fourier-phase": "Phases of the global Fourier transform",
    Pixel = "pixel": "Pixel values, along the gradient itself");
mirror!(ExecutionProvider, "GstClassMorphExecutionProvider", steerlens::Provider,
    Cpu = "cpu": "The processor",
    Cuda = "cuda": "An NVIDIA graphics processor, with a library that was built for it");
mirror!(OptimizationLevel, "GstClassMorphOptimizationLevel", steerlens::runtime::Optimisation,
    Disable = "disable-all": "Not at all",
    Basic = "enable-basic": "Redundant nodes are removed",
    Extended = "enable-extended": "Nodes are fused too",
    All = "enable-all": "The memory layout is chosen too");
mirror!(Objective, "GstClassMorphObjective", steerlens::Objective,
    Margin = "margin": "Logit of the target minus logit of the source",
    Logit = "logit": "Logit of the target alone",
    LogProbability = "log-probability": "Logarithm of the target's probability: away from every other class as well");
mirror!(ColorMode, "GstClassMorphColorMode", steerlens::morph::ColorMode,
    Luma = "luma": "Luma only; colour differences stay",
    Joint = "joint": "Red, green and blue share one phase step",
    Independent = "independent": "Red, green and blue each take their own phase step");
mirror!(Resolution, "GstClassMorphResolution", steerlens::Resolution,
    Auto = "auto": "At the frame's size up to 640x480 pixels, at the model's above",
    Model = "model": "At the model's input size; the change is enlarged",
    Frame = "frame": "At the frame's size, with the exact adjoint of the resize");
mirror!(MagnificationUnit, "GstClassMorphMagnificationUnit", steerlens::morph::MagnificationUnit,
    Rms = "rms": "Radians RMS over the picture's energy",
    None = "none": "The literal factor on the raw phase step");
mirror!(StepMode, "GstClassMorphStepMode", steerlens::morph::StepMode,
    Reanalyse = "reanalyse": "Each step analyses the current picture anew",
    Source = "source": "Steps accumulate in the source picture's coefficients",
    Live = "live": "One step a frame, along the gradient at the morphed frame; what the steps add up to is carried from frame to frame and fades over temporal-smoothing; for video, without l2-budget");
mirror!(Control, "GstClassMorphControl", steerlens::Control,
    None = "none": "The gradient's own",
    Random = "random": "Random, with the gradient's spectrum");
mirror!(Grid, "GstClassMorphGrid", steerlens::pyramid::Grid,
    Exact = "exact": "Octave grid, comparable with the published method",
    Fast = "fast": "Fewer samples, same masks; the picture is the same to the eye");
mirror!(Fit, "GstClassMorphFit", steerlens::frame::Fit,
    CenterCrop = "center-crop": "The centred square (or the input's shape) is cut out",
    Stretch = "stretch": "The whole frame is stretched to the input's shape",
    Letterbox = "letterbox": "The whole frame fits inside, with bars");
mirror!(DisplayMode, "GstClassMorphDisplayMode", steerlens::render::DisplayMode,
    Morph = "morph": "The morphed frame",
    Source = "source": "The frame as it came",
    Difference = "difference": "Mid-grey plus the change, magnified",
    Saliency = "saliency": "Size of the gradient, blurred by 1/100 of the shorter side, in colours over the dimmed frame",
    PhaseFlow = "phase-flow": "Where the morph moves things, direction and size in colours over the dimmed frame",
    SideBySide = "side-by-side": "The frame and its morph next to each other, twice as wide");
mirror!(InputFormat, "GstClassMorphInputFormat", steerlens::classifier::InputFormat,
    Auto = "auto": "From side-car, metadata, files beside the model or the means in its graph, else the number of channels (three: RGB)",
    Rgb = "rgb": "Red, green, blue",
    Bgr = "bgr": "Blue, green, red",
    Gray = "gray": "One channel, luma");
mirror!(InputLayout, "GstClassMorphInputLayout", steerlens::classifier::InputLayout,
    Auto = "auto": "From side-car, metadata, or the shape",
    Nchw = "nchw": "Channels before height and width",
    Nhwc = "nhwc": "Channels last");
mirror!(Normalization, "GstClassMorphNormalization", steerlens::classifier::Normalization,
    Auto = "auto": "From side-car, metadata, files beside the model or the scaling in its graph; else unit for one channel, imagenet for three",
    Imagenet = "imagenet": "(value - mean) / std with ImageNet's means and standard deviations",
    Unit = "unit": "0 to 1",
    Signed = "signed": "-1 to 1",
    Byte = "byte": "0 to 255",
    Clip = "clip": "(value - mean) / std with the constants of OpenAI's CLIP",
    Custom = "custom": "(value - mean) / std with the given mean and std");
mirror!(Sweep, "GstClassMorphSweep", steerlens::Sweep,
    None = "none": "It stands still",
    Sine = "sine": "Towards the target, back, away from it, and back, once per period",
    Triangle = "triangle": "From 0 to the magnification and back, once per period",
    Ramp = "ramp": "From 0 to the magnification, then again from 0");
mirror!(GradientMode, "GstClassMorphGradientMode", steerlens::GradientMode,
    Sync = "sync": "Frames wait for their gradient",
    Held = "held": "The model reads the newest frame on a thread of its own; every frame is moved along the last gradient, which lies where things were then, in one step and without measure-after");

/// A GObject enumeration, for those who treat all of them alike.
pub(super) struct Kind {
    /// The setting's name.
    pub(super) name: &'static str,
    /// The property of that name.
    pub(super) spec: fn(When) -> glib::ParamSpec,
    /// The value with this nick.
    pub(super) value: fn(&str) -> glib::Value,
}

const fn kind<M: Mirror>() -> Kind {
    Kind {
        name: M::Of::NAME,
        spec: |when| {
            let nick = nick(M::Of::NAME);
            let builder = glib::ParamSpecEnum::builder_with_default(M::Of::NAME, M::of(M::Of::DEFAULT));
            described(builder, &nick, M::Of::BLURB, when).build()
        },
        value: |nick| M::of(M::Of::from_nick(nick).unwrap_or(M::Of::DEFAULT)).to_value(),
    }
}

static KINDS: [Kind; 16] = [
    kind::<Method>(),
    kind::<ExecutionProvider>(),
    kind::<OptimizationLevel>(),
    kind::<Objective>(),
    kind::<ColorMode>(),
    kind::<Resolution>(),
    kind::<MagnificationUnit>(),
    kind::<StepMode>(),
    kind::<Control>(),
    kind::<Grid>(),
    kind::<Fit>(),
    kind::<DisplayMode>(),
    kind::<InputFormat>(),
    kind::<InputLayout>(),
    kind::<Normalization>(),
    kind::<GradientMode>(),
];

/// The enumeration of the library's setting with this name.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Lists every enumeration in the documentation cache that `gst-hotdoc-plugins-scanner` makes.
#[cfg(feature = "doc")]
pub(super) fn document() {
    for property in super::properties::TABLE.iter() {
        let of = property.spec.value_type();
        if of.is_a(glib::Type::ENUM) {
            of.mark_as_plugin_api(gst::PluginAPIFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    fn holds<M: Mirror<Of: Debug>>() {
        let class = glib::EnumClass::new::<M>();
        let shown: Vec<_> = class.values().iter().map(|v| (v.nick(), v.name())).collect();
        let truth: Vec<_> = M::Of::ALL.iter().map(|(_, nick, text)| (*nick, *text)).collect();
        assert_eq!(shown, truth, "{}", M::Of::NAME);
        for (value, nick, _) in M::Of::ALL {
            assert_eq!(M::of(*value).get(), *value);
            let value = M::of(*value).to_value();
            let (_, shown) = glib::EnumValue::from_value(&value).unwrap();
            assert_eq!(shown.nick(), *nick);
        }
    }

    #[test]
    fn enumerations_say_what_the_library_says() {
        holds::<Method>();
        holds::<ExecutionProvider>();
        holds::<OptimizationLevel>();
        holds::<Objective>();
        holds::<ColorMode>();
        holds::<Resolution>();
        holds::<MagnificationUnit>();
        holds::<StepMode>();
        holds::<Control>();
        holds::<Grid>();
        holds::<Fit>();
        holds::<DisplayMode>();
        holds::<InputFormat>();
        holds::<InputLayout>();
        holds::<Normalization>();
        holds::<Sweep>();
        holds::<GradientMode>();
    }
}
