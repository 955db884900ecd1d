// SPDX-License-Identifier: MPL-2.0
//! Which frames are shown, and what conditions count.

use super::*;

#[test]
fn the_easiest_and_the_hardest_frame_stand_first() {
    let frames = summary(four_pictures()).frames;
    let files = |list: &[ExtremeFrame]| {
        list.iter()
            .map(|shown| shown.moved.input.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(files(&frames.least), ["1.png", "0.png"]);
    assert_eq!(files(&frames.most), ["2.png", "3.png"]);
}

#[test]
fn frames_of_which_the_driver_has_no_opinion_are_in_no_list() {
    let mut rows = seen_as([(40.0, 0.9), (40.0, 0.2), (40.0, 0.9), (40.0, 0.9)]);
    let frames = summary(rows.clone()).frames;
    assert_eq!(frames.opinion, Some(0.5));
    let all = || frames.least.iter().chain(&frames.most);
    assert_eq!(all().count(), 3);
    assert!(all().all(|frame| frame.moved.input != "1.png"));
    rows.iter_mut().for_each(|row| row.p_source_before = 0.2);
    let frames = summary(rows).frames;
    assert_eq!(
        (frames.opinion, frames.least.len() + frames.most.len()),
        (None, 4)
    );
}

#[test]
fn the_worst_case_is_the_least_visible_change_of_a_sure_answer() {
    let mut rows = seen_as([(45.0, 0.9), (70.0, 0.4), (99.0, 0.9), (30.0, 0.8)]);
    for row in &mut rows {
        row.strip = Some(format!("strips/{}.1.png", number_of(row)));
        // At a flip that is attained the answer is the target.
        row.top_after = i32::from(row.reach == Reach::Flip && row.attained);
    }
    let worst = summary(rows.clone()).worst.unwrap();
    assert_eq!(
        (worst.moved.input.as_str(), worst.moved.psnr),
        ("0.png", Some(45.0))
    );
    assert_eq!(worst.picture.as_deref(), Some("strips/0.1.closest.png"));
    // One that the driver is sure of by half comes after, however little it changes, and before the others.
    rows.iter_mut()
        .filter(|row| row.input == "1.png")
        .for_each(|row| row.p_source_before = 0.8);
    assert_eq!(summary(rows.clone()).worst.unwrap().moved.input, "0.png");
    rows.iter_mut()
        .filter(|row| row.input == "0.png")
        .for_each(|row| row.p_source_before = 0.4);
    assert_eq!(summary(rows.clone()).worst.unwrap().moved.input, "1.png");
    // Where the driver is sure of none, all count.
    rows.iter_mut().for_each(|row| row.p_source_before = 0.4);
    assert_eq!(summary(rows.clone()).worst.unwrap().moved.input, "1.png");
    // A frame that was the target before is no change.
    rows.iter_mut().for_each(|row| row.top_before = 1);
    assert_eq!(summary(rows).worst, None);
}

fn judged(rows: Vec<Row>, condition: &str) -> Checked {
    let condition: Condition = condition.parse().unwrap();
    let summary = Summary::of(rows.into_iter().map(Ok), two_judges(), &[condition]).unwrap();
    summary.conditions[0].clone()
}

#[test]
fn a_condition_counts_what_its_brackets_let_pass() {
    // Four frames: flips at 0.5, 0.25 and 2, one beyond the range; PSNR and certainty as set here.
    let rows = seen_as([(45.0, 0.9), (41.0, 0.4), (60.0, 0.9), (30.0, 0.8)]);
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
