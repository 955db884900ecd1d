// SPDX-License-Identifier: MPL-2.0
//! Frames in a row: smoothing in time (docs/method.md 2.10), pictures that stand still, gradients that are held.

#![expect(clippy::unwrap_used, reason = "a test stops at a surprise")]

use std::path::Path;
use std::time::Duration;

use steerlens::frame::{read_luma, write_luma_change};
use steerlens::morph::{Morpher, ReachMode, Settings, StepMode, Tuning};
use steerlens::{
    ClassChoice, ClassifierSettings, Editor, ErrorKind, FramePosition, FrameView, FrameViewMut, Lens,
    LensSettings, Objective, PixelFormat, Reader, Reading, Report,
};

const SIDE: usize = 64;
const TAU: Duration = Duration::from_millis(100);

/// A face-like picture whose features move a little from one number to the next.
fn picture(number: u32, side: usize) -> Vec<u8> {
    let shift = f64::from(number) * 0.7;
    let wave = |x: f64, y: f64| ((x + shift) * 0.21).sin() * (y * 0.17).cos() + 0.4 * ((x - y) * 0.5).sin();
    (0..side * side)
        .map(|i| (128.0 + 55.0 * wave((i % side) as f64, (i / side) as f64)) as u8)
        .collect()
}

fn view(bytes: &[u8], side: usize) -> FrameView<'_> {
    FrameView::new(PixelFormat::Gray8, side, side, side, bytes).unwrap()
}

fn view_mut(bytes: &mut [u8], side: usize) -> FrameViewMut<'_> {
    FrameViewMut::new(PixelFormat::Gray8, side, side, side, bytes).unwrap()
}

fn smile() -> LensSettings {
    LensSettings::default().with(|s| {
        s.gradient.source = ClassChoice::Label("neutral".into());
        s.gradient.target = ClassChoice::Label("smile".into());
    })
}

fn calm() -> LensSettings {
    smile().with(|s| s.morph.tuning.temporal_smoothing = TAU)
}

