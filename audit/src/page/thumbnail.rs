// SPDX-License-Identifier: MPL-2.0
//! Strips as small pictures inside the page, so that it is one file; each links to the whole one beside it.

use std::io::Cursor;
use std::path::{Component, Path};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};
use serde::Serialize;

/// A thumbnail fits in this many pixels; at most some 200 KB each, and the page shows twelve.
const SIZE: (u32, u32) = (800, 480);
/// Quality of its JPEG.
const QUALITY: u8 = 80;
/// Bytes that decoding a strip may take.
const MOST_BYTES: u64 = 500_000_000;

/// A picture inside the page.
#[derive(Debug, Serialize)]
pub(super) struct Thumbnail {
    /// As a `data:` address.
    pub(super) data: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Whether it is so small that its pixels are shown as squares.
    pub(super) tiny: bool,
}

/// The thumbnail of a picture below `folder`; `None` where there is none to be shown.
pub(super) fn thumbnail(folder: &Path, file: &str) -> Option<Thumbnail> {
    small(open(folder, file)?)
}

/// The three thirds of a picture below `folder`, from left to right.
pub(super) fn thirds(folder: &Path, file: &str) -> Option<[Thumbnail; 3]> {
    let image = open(folder, file)?;
    let width = (image.width() / 3).max(1);
    let third = |at: u32| small(image.crop_imm(at * width, 0, width, image.height()));
    Some([third(0)?, third(1)?, third(2)?])
}

fn open(folder: &Path, file: &str) -> Option<DynamicImage> {
    // A table may come from elsewhere: nothing outside its folder is shown.
    if !Path::new(file)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let mut reader = ImageReader::open(folder.join(file))
        .ok()?
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader.decode().ok()
}

fn small(mut image: DynamicImage) -> Option<Thumbnail> {
    if image.width() > SIZE.0 || image.height() > SIZE.1 {
        image = image.resize(SIZE.0, SIZE.1, FilterType::Lanczos3);
    }
    let image = DynamicImage::from(image.into_rgb8());
    let tiny = image.width() < SIZE.0 / 2;
    let mut bytes = Cursor::new(Vec::new());
    // JPEG would smear the few pixels of a tiny one.
    let kind = if tiny {
        image.write_to(&mut bytes, image::ImageFormat::Png).ok()?;
        "png"
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY)
            .encode_image(&image)
            .ok()?;
        "jpeg"
    };
    Some(Thumbnail {
        data: format!("data:image/{kind};base64,{}", STANDARD.encode(bytes.into_inner())),
        width: image.width(),
        height: image.height(),
        tiny,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_becomes_small_and_nothing_outside_the_folder_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("audit");
        std::fs::create_dir_all(inside.join("strips")).unwrap();
        let noise = image::RgbaImage::from_fn(2400, 600, |x, y| {
            image::Rgba([(x * 7 + y * 13) as u8, (x * y) as u8, 9, 255])
        });
        noise.save(inside.join("strips/a.png")).unwrap();
        noise.save(folder.path().join("b.png")).unwrap();
        let shown = thumbnail(&inside, "strips/a.png").unwrap();
        assert_eq!((shown.width, shown.height, shown.tiny), (800, 200, false));
        assert!(shown.data.starts_with("data:image/jpeg;base64,/9j/") && shown.data.len() < 300_000);
        let outside = folder.path().join("b.png");
        for file in ["../b.png", outside.to_str().unwrap(), "strips/none.png", ""] {
            assert!(thumbnail(&inside, file).is_none(), "{file}");
        }
    }
}
