// SPDX-License-Identifier: MPL-2.0
//! The pictures and videos of `steerlens audit` are those that people see, whole, and told apart where they are not.

use std::fs;
use std::path::Path;

use image::{DynamicImage, GenericImageView, ImageFormat, Pixel, Rgb, RgbImage, Rgba, RgbaImage};
use tempfile::TempDir;

use crate::audit::{audit, rows, summary};
use crate::common::{self, repository};

const SHAPES: &str = "models/shapes_robust.onnx";
const FLAGS: &[&str] = &[
    "--sample",
    "every=1",
    "--methods",
    "pixel",
    "--no-flip",
    "--format",
    "csv",
    "--no-clips",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    FLAGS.iter().chain(more).copied().collect()
}

/// Two halves, left dark and right bright, above a grey quarter: every turn of it is another picture.
fn card(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 4) {
        (_, true) => Rgb([120; 3]),
        (true, _) => Rgb([20; 3]),
        (false, _) => Rgb([230; 3]),
    })
}

/// Mean grey of a tile of a picture, in fractions of its size.
fn grey(picture: &DynamicImage, x: f64, y: f64) -> f64 {
    let (width, height) = picture.dimensions();
    let tile = picture.crop_imm(
        (x * f64::from(width)) as u32,
        (y * f64::from(height)) as u32,
        (width / 8).max(1),
        (height / 8).max(1),
    );
    let luma = tile.to_luma8();
    luma.pixels().map(|pixel| f64::from(pixel.0[0])).sum::<f64>() / luma.len() as f64
}

/// What the page's strips show as the frame: the first picture of the strip.
fn frame_of(out: &Path, row: &std::collections::HashMap<String, String>, size: (u32, u32)) -> DynamicImage {
    let strip = image::open(out.join(&row["strip"])).unwrap();
    // A gap of 6, a caption of 20 above, and pixels twice as large: audit/src/protocol/strip.rs.
    strip.crop_imm(6, 20, 2 * size.0, 2 * size.1).resize_exact(
        size.0,
        size.1,
        image::imageops::FilterType::Nearest,
    )
}

#[cfg(feature = "video")]
mod video {
    use gst::prelude::*;

    use super::*;

