// SPDX-License-Identifier: MPL-2.0
//! Pixels in, planes out and back: every format with padded rows, the resize against its definition, its adjoint.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may fail by panicking")]

use proptest::prelude::*;
use steerlens::Shape;
use steerlens::frame::{
    Fit, FrameView, FrameViewMut, PixelFormat, Rect, Resize, Sampling, read_luma, read_rgb,
    write_luma_change, write_rgb_change,
};
use steerlens::render::{DisplayMode, Renderer, View, side_by_side};

/// What stands in bytes that nobody may touch.
const POISON: u8 = 0xAA;

/// The formats with one plane; `frame_yuv.rs` has the others.
fn packed() -> impl Iterator<Item = PixelFormat> {
    PixelFormat::ALL.into_iter().filter(|format| !format.is_yuv())
}

/// A sequence of reproducible values in 0..1.
fn noise(seed: u32) -> impl Iterator<Item = f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / 16_777_216.0
    })
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn norm(a: &[f32]) -> f64 {
    dot(a, a).sqrt()
}

/// A picture with poisoned padding after each row, none after the last.
struct Picture {
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
    bytes: Vec<u8>,
}

impl Picture {
    fn poisoned(format: PixelFormat, width: usize, height: usize) -> Self {
        let row = width * format.bytes();
        let stride = row + 7;
        Self {
            format,
            width,
            height,
            stride,
            bytes: vec![POISON; stride * (height - 1) + row],
        }
    }

    fn noisy(format: PixelFormat, width: usize, height: usize, seed: u32) -> Self {
        let mut picture = Self::poisoned(format, width, height);
        let mut values = noise(seed).map(|value| (value * 256.0) as u8);
        for y in 0..height {
            let start = y * picture.stride;
            let row = &mut picture.bytes[start..start + width * format.bytes()];
            row.iter_mut().for_each(|byte| *byte = values.next().unwrap());
        }
        picture
    }

    fn view(&self) -> FrameView<'_> {
        FrameView::new(self.format, self.width, self.height, self.stride, &self.bytes).unwrap()
    }

    fn view_mut(&mut self) -> FrameViewMut<'_> {
        FrameViewMut::new(self.format, self.width, self.height, self.stride, &mut self.bytes).unwrap()
    }

    /// Red, green, blue of a pixel, looked up by the letters of the format's name.
    fn rgb(&self, x: usize, y: usize) -> [u8; 3] {
        ["R", "G", "B"].map(|letter| self.byte(x, y, letter).unwrap())
    }

    /// Alpha or the unused byte of a pixel.
    fn fourth(&self, x: usize, y: usize) -> Option<u8> {
        self.byte(x, y, "A").or(self.byte(x, y, "X"))
    }

    fn byte(&self, x: usize, y: usize, letter: &str) -> Option<u8> {
        let name = format!("{:?}", self.format).to_uppercase();
        let (offset, size) = if name == "GRAY8" {
            ("RGB".find(letter).map(|_| 0), 1)
        } else {
            (name.find(letter), name.len())
        };
        offset.map(|offset| self.bytes[y * self.stride + x * size + offset])
    }

    fn assert_padding_untouched(&self) {
        let row = self.width * self.format.bytes();
        for rest in self.bytes.chunks(self.stride).filter_map(|line| line.get(row..)) {
            assert!(
                rest.iter().all(|byte| *byte == POISON),
                "{:?}: padding was written",
                self.format
            );
        }
    }
}

#[test]
fn resize_is_the_oracles_matrix() {
    for (from, to) in [(21, 8), (8, 21), (7, 7), (37, 28), (1, 5)] {
        let path = format!(
            "{}/tests/data/resize/matrix_{from}_to_{to}.npy",
            env!("CARGO_MANIFEST_DIR")
        );
        let matrix: Vec<f64> = npyz::NpyFile::new(&std::fs::read(path).unwrap()[..])
            .unwrap()
            .into_vec()
            .unwrap();
        // Both orientations, so that neither axis can stand in for the other.
        for wide in [true, false] {
            let size = |n| if wide { (n, 1) } else { (1, n) };
            let resize = Resize::new(size(from), size(to));
            let mut scratch = vec![f32::NAN; resize.scratch_len()];
            for i in 0..from {
                let mut unit = vec![0.0; from];
                unit[i] = 1.0;
                let mut column = vec![f32::NAN; to];
                resize.apply(&unit, &mut column, &mut scratch);
                for (o, value) in column.iter().enumerate() {
                    let want = matrix[o * from + i];
                    // One rounding to f32 (half an epsilon), with room for the definition's own rounding in f64.
                    let bound = want * f64::from(f32::EPSILON) * 0.500_001;
                    assert!(
                        (f64::from(*value) - want).abs() <= bound,
                        "{from} to {to} at [{o}, {i}]"
                    );
                }
            }
        }
    }
}

