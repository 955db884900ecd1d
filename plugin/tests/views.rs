// SPDX-License-Identifier: MPL-2.0
//! What is shown, of which part of a frame, and in which formats: the element with a real model, from outside.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod common;

use gst::prelude::*;
use gst_check::Harness;
use gst_video::prelude::*;
use gst_video::{VideoFormat, VideoInfo, VideoRegionOfInterestMeta};

use common::{classmorph, init, messages, model, with_bus};

/// An element that takes faces from neutral to smile, playing in a harness.
struct Rig {
    harness: Harness,
    element: gst::Element,
    bus: gst::Bus,
    /// Everything said so far.
    heard: Vec<gst::Message>,
    info: VideoInfo,
}

impl Rig {
    fn new(info: VideoInfo, set: impl FnOnce(&gst::Element)) -> Self {
        let element = classmorph();
        element.set_property("model-file", model());
        element.set_property("source-label", "neutral");
        element.set_property("target-label", "smile");
        element.set_property("post-messages", true);
        set(&element);
        let bus = with_bus(&element);
        let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
        harness.play();
        let errors = messages(&bus, gst::MessageType::Error);
        assert!(errors.is_empty(), "run `make setup`: {errors:?}");
        harness.set_src_caps(info.to_caps().unwrap());
        Self {
            harness,
            element,
            bus,
            heard: Vec::new(),
            info,
        }
    }

    fn push(&mut self, buffer: gst::Buffer) -> gst::Buffer {
        let out = self.harness.push_and_pull(buffer).unwrap();
        self.heard.extend(std::iter::from_fn(|| self.bus.pop()));
        assert_eq!(self.count(gst::MessageType::Error), 0, "{:?}", self.heard);
        out
    }

    fn count(&self, kind: gst::MessageType) -> usize {
        self.heard
            .iter()
            .filter(|message| message.type_() == kind)
            .count()
    }

    /// The visible bytes of each plane, row by row, where the picture is `wider` times as wide as what came in.
    fn visible(&self, buffer: &gst::Buffer, wider: u32) -> Vec<Vec<Vec<u8>>> {
        let info = VideoInfo::builder(self.info.format(), wider * self.info.width(), self.info.height());
        planes(&info.build().unwrap(), buffer)
    }

    /// Probabilities of the last frame.
    fn scores(&self) -> [f64; 2] {
        let mut said = self.heard.iter().rev().filter_map(|message| message.structure());
        let last = said.find(|structure| structure.name() == "classmorph").unwrap();
        ["source-probability", "target-probability"].map(|name| last.get(name).unwrap())
    }
}

fn info(format: VideoFormat, width: u32, height: u32) -> VideoInfo {
    init();
    VideoInfo::builder(format, width, height)
        .fps((25, 1))
        .build()
        .unwrap()
}

fn planes(info: &VideoInfo, buffer: &gst::Buffer) -> Vec<Vec<Vec<u8>>> {
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info).unwrap();
    (0..frame.n_planes())
        .map(|plane| {
            let component = (0..frame.n_components())
                .find(|c| frame.format_info().plane()[*c as usize] == plane)
                .unwrap();
            let row = frame.comp_width(component) as usize * frame.comp_pstride(component) as usize;
            let stride = frame.plane_stride()[plane as usize] as usize;
            let rows = frame.plane_data(plane).unwrap().chunks(stride);
            rows.take(frame.comp_height(component) as usize)
                .map(|line| line[..row].to_vec())
                .collect()
        })
        .collect()
}

/// Waves in every byte; padding holds `poison`.
fn frame(info: &VideoInfo, poison: u8) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(vec![poison; info.size()]);
    {
        let buffer = buffer.get_mut().unwrap();
        buffer.set_pts(gst::ClockTime::ZERO);
        let mut frame = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, info).unwrap();
        for plane in 0..frame.n_planes() {
            let component = (0..frame.n_components())
                .find(|c| frame.format_info().plane()[*c as usize] == plane)
                .unwrap();
            let row = frame.comp_width(component) as usize * frame.comp_pstride(component) as usize;
            let stride = frame.plane_stride()[plane as usize] as usize;
            let rows = frame.comp_height(component) as usize;
            let data = frame.plane_data_mut(plane).unwrap();
            for (y, line) in data.chunks_mut(stride).take(rows).enumerate() {
                for (x, byte) in line[..row].iter_mut().enumerate() {
                    let wave = (x as f32 * 0.21).sin() * (y as f32 * 0.17).cos();
                    *byte = (128.0 + if plane == 0 { 70.0 } else { 20.0 } * wave) as u8;
                }
            }
        }
    }
    buffer
}

