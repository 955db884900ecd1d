// SPDX-License-Identifier: MPL-2.0
//! `steerlens morph` on drawn faces: what is written, and what is said of it.

use std::ffi::OsStr;
use std::path::Path;

use crate::common::{self, Answer, repository, steerlens};
use image::codecs::png::PngEncoder;
use image::{DynamicImage, GrayImage, ImageEncoder, ImageFormat, Rgba, RgbaImage};
use tempfile::TempDir;

/// Morphs a picture with the robust faces network.
fn morph(picture: &Path, out: &Path, flags: &[&str]) -> Answer {
    common::morph(picture, &repository("models/faces_robust.onnx"), out, flags).with_runtime()
}

fn open(path: &Path) -> DynamicImage {
    image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_neutral_face_becomes_a_smile_that_the_network_sees() {
    let folder = TempDir::new().unwrap();
    let (face, out) = (
        repository("media/faces/neutral-2.png"),
        folder.path().join("out.png"),
    );
    let answer = morph(&face, &out, &["--target", "smile", "--json"])
        .code(0)
        .json();
    assert_eq!(
        (&answer["source-label"], &answer["target-label"]),
        (&"neutral".into(), &"smile".into())
    );
    let after = answer["morphs"][0]["target-probability-after"].as_f64().unwrap();
    assert!(
        after > 0.9 && answer["target-probability"].as_f64().unwrap() < 0.1,
        "{answer:#}"
    );

    // The distance that is said is the distance between the two files.
    let (before, after) = (open(&face), open(&out));
    assert_eq!(before.color(), after.color());
    let squares = before.as_bytes().iter().zip(after.as_bytes());
    let sum: f64 = squares
        .map(|(a, b)| (f64::from(*a) / 255.0 - f64::from(*b) / 255.0).powi(2))
        .sum();
    let said = answer["morphs"][0]["l2"].as_f64().unwrap();
    assert!(
        (sum.sqrt() - said).abs() < 1e-6 * said,
        "{} found, {said} said",
        sum.sqrt()
    );
}

#[test]
fn text_says_what_happened_and_what_it_does_not_mean() {
    let folder = TempDir::new().unwrap();
    let (face, out) = (
        repository("media/faces/neutral-2.png"),
        folder.path().join("out.png"),
    );
    let answer = morph(&face, &out, &["--target", "smile", "--source", "neutral"]).code(0);
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], "neutral \u{2192} smile \u{b7} faces_robust");
    assert_eq!(lines[2], "magnification  p(neutral)  p(smile)      L2  top class");
    assert!(
        lines[3].starts_with("source ") && lines[3].ends_with("  neutral"),
        "{}",
        answer.stdout
    );
    assert!(
        lines[4].starts_with("1 ") && lines[4].ends_with("  smile"),
        "{}",
        answer.stdout
    );
    let caution = "A raised probability is not evidence of a meaningful change: look at the picture.";
    assert_eq!(answer.stdout.matches(caution).count(), 1);
    // Debian's build of ONNX Runtime 1.21 talks by itself when it is first used; the rest of it is ours.
    let library =
        |line: &&str| line.is_empty() || line.starts_with("Schema error: Trying to register schema");
    let ours: Vec<&str> = answer.stderr.lines().filter(|line| !library(line)).collect();
    assert_eq!(ours, [""; 0], "no progress where nobody watches");
}

/// One step of the default length goes past the target of an ordinary network, and what to do then leads there.
#[test]
fn a_missed_target_leads_on_to_what_reaches_it() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.png");
    // Alone: no description beside it advises a magnification.
    let model = folder.path().join("plain.onnx");
    std::fs::copy(repository("models/faces_plain.onnx"), &model).unwrap();
    let face = repository("media/faces/smile-1.png");
    let morph = |flags: &[&str]| {
        let flags = [&["--target", "surprise"], flags].concat();
        common::morph(&face, &model, &out, &flags).with_runtime().code(0)
    };
    let advice = "--preset readable";
    let missed = morph(&[]);
    assert!(missed.stderr.contains(advice), "{}", missed.stderr);
    let led = morph(&advice.split(' ').collect::<Vec<_>>());
    assert!(led.stdout.contains("the target leads"), "{}", led.stdout);
    assert!(!led.stderr.contains(advice), "{}", led.stderr);
}