const SIZES: [((usize, usize), (usize, usize)); 9] = [
    ((1, 1), (1, 1)),
    ((1, 1), (5, 3)),
    ((5, 3), (1, 1)),
    ((1, 16), (16, 1)),
    ((53, 37), (28, 64)),
    ((28, 64), (53, 37)),
    ((640, 480), (224, 224)),
    ((31, 17), (31, 17)),
    ((7, 200), (6, 3)),
];

#[test]
fn adjoint_is_the_transpose() {
    for (from, to) in SIZES {
        let resize = Resize::new(from, to);
        assert_eq!((resize.input_size(), resize.output_size()), (from, to));
        let x: Vec<f32> = noise(1).take(from.0 * from.1).map(|v| v - 0.5).collect();
        let y: Vec<f32> = noise(2).take(to.0 * to.1).map(|v| v - 0.5).collect();
        let (mut rx, mut ry) = (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()]);
        let mut scratch = vec![f32::NAN; resize.scratch_len()];
        resize.apply(&x, &mut rx, &mut scratch);
        scratch.fill(f32::NAN);
        resize.adjoint(&y, &mut ry, &mut scratch);
        // Each value is a sum of few products in f32: a few epsilons of the norms' product bound the difference.
        let bound = 4.0 * f64::from(f32::EPSILON) * (norm(&rx) * norm(&y) + norm(&ry) * norm(&x));
        assert!((dot(&rx, &y) - dot(&x, &ry)).abs() <= bound, "{from:?} to {to:?}");
    }
}

#[test]
fn a_constant_stays_constant() {
    for (from, to) in SIZES {
        let resize = Resize::new(from, to);
        let mut out = vec![f32::NAN; to.0 * to.1];
        resize.apply(
            &vec![0.7; from.0 * from.1],
            &mut out,
            &mut vec![f32::NAN; resize.scratch_len()],
        );
        // Two passes, each summing at most a few dozen weights that were rounded once.
        assert!(
            out.iter().all(|v| (v - 0.7).abs() <= 16.0 * f32::EPSILON),
            "{from:?} to {to:?}"
        );
    }
}

#[test]
fn sampling_is_reading_then_cropping_then_resizing() {
    for fit in [Fit::CenterCrop, Fit::Stretch, Fit::Letterbox] {
        for format in packed() {
            for (frame, input) in [((53, 37), (16, 24)), ((5, 3), (8, 9)), ((1, 1), (3, 2))] {
                let picture = Picture::noisy(format, frame.0, frame.1, 3);
                let shape = Shape::new(format, frame);
                let mut sampling = Sampling::new(fit, &shape, input, 0.875);
                let (inputs, size) = (input.0 * input.1, frame.0 * frame.1);

                let mut plane = vec![f32::NAN; size];
                let (mut direct, mut by_plane) = (vec![f32::NAN; inputs], vec![f32::NAN; inputs]);
                read_luma(&picture.view(), &mut plane);
                sampling.apply(&plane, &mut by_plane);
                sampling.read_luma(&picture.view(), &mut direct);
                assert_close(&direct, &by_plane);
                assert_close(&by_plane, &naive_sampling(&sampling, &plane));

                let mut planes = vec![f32::NAN; 3 * size];
                let mut direct = vec![f32::NAN; 3 * inputs];
                read_rgb(&picture.view(), &mut planes);
                sampling.read_rgb(&picture.view(), &mut direct);
                for (plane, direct) in planes.chunks(size).zip(direct.chunks(inputs)) {
                    sampling.apply(plane, &mut by_plane);
                    assert_close(direct, &by_plane);
                }
            }
        }
    }
}

/// Sums of some dozen products of values up to 1, in different orders.
fn assert_close(a: &[f32], b: &[f32]) {
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(
        a.len() == b.len() && worst <= 16.0 * f32::EPSILON,
        "differs by {worst}"
    );
    assert!(a.iter().chain(b).all(|value| value.is_finite()));
}

