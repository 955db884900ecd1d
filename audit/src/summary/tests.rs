// SPDX-License-Identifier: MPL-2.0
//! Statistics against values worked out by hand, and against another way to compute them.

use steerlens::morph::Method;

use super::made_up::MadeUp;
use super::*;
use crate::table::{Direction, Reach};

/// A table small enough to be summed up by hand: four pictures, moved to L2 1 and to the flip.
fn four_pictures() -> Vec<Row> {
    // target probability, attained, answer, judges' answers, E, magnification at the flip (none: not within the range)
    let facts = [
        (0.1, true, 0, [0, 0], 0.2, Some(0.5)),
        (0.3, true, 0, [1, 0], 0.4, Some(0.25)),
        (0.9, true, 1, [1, 1], 0.6, None),
        (0.8, false, 1, [1, 1], 0.9, Some(2.0)),
    ];
    let mut rows = Vec::new();
    for (at, (p, attained, top, judges, e, flip)) in facts.into_iter().enumerate() {
        let row = Row {
            input: format!("{at}.png"),
            input_sha256: format!("hash {at}"),
            source_label: "zero".to_owned(),
            target_class: 1,
            target_label: "one".to_owned(),
            source_class: 0,
            method: Method::CspPhase,
            control: Direction::Gradient,
            reach: Reach::L2,
            requested: 1.0,
            attained,
            magnification: 1.0,
            l2: 1.0,
            p_target_after: p,
            top_before: 0,
            top_after: top,
            truth: Some(if at == 3 { "one" } else { "zero" }.to_owned()),
            judge_top_before: vec![0, at as i32 % 2],
            judge_top_after: judges.to_vec(),
            e_warp: e,
            e_warp_gain: e + 0.05,
            scales: 1,
            orientations: 2,
            gradient_energy: vec![0.25 * at as f32, 0.25],
            change_energy: vec![0.5, 0.25],
            ..Row::default()
        };
        rows.push(row.clone());
        rows.push(Row {
            reach: Reach::Flip,
            requested: f64::NAN,
            attained: flip.is_some(),
            magnification: flip.unwrap_or(4.0),
            l2: 2.0 * flip.unwrap_or(4.0),
            ..row
        });
    }
    rows.push(Row {
        failure: Some("no".to_owned()),
        attained: false,
        ..rows[0].clone()
    });
    rows
}

fn two_judges() -> Record {
    Record {
        judges: vec![ModelFile::default(); 2],
        ..Record::default()
    }
}

fn summary(rows: Vec<Row>) -> Summary {
    Summary::of(rows.into_iter().map(Ok), two_judges(), &[]).unwrap()
}

#[test]
fn the_protocol_s_measures_stay_apart_and_leave_out_what_was_not_attained() {
    let summary = summary(four_pictures());
    let cell = &summary.cells[0];
    assert_eq!((cell.rows, cell.failed, cell.missed, cell.attained), (5, 1, 1, 3));
    // Of 0.1, 0.3, 0.9; the fourth picture's 0.8 did not attain and is not scored.
    assert!((cell.p_target_after.median.unwrap() - 0.3).abs() < 1e-7);
    assert_eq!((cell.answered.count, cell.answered.of), (1, 3));
    assert_eq!(
        cell.judges
            .iter()
            .map(|judge| (judge.count, judge.of))
            .collect::<Vec<_>>(),
        [(2, 3), (1, 3)]
    );
    let both = cell.all_judges.unwrap();
    assert_eq!((both.count, both.of), (1, 3));
    assert!((cell.e_warp.median.unwrap() - 0.4).abs() < 1e-7);
    assert!((cell.e_warp_gain.median.unwrap() - 0.45).abs() < 1e-7);
    assert_eq!(cell.p_target_after.interval, None, "four sources are too few");
}

