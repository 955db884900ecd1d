// SPDX-License-Identifier: MPL-2.0
//! What black and white become in the model's input, and what to say where that is guessed or doubtful.

use super::affine::{Expected, GraphScaling};
use super::input_statements::InputStatements;
use super::provenance::Sourced;
use super::scale::{self, IMAGENET, Scale, scale};
use super::{ClassifierSettings, Error, InputFormat, Normalization, Range, Source};

/// OpenAI's CLIP models.
const CLIP: ([f64; 3], [f64; 3]) = (
    [0.481_454_66, 0.457_827_5, 0.408_210_73],
    [0.268_629_54, 0.261_302_58, 0.275_777_11],
);

/// What black and white become in each channel: by the settings, else by the strongest statement, else by the scaling
/// that the graph itself does.
pub(super) fn ranges(
    settings: &ClassifierSettings,
    said: &InputStatements,
    evidence: Option<GraphScaling>,
    format: InputFormat,
    channels: usize,
    warnings: &mut Vec<String>,
) -> Result<Sourced<Vec<Range>>, Error> {
    let custom = !settings.mean.is_empty() || !settings.std.is_empty();
    let set = match settings.normalization {
        _ if custom => given(&settings.mean, &settings.std, channels, warnings)?,
        Normalization::Custom => given(&settings.mean, &settings.std, channels, warnings)?,
        Normalization::Imagenet => known(IMAGENET, format),
        Normalization::Clip => known(CLIP, format),
        Normalization::Unit => Expected::Unit.ranges(channels),
        Normalization::Signed => Expected::Signed.ranges(channels),
        Normalization::Byte => Expected::Byte.ranges(channels),
        Normalization::Auto => {
            for (source, ranges) in said.of.iter().map(|(source, info)| (source, &info.ranges)) {
                match ranges.as_slice() {
                    [] => {}
                    [one] => return Ok(Sourced::new(vec![*one; channels], source.clone())),
                    several if several.len() == channels => {
                        return Ok(Sourced::new(ranges.clone(), source.clone()));
                    }
                    several if matches!(source, Source::SideCar(_)) => {
                        return Err(Error::PerChannel {
                            name: "ranges",
                            values: several.iter().map(|range| range.min).collect(),
                            channels,
                        });
                    }
                    several => warnings.push(format!(
                        "the {source} gives values for {} channels, the input has {channels}: they are left aside",
                        several.len()
                    )),
                }
            }
            return Ok(match (evidence, said.usual) {
                (Some(evidence), _) => {
                    let ranges = match evidence.range {
                        Expected::Imagenet => known(IMAGENET, format),
                        other => other.ranges(channels),
                    };
                    Sourced::new(ranges, Source::Graph)
                }
                (None, Some(usual)) => Sourced::new(vec![usual; channels], Source::Guess),
                (None, None) if channels == 1 => Sourced::new(Expected::Unit.ranges(1), Source::Guess),
                (None, None) => Sourced::new(known(IMAGENET, format), Source::Guess),
            });
        }
    };
    Ok(Sourced::new(set, Source::Setting))
}

/// Constants of R, G, B in the order of the channels.
fn known((mean, std): ([f64; 3], [f64; 3]), format: InputFormat) -> Vec<Range> {
    let range = |k: usize| Range {
        min: -mean[k] / std[k],
        max: (1.0 - mean[k]) / std[k],
    };
    match format {
        InputFormat::Bgr => vec![range(2), range(1), range(0)],
        InputFormat::Gray => vec![range(1)],
        _ => vec![range(0), range(1), range(2)],
    }
}