    /// Runs a pipeline to its end.
    fn launch(line: &str) {
        gst::init().unwrap();
        let pipeline = gst::parse::launch(line).unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let bus = pipeline.bus().unwrap();
        let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &wanted);
        assert!(
            matches!(
                message.as_ref().map(|message| message.view()),
                Some(gst::MessageView::Eos(_))
            ),
            "{line}: {message:?}"
        );
        pipeline.set_state(gst::State::Null).unwrap();
    }

    /// A video of the card, 64 x 32, four frames at four a second.
    fn video(file: &Path, caps: &str, rest: &str) {
        let card_file = file.with_extension("png");
        card(64, 32).save(&card_file).unwrap();
        let file = file.display();
        launch(&format!(
            "multifilesrc location={} num-buffers=4 caps=image/png,framerate=4/1 ! pngdec ! videoconvert ! \
             video/x-raw,format=I420 ! capssetter caps=video/x-raw{caps} ! {rest} ! filesink location={file}",
            card_file.display(),
        ));
        fs::remove_file(card_file).unwrap();
    }

    /// Writes the turn into the track header of a QuickTime file (ISO/IEC 14496-12, 8.3.2).
    fn turn(file: &Path, [a, b, c, d]: [i32; 4]) {
        let mut bytes = fs::read(file).unwrap();
        let header = bytes.windows(4).position(|window| window == b"tkhd").unwrap();
        let matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30];
        for (at, value) in matrix.into_iter().enumerate() {
            let at = header + 4 + 4 + 20 + 16 + 4 * at;
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        fs::write(file, bytes).unwrap();
    }

    #[test]
    fn a_video_is_turned_as_its_tag_says_in_every_frame() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("phone.mov");
        video(&file, "", "jpegenc ! qtmux");
        // Clockwise by a quarter: the grey bar at the top comes to the right, the dark half to the top.
        turn(&file, [0, 1, -1, 0]);
        let out = folder.path().join("out");
        audit(&[&file], SHAPES, &out, FLAGS).code(0);
        let rows = rows(&out);
        assert_eq!(rows.len(), 4);
        for row in &rows {
            assert_eq!((row["width"].as_str(), row["height"].as_str()), ("32", "64"));
            let frame = frame_of(&out, row, (32, 64));
            assert!(grey(&frame, 0.25, 0.1) < 60.0 && grey(&frame, 0.25, 0.8) > 190.0);
            assert!((grey(&frame, 0.87, 0.5) - 120.0).abs() < 20.0);
        }
        let times: Vec<_> = rows.iter().map(|row| row["time_ns"].as_str()).collect();
        assert_eq!(times, ["0", "250000000", "500000000", "750000000"]);
    }

    #[test]
    fn wide_pixels_are_wide_for_the_classifier_and_in_the_strips() {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        // A circle where pixels are twice as wide as high, else half of one.
        let narrow = RgbImage::from_fn(32, 64, |x, y| {
            let (x, y) = (2 * x as i32 - 31, y as i32 - 32);
            Rgb([if x * x + y * y < 400 { 230 } else { 20 }; 3])
        });
        narrow.save(at("narrow.png")).unwrap();
        image::imageops::resize(&narrow, 64, 64, image::imageops::FilterType::Nearest)
            .save(at("circle.png"))
            .unwrap();
        launch(&format!(
            "multifilesrc location={} num-buffers=1 caps=image/png,framerate=4/1 ! pngdec ! videoconvert ! \
             video/x-raw,format=I420 ! capssetter caps=video/x-raw,pixel-aspect-ratio=2/1 ! matroskamux ! \
             filesink location={}",
            at("narrow.png").display(),
            at("wide.mkv").display()
        ));
        let out = at("out");
        let inputs = ["narrow.png", "circle.png", "wide.mkv"].map(at);
        let inputs: Vec<&Path> = inputs.iter().map(std::path::PathBuf::as_path).collect();
        audit(&inputs, SHAPES, &out, &with(&["--targets", "all"])).code(0);
        let rows = rows(&out);
        let of = |name: &str| -> Vec<&std::collections::HashMap<String, String>> {
            rows.iter().filter(|row| row["input"].ends_with(name)).collect()
        };
        let far = |one: &str, other: &str| -> f64 {
            let p = |name: &str| -> std::collections::BTreeMap<String, f64> {
                let targets = of(name)
                    .into_iter()
                    .map(|row| (&row["target_label"], &row["p_target_before"]));
                let source = of(name)[0];
                targets
                    .chain([(&source["source_label"], &source["p_source_before"])])
                    .map(|(label, p)| (label.clone(), p.parse().unwrap()))
                    .collect()
            };
            p(one)
                .values()
                .zip(p(other).values())
                .map(|(a, b)| (a - b).abs())
                .sum()
        };
        let (right, wrong) = (far("wide.mkv", "circle.png"), far("narrow.png", "circle.png"));
        assert!(
            right < 0.25 * wrong,
            "{right} from the circle, and {wrong} would be wrong"
        );
        assert_eq!(of("wide.mkv")[0]["width"], "32");
        let strip = image::open(out.join(&of("wide.mkv")[0]["strip"])).unwrap();
        // The frame and one edit, each 64 wide and enlarged to 128, and three gaps.
        assert_eq!(strip.width(), 2 * 128 + 3 * 6);
    }

    #[test]
    fn interlaced_video_has_no_combs_and_as_many_frames_as_the_file() {
        let folder = TempDir::new().unwrap();
        let picture = folder.path().join("comb.png");
        // The fields of two moments: lines alternate where something moved.
        RgbImage::from_fn(64, 64, |x, y| {
            let edge = if y % 2 == 0 { 20 } else { 40 };
            Rgb([if x < edge { 20 } else { 230 }; 3])
        })
        .save(&picture)
        .unwrap();
        let file = folder.path().join("tape.mkv");
        launch(&format!(
            "multifilesrc location={} num-buffers=4 caps=image/png,framerate=4/1 ! pngdec ! videoconvert ! \
             video/x-raw,format=UYVY ! \
             capssetter caps=video/x-raw,interlace-mode=interleaved,field-order=top-field-first ! \
             matroskamux ! filesink location={}",
            picture.display(),
            file.display()
        ));
        fs::remove_file(picture).unwrap();
        let out = folder.path().join("out");
        audit(&[&file], SHAPES, &out, FLAGS).code(0);
        let rows = rows(&out);
        assert_eq!(rows.len(), 4, "one frame for each of the file");
        let frame = frame_of(&out, &rows[2], (64, 64)).to_luma8();
        let comb: f64 = (20..44)
            .map(|y| {
                (f64::from(frame.get_pixel(30, y).0[0]) - f64::from(frame.get_pixel(30, y + 1).0[0])).abs()
            })
            .sum();
        assert!(comb / 24.0 < 60.0, "combs of {}", comb / 24.0);
    }

    #[test]
    fn a_video_of_high_dynamic_range_is_said_to_be_one() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("hdr.mkv");
        video(&file, ",colorimetry=bt2100-pq", "vp8enc deadline=1 ! matroskamux");
        let out = folder.path().join("out");
        let answer = audit(&[&file], SHAPES, &out, FLAGS).code(0);
        answer.says("high dynamic range (PQ)");
        let warnings = summary(&out)["run"]["input-warnings"].clone();
        assert!(
            warnings[0]["warning"].as_str().unwrap().contains("PQ"),
            "{warnings}"
        );
        let page = fs::read_to_string(out.join("report.html")).unwrap();
        assert!(page.contains("high dynamic range (PQ)"));
    }

    #[test]
    fn a_video_whose_alpha_cannot_be_decoded_is_said_to_have_one() {
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("out");
        let answer = audit(&[&repository("cli/tests/data/alpha.webm")], SHAPES, &out, FLAGS).code(0);
        gst::init().unwrap();
        let missing = gst::ElementFactory::find("codecalphademux").is_none();
        assert_eq!(
            answer.stderr.contains("transparent in it cannot be decoded"),
            missing,
            "{}",
            answer.stderr
        );
        assert_eq!(
            answer.stderr.contains("as it looks on white"),
            !missing,
            "{}",
            answer.stderr
        );
    }

    #[test]
    fn a_file_of_sound_alone_is_said_to_have_no_video() {
        let folder = TempDir::new().unwrap();
        let (file, out) = (folder.path().join("sound.mkv"), folder.path().join("out"));
        launch(&format!(
            "audiotestsrc num-buffers=4 ! vorbisenc ! matroskamux ! filesink location={}",
            file.display()
        ));
        let answer = audit(&[&file], SHAPES, &out, FLAGS).code(3);
        answer.says("there is no video in it");
    }

    #[test]
    fn half_a_video_is_named_whatever_its_container_and_its_frames_are_kept() {
        let folder = TempDir::new().unwrap();
        for (name, rest) in [
            ("fast.mov", "jpegenc ! qtmux faststart=true"),
            ("a.webm", "vp8enc deadline=1 keyframe-max-dist=1 ! webmmux"),
            ("a.mkv", "jpegenc ! matroskamux"),
            ("a.avi", "jpegenc ! avimux"),
        ] {
            let file = folder.path().join(name);
            video(&file, "", rest);
            let whole = folder.path().join(format!("{name}.whole"));
            audit(&[&file], SHAPES, &whole, FLAGS).code(0);
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, &bytes[..bytes.len() * 7 / 10]).unwrap();
            let out = folder.path().join(format!("{name}.out"));
            let answer = audit(&[&file], SHAPES, &out, FLAGS).code(3);
            assert!(
                answer.stderr.contains("it is cut off"),
                "{name}: {}",
                answer.stderr
            );
            let found = rows(&out).len();
            assert!((1..4).contains(&found), "{name}: {found} frames");
            assert_eq!(
                summary(&out)["run"]["failures"].as_array().unwrap().len(),
                1,
                "{name}"
            );
        }
    }

    #[test]
    fn a_video_that_changes_its_size_costs_neither_report_nor_clip() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("resize.mjpeg");
        let test =
            |size: &str| format!("videotestsrc num-buffers=3 ! video/x-raw,{size},framerate=4/1 ! all.");
        launch(&format!(
            "concat name=all ! jpegenc ! filesink location={} {} {}",
            file.display(),
            test("width=64,height=32"),
            test("width=32,height=64")
        ));
        let out = folder.path().join("out");
        let flags: Vec<&str> = with(&[])
            .into_iter()
            .filter(|flag| *flag != "--no-clips")
            .collect();
        audit(&[&file], SHAPES, &out, &flags).code(0);
        let sizes: Vec<_> = rows(&out).iter().map(|row| row["width"].clone()).collect();
        assert_eq!(sizes, ["64", "64", "64", "32", "32", "32"]);
        assert!(out.join("clips/resize.mjpeg.webm").exists());
    }
}