#[test]
fn a_frame_that_never_flips_is_further_than_the_range_in_the_quantiles() {
    let summary = summary(four_pictures());
    let all = &summary.flips[0].all;
    assert_eq!((all.flipped.count, all.flipped.of), (3, 4));
    // 0.25, 0.5, 2, beyond: quartiles by type 7 are 0.4375, 1.25 and between 2 and beyond.
    assert_eq!(
        all.magnification_quantiles,
        [Some(0.25), Some(0.4375), Some(1.25), None, None]
    );
    assert_eq!(all.magnification.median, Some(1.25));
    // 0.5, 1, 4 of those that flipped.
    assert_eq!(
        all.l2_quantiles,
        [Some(0.5), Some(0.75), Some(1.0), Some(2.5), Some(4.0)]
    );
    let pair = &summary.matrices[0].pairs[0];
    assert_eq!(
        (pair.source_label.as_str(), pair.target_label.as_str()),
        ("zero", "one")
    );
    assert_eq!(
        (pair.became.count, pair.became.of, pair.magnification),
        (3, 4, Some(1.25))
    );
}

#[test]
fn counts_name_what_was_audited_and_what_is_left_out() {
    let counts = summary(four_pictures()).counts;
    assert_eq!(
        (
            counts.files,
            counts.sources,
            counts.frames,
            counts.cases,
            counts.rows
        ),
        (4, 4, 4, 4, 9)
    );
    assert_eq!((counts.failed, counts.missed, counts.unflipped), (1, 2, 1));
    assert!(!counts.is_complete());
    assert_eq!((counts.right.count, counts.right.of), (3, 4));
    assert_eq!(
        (counts.judges[1].agrees.count, counts.judges[1].target.count),
        (2, 2)
    );
    let exclusions = summary(four_pictures()).exclusions;
    assert_eq!((exclusions[0].failure.as_str(), exclusions[0].rows), ("no", 1));
    assert_eq!(exclusions[0].first, "0.png, frame 0");
}

#[test]
fn energy_is_the_mean_over_rows_with_a_result() {
    let energy = summary(four_pictures()).energy;
    // (0 + 0.25 + 0.5 + 0.75) / 4, twice each.
    assert_eq!(energy.gradient.unwrap().shares, [[0.375, 0.25]]);
    assert_eq!(
        (energy.changes[0].shares[0].as_slice(), energy.changes[0].of),
        (&[0.5, 0.25][..], 8)
    );
}

#[test]
fn the_easiest_and_the_hardest_frame_stand_first() {
    let frames = summary(four_pictures()).frames;
    let files = |list: &[ExtremeFrame]| list.iter().map(|shown| shown.input.clone()).collect::<Vec<_>>();
    assert_eq!(files(&frames.least), ["1.png", "0.png"]);
    assert_eq!(files(&frames.most), ["2.png", "3.png"]);
}

#[test]
fn copies_of_a_file_are_one_source() {
    let mut rows = four_pictures();
    for row in &mut rows {
        row.input_sha256 = "the same".to_owned();
    }
    let counts = summary(rows).counts;
    assert_eq!((counts.files, counts.sources), (4, 1));
}

#[test]
fn a_video_has_a_course_with_cuts_and_turns() {
    let sample = MadeUp {
        pictures: 0,
        videos: 1,
        frames: 700,
        ..MadeUp::default()
    };
    let summary = sample.summary();
    let video = &summary.videos[0];
    assert_eq!(
        (video.frames, video.became[1] <= 700, video.flipped[1] <= 700),
        (700, true, true)
    );
    // Ten points of seventy frames would be too few, 700 too many: stretches of three.
    assert_eq!(video.points.len(), 234);
    assert_eq!(video.points.iter().map(|point| point.frames).sum::<usize>(), 700);
    // A cut each 60 frames, at which the class changes too.
    assert_eq!(video.scene_cuts, 11);
    assert_eq!(video.points.iter().filter(|point| point.turn).count(), 11);
    assert_eq!(video.points[1].time_ns, 600_000_000);
    assert_eq!((video.reach, video.requested), (Some(Reach::L2), Some(2.0)));
}

