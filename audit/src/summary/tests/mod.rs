// SPDX-License-Identifier: MPL-2.0
//! Statistics against values worked out by hand, and against another way to compute them.

mod baseline;
mod frames;

use steerlens::morph::Method;

use super::made_up::{ALL, MadeUp};
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

/// The number of a row's picture.
fn number_of(row: &Row) -> usize {
    usize::from(row.input.as_bytes()[0] - b'0')
}

/// The four pictures with these PSNR, and so sure of the source.
fn seen_as(facts: [(f64, f32); 4]) -> Vec<Row> {
    let mut rows = four_pictures();
    for row in &mut rows {
        (row.psnr, row.p_source_before) = facts[number_of(row)];
    }
    rows
}

fn summary(rows: Vec<Row>) -> Summary {
    summary_of(rows, two_judges())
}

fn summary_of(rows: impl IntoIterator<Item = Row>, run: Record) -> Summary {
    Summary::of(rows.into_iter().map(Ok), run, &[]).unwrap()
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
    let forwards = summary_of(rows.clone(), sample.run());
    rows.reverse();
    rows.sort_by_key(|row| ALL.iter().position(|method| *method == row.method));
    let backwards = summary_of(rows, sample.run());
    for (one, other) in forwards.cells.iter().zip(&backwards.cells) {
        assert_eq!(one.p_target_after.median, other.p_target_after.median);
        assert_eq!(
            (one.answered.count, one.answered.of),
            (other.answered.count, other.answered.of)
        );
        assert_eq!(one.e_warp.median, other.e_warp.median);
    }
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
