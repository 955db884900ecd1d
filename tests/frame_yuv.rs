// SPDX-License-Identifier: MPL-2.0
//! I420 and NV12: colours as the standards define them, luma edited in place, everything else the frame's; against
//! references that go pixel by pixel in f64.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may fail by panicking")]

use proptest::prelude::*;
use steerlens::Shape;
use steerlens::frame::{
    Colorimetry, Fit, FrameView, FrameViewMut, PixelFormat, Range, Rect, Sampling, read_luma, read_rgb,
    write_luma_change, write_rgb_change,
};
use steerlens::render::{Renderer, View, pass_on, side_by_side};

const POISON: u8 = 0xAA;
const FORMATS: [PixelFormat; 2] = [PixelFormat::I420, PixelFormat::Nv12];
const CODINGS: [Colorimetry; 4] = [
    Colorimetry::BT601,
    Colorimetry::BT709,
    Colorimetry::BT2020,
    Colorimetry::BT601.full(),
];

/// Reproducible bytes.
fn noise(seed: u32) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    })
}

/// Planes with poisoned padding after each row.
struct Picture {
    shape: Shape,
    planes: Vec<(usize, Vec<u8>)>,
}

impl Picture {
    fn poisoned(shape: Shape, padding: usize) -> Self {
        let planes = (0..shape.format.planes()).map(|plane| {
            let (row, rows) = shape.plane_size(plane);
            // No padding after the last row: a buffer may end there.
            let stride = row + padding + plane;
            (stride, vec![POISON; stride * (rows - 1) + row])
        });
        Self {
            shape,
            planes: planes.collect(),
        }
    }

    fn noisy(shape: Shape, padding: usize, seed: u32) -> Self {
        let mut picture = Self::poisoned(shape, padding);
        let mut bytes = noise(seed);
        for plane in 0..shape.format.planes() {
            for y in 0..shape.plane_size(plane).1 {
                let mut view = picture.view_mut();
                let row = view.plane_row_mut(plane, y);
                row.iter_mut().for_each(|byte| *byte = bytes.next().unwrap());
            }
        }
        picture
    }

    fn view(&self) -> FrameView<'_> {
        match &self.planes[..] {
            [(s0, y), (s1, uv)] => FrameView::with_planes(self.shape, [(*s0, y), (*s1, uv)]).unwrap(),
            [(s0, y), (s1, u), (s2, v)] => {
                FrameView::with_planes(self.shape, [(*s0, y), (*s1, u), (*s2, v)]).unwrap()
            }
            _ => unreachable!(),
        }
    }

    fn view_mut(&mut self) -> FrameViewMut<'_> {
        match &mut self.planes[..] {
            [(s0, y), (s1, uv)] => FrameViewMut::with_planes(self.shape, [(*s0, y), (*s1, uv)]).unwrap(),
            [(s0, y), (s1, u), (s2, v)] => {
                FrameViewMut::with_planes(self.shape, [(*s0, y), (*s1, u), (*s2, v)]).unwrap()
            }
            _ => unreachable!(),
        }
    }

    fn luma(&self, x: usize, y: usize) -> u8 {
        self.planes[0].1[y * self.planes[0].0 + x]
    }

    /// Cb and Cr of a pair of colour differences.
    fn chroma(&self, x: usize, y: usize) -> [u8; 2] {
        let (stride, bytes) = &self.planes[1];
        if self.shape.format == PixelFormat::Nv12 {
            [bytes[y * stride + 2 * x], bytes[y * stride + 2 * x + 1]]
        } else {
            [bytes[y * stride + x], self.planes[2].1[y * self.planes[2].0 + x]]
        }
    }

    fn assert_padding_untouched(&self) {
        for (plane, (stride, bytes)) in self.planes.iter().enumerate() {
            let (row, _) = self.shape.plane_size(plane);
            for rest in bytes.chunks(*stride).filter_map(|line| line.get(row..)) {
                assert!(rest.iter().all(|byte| *byte == POISON), "plane {plane}");
            }
        }
    }
}