#[test]
fn the_order_of_files_changes_no_statistic() {
    let sample = MadeUp {
        videos: 0,
        ..MadeUp::default()
    };
    let mut rows = sample.rows();
    let forwards = Summary::of(rows.iter().cloned().map(Ok), sample.run(), &[]).unwrap();
    rows.reverse();
    rows.sort_by_key(|row| ALL_METHODS.iter().position(|method| *method == row.method));
    let backwards = Summary::of(rows.into_iter().map(Ok), sample.run(), &[]).unwrap();
    for (one, other) in forwards.cells.iter().zip(&backwards.cells) {
        assert_eq!(one.p_target_after.median, other.p_target_after.median);
        assert_eq!(
            (one.answered.count, one.answered.of),
            (other.answered.count, other.answered.of)
        );
        assert_eq!(one.e_warp.median, other.e_warp.median);
    }
}

const ALL_METHODS: [Method; 4] = [
    Method::CspPhase,
    Method::CspJoint,
    Method::FourierPhase,
    Method::Pixel,
];

#[test]
fn a_summary_comes_back_from_json_and_a_foreign_one_is_refused() {
    let summary = MadeUp::default().summary();
    let json = serde_json::to_string(&summary).unwrap();
    assert!(Summary::read(&json).unwrap() == summary, "something was lost");
    assert_eq!(
        serde_json::to_string(&MadeUp::default().summary()).unwrap(),
        json,
        "the same rows, the same bytes"
    );
    let newer = json.replacen("\"schema\":1", "\"schema\":2", 1);
    assert!(
        Summary::read(&newer)
            .unwrap_err()
            .to_string()
            .contains("version 2")
    );
    assert!(
        Summary::read("[]")
            .unwrap_err()
            .to_string()
            .contains("no summary")
    );
}

#[test]
fn a_classifier_that_flips_sooner_is_found() {
    let mut rows = four_pictures();
    let before = summary(rows.clone());
    let mut same = summary(rows.clone());
    assert_eq!(same.compare(&before, Some(0.0)).easier, Some(0.0));
    assert!(!same.compare(&before, Some(0.0)).exceeded);
    for row in rows
        .iter_mut()
        .filter(|row| row.reach == Reach::Flip && row.attained)
    {
        row.magnification *= 0.75;
    }
    let mut now = summary(rows);
    let comparison = now.compare(&before, Some(0.2));
    // 0.9375 instead of 1.25.
    assert_eq!(comparison.easier, Some(0.25));
    assert!(comparison.exceeded);
    assert!(!now.compare(&before, Some(0.3)).exceeded);
}

fn judged(rows: Vec<Row>, condition: &str) -> Checked {
    let condition: Condition = condition.parse().unwrap();
    let summary = Summary::of(rows.into_iter().map(Ok), two_judges(), &[condition]).unwrap();
    summary.conditions[0].clone()
}

