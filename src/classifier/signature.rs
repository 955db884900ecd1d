// SPDX-License-Identifier: MPL-2.0
//! How a picture becomes the model's input: from the settings and what is said of the model, the strongest source
//! first, then from the shape.

use super::affine::{self, GraphScaling};
use super::input_statements::InputStatements;
use super::provenance::Sourced;
use super::{ClassifierSettings, Error, Fact, InputFormat, InputInfo, InputLayout, Range, Source, normalise};
use crate::onnx::{ElementType, GraphProto};
use crate::settings::Choice;

/// A model's picture input, everything decided.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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
}

/// A signature, where each part of it was taken from, and what to warn of.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) signature: Signature,
    pub(super) facts: Vec<Fact>,
    pub(super) warnings: Vec<String>,
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

    /// What black and white become: one range, or one per channel.
    pub(super) fn range_text(&self) -> String {
        let mut ranges: Vec<String> = self.ranges.iter().map(ToString::to_string).collect();
        ranges.dedup();
        ranges.join(", ")
    }

    /// Decides on the input `name` of the given (static, batch 1) shape; the graph's first nodes are looked at where
    /// it is given.
    pub(super) fn decide(
        name: &str,
        shape: &[usize],
        element: ElementType,
        settings: &ClassifierSettings,
        said: &InputStatements,
        graph: Option<&GraphProto>,
    ) -> Result<Decided, Error> {
        let &[_, a, b, c] = shape else {
            return Err(Error::Channels {
                input: name.into(),
                channels: 0,
            });
        };
        let layout = stated(settings.input_layout, said, |info| info.layout).unwrap_or_else(|| {
            let last = !matches!(a, 1 | 3) && matches!(c, 1 | 3);
            let layout = if last {
                InputLayout::Nhwc
            } else {
                InputLayout::Nchw
            };
            Sourced::new(layout, Source::Graph)
        });
        let (channels, height, width) = if layout.value == InputLayout::Nhwc {
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
        let bytes = element == ElementType::Uint8;
        let last = layout.value == InputLayout::Nhwc;
        let evidence = graph
            .filter(|_| !bytes)
            .and_then(|graph| affine::evidence(graph, name, shape, last));
        let mut warnings = Vec::new();
        let format = format(settings, said, evidence, channels, &mut warnings)?;
        let ranges = if bytes {
            Sourced::new(vec![Range { min: 0.0, max: 255.0 }; channels], Source::Graph)
        } else {
            normalise::ranges(settings, said, evidence, format.value, channels, &mut warnings)?
        };
        warnings.extend(normalise::guessed(settings, &format, &ranges, said));
        if !bytes {
            warnings.extend(normalise::doubtful(&ranges, evidence));
        }
        let crop = said
            .first(|info| info.crop_fraction)
            .unwrap_or(Sourced::new(1.0, Source::Guess));
        let signature = Self {
            format: format.value,
            layout: layout.value,
            height,
            width,
            ranges: ranges.value,
            bytes,
            crop_fraction: crop.value,
            magnification: said.first(|info| info.magnification).map(|said| said.value),
        };
        let facts = vec![
            Fact::new("layout", signature.layout.nick().to_uppercase(), layout.source),
            Fact::new("channels", signature.format.nick().to_uppercase(), format.source),
            Fact::new("range", signature.range_text(), ranges.source),
            Fact::new("crop", signature.crop_fraction.to_string(), crop.source),
        ];
        Ok(Decided {
            signature,
            facts,
            warnings,
        })
    }
}

/// The setting where it is made, else what the strongest source says; `None` where everybody leaves it open.
fn stated<T: Choice>(
    setting: T,
    said: &InputStatements,
    pick: impl Fn(&InputInfo) -> T,
) -> Option<Sourced<T>> {
    let open = |value: T| (value != T::DEFAULT).then_some(value);
    open(setting)
        .map(|value| Sourced::new(value, Source::Setting))
        .or_else(|| said.first(|info| open(pick(info))))
}