/// Black, the bytes from black to white, and those from -1/2 to 1/2 of a colour difference.
fn units(coding: Colorimetry) -> (f64, f64, f64) {
    match coding.range {
        Range::Limited => (16.0, 219.0, 224.0),
        Range::Full => (0.0, 255.0, 255.0),
    }
}

/// ITU-R BT.601-7, 709-6, 2020-2: `R = Y + 2 (1 - kr) Cr` and so on.
fn to_rgb(coding: Colorimetry, luma: f64, [cb, cr]: [f64; 2]) -> [f64; 3] {
    let (black, span, wide) = units(coding);
    let (kr, kb) = (f64::from(coding.kr), f64::from(coding.kb));
    let (y, cb, cr) = ((luma - black) / span, (cb - 128.0) / wide, (cr - 128.0) / wide);
    let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
    [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b].map(|value| value.clamp(0.0, 1.0))
}

fn shapes(size: (usize, usize)) -> impl Iterator<Item = Shape> {
    FORMATS.into_iter().flat_map(move |format| {
        CODINGS.map(|colorimetry| Shape {
            colorimetry,
            ..Shape::new(format, size)
        })
    })
}

/// The triangle filter of docs/method.md 2.11 from `from` samples, of which `window` (start, length) is taken, to `to`.
fn weights(from: usize, window: (f64, f64), to: usize, o: usize) -> Vec<f64> {
    let scale = window.1 / to as f64;
    let centre = window.0 + (o as f64 + 0.5) * scale;
    let raw: Vec<f64> = (0..from)
        .map(|i| (1.0 - (i as f64 + 0.5 - centre).abs() / scale.max(1.0)).max(0.0))
        .collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| weight / sum).collect()
}

fn mean(rows: &[f64], columns: &[f64], at: impl Fn(usize, usize) -> f64) -> f64 {
    let mut sum = 0.0;
    for (y, row) in rows.iter().enumerate().filter(|(_, row)| **row > 0.0) {
        for (x, column) in columns.iter().enumerate().filter(|(_, column)| **column > 0.0) {
            sum += row * column * at(x, y);
        }
    }
    sum
}