fn lens(settings: LensSettings) -> Lens {
    let model_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/faces_robust.onnx");
    let classifier = ClassifierSettings {
        model_file,
        ..Default::default()
    };
    Lens::open(&classifier, settings).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

fn at(ms: u64) -> FramePosition {
    FramePosition {
        time: Some(Duration::from_millis(ms)),
        continuous: true,
        picture: None,
    }
}

struct Stream {
    lens: Lens,
}

impl Stream {
    fn new(settings: LensSettings) -> Self {
        Self { lens: lens(settings) }
    }

    fn morph(
        &mut self,
        position: FramePosition,
        bytes: &[u8],
    ) -> Result<(Vec<u8>, Report), steerlens::Error> {
        let side = bytes.len().isqrt();
        let mut out = vec![0xaa; bytes.len()];
        self.lens.at(position);
        let report = self
            .lens
            .morph(&view(bytes, side), &mut view_mut(&mut out, side))?;
        Ok((out, report))
    }

    fn picture(&mut self, ms: u64, bytes: &[u8]) -> Vec<u8> {
        self.morph(at(ms), bytes).unwrap().0
    }
}

/// Against the module `morph`, which meets the oracle's averages: the lens gives it the right planes and times.
#[test]
fn phase_steps_are_averaged_over_the_frames_of_a_stream() {
    let settings = Settings {
        tuning: Tuning {
            temporal_smoothing: TAU,
            ..Tuning::default()
        },
        ..Settings::default()
    };
    let mut morpher = Morpher::new(SIDE, SIDE, 1, &settings).unwrap();
    let mut stream = Stream::new(calm());
    let (mut plane, mut change) = (vec![0.0; SIDE * SIDE], vec![0.0; SIDE * SIDE]);
    let mut last = 0;
    for (number, ms) in (0u32..).zip([0, 40, 80, 280]) {
        let bytes = picture(number, SIDE);
        let smoothed = stream.picture(ms, &bytes);

        read_luma(&view(&bytes, SIDE), &mut plane);
        let elapsed = Duration::from_millis(ms - last);
        morpher.prepare_frame(&plane, &stream.lens.reading().gradient, elapsed);
        morpher.extrapolate(1.0, &mut change);
        let mut expected = vec![0; bytes.len()];
        write_luma_change(&view(&bytes, SIDE), &change, &mut view_mut(&mut expected, SIDE)).unwrap();
        assert_eq!(smoothed, expected, "at {ms} ms");
        last = ms;

        let sharp = Stream::new(smile()).picture(ms, &bytes);
        assert_eq!(sharp == smoothed, ms == 0, "at {ms} ms");
    }
}

#[test]
fn every_break_starts_the_average_anew() {
    type Break = fn(&mut Stream) -> FramePosition;
    let breaks: [(&str, Break, bool); 9] = [
        ("none", |_| at(1040), false),
        (
            "a discontinuity",
            |_| FramePosition {
                continuous: false,
                ..at(1040)
            },
            true,
        ),
        ("time that runs back", |_| at(960), true),
        (
            "no time",
            |_| FramePosition {
                time: None,
                ..at(1040)
            },
            true,
        ),
        ("a long gap", |_| at(2001), true),
        (
            "a reset",
            |stream| {
                stream.lens.reset();
                at(1040)
            },
            true,
        ),
        (
            "another number of orientations, there and back",
            |stream| {
                let other = calm().with(|s| s.morph.pyramid.orientations = 6);
                stream.lens.set_settings(other).unwrap();
                stream.lens.set_settings(calm()).unwrap();
                at(1040)
            },
            true,
        ),
        (
            "smoothing off and on",
            |stream| {
                stream.lens.set_settings(smile()).unwrap();
                stream.lens.set_settings(calm()).unwrap();
                at(1040)
            },
            true,
        ),
        (
            "another magnification",
            |stream| {
                stream
                    .lens
                    .set_settings(calm().with(|s| s.reach.magnification = 2.0))
                    .unwrap();
                stream.lens.set_settings(calm()).unwrap();
                at(1040)
            },
            false,
        ),
    ];
    let (first, second) = (picture(0, SIDE), picture(4, SIDE));
    let fresh = Stream::new(calm()).picture(1040, &second);
    for (name, change, breaks) in breaks {
        let mut stream = Stream::new(calm());
        stream.picture(1000, &first);
        let position = change(&mut stream);
        let (bytes, _) = stream.morph(position, &second).unwrap();
        assert_eq!(bytes == fresh, breaks, "{name}");
    }
}

#[test]
fn another_target_another_size_and_a_cut_start_the_average_anew() {
    let towards = |label: &str| calm().with(|s| s.gradient.target = ClassChoice::Label(label.into()));
    let (first, second) = (picture(0, SIDE), picture(4, SIDE));
    let mut stream = Stream::new(calm());
    stream.picture(1000, &first);
    stream.lens.set_settings(towards("frown")).unwrap();
    let fresh = Stream::new(towards("frown")).picture(1040, &second);
    assert_eq!(stream.picture(1040, &second), fresh, "another target");

    let large = picture(4, 80);
    let fresh = Stream::new(towards("frown")).picture(1080, &large);
    assert_eq!(stream.picture(1080, &large), fresh, "another size");

    let negative: Vec<u8> = large.iter().map(|byte| 255 - byte).collect();
    let fresh = Stream::new(towards("frown")).picture(1120, &negative);
    assert_eq!(stream.picture(1120, &negative), fresh, "a cut");
}

/// docs/method.md 2.10: smoothing is defined for one step.
#[test]
fn several_steps_are_not_smoothed() {
    let [calm, sharp] = [calm(), smile()].map(|settings| settings.with(|s| s.reach.steps = 2));
    let mut stream = Stream::new(calm);
    stream.picture(1000, &picture(0, SIDE));
    let second = picture(4, SIDE);
    assert_eq!(
        stream.picture(1040, &second),
        Stream::new(sharp).picture(1040, &second)
    );
}

/// An interrupted lens refuses every run: what it still does needs none.
#[test]
fn a_picture_that_stands_still_is_read_once() {
    for calm in [false, true] {
        let at_magnification = |magnification| {
            smile().with(|s| {
                s.reach.magnification = magnification;
                s.morph.tuning.temporal_smoothing = if calm { TAU } else { Duration::ZERO };
            })
        };
        let still = picture(0, SIDE);
        let mut stream = Stream::new(at_magnification(0.5));
        stream.picture(0, &still);
        stream.lens.interrupter().interrupt();
        for (number, magnification) in (1..).zip([1.0, 0.25, -0.5]) {
            stream.lens.set_settings(at_magnification(magnification)).unwrap();
            let (bytes, report) = stream.morph(at(40 * number), &still).unwrap();
            let fresh = Stream::new(at_magnification(magnification)).picture(0, &still);
            assert_eq!(bytes, fresh, "at {magnification}");
            assert!(!report.held && report.gradient_age.is_zero());
        }
        let mut moved = still.clone();
        moved[SIDE * SIDE - 1] ^= 1;
        let error = stream.morph(at(400), &moved).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Interrupted,
            "one byte is another picture"
        );
    }
}