/// The ranges of means and standard deviations, on whichever scale they are; the scale of bytes is said.
fn given(
    mean: &[f64],
    std: &[f64],
    channels: usize,
    warnings: &mut Vec<String>,
) -> Result<Vec<Range>, Error> {
    for (name, values) in [("mean", mean), ("std", std)] {
        let fits = matches!(values.len(), 0 | 1) || values.len() == channels;
        if !fits || values.iter().any(|value| !value.is_finite()) {
            return Err(Error::PerChannel {
                name,
                values: values.to_vec(),
                channels,
            });
        }
    }
    let scale = scale(mean, std);
    match scale {
        Scale::Unit => {}
        Scale::Byte => warnings.push(format!(
            "mean={mean:?} and std={std:?} are taken to be on the scale of 8-bit values, 0..255; on the scale 0..1 they \
             would be below 1"
        )),
        Scale::Mixed => {
            return Err(Error::Scales {
                mean: mean.to_vec(),
                std: std.to_vec(),
            });
        }
    }
    let each = scale::ranges(mean, std, scale).ok_or_else(|| Error::PerChannel {
        name: "std",
        values: std.to_vec(),
        channels,
    })?;
    Ok(match each.as_slice() {
        [] => vec![Range { min: 0.0, max: 1.0 }; channels],
        [one] => vec![*one; channels],
        _ => each,
    })
}

/// A sentence about what nothing says; `None` where that is all known, or is no guess to warn of: 0..1 for one channel,
/// and RGB for constants that are given in that order.
pub(super) fn guessed(
    settings: &ClassifierSettings,
    format: &Sourced<InputFormat>,
    ranges: &Sourced<Vec<Range>>,
    said: &InputStatements,
) -> Option<String> {
    let colour = ranges.value.len() > 1;
    let in_order = matches!(
        settings.normalization,
        Normalization::Imagenet | Normalization::Clip
    );
    let order = colour && format.source == Source::Guess && !in_order;
    let range = (colour || said.usual.is_some()) && ranges.source == Source::Guess;
    let values = match said.usual {
        Some(usual) => format!("{usual} (usual in metadata of its kind)"),
        None => "ImageNet's mean and standard deviation".into(),
    };
    let set = "set normalization, or mean and std";
    match (order, range) {
        (false, false) => None,
        (true, false) => Some(
            "the model does not say the order of its channels: RGB is assumed; set input-format, to bgr if colours look \
             wrong, else to rgb"
                .into(),
        ),
        (false, true) => Some(format!(
            "the model does not say how pixel values become its input: {values} are assumed; {set}, if its classes look \
             wrong"
        )),
        (true, true) => Some(format!(
            "the model does not say how pixel values become its input: RGB and {values} are assumed; {set}, and \
             input-format, if its classes look wrong"
        )),
    }
}

/// A sentence about values that no network is known to take, or that the graph seems not to expect.
pub(super) fn doubtful(ranges: &Sourced<Vec<Range>>, evidence: Option<GraphScaling>) -> Option<String> {
    let Sourced { value, source } = ranges;
    if matches!(source, Source::Graph | Source::Guess) {
        return None;
    }
    let text = || {
        let mut text: Vec<String> = value.iter().map(ToString::to_string).collect();
        text.dedup();
        text.join(", ")
    };
    if let Some(GraphScaling { range: expected, .. }) = evidence {
        let differs = value.iter().zip(expected.ranges(value.len())).any(|(a, b)| {
            let span = b.scale().abs();
            (a.min - b.min).abs() > span / 4.0 || (a.max - b.max).abs() > span / 4.0
        });
        return differs.then(|| {
            format!(
                "pixels become {} by the {source}, and the graph scales its input itself, as if it expected {}: set \
                 normalization={} if its classes look wrong",
                text(),
                expected.ranges(1).first().map(ToString::to_string).unwrap_or_default(),
                expected.nick()
            )
        });
    }
    let odd = |range: &Range| {
        let (low, high) = (range.min.min(range.max), range.min.max(range.max));
        high - low < 0.4 || high - low > 300.0 || low > 20.0 || high < 0.0
    };
    value.iter().any(odd).then(|| {
        format!(
            "pixels become {} by the {source}, which is far from what networks take: is std what is divided by, and on \
             the scale of mean?",
            text()
        )
    })
}
