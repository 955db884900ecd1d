// SPDX-License-Identifier: MPL-2.0
//! The library's named choices as GObject enumerations.
//!
//! GObject's derive wants values, nicks and explanations as literals. Each of the library's choices has a macro of its name
//! that hands them over, so that none stands here again. Nicks are ABI: they never change.

use glib::translate::{FromGlib, IntoGlib};
use glib::value::FromValue;
use gst::glib::{self, prelude::*};
use steerlens::settings::Choice;

use super::spec::{When, described, nick};

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

steerlens::Method!(mirror Method, "GstClassMorphMethod", steerlens::morph::Method,);
steerlens::Provider!(mirror ExecutionProvider, "GstClassMorphExecutionProvider", steerlens::Provider,);
steerlens::Optimisation!(mirror OptimizationLevel, "GstClassMorphOptimizationLevel", steerlens::runtime::Optimisation,);
steerlens::Objective!(mirror Objective, "GstClassMorphObjective", steerlens::Objective,);
steerlens::ColorMode!(mirror ColorMode, "GstClassMorphColorMode", steerlens::morph::ColorMode,);
steerlens::Resolution!(mirror Resolution, "GstClassMorphResolution", steerlens::Resolution,);
steerlens::MagnificationUnit!(mirror MagnificationUnit, "GstClassMorphMagnificationUnit", steerlens::morph::MagnificationUnit,);
steerlens::StepMode!(mirror StepMode, "GstClassMorphStepMode", steerlens::morph::StepMode,);
steerlens::ReachMode!(mirror ReachMode, "GstClassMorphReachMode", steerlens::morph::ReachMode,);
steerlens::Control!(mirror Control, "GstClassMorphControl", steerlens::Control,);
steerlens::Grid!(mirror Grid, "GstClassMorphGrid", steerlens::pyramid::Grid,);
steerlens::Fit!(mirror Fit, "GstClassMorphFit", steerlens::frame::Fit,);
steerlens::DisplayMode!(mirror DisplayMode, "GstClassMorphDisplayMode", steerlens::render::DisplayMode,);
steerlens::InputFormat!(mirror InputFormat, "GstClassMorphInputFormat", steerlens::classifier::InputFormat,);
steerlens::InputLayout!(mirror InputLayout, "GstClassMorphInputLayout", steerlens::classifier::InputLayout,);
steerlens::Normalization!(mirror Normalization, "GstClassMorphNormalization", steerlens::classifier::Normalization,);
steerlens::Sweep!(mirror Sweep, "GstClassMorphSweep", steerlens::Sweep,);
steerlens::GradientMode!(mirror GradientMode, "GstClassMorphGradientMode", steerlens::GradientMode,);

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

static KINDS: [Kind; 17] = [
    kind::<Method>(),
    kind::<ExecutionProvider>(),
    kind::<OptimizationLevel>(),
    kind::<Objective>(),
    kind::<ColorMode>(),
    kind::<Resolution>(),
    kind::<MagnificationUnit>(),
    kind::<StepMode>(),
    kind::<ReachMode>(),
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
