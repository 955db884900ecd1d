// SPDX-License-Identifier: MPL-2.0
//! Summaries that come back from JSON, and two of them side by side.

use super::*;

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
        summary_of(rows, Record::default())
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
        summary_of([], run)
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
fn a_summary_of_the_first_builds_is_still_a_baseline() {
    // audit/tests/data/README.md says where it is from.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/first_summary.json");
    let old = Summary::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(
        (old.cells[0].samples, old.conditions.len(), &old.worst),
        (1, 0, &None)
    );
    let like_it = MadeUp {
        methods: &[Method::CspPhase, Method::Pixel],
        budgets: &[2.0],
        ..MadeUp::default()
    };
    let mut now = like_it.summary();
    let comparison = now.compare(&old, Some(0.1));
    let before: Vec<_> = comparison
        .lines
        .iter()
        .map(|line| {
            let before = line.became_before;
            (line.method.as_str(), line.reach, before.count, before.of)
        })
        .collect();
    let read_in_the_file = [
        ("csp-phase", Reach::L2, 1, 12),
        ("pixel", Reach::L2, 1, 12),
        ("csp-phase", Reach::Flip, 6, 12),
        ("pixel", Reach::Flip, 9, 12),
    ];
    assert_eq!(before, read_in_the_file);
    assert!(comparison.lines.iter().all(|line| line.easier_interval.is_some()));
    assert_eq!(
        (comparison.same_inputs, comparison.only_before.len()),
        (false, 12)
    );
}
