// SPDX-License-Identifier: MPL-2.0
//! GStreamer's `.modelinfo` side-car (docs/gstreamer.md 2.7), read without GStreamer.
//!
//! An INI file: `[modelinfo]` with `version=1.0`, then a section per tensor, its title the tensor's name. Besides
//! GStreamer's keys (`dir`, `type`, `dims`, `ranges`) an input may have `layout`, `channels`, `crop`, `magnification`
//! and, where it has no `ranges`, `mean` and `std`; an output `labels` (a file, seen from the side-car) and `activation`. Other keys are ignored.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use configparser::ini::{Ini, IniDefault};

use super::description::{Activation, InputInfo, LabelSource, ModelInfo, OutputInfo, Range};
use super::scale::{self, Scale, scale};
use super::text_file::{self, TextError};
use super::{InputFormat, InputLayout};
use crate::settings::Choice;

/// A side-car describes a handful of tensors in a few lines each.
const MAX_BYTES: u64 = 1 << 20;
/// The version of the format that is read here.
const VERSION: (u32, u32) = (1, 0);
const HEADER: &str = "modelinfo";

/// A side-car that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelInfoError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] TextError),
    /// The file is no INI text.
    #[error("{}, {reason}; a side-car has lines `[section]`, `key=value` and `# comment`", path.display())]
    Syntax {
        /// The side-car.
        path: PathBuf,
        /// In which line, and what is wrong there.
        reason: String,
    },
    /// The section `[modelinfo]` or its version is missing.
    #[error("{} is no model description: it has no section [modelinfo] with version=1.0", path.display())]
    NoVersion {
        /// The side-car.
        path: PathBuf,
    },
    /// The format is of another major version.
    #[error("{} is of version {found}, this program reads version 1: convert it, or set model-info to another file",
        path.display())]
    Version {
        /// The side-car.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// A key has a value that it cannot have.
    #[error("{}, section [{section}]: {key}={value} must be {expected}", path.display())]
    Value {
        /// The side-car.
        path: PathBuf,
        /// The section.
        section: String,
        /// The key.
        key: &'static str,
        /// The value found.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
}

impl ModelInfo {
    /// Where the side-car of `model` lies: `<model>.modelinfo`, else with the extension replaced; `None` where
    /// neither is there.
    pub fn beside(model: &Path) -> Option<PathBuf> {
        let mut appended = model.as_os_str().to_owned();
        appended.push(".modelinfo");
        [appended.into(), model.with_extension("modelinfo")]
            .into_iter()
            .find(|path: &PathBuf| path.exists())
    }

    /// Reads a side-car of at most 1 MiB.
    ///
    /// # Errors
    /// When the file cannot be read, or says something that cannot be: file, section and key are named.
    pub fn read(path: &Path) -> Result<Self, ModelInfoError> {
        Self::parse(&text_file::read(path, MAX_BYTES)?, path)
    }

    /// As [`ModelInfo::read`], for the side-car that was found beside `model`.
    pub(super) fn read_beside(model: &Path, path: &Path) -> Result<Self, ModelInfoError> {
        Self::parse(&text_file::read_beside(model, path, MAX_BYTES)?, path)
    }

    /// Understands the text of the side-car `path`; nothing is read.
    ///
    /// # Errors
    /// When the text says something that cannot be.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ModelInfoError> {
        let sections = sections(text, path)?;
        let mut info = Self::default();
        let header = sections.iter().find(|section| section.title == HEADER);
        let version = header.and_then(|header| header.keys.get("version"));
        let version = version.ok_or_else(|| ModelInfoError::NoVersion { path: path.into() })?;
        info.warnings.extend(check_version(version, path)?);
        for section in sections.iter().filter(|section| section.title != HEADER) {
            match section
                .get("dir", |text| Some(text.to_owned()), "input or output")?
                .as_deref()
            {
                Some("input") => info.inputs.push(section.input(&mut info.warnings)?),
                Some("output") => info.outputs.push(section.output()?),
                Some(_) => return Err(section.wrong("dir", "input or output")),
                None => info.warnings.push(format!(
                    "{}: the section [{}] is left aside, it has no dir=input or dir=output",
                    path.display(),
                    section.title
                )),
            }
        }
        Ok(info)
    }
}

/// Refuses another major version; a newer minor one gives a warning.
fn check_version(version: &str, path: &Path) -> Result<Option<String>, ModelInfoError> {
    let numbers = version
        .trim()
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)));
    match numbers {
        Some((major, minor)) if major == VERSION.0 => Ok((minor > VERSION.1).then(|| {
            format!(
                "{} is of version {version}, newer than 1.0: what is new in it is ignored",
                path.display()
            )
        })),
        _ => Err(ModelInfoError::Version {
            path: path.into(),
            found: version.into(),
        }),
    }
}

/// The sections in their order; as in GLib's key files, one that comes again adds to the first, the last value of
/// a key counts, and quotes are ordinary characters.
fn sections<'a>(text: &str, path: &'a Path) -> Result<Vec<Section<'a>>, ModelInfoError> {
    let mut options = IniDefault::default();
    options.case_sensitive = true;
    options.enable_inline_comments = false;
    // Keys above the first section belong to none; no title has a line break.
    options.default_section = "\n".into();
    let syntax = |reason| ModelInfoError::Syntax {
        path: path.into(),
        reason,
    };
    let read = Ini::new_from_defaults(options)
        .read(text.into())
        .map_err(syntax)?;
    let mut sections = Vec::new();
    for (title, values) in read {
        let mut keys = HashMap::new();
        for (key, value) in values {
            let Some(value) = value else {
                let line = text.lines().position(|line| line.trim() == key);
                let line = line.map_or(1, |line| line + 1);
                return Err(syntax(format!("line {line}: {key:?} has no equals sign")));
            };
            keys.insert(key, value);
        }
        if title != "\n" {
            sections.push(Section { path, title, keys });
        }
    }
    Ok(sections)
}