/// The order of channels: the setting's, else the strongest statement's that fits, else what the graph's constants
/// give away. What the user wrote must fit.
fn format(
    settings: &ClassifierSettings,
    said: &InputStatements,
    evidence: Option<GraphScaling>,
    channels: usize,
    warnings: &mut Vec<String>,
) -> Result<Sourced<InputFormat>, Error> {
    let fits = |format: InputFormat| (format == InputFormat::Gray) == (channels == 1);
    let seen = evidence
        .map(|evidence| evidence.channels)
        .filter(|format| *format != InputFormat::Auto);
    let setting = Source::Setting;
    let statements = said.of.iter().map(|(source, info)| (source, info.channels));
    let stated = std::iter::once((&setting, settings.input_format))
        .chain(statements)
        .filter(|(_, format)| *format != InputFormat::Auto);
    for (source, format) in stated {
        let nick = format.nick();
        if fits(format) {
            if let Some(seen) = seen.filter(|seen| *seen != format) {
                warnings.push(format!(
                    "the means that the graph subtracts are those of {} channels, and {nick} is what the {source} says: \
                     set input-format={} if colours look wrong",
                    seen.nick(),
                    seen.nick()
                ));
            }
            return Ok(Sourced::new(format, source.clone()));
        }
        if matches!(source, Source::Setting | Source::SideCar(_)) {
            return Err(Error::Format {
                format: nick,
                channels,
            });
        }
        warnings.push(format!(
            "the {source} says that the input is {nick}, which does not fit its {channels} channels and is left aside"
        ));
    }
    Ok(match seen {
        _ if channels == 1 => Sourced::new(InputFormat::Gray, Source::Graph),
        Some(format) => Sourced::new(format, Source::Graph),
        None => Sourced::new(InputFormat::Rgb, Source::Guess),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Normalization;
    use super::*;

    fn decide(shape: [usize; 4], settings: &ClassifierSettings, info: InputInfo) -> Result<Decided, Error> {
        let said = InputStatements {
            of: vec![(Source::SideCar("m.modelinfo".into()), info)],
            usual: None,
        };
        Signature::decide("x", &shape, ElementType::Float, settings, &said, None)
    }

    /// Names and sources of all facts.
    fn sources(decided: &Decided) -> Vec<(&'static str, String)> {
        decided
            .facts
            .iter()
            .map(|fact| (fact.name, fact.source.to_string()))
            .collect()
    }

    #[test]
    fn shapes_speak_for_themselves() {
        let silent = ClassifierSettings::default();
        let decided = decide([1, 64, 48, 1], &silent, InputInfo::default()).unwrap();
        let nhwc = decided.signature;
        assert_eq!((nhwc.layout, nhwc.format), (InputLayout::Nhwc, InputFormat::Gray));
        assert_eq!((nhwc.size(), nhwc.channels()), ((48, 64), 1));
        assert!(
            decided.warnings.is_empty(),
            "0..1 for one channel is no guess to warn of"
        );
        let decided = decide([1, 3, 224, 224], &silent, InputInfo::default()).unwrap();
        let nchw = &decided.signature;
        assert_eq!((nchw.layout, nchw.format), (InputLayout::Nchw, InputFormat::Rgb));
        assert_eq!(decided.warnings.len(), 1, "ImageNet's constants are a guess");
        assert_eq!(
            sources(&decided),
            [
                ("layout", "graph"),
                ("channels", "guess"),
                ("range", "guess"),
                ("crop", "guess")
            ]
            .map(|(name, source)| (name, source.to_owned()))
        );
        assert!(decide([1, 2, 8, 8], &silent, InputInfo::default()).is_err());
    }

    #[test]
    fn a_statement_that_does_not_fit_leaves_the_next_one_to_count() {
        let of = |channels| InputInfo {
            channels,
            ..Default::default()
        };
        let said = InputStatements {
            of: vec![
                (Source::Metadata("first"), of(InputFormat::Gray)),
                (Source::Metadata("second"), of(InputFormat::Bgr)),
            ],
            usual: None,
        };
        let settings = ClassifierSettings::default();
        let mut warnings = Vec::new();
        let found = format(&settings, &said, None, 3, &mut warnings).unwrap();
        let second = Sourced::new(InputFormat::Bgr, Source::Metadata("second"));
        assert_eq!((found, warnings.len()), (second, 1));
        let found = format(&settings, &said, None, 1, &mut warnings).unwrap();
        assert_eq!(found.value, InputFormat::Gray);
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
        let decided = decide([1, 3, 8, 8], &settings, described.clone()).unwrap();
        assert!(
            sources(&decided)[1..]
                .iter()
                .all(|(_, source)| source == "side-car m.modelinfo")
        );
        let from_side_car = decided.signature;
        assert_eq!(from_side_car.ranges, vec![Range { min: -1.0, max: 1.0 }; 3]);
        assert_eq!(from_side_car.crop_fraction, 0.875);
        settings.input_format = InputFormat::Bgr;
        settings.normalization = Normalization::Imagenet;
        let decided = decide([1, 3, 8, 8], &settings, described).unwrap();
        assert_eq!(sources(&decided)[2], ("range", "flag".to_owned()));
        let set = decided.signature;
        assert_eq!(
            set.ranges[0],
            Range::from_mean_std(0.406, 0.225).unwrap(),
            "blue comes first"
        );
        settings.std = vec![0.5, 0.0, 0.5];
        assert!(decide([1, 3, 8, 8], &settings, InputInfo::default()).is_err());
    }
}
