// SPDX-License-Identifier: MPL-2.0
//! What the pixels cost around a morph: `cargo bench --bench frame`.
//!
//! CPU time of one thread; the steps take turns, so that a busy machine slows all of them. The ratio is to a copy of
//! the frame's bytes.
#![expect(clippy::print_stdout, reason = "figures are what a bench is for")]

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use steerlens::Shape;
use steerlens::frame::{
    Fit, FrameView, FrameViewMut, PixelFormat, Sampling, read_luma, read_rgb, write_luma_change,
    write_rgb_change,
};
use steerlens::render::{Bar, Caption, Captioner, Renderer, View};

const ROUNDS: usize = 200;
const INPUT: usize = 224;

/// One thing to time.
type Step<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn main() {
    println!("CPU time in ms, minimum and median of {ROUNDS}; ratio of minima to the copy");
    for format in [
        PixelFormat::Rgb,
        PixelFormat::Bgrx,
        PixelFormat::Gray8,
        PixelFormat::I420,
        PixelFormat::Nv12,
    ] {
        for size in [(640, 480), (1280, 720)] {
            bench(format, size);
        }
    }
}

fn bench(format: PixelFormat, (width, height): (usize, usize)) {
    let shape = Shape::new(format, (width, height));
    let bytes: Vec<u8> = (0..shape.packed_len())
        .map(|i| ((i * 2_654_435_761) >> 13) as u8)
        .collect();
    let pixels = width * height;
    let change: Vec<f32> = (0..3 * pixels).map(|i| (i % 97) as f32 / 970.0 - 0.05).collect();
    let gradient: Vec<f32> = (0..INPUT * INPUT).map(|i| (i % 89) as f32 / 89.0 - 0.5).collect();
    let frame = FrameView::packed(shape, &bytes).expect("the buffer fits");

    let mut samplings = [(); 4].map(|()| Sampling::new(Fit::Stretch, &shape, (INPUT, INPUT), 1.0));
    let [sample_rgb, sample_luma, adjoint, enlarge] = &mut samplings;
    let mut inputs = vec![0.0; 4 * INPUT * INPUT];
    let (input_rgb, input_luma) = inputs.split_at_mut(3 * INPUT * INPUT);
    let mut planes = vec![0.0; 6 * pixels];
    let [luma, back, up, ..] = &mut planes.chunks_mut(pixels).collect::<Vec<_>>()[..] else {
        return;
    };
    let mut rgb = vec![0.0; 3 * pixels];
    let mut outs = [(); 5].map(|()| vec![0u8; shape.packed_len()]);
    let [copied, written, written_rgb, shown, captioned] = &mut outs;
    let out = |bytes| FrameViewMut::packed(shape, bytes).expect("the buffer fits");
    let (mut written, mut written_rgb, mut shown) = (out(written), out(written_rgb), out(shown));
    let mut captioned = out(captioned);
    let (mut renderer, mut captioner) = (Renderer::default(), Captioner::default());
    let class = |label, before| Bar {
        label,
        before,
        after: None,
    };
    let caption = Caption {
        classes: [class("tiger cat", 0.6), class("Egyptian Mau", 0.3)],
        moved: true,
        age: None,
    };

    let mut steps: Vec<Step<'_>> = vec![
        ("copy", Box::new(|| copied.copy_from_slice(black_box(&bytes)))),
        (
            "frame to input, rgb",
            Box::new(|| sample_rgb.read_rgb(black_box(&frame), input_rgb)),
        ),
        (
            "frame to input, luma",
            Box::new(|| sample_luma.read_luma(black_box(&frame), input_luma)),
        ),
        (
            "adjoint of one plane",
            Box::new(|| adjoint.adjoint(black_box(&gradient), back)),
        ),
        (
            "enlarge one plane",
            Box::new(|| enlarge.enlarge(black_box(&gradient), up)),
        ),
        ("read luma", Box::new(|| read_luma(black_box(&frame), luma))),
        ("read rgb", Box::new(|| read_rgb(black_box(&frame), &mut rgb))),
        (
            "write luma change",
            Box::new(|| {
                write_luma_change(&frame, black_box(&change[..pixels]), &mut written).expect("same size");
            }),
        ),
        (
            "write rgb change",
            Box::new(|| {
                write_rgb_change(&frame, black_box(&change), &mut written_rgb).expect("same size");
            }),
        ),
        (
            "show difference",
            Box::new(|| {
                let view = View::Difference(*black_box(&frame));
                renderer.render(&view, &frame, &mut shown).expect("same size");
            }),
        ),
        (
            "caption, unchanged",
            Box::new(|| {
                captioner
                    .draw(black_box(&caption), &mut captioned)
                    .expect("not empty")
            }),
        ),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); steps.len()];
    for _ in 0..ROUNDS {
        for ((_, step), times) in steps.iter_mut().zip(&mut times) {
            let start = ThreadTime::now();
            step();
            times.push(start.elapsed());
        }
    }
    println!("\n{format:?} {width}x{height}, input {INPUT}x{INPUT}");
    times.iter_mut().for_each(|times| times.sort());
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    for ((name, _), series) in steps.iter().zip(&times) {
        let (min, median) = (ms(series[0]), ms(series[ROUNDS / 2]));
        println!("  {name:24} {min:7.3} {median:7.3} {:7.1}", min / ms(times[0][0]));
    }
}