#[test]
fn other_classes_are_read_anew_from_a_still() {
    let still = picture(0, SIDE);
    let mut stream = Stream::new(smile());
    stream.picture(0, &still);
    let frown = smile().with(|s| s.gradient.target = ClassChoice::Label("frown".into()));
    stream.lens.set_settings(frown.clone()).unwrap();
    assert!(!stream.lens.stands());
    assert_eq!(stream.picture(40, &still), Stream::new(frown).picture(0, &still));
    assert!(stream.lens.stands());
}

/// The average of a clip that freezes goes over to the still's own direction, as it would frame by frame.
#[test]
fn a_frozen_clip_settles() {
    let (first, still) = (picture(0, SIDE), picture(4, SIDE));
    let fresh = Stream::new(calm()).picture(0, &still);
    let mut stream = Stream::new(calm());
    stream.picture(0, &first);
    let mut previous = stream.picture(40, &still);
    assert_ne!(previous, fresh);
    let distance = |bytes: &[u8]| -> u32 {
        let differences = bytes.iter().zip(&fresh).map(|(a, b)| u32::from(a.abs_diff(*b)));
        differences.sum()
    };
    for ms in (140..2000).step_by(100) {
        let bytes = stream.picture(ms, &still);
        // Each frame takes e^-1 of what is left; of a handful of bytes rounding decides.
        assert!(distance(&bytes) <= distance(&previous) / 2 + 8, "at {ms} ms");
        previous = bytes;
    }
    assert!(distance(&previous) <= 8, "{}", distance(&previous));
}

#[test]
fn a_held_gradient_moves_a_frame_of_its_own() {
    let (first, second) = (picture(0, SIDE), picture(4, SIDE));
    let mut stream = Stream::new(smile());
    stream.picture(1000, &first);
    let mut out = vec![0; second.len()];
    stream.lens.interrupter().interrupt();
    stream.lens.at(at(1120));
    let report = stream
        .lens
        .apply(&view(&second, SIDE), &mut view_mut(&mut out, SIDE))
        .unwrap();
    assert!(report.held);
    assert_eq!(report.gradient_age, Duration::from_millis(120));

    // The picture is the second one's analysis along the first one's gradient.
    let mut morpher = Morpher::new(SIDE, SIDE, 1, &Settings::default()).unwrap();
    let (mut plane, mut change) = (vec![0.0; SIDE * SIDE], vec![0.0; SIDE * SIDE]);
    read_luma(&view(&second, SIDE), &mut plane);
    morpher.prepare(&plane, &stream.lens.reading().gradient);
    morpher.extrapolate(1.0, &mut change);
    let mut expected = vec![0; second.len()];
    write_luma_change(&view(&second, SIDE), &change, &mut view_mut(&mut expected, SIDE)).unwrap();
    assert_eq!(out, expected);
}

fn live() -> LensSettings {
    smile().with(|s| {
        s.morph.step_mode = StepMode::Live;
        s.morph.tuning.temporal_smoothing = 4 * TAU;
        s.reach.magnification = 2.0;
        s.view.measure_after = true;
    })
}

/// The picture leaves the source little by little, reaches the target, and stays there: nothing adds up without end.
#[test]
fn live_steps_lead_to_the_target_and_settle() {
    let still = picture(0, SIDE);
    let mut stream = Stream::new(live());
    let (first, report) = stream.morph(at(0), &still).unwrap();
    assert_eq!(first, still, "nothing has been carried yet");
    let before = report.after.unwrap().target_probability;
    let moved: Vec<f64> = (1..120)
        .map(|k| stream.morph(at(40 * k), &still).unwrap().1.l2)
        .collect();
    assert!(moved[0] > 0.0 && moved[0] < 0.5 * moved[60], "{moved:?}");
    let (low, high) = moved[60..].iter().fold((f64::MAX, 0.0f64), |(low, high), l2| {
        (low.min(*l2), high.max(*l2))
    });
    assert!(high < 1.05 * low, "{low} to {high}");
    let (_, report) = stream.morph(at(40 * 120), &still).unwrap();
    let after = report.after.unwrap().target_probability;
    assert!(after > 5.0 * before, "{before} to {after}");
    // The scores that are reported as those of the frame are the frame's.
    let mut alone = Stream::new(smile());
    alone.picture(0, &still);
    assert_eq!(stream.lens.reading().logits, alone.lens.reading().logits);
}