#[test]
fn a_condition_counts_what_its_brackets_let_pass() {
    // Four frames: flips at 0.5, 0.25 and 2, one beyond the range; PSNR and certainty as set here.
    let mut rows = four_pictures();
    let facts = [(45.0, 0.9), (41.0, 0.4), (60.0, 0.9), (30.0, 0.8)];
    for row in &mut rows {
        let at = row.input.as_bytes()[0] - b'0';
        (row.psnr, row.p_source_before) = facts[usize::from(at)];
    }
    let cases = [
        ("flips > 75%", false, 3, 4),
        ("flips >= 75%", true, 3, 4),
        ("flips(psnr>40) > 49%", true, 2, 4),
        ("flips(psnr>40, magnification<0.4) > 49%", false, 1, 4),
        // The second frame is none of those looked at.
        ("flips(p>50%) > 60%", true, 2, 3),
        ("flips(p>50%, psnr>40) > 30%", true, 1, 3),
        ("flips(method=csp-phase) < 10%", false, 3, 4),
        ("flips(method=pixel) > 1%", true, 0, 0),
        ("flips(p>99%) > 1%", true, 0, 0),
        ("wrong > 24%", true, 1, 4),
        ("wrong > 25%", false, 1, 4),
        ("failed > 0", true, 1, 9),
        ("failed > 20%", false, 1, 9),
    ];
    for (condition, failed, count, of) in cases {
        let checked = judged(rows.clone(), condition);
        assert_eq!(
            (checked.failed, checked.share.count, checked.share.of),
            (failed, count, of),
            "{condition}"
        );
    }
    // The method nearest to a failure decides.
    let pixels = rows.iter().filter(|row| row.reach == Reach::Flip).map(|row| Row {
        method: Method::Pixel,
        attained: true,
        ..row.clone()
    });
    let both: Vec<Row> = rows.iter().cloned().chain(pixels).collect();
    let checked = judged(both.clone(), "flips > 90%");
    assert_eq!((checked.failed, checked.method.as_deref()), (true, Some("pixel")));
    let checked = judged(both, "flips < 80%");
    assert_eq!(
        (checked.failed, checked.method.as_deref()),
        (true, Some("csp-phase"))
    );
}

#[test]
fn the_worst_case_is_the_least_visible_change_of_a_sure_answer() {
    let mut rows = four_pictures();
    let facts = [(45.0, 0.9), (70.0, 0.4), (99.0, 0.9), (30.0, 0.8)];
    for row in &mut rows {
        let at = row.input.as_bytes()[0] - b'0';
        (row.psnr, row.p_source_before) = facts[usize::from(at)];
        row.strip = Some(format!("strips/{at}.1.png"));
        // At a flip that is attained the answer is the target.
        row.top_after = i32::from(row.reach == Reach::Flip && row.attained);
    }
    let worst = summary(rows.clone()).worst.unwrap();
    assert_eq!((worst.input.as_str(), worst.psnr), ("0.png", Some(45.0)));
    assert_eq!(worst.picture.as_deref(), Some("strips/0.1.closest.png"));
    // Where the driver is sure of none, all count.
    rows.iter_mut().for_each(|row| row.p_source_before = 0.4);
    assert_eq!(summary(rows.clone()).worst.unwrap().input, "1.png");
    // A frame that was the target before is no change.
    rows.iter_mut().for_each(|row| row.top_before = 1);
    assert_eq!(summary(rows).worst, None);
}

#[test]
fn frames_of_which_the_driver_has_no_opinion_are_in_no_list() {
    let mut rows = four_pictures();
    for row in &mut rows {
        row.p_source_before = if row.input == "1.png" { 0.2 } else { 0.9 };
    }
    let frames = summary(rows.clone()).frames;
    assert_eq!(frames.opinion, Some(0.5));
    let all = || frames.least.iter().chain(&frames.most);
    assert_eq!(all().count(), 3);
    assert!(all().all(|frame| frame.input != "1.png"));
    rows.iter_mut().for_each(|row| row.p_source_before = 0.2);
    let frames = summary(rows).frames;
    assert_eq!(
        (frames.opinion, frames.least.len() + frames.most.len()),
        (None, 4)
    );
}

#[test]
fn a_fall_within_the_intervals_is_no_failure() {
    // 40 pictures whose flips spread over a factor of 16: a median that falls by a fifth is within what other pictures
    // would have given; one that falls to a tenth is not.
    let flips = |by: f64, files: usize| {
        let rows = (0..files).map(|at| Row {
            input: format!("{at}.png"),
            input_sha256: format!("hash {at}"),
            target_class: 1,
            reach: Reach::Flip,
            attained: true,
            magnification: by * 2.0_f64.powf(4.0 * (at as f64 + 0.5) / files as f64 - 4.0),
            ..Row::default()
        });
        Summary::of(rows.map(Ok), Record::default(), &[]).unwrap()
    };
    let exceeded = |now: f64, files: usize| {
        let comparison = flips(now, files).compare(&flips(1.0, files), Some(0.1)).clone();
        (comparison.exceeded, comparison.lines[0].easier_interval)
    };
    let (failed, interval) = exceeded(0.8, 40);
    let [low, high] = interval.unwrap();
    assert!(!failed && low < 0.0 && high > 0.2, "{low} {high}");
    let (failed, interval) = exceeded(0.1, 40);
    assert!(failed && interval.unwrap()[0] > 0.5, "{interval:?}");
    // Too few files for an interval: the number decides.
    assert_eq!(exceeded(0.8, 5), (true, None));
}

