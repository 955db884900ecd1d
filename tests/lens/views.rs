// SPDX-License-Identifier: MPL-2.0
//! What is shown, and of which part of which frame: display modes, regions, formats.

use steerlens::frame::{Colorimetry, Fit, PixelFormat, Rect, Shape};
use steerlens::morph::{ColorMode, Method};
use steerlens::render::DisplayMode;
use steerlens::{ClassChoice, FrameView, FrameViewMut, LensSettings, Resolution};

use crate::{Picture, lens, towards};

#[test]
fn every_display_mode_shows_what_it_says() {
    let picture = Picture::colour("shapes/circle-1.png");
    let show = |display_mode| {
        let settings = towards("square").with(|s| s.view.display_mode = display_mode);
        picture.morph(&mut lens("shapes_robust.onnx", settings)).0
    };
    let (morph, source) = (show(DisplayMode::Morph), show(DisplayMode::Source));
    assert_eq!(source, picture.bytes);
    assert_ne!(morph, source);
    let both = show(DisplayMode::SideBySide);
    let row = 3 * picture.width;
    for (y, line) in both.chunks(2 * row).enumerate() {
        assert_eq!(&line[..row], &source[y * row..][..row]);
        assert_eq!(&line[row..], &morph[y * row..][..row]);
    }
    let difference = show(DisplayMode::Difference);
    for k in 0..difference.len() {
        let expected = (128 + 4 * (i32::from(morph[k]) - i32::from(source[k]))).clamp(0, 255);
        assert_eq!(i32::from(difference[k]), expected);
    }
}

/// Views and captions in several steps and with every method: something is drawn, nothing fails.
#[test]
fn every_view_is_drawn_for_every_method() {
    let face = Picture::colour("face_astronaut.png");
    for method in [
        Method::CspPhase,
        Method::CspJoint,
        Method::FourierPhase,
        Method::Pixel,
    ] {
        for (steps, color_mode) in [(1, ColorMode::Luma), (2, ColorMode::Luma), (2, ColorMode::Joint)] {
            let settings = LensSettings::default().with(|s| {
                s.morph.method = method;
                s.reach.steps = steps;
                s.morph.color_mode = color_mode;
                s.view.caption = true;
                s.view.measure_after = true;
            });
            let mut lens = lens("faces_robust.onnx", settings.clone());
            let mut seen: Vec<Vec<u8>> = Vec::new();
            for display_mode in [
                DisplayMode::Morph,
                DisplayMode::Difference,
                DisplayMode::Saliency,
                DisplayMode::PhaseFlow,
            ] {
                lens.set_settings(settings.clone().with(|s| s.view.display_mode = display_mode))
                    .unwrap();
                let (bytes, report, _) = face.morph(&mut lens);
                assert!(report.warning.is_none(), "{report:?}");
                assert!(
                    !seen.contains(&bytes) && bytes != face.bytes,
                    "{method:?} {display_mode:?}"
                );
                seen.push(bytes);
            }
        }
    }
}

/// A region is read as if it were the frame, and outside of it nothing changes.
#[test]
fn a_region_is_read_and_edited_alone() {
    let whole = Picture::colour("face_astronaut.png");
    let rect = Rect {
        x: 13,
        y: 9,
        width: 101,
        height: 97,
    };
    let part = Picture {
        bytes: (rect.y..rect.y + rect.height)
            .flat_map(|y| whole.bytes[3 * (y * whole.width + rect.x)..][..3 * rect.width].to_vec())
            .collect(),
        width: rect.width,
        height: rect.height,
        ..whole
    };
    for resolution in [Resolution::Frame, Resolution::Model] {
        let settings = LensSettings::default().with(|s| {
            s.resolution = resolution;
            s.gradient.target = ClassChoice::Index(1);
            s.view.measure_after = true;
        });
        let mut alone = lens("face_expression.onnx", settings.clone());
        let (expected, want, _) = part.morph(&mut alone);
        let roi = Some(rect);
        for display_mode in [DisplayMode::Morph, DisplayMode::SideBySide, DisplayMode::Saliency] {
            let mut within = lens(
                "face_expression.onnx",
                settings.clone().with(|s| {
                    s.input.roi = roi;
                    s.view.display_mode = display_mode;
                }),
            );
            let (bytes, report, _) = whole.morph(&mut within);
            assert_eq!(
                (report.l2, report.after.map(|a| a.top_class)),
                (want.l2, want.after.map(|a| a.top_class))
            );
            let doubled = display_mode == DisplayMode::SideBySide;
            let (left, width) = if doubled {
                (whole.width, 2 * whole.width)
            } else {
                (0, whole.width)
            };
            let mut differs = false;
            for (x, y) in (0..whole.width * whole.height).map(|at| (at % whole.width, at / whole.width)) {
                let shown = &bytes[3 * (y * width + left + x)..][..3];
                let inside =
                    (rect.x..rect.x + rect.width).contains(&x) && (rect.y..rect.y + rect.height).contains(&y);
                let source = &whole.bytes[3 * (y * whole.width + x)..][..3];
                if !inside {
                    assert_eq!(shown, source, "{display_mode:?} at {x}, {y}");
                } else if display_mode != DisplayMode::Saliency {
                    let at = 3 * ((y - rect.y) * rect.width + x - rect.x);
                    assert_eq!(shown, &expected[at..][..3], "{display_mode:?} at {x}, {y}");
                }
                differs |= shown != source;
            }
            assert!(differs);
        }
    }
    let outside = Rect { x: 500, ..rect };
    let mut nowhere = lens(
        "face_expression.onnx",
        LensSettings::default().with(|s| {
            s.input.roi = Some(outside);
            s.view.measure_after = false;
        }),
    );
    let (bytes, report, _) = whole.morph(&mut nowhere);
    assert_eq!(bytes, whole.bytes);
    assert!(report.warning.unwrap().contains("outside"));
}

