// SPDX-License-Identifier: MPL-2.0
//! ONNX's own metadata of pictures (MetadataProps.md of the format), which exports for Windows ML carry, such as
//! those of Custom Vision and Core ML. Keys and values are the same in upper and lower case.
//!
//! | key | value |
//! |---|---|
//! | `Image.BitmapPixelFormat` | `Gray8`, `Rgb8`, `Bgr8`, `Rgba8`, `Bgra8` |
//! | `Image.NominalPixelRange` | `NominalRange_0_255` (also where it is not said), `Normalized_0_1`, `Normalized_1_1`, `NominalRange_16_235` |
//! | `Image.ColorSpaceGamma` | `SRGB`, `Linear` |

use super::super::InputFormat;
use super::super::description::{InputInfo, ModelInfo, OutputInfo, Range};
use super::words::left_aside;
use super::{Entries, described};

pub(super) fn read(entries: &Entries<'_>) -> Option<ModelInfo> {
    let (mut input, mut warnings, mut said) = (InputInfo::default(), Vec::new(), false);
    for (key, value) in entries {
        let lower = value.trim().to_ascii_lowercase();
        let range = |min, max| vec![Range { min, max }];
        match key.to_ascii_lowercase().as_str() {
            "image.bitmappixelformat" => match lower.as_str() {
                "rgb8" | "rgba8" => input.channels = InputFormat::Rgb,
                "bgr8" | "bgra8" => input.channels = InputFormat::Bgr,
                "gray8" => input.channels = InputFormat::Gray,
                _ => warnings.push(left_aside(key, value)),
            },
            "image.nominalpixelrange" => match lower.as_str() {
                "nominalrange_0_255" => input.ranges = range(0.0, 255.0),
                "normalized_0_1" => input.ranges = range(0.0, 1.0),
                "normalized_1_1" => input.ranges = range(-1.0, 1.0),
                "nominalrange_16_235" => input.ranges = range(16.0, 235.0),
                _ => warnings.push(left_aside(key, value)),
            },
            "image.colorspacegamma" => match lower.as_str() {
                "srgb" => {}
                "linear" => warnings.push(
                    "the model wants linear light (Image.ColorSpaceGamma=Linear in its metadata) and is given sRGB \
                     values as pictures hold them: what it says of them is not reliable"
                        .into(),
                ),
                _ => warnings.push(left_aside(key, value)),
            },
            _ => continue,
        }
        said = true;
    }
    said.then(|| described(input, OutputInfo::default(), warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_ranges_are_read_in_any_case() {
        let info = read(&[
            ("Image.BitmapPixelFormat", "Bgr8"),
            ("Image.ColorSpaceGamma", "SRGB"),
            ("image.nominalpixelrange", "NORMALIZED_1_1"),
        ])
        .unwrap();
        assert_eq!(info.warnings, Vec::<String>::new());
        assert_eq!(info.inputs[0].channels, InputFormat::Bgr);
        assert_eq!(info.inputs[0].ranges, [Range { min: -1.0, max: 1.0 }]);
        assert_eq!(read(&[("imgsz", "[1, 1]")]), None);
    }

    #[test]
    fn what_cannot_be_given_is_said() {
        for entry in [
            ("Image.ColorSpaceGamma", "Linear"),
            ("Image.BitmapPixelFormat", "Yuv"),
            ("Image.NominalPixelRange", "0..7"),
        ] {
            assert_eq!(read(&[entry]).unwrap().warnings.len(), 1, "{entry:?}");
        }
    }
}
