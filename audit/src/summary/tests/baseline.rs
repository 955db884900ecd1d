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
