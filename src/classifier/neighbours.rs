// SPDX-License-Identifier: MPL-2.0
//! Files that exports leave beside a model, or in the folder above where the model lies in `onnx/`.
//!
//! | file | what of it |
//! |---|---|
//! | `preprocessor_config.json` (Hugging Face) | `image_mean`, `image_std`, `do_normalize`, `do_rescale`, `rescale_factor`, `rescale_offset`, `size`, `crop_size`, `do_center_crop`, `crop_pct`, `do_flip_channel_order` |
//! | `config.json` (Hugging Face) | `id2label`, `image_size` |
//! | `config.json` (timm) | `pretrained_cfg`: `mean`, `std`, `input_size`, `crop_pct`; `label_names` |

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::description::{InputInfo, ModelInfo, OutputInfo, Range};
use super::metadata::{described, inline, other_task, sides};
use super::modelinfo::parse_crop;
use super::scale::{self, scale};
use super::text_file::{self, TextError};
use super::{InputFormat, Labels, Source};

/// Configurations with the names of 20,000 classes stay below a fifth of this.
const MAX_BYTES: u64 = 4 << 20;
/// The folder that holds nothing but the ONNX files of a repository.
const FOLDER: &str = "onnx";
const WHITE: f64 = 255.0;

/// Understands one kind of configuration, if it is one.
type Parse = fn(&Map<String, Value>) -> Option<ModelInfo>;

/// What the files beside `model` say, the first one the strongest.
pub(super) fn statements(model: &Path) -> Vec<(Source, ModelInfo)> {
    let readers: [(&str, Parse); 2] = [
        ("preprocessor_config.json", preprocessor),
        ("config.json", config),
    ];
    readers
        .iter()
        .filter_map(|(name, understand)| {
            let (path, text) = found(model, name)?;
            let broken = |reason: String| ModelInfo {
                warnings: vec![format!("{} is left aside: {reason}", path.display())],
                ..Default::default()
            };
            let info = match text.map(|text| serde_json::from_str(&text)) {
                Ok(Ok(Value::Object(map))) => understand(&map)?,
                Ok(Ok(_)) => return None,
                Ok(Err(error)) => broken(format!("it is no JSON ({error})")),
                Err(error) => broken(error.to_string()),
            };
            Some((Source::Neighbour(path), info))
        })
        .collect()
}

/// The file of this name that belongs to a model, and its text.
fn found(model: &Path, name: &str) -> Option<(PathBuf, Result<String, TextError>)> {
    folders(model).into_iter().find_map(|folder| {
        let path = folder.join(name);
        match text_file::read_within(&folder, model, Path::new(name), MAX_BYTES) {
            Err(error) if error.is_not_found() => None,
            read => Some((path, read)),
        }
    })
}

/// The model's folder, and the one above where that is the folder of a repository's ONNX files.
fn folders(model: &Path) -> Vec<PathBuf> {
    let folder = match model.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let above = whole
        .file_name()
        .is_some_and(|name| name == FOLDER)
        .then(|| whole.parent().map(Path::to_owned))
        .flatten();
    [Some(folder), above].into_iter().flatten().collect()
}