#[test]
fn a_cut_is_between_frames_that_follow_each_other_and_not_between_those_that_are_audited() {
    let folder = TempDir::new().unwrap();
    // Slowly from dark to bright, then dark at once.
    let light = |at: u32| f64::from(if at < 20 { 1 + at } else { 1 }) / 20.0;
    for at in 0..30 {
        let mut frame = card(64, 64);
        for pixel in frame.pixels_mut() {
            *pixel = pixel.map(|value| (f64::from(value) * light(at)) as u8);
        }
        frame.save(folder.path().join(format!("f-{at:02}.png"))).unwrap();
    }
    let out = folder.path().join("out");
    let flags: Vec<&str> = with(&["--no-strips"])
        .into_iter()
        .map(|flag| if flag == "every=1" { "every=9" } else { flag })
        .collect();
    audit(&[&folder.path().join("f-%02d.png")], SHAPES, &out, &flags).code(0);
    let cuts: Vec<_> = rows(&out)
        .iter()
        .map(|row| (row["frame"].clone(), row["scene_cut"].clone()))
        .collect();
    let expected = [("0", "false"), ("9", "false"), ("18", "false"), ("27", "true")];
    assert_eq!(
        cuts,
        expected.map(|(frame, cut)| (frame.to_owned(), cut.to_owned()))
    );
}