/// The same bytes with wide rows and rubbish between them and between the planes.
fn padded(info: &VideoInfo, tight: &gst::Buffer) -> gst::Buffer {
    let rows = planes(info, tight);
    let (mut bytes, mut offsets, mut strides) = (vec![0xEE; 13], Vec::new(), Vec::new());
    for (plane, rows) in rows.iter().enumerate() {
        let stride = rows[0].len() + 9 + 4 * plane;
        offsets.push(bytes.len());
        strides.push(stride as i32);
        for row in rows {
            bytes.extend(row);
            bytes.resize(bytes.len() + stride - row.len(), 0xEE);
        }
        bytes.extend([0xEE; 5]);
    }
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    {
        let buffer = buffer.get_mut().unwrap();
        buffer.set_pts(gst::ClockTime::ZERO);
        gst_video::VideoMeta::add_full(
            buffer,
            gst_video::VideoFrameFlags::empty(),
            info.format(),
            info.width(),
            info.height(),
            &offsets,
            &strides,
        )
        .unwrap();
    }
    buffer
}

#[test]
fn luma_is_edited_in_its_own_plane_whatever_the_strides() {
    for format in [VideoFormat::I420, VideoFormat::Nv12] {
        for (width, height) in [(64, 48), (63, 47), (33, 2)] {
            let mut rig = Rig::new(info(format, width, height), |_| ());
            let source = frame(&rig.info, 0xEE);
            let out = rig.push(source.clone());
            let (before, after) = (rig.visible(&source, 1), rig.visible(&out, 1));
            assert_ne!(before[0], after[0], "{format} {width}x{height}");
            assert_eq!(
                before[1..],
                after[1..],
                "{format} {width}x{height}: colour differences stay"
            );
            let padded = padded(&rig.info, &source);
            let again = rig.push(padded);
            assert_eq!(
                rig.visible(&again, 1),
                after,
                "{format} {width}x{height}: padding was read"
            );
        }
    }
}

#[test]
fn the_smallest_frames_of_every_format_pass_with_one_warning() {
    for format in [VideoFormat::I420, VideoFormat::Nv12, VideoFormat::Gray8] {
        let mut rig = Rig::new(info(format, 1, 1), |_| ());
        for _ in 0..3 {
            let source = frame(&rig.info, 0xEE);
            let out = rig.push(source.clone());
            assert_eq!(rig.visible(&source, 1), rig.visible(&out, 1));
        }
        assert_eq!(rig.count(gst::MessageType::Warning), 1, "{format}");
    }
}

/// The model sees of I420 what videoconvert makes of it, in either matrix and range.
#[test]
fn the_model_sees_the_right_colours() {
    for colorimetry in ["bt601", "bt709", "1:4:0:0"] {
        let scores = |convert: &str| -> Vec<f64> {
            init();
            let pipeline = gst::parse::launch(&format!(
                "videotestsrc num-buffers=1 pattern=smpte ! \
                 video/x-raw,format=I420,width=128,height=128,colorimetry={colorimetry} ! {convert} \
                 classmorph model-file={} source-class=0 target-class=1 post-messages=true fit=stretch ! fakesink",
                common::shipped("shapes_robust.onnx"),
            ))
            .unwrap();
            pipeline.set_state(gst::State::Playing).unwrap();
            let bus = pipeline.bus().unwrap();
            let mut scores = Vec::new();
            for message in bus.iter_timed(gst::ClockTime::from_seconds(60)) {
                match message.view() {
                    gst::MessageView::Element(element) => {
                        let structure = element.structure().unwrap();
                        if structure.name() == "classmorph" {
                            scores = ["source-logit", "target-logit"]
                                .map(|name| structure.get(name).unwrap())
                                .to_vec();
                        }
                    }
                    gst::MessageView::Eos(_) => break,
                    gst::MessageView::Error(error) => panic!("{error:?}"),
                    _ => (),
                }
            }
            pipeline.set_state(gst::State::Null).unwrap();
            scores
        };
        let (yuv, rgb) = (scores(""), scores("videoconvert ! video/x-raw,format=RGB !"));
        assert_eq!(yuv.len(), 2);
        // videoconvert rounds to whole bytes, and has colour differences lie at the left pixel.
        for (a, b) in yuv.iter().zip(&rgb) {
            assert!(
                (a - b).abs() < 0.1 * (1.0 + b.abs()),
                "{colorimetry}: {yuv:?} {rgb:?}"
            );
        }
    }
}

#[test]
fn other_colour_modes_want_colours() {
    let rig = Rig::new(info(VideoFormat::Rgb, 32, 32), |element| {
        element.set_property_from_str("color-mode", "joint");
    });
    let sink = rig.element.static_pad("sink").unwrap();
    let takes = |format| sink.query_accept_caps(&info(format, 32, 32).to_caps().unwrap());
    assert!(takes(VideoFormat::Rgb) && takes(VideoFormat::Gray8));
    assert!(!takes(VideoFormat::I420) && !takes(VideoFormat::Nv12));
    rig.element.set_property_from_str("color-mode", "luma");
    assert!(takes(VideoFormat::I420));
}