fn preprocessor(map: &Map<String, Value>) -> Option<ModelInfo> {
    let mut warnings = Vec::new();
    let flag = |key: &str| map.get(key).and_then(Value::as_bool);
    let [mean, std] = ["image_mean", "image_std"].map(|key| map.get(key).and_then(reals));
    // One mean may be for one channel, or for all.
    let single = mean.as_ref().is_some_and(|mean| mean.len() == 1);
    let known = [
        "image_mean",
        "image_std",
        "do_normalize",
        "do_rescale",
        "size",
        "crop_size",
    ];
    if !known.iter().any(|key| map.contains_key(*key)) {
        return None;
    }
    let rescale = match flag("do_rescale") {
        Some(false) => 1.0,
        // Files from before the flag always rescale.
        _ => map
            .get("rescale_factor")
            .and_then(Value::as_f64)
            .unwrap_or(1.0 / WHITE),
    };
    let offset = if flag("rescale_offset") == Some(true) {
        -1.0
    } else {
        0.0
    };
    let normalise = flag("do_normalize").unwrap_or(mean.is_some() && std.is_some());
    let (mean, mut std) = match (normalise, mean, std) {
        (false, ..) => (vec![0.0], vec![1.0]),
        (true, Some(mean), Some(std)) => (mean, std),
        (true, ..) => {
            warnings.push("preprocessor_config.json normalises and gives no image_mean and image_std".into());
            (Vec::new(), Vec::new())
        }
    };
    // EfficientNet's processor divides once more where the model has its head.
    if normalise && flag("include_top") == Some(true) {
        std.iter_mut().for_each(|std| *std *= *std);
    }
    let count = mean.len().max(std.len());
    let at = |values: &[f64], k: usize| {
        values
            .get(k)
            .or(values.first().filter(|_| values.len() == 1))
            .copied()
    };
    let ranges: Option<Vec<Range>> = (0..count)
        .map(|k| {
            let (mean, std) = (at(&mean, k)?, at(&std, k)?);
            let value = |pixel: f64| (pixel * rescale + offset - mean) / std;
            Range::new(value(0.0), value(WHITE))
        })
        .collect();
    if ranges.is_none() {
        warnings.push(
            "preprocessor_config.json gives image_mean and image_std that do not fit each other".into(),
        );
    }
    let size = map.get("size").and_then(sides);
    let crop = map
        .get("crop_size")
        .and_then(sides)
        .filter(|_| flag("do_center_crop") != Some(false));
    let share = |inner: (usize, usize), outer: (usize, usize)| {
        let share = inner.0.min(inner.1) as f64 / outer.0.min(outer.1) as f64;
        (share > 0.0 && share <= 1.0).then_some(share)
    };
    let crop_fraction = match (map.get("crop_pct").and_then(Value::as_f64), crop, size) {
        (Some(share), ..) => Some(share).filter(|share| *share > 0.0 && *share <= 1.0),
        (None, Some(crop), Some(size)) => share(crop, size),
        _ => None,
    };
    let flipped = flag("do_flip_channel_order") == Some(true);
    let input = InputInfo {
        size: crop.or(size),
        channels: match flipped {
            true => InputFormat::Bgr,
            false if single => InputFormat::Auto,
            false => InputFormat::Rgb,
        },
        ranges: ranges.unwrap_or_default(),
        crop_fraction,
        ..Default::default()
    };
    Some(described(input, OutputInfo::default(), warnings))
}

fn config(map: &Map<String, Value>) -> Option<ModelInfo> {
    let timm = match map.get("pretrained_cfg") {
        Some(Value::Object(inner)) => Some(inner),
        // Older files have no folder for it.
        _ => (map.contains_key("mean") && map.contains_key("std") && map.contains_key("architecture"))
            .then_some(map),
    };
    let mut warnings = Vec::new();
    let mut input = timm.map(|cfg| timm_input(cfg, &mut warnings)).unwrap_or_default();
    if input.size.is_none() {
        input.size = map.get("image_size").and_then(sides);
    }
    let names = [Some(map), timm]
        .into_iter()
        .flatten()
        .find_map(|map| map.get("id2label").or(map.get("label_names")))
        .and_then(Labels::of_json)
        .filter(|labels| !invented(labels));
    let described_at_all = timm.is_some() || names.is_some() || map.contains_key("id2label");
    let task = map
        .get("architectures")
        .and_then(|list| list.as_array()?.first()?.as_str());
    if described_at_all {
        warnings.extend(task.and_then(other_task));
    }
    let output = OutputInfo {
        labels: names.and_then(inline),
        ..Default::default()
    };
    described_at_all.then(|| described(input, output, warnings))
}

fn timm_input(cfg: &Map<String, Value>, warnings: &mut Vec<String>) -> InputInfo {
    let [mean, std] = ["mean", "std"].map(|key| cfg.get(key).and_then(reals).unwrap_or_default());
    let ranges = scale::ranges(&mean, &std, scale(&mean, &std));
    if ranges.is_none() {
        warnings.push("config.json gives mean and std that do not fit each other".into());
    }
    let size = cfg.get("input_size").and_then(|size| match reals(size)?[..] {
        [_, height, width] if height >= 1.0 && width >= 1.0 => Some((height as usize, width as usize)),
        _ => None,
    });
    InputInfo {
        size,
        channels: if mean.len() == 1 {
            InputFormat::Auto
        } else {
            InputFormat::Rgb
        },
        ranges: ranges.unwrap_or_default(),
        crop_fraction: cfg
            .get("crop_pct")
            .and_then(|share| parse_crop(&share.to_string())),
        ..Default::default()
    }
}

/// Names that Transformers makes up where there are none: `LABEL_0`.
fn invented(labels: &Labels) -> bool {
    (0..labels.len()).all(|class| labels.name(class) == format!("LABEL_{class}"))
}