/// Where nothing is said, the target is reached in small steps, and a distance that is said is kept to.
#[test]
fn unless_told_how_far_it_goes_until_the_target_leads() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.png");
    let morph = |flags: &[&str]| {
        let face = repository("media/faces/smile-1.png");
        let model = repository("models/faces_plain.onnx");
        let line = [&face, Path::new("-m"), &model, Path::new("-o"), &out].map(Path::as_os_str);
        let flags = ["--json", "--target", "surprise"]
            .iter()
            .chain(flags)
            .map(OsStr::new);
        let words = [OsStr::new("morph")].into_iter().chain(line).chain(flags);
        steerlens(words).with_runtime().code(0).json()
    };
    let led = morph(&[]);
    assert_eq!(led["settings"]["steps"], 32);
    assert_eq!(led["morphs"][0]["led"], true);
    assert_eq!(led["morphs"][0]["top-label-after"], "surprise");
    let far = morph(&["--l2-budget", "6"]);
    assert_eq!(far["settings"]["reach"], "fixed");
    assert!(
        (far["morphs"][0]["l2"].as_f64().unwrap() - 6.0).abs() < 0.02,
        "{far}"
    );
    let both = morph(&["--magnification", "0.9", "--reach", "auto"]);
    assert_eq!(both["settings"]["reach"], "auto");
}

#[test]
fn magnification_zero_is_the_picture_itself() {
    let folder = TempDir::new().unwrap();
    let (face, out) = (
        repository("media/faces/smile-1.png"),
        folder.path().join("out.png"),
    );
    morph(&face, &out, &["--target", "neutral", "--magnification", "0"]).code(0);
    assert_eq!(open(&face), open(&out));
}

#[test]
fn the_same_line_writes_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let face = repository("media/faces/neutral-3.png");
    let [first, second] = ["1.png", "2.png"].map(|name| folder.path().join(name));
    for out in [&first, &second] {
        morph(&face, out, &["--target", "frown", "--sheet", ".5,1"]).code(0);
    }
    assert_eq!(std::fs::read(first).unwrap(), std::fs::read(second).unwrap());
}

#[test]
fn grayness_is_kept_and_transparent_pixels_lie_on_white_which_is_said() {
    let folder = TempDir::new().unwrap();
    let (picture, out) = (folder.path().join("in.png"), folder.path().join("out.png"));
    let gray: GrayImage = open(&repository("media/faces/neutral-2.png")).into_luma8();
    gray.save(&picture).unwrap();
    morph(&picture, &out, &["--target", "smile"]).code(0);
    assert!(matches!(open(&out), DynamicImage::ImageLuma8(_)));

    let tinted = |alpha: fn(u32) -> u8| {
        RgbaImage::from_fn(gray.width(), gray.height(), |x, y| {
            let v = gray.get_pixel(x, y)[0];
            Rgba([v, v / 2, v / 3, alpha(x)])
        })
    };
    tinted(|_| 255).save(&picture).unwrap();
    let answer = morph(&picture, &out, &["--target", "smile"]).code(0);
    assert!(matches!(open(&out), DynamicImage::ImageRgba8(_)));
    assert!(!answer.stderr.contains("warning"), "{}", answer.stderr);

    tinted(|x| if x < 8 { 0 } else { 255 }).save(&picture).unwrap();
    let answer = morph(&picture, &out, &["--target", "smile", "--magnification", "0"]).code(0);
    let written = open(&out).into_rgb8();
    assert!(
        written
            .enumerate_pixels()
            .all(|(x, _, pixel)| x >= 8 || pixel.0 == [255; 3])
    );
    answer.says("transparent");
}