#[test]
fn a_change_of_colour_mode_asks_upstream_for_colours() {
    init();
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc ! video/x-raw,format=I420,width=48,height=48 ! videoconvert ! \
         classmorph name=morph model-file={} ! fakesink name=sink sync=false",
        model(),
    ))
    .unwrap()
    .downcast::<gst::Bin>()
    .unwrap();
    let morph = pipeline.by_name("morph").unwrap();
    let sink = morph.static_pad("sink").unwrap();
    let format = || {
        let caps = sink.current_caps()?;
        caps.structure(0)?.get::<String>("format").ok()
    };
    let frames = || {
        let stats = morph.property::<gst::Structure>("stats");
        stats.get::<u64>("frames-in").unwrap()
    };
    pipeline.set_state(gst::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let wait = |until: &dyn Fn() -> bool| {
        // Generous: only a hang runs into it.
        for _ in 0..3000 {
            let error = bus.pop_filtered(&[gst::MessageType::Error]);
            assert!(error.is_none(), "{error:?}");
            if until() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("it did not come to pass");
    };
    wait(&|| frames() > 2);
    assert_eq!(format().as_deref(), Some("I420"));
    morph.set_property_from_str("color-mode", "joint");
    wait(&|| format().is_some_and(|format| format != "I420"));
    let seen = frames();
    wait(&|| frames() > seen + 2);
    pipeline.set_state(gst::State::Null).unwrap();
}

#[test]
fn outside_of_the_region_nothing_changes() {
    for format in [VideoFormat::Rgb, VideoFormat::I420] {
        let mut rig = Rig::new(info(format, 64, 48), |element| {
            element.set_property("roi", gst::Array::new([16, 8, 100, 24]));
        });
        let source = frame(&rig.info, 0xEE);
        let (x, y) = (16 * rig.info.comp_pstride(0) as usize, 8..32);
        let out = rig.push(source.clone());
        let (before, after) = (rig.visible(&source, 1), rig.visible(&out, 1));
        for (row, (before, after)) in before[0].iter().zip(&after[0]).enumerate() {
            if y.contains(&row) {
                assert_eq!(before[..x], after[..x]);
            } else {
                assert_eq!(before, after, "row {row}");
            }
        }
        assert_ne!(before[0], after[0]);
        let within = rig.scores();
        // While playing: all of it again, then nothing.
        rig.element
            .set_property("roi", gst::Array::new(Vec::<i32>::new()));
        rig.push(source.clone());
        assert_ne!(within, rig.scores());
        rig.element.set_property("roi", gst::Array::new([-5, -5, 5, 5]));
        let out = rig.push(source.clone());
        assert_eq!(rig.visible(&out, 1), before);
        assert_eq!(rig.count(gst::MessageType::Warning), 1);
    }
}

/// Regions on a buffer: position and size, by number.
fn with_regions(mut buffer: gst::Buffer, regions: &[(u32, u32, u32, u32)]) -> gst::Buffer {
    for (id, rect) in regions.iter().enumerate() {
        VideoRegionOfInterestMeta::add(buffer.get_mut().unwrap(), "face", *rect).set_id(id as i32);
    }
    buffer
}

#[test]
fn the_largest_region_upstream_found_is_morphed_and_told() {
    let mut rig = Rig::new(info(VideoFormat::Rgb, 64, 48), |element| {
        element.set_property_from_str("roi-source", "meta");
    });
    let regions = [(0, 0, 8, 8), (16, 8, 32, 24)];
    let source = with_regions(frame(&rig.info, 0xEE), &regions);
    let out = rig.push(source.clone());
    let (before, after) = (rig.visible(&source, 1), rig.visible(&out, 1));
    for (row, (before, after)) in before[0].iter().zip(&after[0]).enumerate() {
        let inside = (8..32).contains(&row);
        assert_eq!(before != after, inside, "row {row}");
        assert_eq!(before[..48], after[..48]);
        assert_eq!(before[144..], after[144..]);
    }
    let metas: Vec<_> = out.iter_meta::<VideoRegionOfInterestMeta>().collect();
    assert_eq!(metas.iter().map(|meta| meta.rect()).collect::<Vec<_>>(), regions);
    assert!(metas[0].param("classmorph").is_none());
    let param = metas[1].param("classmorph").unwrap();
    assert!(["neutral", "smile", "frown", "surprise"].contains(&param.get::<&str>("label").unwrap()));
    assert!((0.25..=1.0).contains(&param.get::<f64>("confidence").unwrap()));
    assert!(
        source
            .iter_meta::<VideoRegionOfInterestMeta>()
            .all(|meta| meta.params().count() == 0),
        "what came in is not ours to write on"
    );

    // None: no morph, and no run.
    let stat = |name| {
        rig.element
            .property::<gst::Structure>("stats")
            .get::<u64>(name)
            .unwrap()
    };
    let runs = stat("inferences");
    let source = frame(&rig.info, 0xEE);
    let out = rig.harness.push_and_pull(source.clone()).unwrap();
    assert_eq!(rig.visible(&source, 1), rig.visible(&out, 1));
    assert_eq!(stat("inferences"), runs);
}

/// Side by side the left half is the frame: regions stay true there, and a crop does not.
#[test]
fn side_by_side_keeps_regions_and_drops_what_would_be_wrong() {
    let metas = |mode: &str| {
        let mut rig = Rig::new(info(VideoFormat::Rgb, 64, 48), |element| {
            element.set_property_from_str("display-mode", mode);
        });
        let mut source = with_regions(frame(&rig.info, 0xEE), &[(16, 8, 32, 24)]);
        {
            let buffer = source.get_mut().unwrap();
            gst_video::VideoCropMeta::add(buffer, (1, 2, 30, 20));
            gst::ReferenceTimestampMeta::add(
                buffer,
                &gst::Caps::new_empty_simple("timestamp/x-test"),
                gst::ClockTime::SECOND,
                gst::ClockTime::NONE,
            );
        }
        let out = rig.push(source);
        [
            out.meta::<VideoRegionOfInterestMeta>().map(|meta| meta.rect()) == Some((16, 8, 32, 24)),
            out.meta::<gst_video::VideoCropMeta>().is_some(),
            out.meta::<gst::ReferenceTimestampMeta>().is_some(),
        ]
    };
    assert_eq!(metas("side-by-side"), [true, false, true]);
    assert!(metas("morph")[0]);
}

#[test]
fn fit_and_crop_change_from_frame_to_frame() {
    let mut rig = Rig::new(info(VideoFormat::Rgb, 96, 48), |_| ());
    let source = frame(&rig.info, 0xEE);
    let mut seen = Vec::new();
    for (fit, crop) in [
        ("center-crop", 0.0),
        ("center-crop", 0.5),
        ("stretch", 0.0),
        ("letterbox", 0.0),
    ] {
        rig.element.set_property_from_str("fit", fit);
        rig.element.set_property("crop-fraction", crop);
        rig.push(source.clone());
        let scores = rig.scores();
        assert!(!seen.contains(&scores), "{fit} {crop}: {scores:?}");
        seen.push(scores);
    }
    rig.element.set_property_from_str("fit", "center-crop");
    rig.push(source);
    assert_eq!(rig.scores(), seen[0]);
}

/// Pixels half as wide as high: what is twice as wide in pixels looks square, and nothing is cut off.
#[test]
fn the_pixel_aspect_counts() {
    let scores = |par: (i32, i32), fit: &str| {
        let info = VideoInfo::builder(VideoFormat::Rgb, 96, 48)
            .fps((25, 1))
            .par(gst::Fraction::new(par.0, par.1))
            .build()
            .unwrap();
        let mut rig = Rig::new(info, |element| element.set_property_from_str("fit", fit));
        let source = frame(&rig.info, 0xEE);
        rig.push(source);
        rig.scores()
    };
    init();
    let all = scores((1, 1), "stretch");
    for fit in ["center-crop", "letterbox"] {
        assert_eq!(scores((1, 2), fit), all, "{fit}");
        assert_ne!(scores((1, 1), fit), all, "{fit}");
    }
}

#[test]
fn every_view_is_shown_in_every_kind_of_format() {
    for format in [
        VideoFormat::Rgb,
        VideoFormat::Argb,
        VideoFormat::Gray8,
        VideoFormat::I420,
        VideoFormat::Nv12,
    ] {
        let mut rig = Rig::new(info(format, 121, 91), |_| ());
        let source = frame(&rig.info, 0xEE);
        let mut seen = vec![rig.visible(&source, 1)];
        for caption in [false, true] {
            rig.element.set_property("caption", caption);
            for mode in ["morph", "difference", "saliency", "phase-flow", "source"] {
                rig.element.set_property_from_str("display-mode", mode);
                let out = rig.push(source.clone());
                let shown = rig.visible(&out, 1);
                let new = !seen.contains(&shown);
                assert_eq!(
                    new,
                    caption || mode != "source",
                    "{format} {mode} caption={caption}"
                );
                seen.push(shown);
            }
        }
    }
}