/// docs/method.md 2.11 pixel by pixel, in f64, with bars.
fn naive_sampling(sampling: &Sampling, plane: &[f32]) -> Vec<f32> {
    let weights = |from: usize, to: usize, o: usize| {
        let scale = from as f64 / to as f64;
        let row = (0..from).map(move |i| {
            (1.0 - (i as f64 + 0.5 - (o as f64 + 0.5) * scale).abs() / scale.max(1.0)).max(0.0)
        });
        let sum: f64 = row.clone().sum();
        row.map(move |weight| weight / sum).collect::<Vec<_>>()
    };
    let (from, to) = (sampling.placement().frame, sampling.placement().input);
    let mut input = vec![0.0; sampling.input_size().0 * sampling.input_size().1];
    for y in 0..to.height {
        for x in 0..to.width {
            let mut sum = 0.0;
            for (j, wy) in weights(from.height, to.height, y).iter().enumerate() {
                for (i, wx) in weights(from.width, to.width, x).iter().enumerate() {
                    let value = plane[(from.y + j) * sampling.frame_size().0 + from.x + i];
                    sum += wy * wx * f64::from(value);
                }
            }
            input[(to.y + y) * sampling.input_size().0 + to.x + x] = sum as f32;
        }
    }
    input
}

#[test]
fn the_gradient_is_zero_where_the_model_does_not_look() {
    for (fit, frame, input) in [
        (Fit::CenterCrop, (53, 37), (16, 16)),
        (Fit::Letterbox, (53, 37), (16, 16)),
        (Fit::Stretch, (9, 70), (28, 12)),
    ] {
        let mut sampling = Sampling::new(fit, &Shape::new(PixelFormat::Rgb, frame), input, 0.8);
        let x: Vec<f32> = noise(4).take(frame.0 * frame.1).collect();
        let y: Vec<f32> = noise(5).take(input.0 * input.1).map(|v| v - 0.5).collect();
        let (mut rx, mut ry) = (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()]);
        sampling.apply(&x, &mut rx);
        sampling.adjoint(&y, &mut ry);
        let bound = 4.0 * f64::from(f32::EPSILON) * (norm(&rx) * norm(&y) + norm(&ry) * norm(&x));
        assert!((dot(&rx, &y) - dot(&x, &ry)).abs() <= bound, "{fit:?}");

        let mut enlarged = vec![f32::NAN; x.len()];
        sampling.enlarge(&y, &mut enlarged);
        let mut gathered = vec![f32::NAN; y.len()];
        sampling.enlarge_adjoint(&x, &mut gathered);
        let (there, back) = (dot(&enlarged, &x), dot(&y, &gathered));
        let bound = 1e-5 * norm(&x) * norm(&y);
        assert!((there - back).abs() <= bound, "{fit:?}: {there} {back}");
        let seen = sampling.placement().frame;
        for (at, (gradient, change)) in ry.iter().zip(&enlarged).enumerate() {
            let (column, row) = (at % frame.0, at / frame.0);
            let inside = (seen.x..seen.x + seen.width).contains(&column)
                && (seen.y..seen.y + seen.height).contains(&row);
            assert!(gradient.is_finite() && change.is_finite());
            assert!(
                inside || (*gradient == 0.0 && *change == 0.0),
                "{fit:?} at {column}, {row}"
            );
        }
    }
}

/// Of a change that is 1 everywhere: 1 within, less and less towards an edge beyond which the frame goes on.
#[test]
fn an_enlarged_change_fades_where_the_frame_goes_on() {
    // What the model sees is as high as the frame and less wide.
    let (frame, input) = ((320, 200), (50, 50));
    let mut sampling = Sampling::new(Fit::CenterCrop, &Shape::new(PixelFormat::Rgb, frame), input, 1.0);
    let seen = sampling.placement().frame;
    assert_eq!((seen.x, seen.width, seen.height), (60, 200, 200));
    let mut change = vec![f32::NAN; frame.0 * frame.1];
    sampling.enlarge(&vec![1.0; input.0 * input.1], &mut change);
    let at = |column: usize, row: usize| change[row * frame.0 + column];
    for row in [0, 100, 199] {
        assert_eq!([59, 260].map(|column| at(column, row)), [0.0; 2], "outside");
        for step in 0..100 {
            let [left, right] = [at(60 + step, row), at(259 - step, row)];
            assert!((left - right).abs() < 1e-6, "{step}");
            if step == 0 {
                assert!(left > 0.0 && left < 0.02, "the edge: {left}");
            } else if step < 12 {
                assert!(left > at(59 + step, row), "{step}: {left}");
            } else {
                assert!(step == 12 || (left - 1.0).abs() < 1e-6, "{step}: {left}");
            }
        }
    }
    // Where nothing is cut off, nothing fades.
    let mut whole = Sampling::new(Fit::Stretch, &Shape::new(PixelFormat::Rgb, frame), input, 1.0);
    whole.enlarge(&vec![1.0; input.0 * input.1], &mut change);
    assert!(change.iter().all(|value| (value - 1.0).abs() < 1e-6));
}