/// A number, or a list of them.
fn reals(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::Array(items) => items.iter().map(Value::as_f64).collect(),
        one => Some(vec![one.as_f64()?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    fn input(text: &str) -> InputInfo {
        preprocessor(&map(text)).unwrap().inputs.remove(0)
    }

    #[track_caller]
    fn near(range: Range, min: f64, max: f64) {
        assert!(
            (range.min - min).abs() < 1e-6 && (range.max - max).abs() < 1e-6,
            "{range:?}"
        );
    }

    #[test]
    fn what_transformers_do_to_a_picture_is_understood() {
        let vit = input(
            r#"{"do_normalize": true, "do_resize": true, "do_rescale": true, "rescale_factor": 0.00392156862745098,
                "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "size": {"height": 224, "width": 192}}"#,
        );
        near(vit.ranges[2], -1.0, 1.0);
        assert_eq!(
            (vit.size, vit.crop_fraction, vit.channels),
            (Some((224, 192)), None, InputFormat::Rgb)
        );
        let old = input(
            r#"{"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "size": 256, "crop_size": 224,
                "do_center_crop": true}"#,
        );
        near(old.ranges[0], -0.485 / 0.229, 0.515 / 0.229);
        assert_eq!((old.size, old.crop_fraction), (Some((224, 224)), Some(0.875)));
        let convnext = input(r#"{"size": {"shortest_edge": 224}, "crop_pct": 0.95, "do_normalize": false}"#);
        near(convnext.ranges[0], 0.0, 1.0);
        assert_eq!(
            (convnext.size, convnext.crop_fraction),
            (Some((224, 224)), Some(0.95))
        );
        let mobilevit =
            input(r#"{"do_flip_channel_order": true, "do_rescale": true, "size": {"shortest_edge": 288}}"#);
        assert_eq!(mobilevit.channels, InputFormat::Bgr);
        near(
            input(r#"{"do_rescale": false, "do_normalize": false}"#).ranges[0],
            0.0,
            255.0,
        );
        near(
            input(r#"{"rescale_factor": 0.00784313725490196, "rescale_offset": true, "size": 8}"#).ranges[0],
            -1.0,
            1.0,
        );
        let one = input(r#"{"do_normalize": true, "image_mean": [0.5], "image_std": [0.5]}"#);
        assert_eq!(one.channels, InputFormat::Auto);
        assert_eq!(preprocessor(&map(r#"{"tokenizer_class": "x"}"#)), None);
        let broken = preprocessor(&map(
            r#"{"image_mean": [0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}"#,
        ))
        .unwrap();
        assert!(broken.inputs[0].ranges.is_empty() && broken.warnings.len() == 1);
    }

    #[test]
    fn names_and_timms_constants_are_read_from_config_json() {
        let names = |info: &ModelInfo| info.outputs[0].labels.clone();
        let hugging_face = config(&map(
            r#"{"id2label": {"0": "cat", "1": "dog"}, "image_size": 224}"#,
        ))
        .unwrap();
        assert_eq!(names(&hugging_face), inline(Labels::from_text("cat\ndog")));
        assert_eq!(hugging_face.inputs[0].size, Some((224, 224)));
        let timm = config(&map(
            r#"{"architecture": "resnet18", "num_classes": 2, "label_names": ["cat", "dog"],
                "pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "input_size": [3, 160, 128],
                "crop_pct": 0.95}}"#,
        ))
        .unwrap();
        assert_eq!(names(&timm), inline(Labels::from_text("cat\ndog")));
        near(timm.inputs[0].ranges[0], -2.0, 2.0);
        assert_eq!(
            (timm.inputs[0].size, timm.inputs[0].crop_fraction),
            (Some((160, 128)), Some(0.95))
        );
        let invented = config(&map(r#"{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#)).unwrap();
        assert_eq!(names(&invented), None);
        let detector = config(&map(
            r#"{"architectures": ["DetrForObjectDetection"], "id2label": {"0": "cat"}}"#,
        ))
        .unwrap();
        assert!(detector.warnings[0].contains("detects objects"));
        assert_eq!(config(&map(r#"{"name": "something else"}"#)), None);
    }

    #[test]
    fn files_are_found_beside_the_model_and_above_its_folder_onnx() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("onnx")).unwrap();
        std::fs::create_dir(at("other")).unwrap();
        std::fs::write(at("config.json"), r#"{"id2label": {"0": "cat"}}"#).unwrap();
        std::fs::write(at("preprocessor_config.json"), "{").unwrap();
        for (model, count) in [("m.onnx", 2), ("onnx/m.onnx", 2), ("other/m.onnx", 0)] {
            assert_eq!(statements(&at(model)).len(), count, "{model}");
        }
        let said = statements(&at("m.onnx"));
        assert!(said[0].1.warnings[0].contains("is no JSON"), "{said:?}");
    }
}