#[test]
fn the_model_sees_the_standards_colours() {
    for (frame, input) in [
        ((22, 14), (8, 8)),
        ((9, 13), (6, 5)),
        ((1, 1), (3, 3)),
        ((7, 3), (12, 9)),
    ] {
        for fit in [Fit::CenterCrop, Fit::Stretch, Fit::Letterbox] {
            for shape in shapes(frame) {
                let picture = Picture::noisy(shape, 5, 3);
                let mut sampling = Sampling::new(fit, &shape, input, 0.9);
                let mut rgb = vec![f32::NAN; 3 * input.0 * input.1];
                sampling.read_rgb(&picture.view(), &mut rgb);
                let (from, to) = (sampling.placement().frame, sampling.placement().input);
                for at in 0..input.0 * input.1 {
                    let (x, y) = (at % input.0, at / input.0);
                    let inside =
                        (to.x..to.x + to.width).contains(&x) && (to.y..to.y + to.height).contains(&y);
                    let want = if inside {
                        // Luma is cut out before it is resized; a colour difference may lie half inside.
                        let luma = mean(
                            &weights(from.height, (0.0, from.height as f64), to.height, y - to.y),
                            &weights(from.width, (0.0, from.width as f64), to.width, x - to.x),
                            |x, y| picture.luma(from.x + x, from.y + y).into(),
                        );
                        let half = |n: usize, start: usize, length: usize, to: usize, o: usize| {
                            weights(n.div_ceil(2), (start as f64 / 2.0, length as f64 / 2.0), to, o)
                        };
                        let row = half(frame.1, from.y, from.height, to.height, y - to.y);
                        let column = half(frame.0, from.x, from.width, to.width, x - to.x);
                        let chroma =
                            [0, 1].map(|c| mean(&row, &column, |x, y| picture.chroma(x, y)[c].into()));
                        to_rgb(shape.colorimetry, luma, chroma)
                    } else {
                        [0.0; 3]
                    };
                    for (c, want) in want.into_iter().enumerate() {
                        let found = f64::from(rgb[c * input.0 * input.1 + at]);
                        // Sums of some dozen products, and the matrix, which multiplies by up to 2: epsilons of 4.
                        assert!(
                            (found - want).abs() < 4e-6,
                            "{shape:?} {fit:?} {x},{y}: {found} {want}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn luma_is_the_plane_in_units_of_red_green_and_blue() {
    for shape in shapes((11, 5)) {
        let picture = Picture::noisy(shape, 3, 4);
        let mut plane = vec![f32::NAN; 55];
        read_luma(&picture.view(), &mut plane);
        let (black, span, _) = units(shape.colorimetry);
        for (at, value) in plane.iter().enumerate() {
            let want = (f64::from(picture.luma(at % 11, at / 11)) - black) / span;
            assert!((f64::from(*value) - want).abs() <= f64::from(f32::EPSILON));
        }
        // A grey ramp is the same in luma and in all three colours.
        let mut gray = Picture::noisy(shape, 3, 5);
        for plane in &mut gray.planes[1..] {
            plane.1.fill(128);
        }
        let (mut luma, mut rgb) = (vec![f32::NAN; 55], vec![f32::NAN; 165]);
        read_luma(&gray.view(), &mut luma);
        read_rgb(&gray.view(), &mut rgb);
        for (at, luma) in luma.iter().enumerate() {
            for c in 0..3 {
                assert!((rgb[c * 55 + at] - luma.clamp(0.0, 1.0)).abs() < 1e-6);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_change_moves_luma_and_nothing_else(
        width in 1usize..70, height in 1usize..9, padding in 0usize..9, seed in 1u32..1000, luma in any::<bool>(),
    ) {
        for shape in shapes((width, height)) {
            let frame = Picture::noisy(shape, padding, seed);
            let mut out = Picture::poisoned(shape, padding + 2);
            let count = width * height;
            let change: Vec<f32> =
                noise(seed + 7).take(3 * count).map(|byte| (f32::from(byte) - 128.0) / 200.0).collect();
            let squared = if luma {
                write_luma_change(&frame.view(), &change[..count], &mut out.view_mut()).unwrap()
            } else {
                write_rgb_change(&frame.view(), &change, &mut out.view_mut()).unwrap()
            };
            out.assert_padding_untouched();
            let (black, span, _) = units(shape.colorimetry);
            let (kr, kb) = (f64::from(shape.colorimetry.kr), f64::from(shape.colorimetry.kb));
            let mut want_squared = 0.0;
            for at in 0..count {
                let (x, y) = (at % width, at / width);
                let at = |c: usize| f64::from(change[c * count + at]);
                let step = if luma { at(0) } else { kr * at(0) + (1.0 - kr - kb) * at(1) + kb * at(2) };
                let (before, after) = (f64::from(frame.luma(x, y)), f64::from(out.luma(x, y)));
                // Bytes beyond black and white may stay and go no further.
                let want = (before + span * step).clamp(black.min(before), (black + span).max(before));
                prop_assert!((after - want).abs() <= 0.5 + 1e-4, "{before} {step} {after} {want}");
                want_squared += 3.0 * ((after - before) / span).powi(2);
            }
            prop_assert!((squared - want_squared).abs() <= 1e-6 * want_squared.max(1e-6));
            for y in 0..height.div_ceil(2) {
                for x in 0..width.div_ceil(2) {
                    prop_assert_eq!(out.chroma(x, y), frame.chroma(x, y));
                }
            }
        }
    }

    #[test]
    fn crops_share_bytes_and_copies_keep_them(
        width in 1usize..40, height in 1usize..20, seed in 1u32..1000, x in 0usize..20, y in 0usize..10,
    ) {
        for shape in shapes((width, height)).step_by(CODINGS.len()) {
            let frame = Picture::noisy(shape, 3, seed);
            let mut out = Picture::poisoned(shape, 4);
            pass_on(&frame.view(), &mut out.view_mut()).unwrap();
            out.assert_padding_untouched();
            let rect = Rect { x, y, width: width.saturating_sub(x), height: height.saturating_sub(y) };
            let possible = x % 2 == 0 && y % 2 == 0 && rect.width > 0 && rect.height > 0;
            let part = frame.view().crop(rect);
            prop_assert_eq!(part.is_some(), possible);
            let Some(part) = part else { continue };
            for row in 0..rect.height {
                prop_assert_eq!(part.row(row), &frame.view().row(y + row)[x..]);
            }
            let copied = out.view_mut();
            let view = copied.as_view().crop(rect).unwrap();
            for plane in 0..shape.format.planes() {
                for row in 0..view.shape().plane_size(plane).1 {
                    prop_assert_eq!(view.plane_row(plane, row), part.plane_row(plane, row));
                }
            }
        }
    }
}

#[test]
fn side_by_side_has_the_frame_and_its_edited_part() {
    // Odd widths: the second half begins in the middle of a pair, which stays the first half's.
    for (width, height) in [(10, 6), (9, 5), (1, 1), (2, 3)] {
        for format in FORMATS {
            let shape = Shape::new(format, (width, height));
            let frame = Picture::noisy(shape, 1, 8);
            let whole = Rect::whole((width, height));
            let part = Rect {
                x: whole.width / 4 * 2,
                y: 0,
                width: whole.width - whole.width / 4 * 2,
                height: height.min(4),
            };
            let mut morph = Picture::noisy(shape.resized(part.size()), 2, 9);
            let source = frame.view().crop(part).unwrap();
            let change = vec![0.2; part.width * part.height];
            write_luma_change(&source, &change, &mut morph.view_mut()).unwrap();
            let mut out = Picture::poisoned(shape.resized((2 * width, height)), 3);
            side_by_side(&frame.view(), &morph.view(), part, &mut out.view_mut()).unwrap();
            out.assert_padding_untouched();
            for (x, y) in (0..width * height).map(|at| (at % width, at / width)) {
                assert_eq!(out.luma(x, y), frame.luma(x, y));
                let edited = x >= part.x && y < part.height;
                let want = if edited {
                    morph.luma(x - part.x, y)
                } else {
                    frame.luma(x, y)
                };
                assert_eq!(out.luma(width + x, y), want);
            }
            for y in 0..height.div_ceil(2) {
                for x in 0..width.div_ceil(2) {
                    assert_eq!(out.chroma(x, y), frame.chroma(x, y));
                    if width % 2 == 0 || x > 0 {
                        assert_eq!(out.chroma(width / 2 + x, y), frame.chroma(x, y));
                    }
                }
            }
        }
    }
}

#[test]
fn views_are_coloured_within_the_frames_coding() {
    for shape in shapes((24, 18)) {
        let mut frame = Picture::noisy(shape, 1, 11);
        for plane in &mut frame.planes[1..] {
            plane.1.fill(128);
        }
        let mut morph = Picture::noisy(shape, 1, 12);
        write_luma_change(&frame.view(), &[0.02; 24 * 18], &mut morph.view_mut()).unwrap();
        let mut out = Picture::poisoned(shape, 2);
        let mut renderer = Renderer::default();
        renderer
            .render(
                &View::Difference(morph.view()),
                &frame.view(),
                &mut out.view_mut(),
            )
            .unwrap();
        out.assert_padding_untouched();
        assert_eq!(out.chroma(3, 3), [128, 128]);
        for (x, y) in (0..24 * 18).map(|at| (at % 24, at / 24)) {
            let change = i32::from(morph.luma(x, y)) - i32::from(frame.luma(x, y));
            assert_eq!(i32::from(out.luma(x, y)), (128 + 4 * change).clamp(0, 255));
        }
        // All the same strength: everywhere the same colour, in the middle of its pair as at its edge.
        let magnitude = vec![1.0; 24 * 18];
        renderer
            .render(&View::Saliency(&magnitude), &frame.view(), &mut out.view_mut())
            .unwrap();
        out.assert_padding_untouched();
        let first = to_rgb(
            shape.colorimetry,
            out.luma(0, 0).into(),
            out.chroma(0, 0).map(f64::from),
        );
        // The end of the ramp is a pale yellow.
        assert!(first[0] > 0.9 && first[1] > 0.85 && first[2] < 0.75, "{first:?}");
        assert_eq!(out.chroma(11, 8), out.chroma(0, 0));
    }
}