/// Live, a target that leads is not driven on: it hovers at its lead, far nearer to the frame than the magnification allows.
#[test]
fn live_steps_may_rest_while_the_target_leads() {
    let still = picture(0, SIDE);
    let moved = |settings: LensSettings| {
        let mut stream = Stream::new(settings);
        let mut all = (0..150).map(|k| stream.morph(at(40 * k), &still).unwrap().1);
        let last = all
            .by_ref()
            .skip(100)
            .map(|r| (r.l2, r.after.unwrap().target_probability, r.led));
        last.collect::<Vec<_>>()
    };
    let far = live().with(|s| {
        s.gradient.objective = Objective::LogProbability;
        s.reach.magnification = 4.0;
    });
    let auto = moved(
        far.clone()
            .with(|s| (s.reach.mode, s.reach.lead) = (ReachMode::Auto, 0.1)),
    );
    let fixed = moved(far);
    let leads = auto.iter().filter(|(.., led)| *led == Some(true)).count();
    assert!((1..50).contains(&leads), "{leads} of 50");
    assert!(auto.iter().all(|(l2, ..)| *l2 < 0.8 * fixed[0].0));
}

/// What is carried fades as time passes, not as frames are counted.
#[test]
fn live_steps_follow_the_clock() {
    let still = picture(0, SIDE);
    let moved = |every: u64| {
        let mut stream = Stream::new(live());
        let mut l2 = 0.0;
        for ms in (0..=400).step_by(every as usize) {
            l2 = stream.morph(at(ms), &still).unwrap().1.l2;
        }
        l2
    };
    // Were frames counted, it would be twice as far.
    let (often, seldom) = (moved(20), moved(40));
    assert!((often / seldom - 1.0).abs() < 0.15, "{often} {seldom}");
}

#[test]
fn live_steps_start_anew_after_a_cut_and_a_break() {
    let (first, second) = (picture(0, SIDE), vec![255; SIDE * SIDE]);
    let mut stream = Stream::new(live());
    (0..10).for_each(|k| drop(stream.picture(40 * k, &first)));
    assert_ne!(stream.picture(400, &first), first);
    assert_eq!(stream.picture(440, &second), second, "a cut");
    assert_eq!(stream.picture(480, &first), first, "and another");
    assert_ne!(stream.picture(520, &first), first);
    stream.lens.reset();
    assert_eq!(stream.picture(560, &first), first, "a reset");
}

/// Where the target has been reached the gradient may vanish; the morph then fades, and does not flash back to the frame.
#[test]
fn live_steps_stay_where_a_gradient_vanishes() {
    let still = picture(0, SIDE);
    let settings = live().with(|s| s.view.measure_after = false);
    let mut reader = Reader::new(lens(smile()).into_classifier(), &settings).unwrap();
    let mut editor = Editor::new(&reader, settings).unwrap();
    let mut reading = Reading::default();
    reader.read(&view(&still, SIDE), &mut reading).unwrap();
    let mut out = vec![0; still.len()];
    let mut moved = Vec::new();
    for ms in [0, 40, 80, 120] {
        if ms == 120 {
            reading.gradient.fill(0.0);
            reading.gradient_norm = 0.0;
        }
        editor.at(at(ms));
        let mut shown = view_mut(&mut out, SIDE);
        let reach = editor.settings().reach.clone();
        let report = editor
            .apply(&view(&still, SIDE), &reading, &reach, &mut shown)
            .unwrap();
        assert_eq!(report.warning, None);
        moved.push(report.l2);
    }
    // 40 ms of 400 have faded.
    assert!(moved[3] > 0.8 * moved[2] && moved[3] < moved[2], "{moved:?}");
}

#[test]
fn live_steps_without_a_time_constant_are_doubted() {
    let still = picture(0, SIDE);
    let mut stream = Stream::new(live().with(|s| s.morph.tuning.temporal_smoothing = Duration::ZERO));
    let (_, report) = stream.morph(at(0), &still).unwrap();
    let text = report.warning.unwrap();
    assert!(text.contains("temporal-smoothing"), "{text}");
}