/// One section, and where it stands.
struct Section<'a> {
    path: &'a Path,
    title: String,
    keys: HashMap<String, String>,
}

impl Section<'_> {
    /// The value of `key`, if it is there and not empty.
    fn get<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<Option<T>, ModelInfoError> {
        match self.keys.get(key).filter(|value| !value.is_empty()) {
            Some(value) => parse(value).map(Some).ok_or_else(|| self.wrong(key, expected)),
            None => Ok(None),
        }
    }

    fn wrong(&self, key: &'static str, expected: &'static str) -> ModelInfoError {
        let value = self.keys.get(key).cloned().unwrap_or_default();
        ModelInfoError::Value {
            path: self.path.into(),
            section: self.title.clone(),
            key,
            value,
            expected,
        }
    }

    fn input(&self, warnings: &mut Vec<String>) -> Result<InputInfo, ModelInfoError> {
        let layout = self
            .get("layout", InputLayout::from_nick, "nchw or nhwc")?
            .unwrap_or_default();
        let dims = self.get("dims", list::<i64>, "whole numbers with commas, -1 for any")?;
        let ranges = self.get(
            "ranges",
            parse_ranges,
            "two different numbers min,max, or such a pair per channel with ;",
        )?;
        let ranges = match ranges {
            Some(ranges) => ranges,
            None => self.normalised(warnings)?,
        };
        Ok(InputInfo {
            name: Some(self.title.clone()),
            element_type: self.get("type", |text| Some(text.to_owned()), "an element type")?,
            size: dims.and_then(|dims| picture_size(&dims, layout)),
            layout,
            channels: self
                .get("channels", InputFormat::from_nick, "rgb, bgr or gray")?
                .unwrap_or_default(),
            ranges,
            crop_fraction: self.get("crop", parse_crop, "a share above 0, at most 1")?,
            magnification: self.get("magnification", parse_magnification, "a number from -64 to 64")?,
        })
    }

    /// The ranges of `mean` and `std`, on the scale 0..1, or 0..255, which is said.
    fn normalised(&self, warnings: &mut Vec<String>) -> Result<Vec<Range>, ModelInfoError> {
        let reals = |key| self.get(key, list::<f64>, "numbers with commas");
        let (mean, std) = (
            reals("mean")?.unwrap_or_default(),
            reals("std")?.unwrap_or_default(),
        );
        let scale = scale(&mean, &std);
        if scale == Scale::Byte {
            warnings.push(format!(
                "{}, section [{}]: mean and std are taken to be on the scale of 8-bit values, 0..255",
                self.path.display(),
                self.title
            ));
        }
        scale::ranges(&mean, &std, scale).ok_or_else(|| {
            self.wrong(
                "std",
                "as many values as mean has, on the same scale, none of them 0",
            )
        })
    }

    fn output(&self) -> Result<OutputInfo, ModelInfoError> {
        let beside = |name: &str| Some(LabelSource::File(self.path.with_file_name("").join(name)));
        Ok(OutputInfo {
            name: Some(self.title.clone()),
            labels: self.get("labels", beside, "a file name")?,
            activation: self.get("activation", Activation::from_name, "logits, softmax or sigmoid")?,
        })
    }
}

/// `-1,3,224,224` or `0.485,0.456,0.406`
pub(super) fn list<T: FromStr>(text: &str) -> Option<Vec<T>> {
    text.trim_end_matches(',')
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect()
}

/// Height and width of a picture's `dims`, with or without a batch; where the layout is not said, the axis with one
/// or three elements is that of the channels.
fn picture_size(dims: &[i64], layout: InputLayout) -> Option<(usize, usize)> {
    let [.., a, b, c] = *dims else { return None };
    let channels = |dim| dim == 1 || dim == 3;
    let (height, width) = match layout {
        InputLayout::Nchw => (b, c),
        InputLayout::Nhwc => (a, b),
        InputLayout::Auto if channels(a) => (b, c),
        InputLayout::Auto if channels(c) => (a, b),
        InputLayout::Auto => return None,
    };
    let side = |dim: i64| usize::try_from(dim).ok().filter(|dim| *dim > 0);
    Some((side(height)?, side(width)?))
}

/// `min,max` or `min,max;min,max;min,max`
fn parse_ranges(text: &str) -> Option<Vec<Range>> {
    let number = |text: &str| text.trim().parse().ok();
    let range = |pair: &str| {
        let (min, max) = pair.split_once(',')?;
        Range::new(number(min)?, number(max)?)
    };
    text.trim_end_matches(';').split(';').map(range).collect()
}

/// A share of the short side.
pub(super) fn parse_crop(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|crop| *crop > 0.0 && *crop <= 1.0)
}

/// The range of the setting that it is for.
fn parse_magnification(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value| (-64.0..=64.0).contains(value))
}

#[cfg(test)]
mod tests;