#[test]
fn files_that_only_one_audit_has_are_named() {
    let of = |names: &[&str]| {
        let inputs = names.iter().map(|name| InputFile {
            path: format!("{name}.png"),
            sha256: format!("hash {name}"),
        });
        let run = Record {
            inputs: inputs.collect(),
            ..Record::default()
        };
        Summary::of([], run, &[]).unwrap()
    };
    let mut now = of(&["a", "c", "d"]);
    let comparison = now.compare(&of(&["b", "a", "d"]), None);
    assert!(!comparison.same_inputs);
    assert_eq!(
        (&comparison.only_before[..], &comparison.only_now[..]),
        (&["b.png".to_owned()][..], &["c.png".to_owned()][..])
    );
}

#[test]
fn methods_are_compared_on_the_frames_that_all_of_them_attained() {
    // The first method attained on 0, 1, 2 of four pictures, the other on 1, 2, 3.
    let mut rows = four_pictures();
    let pixels: Vec<Row> = rows
        .iter()
        .filter(|row| row.reach == Reach::L2 && row.failure.is_none())
        .map(|row| Row {
            method: Method::Pixel,
            attained: row.input != "0.png",
            p_target_after: row.p_target_after - 0.25,
            top_after: 0,
            ..row.clone()
        })
        .collect();
    rows.extend(pixels);
    let common = &summary(rows).common[0];
    assert_eq!((common.attained, common.of, common.lines.len()), (2, 5, 2));
    let [phase, pixel] = &common.lines[..] else {
        unreachable!()
    };
    // Of 0.3 and 0.9; the picture that the other did not attain has 0.1.
    assert!((phase.p_target_after.median.unwrap() - 0.6).abs() < 1e-6);
    assert_eq!(
        (phase.answered.count, phase.answered.of, phase.less_first),
        (1, 2, None)
    );
    let less = pixel.less_first.unwrap();
    assert!((less.p_target_after.median.unwrap() + 0.25).abs() < 1e-6);
    assert_eq!((less.answered.median, less.answered.of), (Some(-0.5), 2));
    assert_eq!(less.e_warp.median, Some(0.0));
}

/// What summaries of earlier versions do not have.
const NEW: [&str; 16] = [
    "conditions",
    "confusion",
    "worst",
    "common",
    "also",
    "psnr",
    "samples",
    "agreement",
    "drivers-agreement",
    "averaged",
    "opinion",
    "only-before",
    "only-now",
    "easier-interval",
    "list-of-inputs",
    "warnings",
];

fn without_new(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|name, _| !NEW.contains(&name.as_str()));
            map.values_mut().for_each(without_new);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(without_new),
        _ => {}
    }
}

#[test]
fn a_summary_of_an_earlier_version_is_still_a_baseline() {
    let mut now = MadeUp::default().summary();
    now.compare(&MadeUp::default().summary(), Some(0.1));
    let mut old = serde_json::to_value(&now).unwrap();
    without_new(&mut old);
    let text = old.to_string();
    assert!(NEW.iter().all(|name| !text.contains(&format!("\"{name}\":"))));
    let old = Summary::read(&text).unwrap();
    assert_eq!((old.cells.len(), old.cells[0].samples), (now.cells.len(), 1));
    let comparison = now.compare(&old, Some(0.1));
    assert_eq!((comparison.easier, comparison.exceeded), (Some(0.0), false));
    assert_eq!(comparison.lines.len(), 12);
}
