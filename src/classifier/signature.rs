// SPDX-License-Identifier: MPL-2.0
//! How a picture becomes the model's input: from the settings, the side-car, the metadata and the shape, in that
//! order.

use super::{ClassifierSettings, Error, InputFormat, InputInfo, InputLayout, Normalization, Range};
use crate::onnx::ElementType;
use crate::settings::Choice;

const IMAGENET: ([f64; 3], [f64; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/// OpenAI's CLIP models.
const CLIP: ([f64; 3], [f64; 3]) = (
    [0.481_454_66, 0.457_827_5, 0.408_210_73],
    [0.268_629_54, 0.261_302_58, 0.275_777_11],
);

/// A model's picture input, everything decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Channel order; never `Auto`.
    pub format: InputFormat,
    /// Axis order; never `Auto`.
    pub layout: InputLayout,
    /// Rows of the input picture.
    pub height: usize,
    /// Columns of the input picture.
    pub width: usize,
    /// What 0 and 1 become, per channel in the model's order.
    pub ranges: Vec<Range>,
    /// Whether the input holds bytes, which take the pixel values as they are.
    pub bytes: bool,
    /// Share of the short side that center-crop keeps when nothing else is asked for.
    pub crop_fraction: f64,
    /// A magnification that the model's description advises.
    pub magnification: Option<f64>,
    /// Sentences for the user about what had to be guessed.
    pub warnings: Vec<String>,
}

impl Signature {
    /// Channels of the input picture: 1 or 3.
    pub fn channels(&self) -> usize {
        self.ranges.len()
    }

    /// Width and height of the input picture.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Decides on the input `name` of the given (static, batch 1) shape.
    pub(super) fn decide(
        name: &str,
        shape: &[usize],
        element: ElementType,
        settings: &ClassifierSettings,
        described: InputInfo,
    ) -> Result<Self, Error> {
        let &[_, a, b, c] = shape else {
            return Err(Error::Channels {
                input: name.into(),
                channels: 0,
            });
        };
        let stated = first(settings.input_layout, described.layout, InputLayout::Auto);
        let layout = match stated {
            InputLayout::Auto if !matches!(a, 1 | 3) && matches!(c, 1 | 3) => InputLayout::Nhwc,
            InputLayout::Auto => InputLayout::Nchw,
            stated => stated,
        };
        let (channels, height, width) = if layout == InputLayout::Nhwc {
            (c, a, b)
        } else {
            (a, b, c)
        };
        if !matches!(channels, 1 | 3) {
            return Err(Error::Channels {
                input: name.into(),
                channels,
            });
        }
        let format = match (
            first(settings.input_format, described.channels, InputFormat::Auto),
            channels,
        ) {
            (InputFormat::Auto, 1) => InputFormat::Gray,
            (InputFormat::Auto, _) => InputFormat::Rgb,
            (stated, n) if (stated == InputFormat::Gray) == (n == 1) => stated,
            (stated, n) => {
                return Err(Error::Format {
                    format: stated.nick(),
                    channels: n,
                });
            }
        };
        let mut warnings = Vec::new();
        let bytes = element == ElementType::Uint8;
        let ranges = if bytes {
            vec![Range { min: 0.0, max: 255.0 }; channels]
        } else {
            ranges(settings, &described, format, channels, &mut warnings)?
        };
        let crop_fraction = described.crop_fraction.unwrap_or(1.0);
        let magnification = described.magnification;
        Ok(Self {
            format,
            layout,
            height,
            width,
            ranges,
            bytes,
            crop_fraction,
            magnification,
            warnings,
        })
    }
}

fn first<T: PartialEq + Copy>(a: T, b: T, unsaid: T) -> T {
    if a == unsaid { b } else { a }
}

fn ranges(
    settings: &ClassifierSettings,
    described: &InputInfo,
    format: InputFormat,
    channels: usize,
    warnings: &mut Vec<String>,
) -> Result<Vec<Range>, Error> {
    let known = |(mean, std): ([f64; 3], [f64; 3])| -> Vec<Range> {
        let range = |k: usize| Range {
            min: -mean[k] / std[k],
            max: (1.0 - mean[k]) / std[k],
        };
        match format {
            InputFormat::Bgr => vec![range(2), range(1), range(0)],
            InputFormat::Gray => vec![range(1)],
            _ => vec![range(0), range(1), range(2)],
        }
    };
    let all = |min, max| vec![Range { min, max }; channels];
    let custom = !settings.mean.is_empty() || !settings.std.is_empty();
    Ok(match settings.normalization {
        _ if custom => given(&settings.mean, &settings.std, channels)?,
        Normalization::Custom => given(&settings.mean, &settings.std, channels)?,
        Normalization::Imagenet => known(IMAGENET),
        Normalization::Clip => known(CLIP),
        Normalization::Unit => all(0.0, 1.0),
        Normalization::Signed => all(-1.0, 1.0),
        Normalization::Byte => all(0.0, 255.0),
        Normalization::Auto => match described.ranges.as_slice() {
            [] if channels == 1 => all(0.0, 1.0),
            [] => {
                warnings.push(
                    "the model does not say how pixel values become its input: ImageNet's mean and standard \
                     deviation are assumed; set normalization, or mean and std, if its classes look wrong"
                        .into(),
                );
                known(IMAGENET)
            }
            [one] => vec![*one; channels],
            several if several.len() == channels => several.to_vec(),
            several => {
                let values = several.iter().map(|r| r.min).collect();
                return Err(Error::PerChannel {
                    name: "ranges",
                    values,
                    channels,
                });
            }
        },
    })
}

fn given(mean: &[f64], std: &[f64], channels: usize) -> Result<Vec<Range>, Error> {
    let each = |name: &'static str, values: &[f64], unsaid: f64| match values {
        [] => Ok(vec![unsaid; channels]),
        [one] if one.is_finite() => Ok(vec![*one; channels]),
        several if several.len() == channels && several.iter().all(|v| v.is_finite()) => Ok(several.to_vec()),
        _ => Err(Error::PerChannel {
            name,
            values: values.to_vec(),
            channels,
        }),
    };
    let (means, stds) = (each("mean", mean, 0.0)?, each("std", std, 1.0)?);
    let range = |(mean, deviation): (&f64, &f64)| {
        Range::from_mean_std(*mean, *deviation).ok_or_else(|| Error::PerChannel {
            name: "std",
            values: std.to_vec(),
            channels,
        })
    };
    means.iter().zip(&stds).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(shape: [usize; 4], settings: &ClassifierSettings, info: InputInfo) -> Result<Signature, Error> {
        Signature::decide("x", &shape, ElementType::Float, settings, info)
    }

    #[test]
    fn shapes_speak_for_themselves() {
        let silent = ClassifierSettings::default();
        let nhwc = decide([1, 64, 48, 1], &silent, InputInfo::default()).unwrap();
        assert_eq!((nhwc.layout, nhwc.format), (InputLayout::Nhwc, InputFormat::Gray));
        assert_eq!((nhwc.size(), nhwc.channels()), ((48, 64), 1));
        assert!(
            nhwc.warnings.is_empty(),
            "0..1 for one channel is no guess to warn of"
        );
        let nchw = decide([1, 3, 224, 224], &silent, InputInfo::default()).unwrap();
        assert_eq!((nchw.layout, nchw.format), (InputLayout::Nchw, InputFormat::Rgb));
        assert_eq!(nchw.warnings.len(), 1, "ImageNet's constants are a guess");
        assert!(decide([1, 2, 8, 8], &silent, InputInfo::default()).is_err());
    }

    #[test]
    fn settings_win_over_the_description() {
        let described = InputInfo {
            channels: InputFormat::Rgb,
            ranges: vec![Range { min: -1.0, max: 1.0 }],
            crop_fraction: Some(0.875),
            ..Default::default()
        };
        let mut settings = ClassifierSettings::default();
        let from_side_car = decide([1, 3, 8, 8], &settings, described.clone()).unwrap();
        assert_eq!(from_side_car.ranges, vec![Range { min: -1.0, max: 1.0 }; 3]);
        assert_eq!(from_side_car.crop_fraction, 0.875);
        settings.input_format = InputFormat::Bgr;
        settings.normalization = Normalization::Imagenet;
        let set = decide([1, 3, 8, 8], &settings, described).unwrap();
        assert_eq!(
            set.ranges[0],
            Range::from_mean_std(0.406, 0.225).unwrap(),
            "blue comes first"
        );
        settings.std = vec![0.5, 0.0, 0.5];
        assert!(decide([1, 3, 8, 8], &settings, InputInfo::default()).is_err());
    }
}