/// The same picture as I420 and as the RGB that it stands for: the same reading, the same change of luma.
#[test]
fn luma_in_a_plane_of_its_own_is_edited_as_luma_of_colours() {
    let source = Picture::colour("cat_chelsea.png");
    // Even sides, and colours that are the same for each four pixels, so that both formats hold the same picture.
    let (width, height) = (source.width & !1, source.height & !1);
    let shape = Shape {
        colorimetry: Colorimetry::BT601.full(),
        ..Shape::new(PixelFormat::I420, (width, height))
    };
    let luma = |x: usize, y: usize| {
        let [r, g, b] = [0, 1, 2].map(|c| f64::from(source.bytes[3 * (y * source.width + x) + c]));
        // Away from the ends, where a colour could not be written as RGB.
        (60.0 + 0.5 * (0.299 * r + 0.587 * g + 0.114 * b)).round() as u8
    };
    let mut yuv = vec![0u8; shape.packed_len()];
    let mut rgb = Vec::new();
    for (x, y) in (0..width * height).map(|at| (at % width, at / width)) {
        yuv[y * width + x] = luma(x, y);
        rgb.extend([luma(x, y).saturating_add(14), luma(x, y) - 7, luma(x, y)]);
    }
    // R = Y + 1.402 Cr: 10 gives 14.02, and G = Y - 0.714 Cr.
    yuv[width * height..][..width * height / 4].fill(128);
    yuv[width * height * 5 / 4..].fill(138);
    let settings = LensSettings::default().with(|s| {
        s.gradient.source = ClassChoice::Index(0);
        s.gradient.target = ClassChoice::Index(1);
        s.resolution = Resolution::Frame;
        s.input.fit = Fit::Stretch;
    });
    let mut lens = lens("shapes_robust.onnx", settings);
    let frame = FrameView::packed(shape, &yuv).unwrap();
    let mut out = vec![0xaa; yuv.len()];
    let mut written = FrameViewMut::packed(shape, &mut out).unwrap();
    lens.morph(&frame, &mut written).unwrap();
    let reading = lens.reading().clone();
    let colour = Picture {
        format: PixelFormat::Rgb,
        width,
        height,
        bytes: rgb,
    };
    let (bytes, _, by_colour) = colour.morph(&mut lens);
    // R and G are rounded: 0.02 and 0.14 of 255 steps, through a network of little gain.
    for (a, b) in reading.logits.iter().zip(&by_colour.logits) {
        assert!(
            (a - b).abs() < 0.05,
            "{:?} {:?}",
            reading.logits,
            by_colour.logits
        );
    }
    assert_eq!(
        out[width * height..],
        yuv[width * height..],
        "colour differences stay"
    );
    let mut worst = 0;
    for at in 0..width * height {
        let by_luma = i32::from(out[at]) - i32::from(yuv[at]);
        let by_colour = i32::from(bytes[3 * at + 2]) - i32::from(colour.bytes[3 * at + 2]);
        worst = worst.max((by_luma - by_colour).abs());
    }
    // A reading that differs in the third digit moves the picture by less than a step or two.
    assert!(worst <= 2, "{worst}");

    for color_mode in [ColorMode::Joint, ColorMode::Independent] {
        lens.set_settings(lens.settings().clone().with(|s| s.morph.color_mode = color_mode))
            .unwrap();
        let mut written = FrameViewMut::packed(shape, &mut out).unwrap();
        let error = lens.morph(&frame, &mut written).unwrap_err();
        assert!(error.to_string().contains("luma only"), "{error}");
    }
}

#[test]
fn what_of_a_frame_is_seen_may_change_between_frames() {
    let picture = Picture::colour("shapes/ring-1.png");
    let base = LensSettings::default().with(|s| {
        s.gradient.source = ClassChoice::Index(0);
        s.gradient.target = ClassChoice::Index(1);
    });
    let (width, height) = (picture.width as u32, picture.height as u32);
    let roi = Some(Rect {
        x: 3,
        y: 5,
        width: width as usize - 9,
        height: height as usize / 2,
    });
    let others = [
        base.clone().with(|s| s.input.roi = roi),
        base.clone().with(|s| {
            s.input.roi = roi;
            s.input.fit = Fit::Stretch;
        }),
        base.clone().with(|s| s.input.crop_fraction = 0.6),
        base.clone().with(|s| {
            s.gradient.samples = 3;
        }),
        base.clone(),
    ];
    let mut one = lens("shapes_robust.onnx", base);
    let mut bytes = vec![0; picture.bytes.len()];
    let stride = picture.width * picture.format.bytes();
    for settings in others {
        one.set_settings(settings.clone()).unwrap();
        let mut out =
            FrameViewMut::new(picture.format, picture.width, picture.height, stride, &mut bytes).unwrap();
        one.morph(&picture.view(), &mut out).unwrap();
        let (fresh, _, reading) = picture.morph(&mut lens("shapes_robust.onnx", settings.clone()));
        assert_eq!(one.reading().gradient, reading.gradient, "{settings:?}");
        assert!(bytes == fresh, "{settings:?}");
    }
}