#[test]
fn what_is_transparent_is_looked_at_on_white_as_it_is_shown() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let hidden = RgbaImage::from_fn(64, 64, |x, y| {
        match (x as i32 - 32).pow(2) + (y as i32 - 32).pow(2) < 400 {
            true => Rgba([0, 0, 0, 255]),
            // Noise where nobody sees any.
            false => Rgba([(x * 37) as u8, (y * 91) as u8, (x * y) as u8, 0]),
        }
    });
    hidden.save(at("hidden.png")).unwrap();
    let white = RgbImage::from_fn(64, 64, |x, y| match hidden.get_pixel(x, y).0[3] {
        255 => Rgb([0; 3]),
        _ => Rgb([255; 3]),
    });
    white.save(at("white.png")).unwrap();
    let out = at("out");
    let answer = audit(&[&at("hidden.png"), &at("white.png")], SHAPES, &out, FLAGS).code(0);
    answer.says("it looks on white");
    let rows = rows(&out);
    for column in ["p_source_before", "p_target_after", "l2", "top_before"] {
        assert_eq!(rows[0][column], rows[1][column], "{column}");
    }
    let morph = |name: &str, out: &str| {
        let answer = common::morph(&at(name), &repository(SHAPES), &at(out), &[]).code(0);
        (answer.stderr, image::open(at(out)).unwrap())
    };
    let ((said, one), (silent, other)) = (morph("hidden.png", "1.png"), morph("white.png", "2.png"));
    assert!(
        said.contains("on white") && !silent.contains("on white"),
        "{said}{silent}"
    );
    assert!(one == other);
}

#[test]
fn pictures_that_are_cut_off_are_named_and_give_no_row() {
    let folder = TempDir::new().unwrap();
    let (inputs, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&inputs).unwrap();
    let noise = DynamicImage::from(RgbImage::from_fn(64, 64, |x, y| {
        Rgb([(x * y * 7) as u8, (x * 37 + y) as u8, (y * 91 + x * 5) as u8])
    }));
    for (name, format) in [
        ("a.jpg", ImageFormat::Jpeg),
        ("a.png", ImageFormat::Png),
        ("a.bmp", ImageFormat::Bmp),
        ("a.webp", ImageFormat::WebP),
    ] {
        noise.save_with_format(inputs.join(name), format).unwrap();
        let bytes = fs::read(inputs.join(name)).unwrap();
        fs::write(inputs.join(format!("cut-{name}")), &bytes[..bytes.len() * 2 / 3]).unwrap();
    }
    let answer = audit(&[&inputs], SHAPES, &out, FLAGS).code(3);
    let read: Vec<_> = rows(&out)
        .iter()
        .map(|row| row["input"].rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(read, ["a.bmp", "a.jpg", "a.png", "a.webp"]);
    for name in ["cut-a.jpg", "cut-a.png", "cut-a.bmp", "cut-a.webp"] {
        answer.says(name);
    }
    answer.says("it is cut off");
}

#[test]
fn what_a_folder_holds_besides_is_said_and_an_audit_talks_without_a_terminal() {
    let folder = TempDir::new().unwrap();
    let (inputs, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&inputs).unwrap();
    card(64, 64).save(inputs.join("a.png")).unwrap();
    for name in ["b.gif", "c.gif", "d.heic"] {
        fs::write(inputs.join(name), "").unwrap();
    }
    let answer = audit(&[&inputs], SHAPES, &out, FLAGS).code(0);
    answer.says("2 .gif, 1 .heic");
    answer.says("auditing 1 input with");
    answer.says("1 frame,");
    let said = summary(&out)["run"]["warnings"][0].as_str().unwrap().to_owned();
    assert!(said.contains("2 .gif"), "{said}");
}
