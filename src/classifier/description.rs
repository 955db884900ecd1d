// SPDX-License-Identifier: MPL-2.0
//! What a side-car or a model's metadata say about its tensors. Nothing is required; what is not said is found
//! elsewhere (docs/gstreamer.md 2.7).

use std::path::PathBuf;

use super::{InputFormat, InputLayout, Labels};
pub use crate::gradient::Activation;

/// A model's description: of its inputs and outputs, and what was odd about the description itself.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The described inputs.
    pub inputs: Vec<InputInfo>,
    /// The described outputs.
    pub outputs: Vec<OutputInfo>,
    /// Sentences for the user about what was left aside.
    pub warnings: Vec<String>,
}

impl ModelInfo {
    /// The description of the input `name`; where only one input is described, that one.
    pub fn input(&self, name: &str) -> Option<&InputInfo> {
        named(&self.inputs, |input| input.name.as_deref() == Some(name))
    }

    /// The description of the output `name`; where only one output is described, that one.
    pub fn output(&self, name: &str) -> Option<&OutputInfo> {
        named(&self.outputs, |output| output.name.as_deref() == Some(name))
    }
}

fn named<T>(tensors: &[T], is_named: impl Fn(&T) -> bool) -> Option<&T> {
    tensors.iter().find(|tensor| is_named(tensor)).or(match tensors {
        [only] => Some(only),
        _ => None,
    })
}

/// What is said about an input tensor.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct InputInfo {
    /// The tensor's name; metadata give none.
    pub name: Option<String>,
    /// Element type as written, such as `float32`.
    pub element_type: Option<String>,
    /// Height and width.
    pub size: Option<(usize, usize)>,
    /// Axis order.
    pub layout: InputLayout,
    /// Channel order.
    pub channels: InputFormat,
    /// Value range, one for all channels or one each, in the model's order of channels; empty: not said.
    pub ranges: Vec<Range>,
    /// Share of the short side that center-crop keeps, (0..1].
    pub crop_fraction: Option<f64>,
    /// A magnification that suits the model.
    pub magnification: Option<f64>,
}

impl InputInfo {
    /// This description, and `other`'s where this one is silent.
    pub fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            element_type: self.element_type.or(other.element_type),
            size: self.size.or(other.size),
            layout: if self.layout == InputLayout::Auto {
                other.layout
            } else {
                self.layout
            },
            channels: if self.channels == InputFormat::Auto {
                other.channels
            } else {
                self.channels
            },
            ranges: if self.ranges.is_empty() {
                other.ranges
            } else {
                self.ranges
            },
            crop_fraction: self.crop_fraction.or(other.crop_fraction),
            magnification: self.magnification.or(other.magnification),
        }
    }
}

/// What is said about an output tensor.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct OutputInfo {
    /// The tensor's name; metadata give none.
    pub name: Option<String>,
    /// Where the labels are.
    pub labels: Option<LabelSource>,
    /// What the scores are.
    pub activation: Option<Activation>,
}

impl OutputInfo {
    /// This description, and `other`'s where this one is silent.
    pub fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            labels: self.labels.or(other.labels),
            activation: self.activation.or(other.activation),
        }
    }
}

/// Where a description has its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelSource {
    /// In a file of their own.
    File(PathBuf),
    /// In the description itself.
    Inline(Labels),
}

/// What black and white become in the model's input: `value * (max - min) + min` for values 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// What 0 becomes.
    pub min: f64,
    /// What 1 becomes.
    pub max: f64,
}

impl Range {
    /// The range from `min` to another `max`, both finite; a `max` below `min` inverts the picture.
    pub fn new(min: f64, max: f64) -> Option<Self> {
        (min.is_finite() && max.is_finite() && min != max).then_some(Self { min, max })
    }

    /// The range of `(value - mean) / std`, both on the 0..1 scale; `None` unless it is finite.
    pub fn from_mean_std(mean: f64, std: f64) -> Option<Self> {
        Self::new(-mean / std, (1.0 - mean) / std)
    }

    /// The factor of the affine map; its derivative.
    pub fn scale(&self) -> f64 {
        self.max - self.min
    }

    /// What a value 0..1 becomes.
    pub fn at(&self, value: f64) -> f64 {
        value * self.scale() + self.min
    }
}

/// `-2.1179..2.2489`: at most four decimals.
impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |value: f64| {
            let text = format!("{value:.4}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            if text == "-0" { "0" } else { text }.to_owned()
        };
        write!(f, "{}..{}", short(self.min), short(self.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_std_are_a_range() {
        let range = Range::from_mean_std(0.485, 0.229).unwrap();
        // docs/gstreamer.md 2.7 writes ImageNet's red as -2.1179,2.2489.
        assert!((range.min + 2.1179).abs() < 5e-5 && (range.max - 2.2489).abs() < 5e-5);
        for value in [0.0, 0.3, 1.0] {
            assert!((range.at(value) - (value - 0.485) / 0.229).abs() < 1e-14);
        }
        for (mean, std) in [(0.5, 0.0), (f64::NAN, 1.0), (0.5, f64::INFINITY), (0.0, 1e-320)] {
            assert_eq!(Range::from_mean_std(mean, std), None);
        }
    }

    #[test]
    fn tensors_are_found_by_name_and_a_single_one_without() {
        let input = |name: &str| InputInfo {
            name: Some(name.into()),
            ..Default::default()
        };
        let two = ModelInfo {
            inputs: vec![input("a"), input("b")],
            ..Default::default()
        };
        assert_eq!(two.input("b"), Some(&two.inputs[1]));
        assert_eq!(two.input("c"), None);
        let one = ModelInfo {
            inputs: vec![InputInfo::default()],
            ..Default::default()
        };
        assert_eq!(one.input("c"), Some(&one.inputs[0]));
        assert_eq!(one.output("c"), None);
    }

    #[test]
    fn silence_is_filled_from_the_other_description() {
        let side_car = InputInfo {
            layout: InputLayout::Nhwc,
            crop_fraction: Some(0.9),
            ..Default::default()
        };
        let metadata = InputInfo {
            layout: InputLayout::Nchw,
            channels: InputFormat::Bgr,
            ranges: vec![Range { min: 0.0, max: 255.0 }],
            ..Default::default()
        };
        let both = side_car.or(metadata.clone());
        assert_eq!(
            (both.layout, both.channels, both.crop_fraction),
            (InputLayout::Nhwc, InputFormat::Bgr, Some(0.9))
        );
        assert_eq!(both.ranges, metadata.ranges);
    }
}