#[test]
fn planes_are_the_bytes_in_every_format() {
    for format in packed() {
        let picture = Picture::noisy(format, 13, 5, 6);
        let (mut luma, mut rgb) = (vec![f32::NAN; 65], vec![f32::NAN; 195]);
        read_luma(&picture.view(), &mut luma);
        read_rgb(&picture.view(), &mut rgb);
        for (at, luma) in luma.iter().enumerate() {
            let bytes = picture.rgb(at % 13, at / 13);
            for (plane, byte) in bytes.iter().enumerate() {
                assert_eq!(rgb[plane * 65 + at], f32::from(*byte) / 255.0, "{format:?}");
            }
            let [r, g, b] = bytes.map(f64::from);
            let want = (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
            assert!(
                (f64::from(*luma) - want).abs() <= 4.0 * f64::from(f32::EPSILON),
                "{format:?}"
            );
        }
    }
}

#[test]
fn a_crop_is_a_view_of_the_same_bytes() {
    let picture = Picture::noisy(PixelFormat::Bgr, 9, 7, 7);
    let rect = Rect {
        x: 2,
        y: 3,
        width: 6,
        height: 4,
    };
    let crop = picture.view().crop(rect).unwrap();
    for y in 0..4 {
        assert_eq!(crop.row(y), &picture.view().row(y + 3)[6..24]);
    }
    for (x, y, width, height) in [(4, 0, 6, 1), (0, 0, 0, 1), (0, 7, 1, 1), (usize::MAX, 0, 2, 1)] {
        assert!(picture.view().crop(Rect { x, y, width, height }).is_none());
    }
}

#[test]
fn no_change_is_the_frame_bit_for_bit() {
    for format in packed() {
        for width in [1, 63, 64, 65, 130] {
            let picture = Picture::noisy(format, width, 3, 8);
            for zero in [0.0, -0.0] {
                let mut luma = Picture::poisoned(format, width, 3);
                assert_eq!(
                    write_luma_change(&picture.view(), &vec![zero; width * 3], &mut luma.view_mut()).unwrap(),
                    0.0
                );
                assert_eq!(luma.bytes, picture.bytes, "{format:?}");
                let mut rgb = Picture::poisoned(format, width, 3);
                assert_eq!(
                    write_rgb_change(&picture.view(), &vec![zero; width * 9], &mut rgb.view_mut()).unwrap(),
                    0.0
                );
                assert_eq!(rgb.bytes, picture.bytes, "{format:?}");
            }
        }
    }
}

#[test]
fn a_change_is_added_clipped_rounded_and_measured() {
    let (width, height) = (131, 3);
    let size = width * height;
    // Changes up to 0.75 clip at both ends.
    let change: Vec<f32> = noise(9).take(3 * size).map(|v| (v - 0.5) * 1.5).collect();
    for format in packed() {
        let picture = Picture::noisy(format, width, height, 10);
        for luma in [true, false] {
            let mut out = Picture::poisoned(format, width, height);
            let squared = if luma {
                write_luma_change(&picture.view(), &change[..size], &mut out.view_mut()).unwrap()
            } else {
                write_rgb_change(&picture.view(), &change, &mut out.view_mut()).unwrap()
            };
            out.assert_padding_untouched();
            let mut want_squared = 0.0;
            for at in 0..size {
                let (x, y) = (at % width, at / width);
                let rgb: [f64; 3] =
                    std::array::from_fn(|c| f64::from(change[if luma { at } else { c * size + at }]));
                let gray = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
                for (c, change) in rgb.into_iter().enumerate() {
                    let (source, written) = (f64::from(picture.rgb(x, y)[c]), f64::from(out.rgb(x, y)[c]));
                    let want =
                        (source + 255.0 * if format.is_gray() { gray } else { change }).clamp(0.0, 255.0);
                    // Rounding moves by at most a half; the sum in f32 errs by epsilons of 255.
                    assert!(
                        (written - want).abs() <= 0.5 + 1e-4,
                        "{format:?}: {written} for {want}"
                    );
                    if !format.is_gray() || c == 0 {
                        want_squared += ((written - source) / 255.0).powi(2);
                    }
                }
                assert_eq!(out.fourth(x, y), picture.fourth(x, y), "{format:?}");
            }
            assert!(
                (squared - want_squared).abs() <= 1e-9 * want_squared,
                "{squared} and {want_squared}"
            );
        }
    }
}

#[test]
fn an_output_of_another_size_or_format_is_refused() {
    let picture = Picture::noisy(PixelFormat::Rgb, 4, 3, 11);
    for (format, width, height) in [
        (PixelFormat::Bgr, 4, 3),
        (PixelFormat::Rgb, 3, 3),
        (PixelFormat::Rgb, 4, 2),
        (PixelFormat::Rgba, 4, 3),
    ] {
        let mut out = Picture::poisoned(format, width, height);
        let error = write_luma_change(&picture.view(), &[0.0; 12], &mut out.view_mut()).unwrap_err();
        assert!(error.to_string().contains("4x3 Rgb"), "{error}");
        assert!(write_rgb_change(&picture.view(), &[0.0; 36], &mut out.view_mut()).is_err());
        let shown = View::Picture(picture.view());
        let mut renderer = Renderer::default();
        assert!(
            renderer
                .render(&shown, &picture.view(), &mut out.view_mut())
                .is_err()
        );
        let other = Picture::poisoned(format, width, height);
        let mut fits = Picture::poisoned(PixelFormat::Rgb, 4, 3);
        for shown in [View::Picture(other.view()), View::Difference(other.view())] {
            assert!(
                renderer
                    .render(&shown, &picture.view(), &mut fits.view_mut())
                    .is_err()
            );
        }
    }
}

#[test]
fn render_shows_what_its_mode_says() {
    for format in packed() {
        let source = Picture::noisy(format, 17, 4, 12);
        let morph = Picture::noisy(format, 17, 4, 13);
        let show = |view: View<'_>| {
            let mut out = Picture::poisoned(format, 17, 4);
            Renderer::default()
                .render(&view, &source.view(), &mut out.view_mut())
                .unwrap();
            out.assert_padding_untouched();
            out
        };
        assert_eq!(show(View::Picture(morph.view())).bytes, morph.bytes);
        assert_eq!(show(View::Picture(source.view())).bytes, source.bytes);
        let difference = show(View::Difference(morph.view()));
        let (width, height) = DisplayMode::SideBySide.output_size((17, 4));
        assert_eq!((width, height), (34, 4));
        let mut both = Picture::poisoned(format, width, height);
        let whole = Rect {
            x: 0,
            y: 0,
            width: 17,
            height: 4,
        };
        side_by_side(&source.view(), &morph.view(), whole, &mut both.view_mut()).unwrap();
        both.assert_padding_untouched();
        for (x, y) in (0..17 * 4).map(|at| (at % 17, at / 17)) {
            assert_eq!(
                (both.rgb(x, y), both.fourth(x, y)),
                (source.rgb(x, y), source.fourth(x, y))
            );
            assert_eq!(
                (both.rgb(17 + x, y), both.fourth(17 + x, y)),
                (morph.rgb(x, y), morph.fourth(x, y))
            );
            assert_eq!(difference.fourth(x, y), source.fourth(x, y));
            for c in 0..3 {
                let change = i32::from(morph.rgb(x, y)[c]) - i32::from(source.rgb(x, y)[c]);
                assert_eq!(
                    i32::from(difference.rgb(x, y)[c]),
                    (128 + 4 * change).clamp(0, 255)
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn placements_lie_inside_and_keep_shape(
        frame in (1usize..5000, 1usize..5000),
        input in (1usize..600, 1usize..600),
        crop_fraction in -0.5f64..1.5,
        aspect in 0.25f64..4.0,
    ) {
        for fit in [Fit::CenterCrop, Fit::Stretch, Fit::Letterbox] {
            let placement = fit.place(frame, aspect, input, crop_fraction);
            for (rect, outer) in [(placement.frame, frame), (placement.input, input)] {
                prop_assert!(rect.width > 0 && rect.height > 0);
                prop_assert!(rect.x + rect.width <= outer.0 && rect.y + rect.height <= outer.1);
                // Centred to the pixel.
                prop_assert!((outer.0 - rect.width - 2 * rect.x) <= 1 && (outer.1 - rect.height - 2 * rect.y) <= 1);
            }
            if fit != Fit::Stretch {
                // The same shape on both sides, each side within one pixel (rounding, and at least one).
                let (part, shape) = match fit {
                    Fit::CenterCrop => (placement.frame, input),
                    _ => (placement.input, frame),
                };
                let look = if fit == Fit::CenterCrop { aspect } else { 1.0 / aspect };
                let skew = part.width as f64 * look * shape.1 as f64 - part.height as f64 * shape.0 as f64;
                prop_assert!(skew.abs() <= shape.0 as f64 + shape.1 as f64 * look);
            }
        }
    }
}