#[test]
fn a_budget_that_is_not_attained_is_a_finding() {
    let folder = TempDir::new().unwrap();
    let (face, out) = (
        repository("media/faces/neutral-2.png"),
        folder.path().join("out.png"),
    );
    let answer = morph(&face, &out, &["--target", "smile", "--l2-budget", "1"]).code(0);
    assert!(
        answer.stdout.contains("L2 budget 1: attained"),
        "{}",
        answer.stdout
    );
    // 64x64 pixels of 0..1 cannot differ by more than 64.
    let answer = morph(&face, &out, &["--target", "smile", "--l2-budget", "100"]).code(1);
    assert!(
        answer.stdout.contains("L2 budget 100: not attained"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_sheet_shows_the_source_and_every_magnification() {
    let folder = TempDir::new().unwrap();
    let (face, out) = (
        repository("media/faces/neutral-2.png"),
        folder.path().join("sheet.png"),
    );
    let answer = morph(
        &face,
        &out,
        &["--target", "smile", "--sheet", ".25,.5,1", "--json"],
    )
    .code(0)
    .json();
    let magnifications: Vec<_> = answer["morphs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["magnification"])
        .collect();
    assert_eq!(magnifications, [0.25, 0.5, 1.0]);
    // Four pictures of 64 pixels, four times as large, 20 apart, within margins of 40.
    let sheet = open(&out).into_rgb8();
    assert_eq!(sheet.width(), 4 * 256 + 3 * 20 + 2 * 40);
    // The first is the source, pixel by pixel.
    let source = open(&face).into_rgb8();
    let top = (0..sheet.height())
        .find(|y| sheet.get_pixel(40 + 1, *y) == source.get_pixel(0, 0))
        .unwrap();
    assert!(
        source
            .enumerate_pixels()
            .all(|(x, y, p)| sheet.get_pixel(40 + 4 * x + 2, top + 4 * y + 2) == p)
    );
}

#[test]
fn a_jpeg_in_colour_is_read_too() {
    let folder = TempDir::new().unwrap();
    let (picture, out) = (folder.path().join("in.jpg"), folder.path().join("out.PNG"));
    let face = open(&repository("media/faces/neutral-2.png")).into_rgb8();
    face.save_with_format(&picture, ImageFormat::Jpeg).unwrap();
    morph(
        &picture,
        &out,
        &["--target", "smile", "--display-mode", "side-by-side"],
    )
    .code(0);
    assert_eq!(
        (open(&out).width(), open(&out).height()),
        (2 * face.width(), face.height())
    );
}

#[test]
fn an_unknown_label_is_refused() {
    let folder = TempDir::new().unwrap();
    let (face, out) = (
        repository("media/faces/neutral-2.png"),
        folder.path().join("out.png"),
    );
    let answer = morph(&face, &out, &["--target", "laughter"]).code(2);
    answer.says("laughter");
    assert!(!out.exists());
}

#[test]
fn a_picture_is_turned_as_its_camera_says() {
    let folder = TempDir::new().unwrap();
    let (turned, plain) = (folder.path().join("turned.png"), folder.path().join("plain.png"));
    let face = open(&repository("media/faces/neutral-2.png"));
    face.save(&plain).unwrap();
    // EXIF with one entry: orientation (0x0112) 6, "turn by a quarter clockwise to look at it".
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut encoder = PngEncoder::new(std::fs::File::create(&turned).unwrap());
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    face.rotate270().write_with_encoder(encoder).unwrap();

    let seen = [turned, plain].map(|picture| {
        let out = folder.path().join("out.png");
        morph(&picture, &out, &["--target", "smile"]).code(0);
        open(&out).into_bytes()
    });
    assert!(seen[0] == seen[1], "the same face, whichever way it was stored");
}
