// SPDX-License-Identifier: MPL-2.0
//! What is drawn over pictures: captions in every format, the colours of a motion.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may fail by panicking")]

use std::time::Duration;

use steerlens::frame::{FrameView, FrameViewMut, PixelFormat, Shape};
use steerlens::render::{Bar, Caption, Captioner, Renderer, View};

/// A frame of one byte value with poisoned padding.
struct Frame {
    shape: Shape,
    stride: usize,
    bytes: Vec<u8>,
}

const POISON: u8 = 0xAA;
const PADDING: usize = 5;

impl Frame {
    fn new(format: PixelFormat, size: (usize, usize), value: u8) -> Self {
        let shape = Shape::new(format, size);
        let (row, rows) = shape.plane_size(0);
        let stride = row + PADDING;
        let mut bytes = vec![POISON; stride * rows];
        bytes.chunks_mut(stride).for_each(|line| line[..row].fill(value));
        Self { shape, stride, bytes }
    }

    fn view_mut(&mut self) -> FrameViewMut<'_> {
        FrameViewMut::with_planes(self.shape, [(self.stride, &mut self.bytes[..])]).unwrap()
    }

    /// Rows that differ from `value` anywhere.
    fn drawn(&self, value: u8) -> Vec<usize> {
        let row = self.shape.plane_size(0).0;
        let lines = self.bytes.chunks(self.stride).enumerate();
        lines
            .filter(|(_, line)| line[..row].iter().any(|byte| *byte != value))
            .map(|(y, _)| y)
            .collect()
    }
}

fn caption<'a>(source: &'a str, target: &'a str, before: [f32; 2], after: Option<[f32; 2]>) -> Caption<'a> {
    let bar = |label, k: usize| Bar {
        label,
        before: before[k],
        after: after.map(|after| after[k]),
    };
    Caption {
        classes: [bar(source, 0), bar(target, 1)],
        moved: false,
        age: None,
    }
}

#[test]
fn a_caption_is_a_strip_at_the_lower_edge_in_every_packed_format() {
    for format in PixelFormat::ALL.into_iter().filter(|format| !format.is_yuv()) {
        for size in [(160, 120), (321, 201), (1280, 720)] {
            let mut frame = Frame::new(format, size, 200);
            let text = caption("tiger cat", "Egyptian Mau", [0.6, 0.3], Some([0.1, 0.85]));
            Captioner::default().draw(&text, &mut frame.view_mut()).unwrap();
            let rows = frame.drawn(200);
            assert_eq!(rows.last(), Some(&(size.1 - 1)), "{format:?} {size:?}");
            assert!(rows.windows(2).all(|pair| pair[1] == pair[0] + 1));
            assert!(
                rows.len() * 2 <= size.1 && rows.len() >= 20,
                "{format:?} {size:?}: {}",
                rows.len()
            );
            let row = frame.shape.plane_size(0).0;
            for line in frame.bytes.chunks(frame.stride) {
                assert!(line[row..].iter().all(|byte| *byte == POISON));
            }
            // Alpha and unused bytes stay.
            let colours = format.offsets();
            for pixel in frame.bytes[rows[0] * frame.stride..][..row].chunks(format.bytes()) {
                for (k, byte) in pixel.iter().enumerate() {
                    assert!(colours.contains(&k) || *byte == 200, "{format:?}");
                }
            }
        }
    }
}

/// Grey luma of the strip in a format with colour differences is that of the strip on a grey frame.
#[test]
fn a_caption_on_luma_is_the_one_on_grey() {
    for format in [PixelFormat::I420, PixelFormat::Nv12] {
        // Odd sides too.
        for size in [(320, 180), (321, 181)] {
            let shape = Shape {
                colorimetry: steerlens::frame::Colorimetry::BT601.full(),
                ..Shape::new(format, size)
            };
            let mut bytes = vec![128u8; shape.packed_len()];
            let text = caption("neutral", "smile", [0.6, 0.3], None);
            let mut view = FrameViewMut::packed(shape, &mut bytes).unwrap();
            Captioner::default().draw(&text, &mut view).unwrap();
            let mut gray = Frame::new(PixelFormat::Gray8, size, 128);
            Captioner::default().draw(&text, &mut gray.view_mut()).unwrap();
            let view = FrameView::packed(shape, &bytes).unwrap();
            for y in 0..size.1 {
                let gray = &gray.bytes[y * gray.stride..][..size.0];
                for (a, b) in view.row(y).iter().zip(gray) {
                    // One rounding of the colour each way.
                    assert!(a.abs_diff(*b) <= 1, "row {y}");
                }
            }
            // Blue and orange bars leave their colours.
            let (_, rows) = shape.plane_size(1);
            let coloured = (0..rows)
                .flat_map(|y| view.plane_row(1, y))
                .filter(|byte| **byte != 128);
            assert!(coloured.count() > 20, "{format:?}");
        }
    }
}

#[test]
fn a_caption_follows_what_it_says_and_nothing_else() {
    let mut captioner = Captioner::default();
    let mut draw = |caption: &Caption<'_>| {
        let mut frame = Frame::new(PixelFormat::Rgb, (320, 240), 90);
        captioner.draw(caption, &mut frame.view_mut()).unwrap();
        frame.bytes
    };
    let first = draw(&caption("a", "b", [0.6, 0.3], None));
    // Less than a per cent is not shown.
    assert_eq!(first, draw(&caption("a", "b", [0.601, 0.299], None)));
    for other in [
        caption("a", "c", [0.6, 0.3], None),
        caption("a", "b", [0.6, 0.32], None),
        caption("a", "b", [0.6, 0.3], Some([0.5, 0.4])),
        Caption {
            moved: true,
            ..caption("a", "b", [0.6, 0.3], None)
        },
        Caption {
            age: Some(Duration::from_millis(420)),
            ..caption("a", "b", [0.6, 0.3], None)
        },
    ] {
        assert_ne!(first, draw(&other), "{other:?}");
    }
    assert_eq!(first, draw(&caption("a", "b", [0.6, 0.3], None)));
    let strange = caption(
        "",
        "\u{4e2d}\u{6587} a very, very long label that nobody could ever fit into it",
        [f32::NAN, 7.0],
        None,
    );
    assert_ne!(first, draw(&strange));
}

#[test]
fn longer_bars_are_more_ink_of_their_colour() {
    let orange = |share: f32| {
        let mut frame = Frame::new(PixelFormat::Rgb, (640, 480), 0);
        let text = caption("a", "b", [share, 0.0], None);
        Captioner::default().draw(&text, &mut frame.view_mut()).unwrap();
        let lines = frame.bytes.chunks(frame.stride);
        lines
            .flat_map(|line| line[..3 * 640].chunks(3))
            .filter(|pixel| *pixel == [240, 168, 84])
            .count()
    };
    let [none, half, full] = [0.0, 0.5, 1.0].map(orange);
    assert_eq!(none, 0);
    // To a pixel of each of the bar's rows.
    assert!(full.abs_diff(2 * half) <= 2 * 20 && half > 100, "{half} {full}");
}

#[test]
fn no_picture_is_too_small() {
    for format in PixelFormat::ALL {
        for size in [(1, 1), (2, 3), (64, 64), (95, 7), (5, 300), (200, 9)] {
            let shape = Shape::new(format, size);
            let mut bytes = vec![50; shape.packed_len()];
            let mut view = FrameViewMut::packed(shape, &mut bytes).unwrap();
            let text = caption("tiger cat", "Egyptian Mau", [0.6, 0.3], None);
            Captioner::default().draw(&text, &mut view).unwrap();
            let frame = bytes.clone();
            let frame = FrameView::packed(shape, &frame).unwrap();
            let plane = vec![0.5; size.0 * size.1];
            let mut view = FrameViewMut::packed(shape, &mut bytes).unwrap();
            let mut renderer = Renderer::default();
            for shown in [View::Saliency(&plane), View::PhaseFlow([&plane, &plane])] {
                renderer.render(&shown, &frame, &mut view).unwrap();
            }
        }
    }
}

/// Opposite directions have opposite colours, nothing moving none.
#[test]
fn the_colour_of_a_motion_says_its_direction() {
    let shape = Shape::new(PixelFormat::Rgb, (60, 8));
    let source = vec![128; shape.packed_len()];
    let frame = FrameView::packed(shape, &source).unwrap();
    let right: Vec<f32> = (0..480).map(|at| [1.0, -1.0, 0.0][at % 60 / 20]).collect();
    let down = vec![0.0; 480];
    let mut out = vec![0; shape.packed_len()];
    let mut view = FrameViewMut::packed(shape, &mut out).unwrap();
    Renderer::default()
        .render(&View::PhaseFlow([&right, &down]), &frame, &mut view)
        .unwrap();
    let pixel = |x: usize| <[u8; 3]>::try_from(&out[3 * x..][..3]).unwrap().map(i32::from);
    let [east, west, still] = [10, 30, 50].map(pixel);
    assert!(
        east[0] > west[0] + 40 && west[2] > east[2] + 20,
        "{east:?} {west:?}"
    );
    assert!(still[0] == still[1] && still[1] == still[2], "{still:?}");
}
