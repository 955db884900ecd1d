// SPDX-License-Identifier: MPL-2.0
//! Audits as Rust calls them.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use steerlens::ClassifierSettings;
use steerlens_audit::{Auditor, Direction, Format, Phase, Progress, Row, Settings, Verdict, run};
use steerlens_files::Picture;
use tempfile::TempDir;

fn repository(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path
}

/// Two digits, one method, an L2 distance and the flip.
fn digits(out: PathBuf) -> Settings {
    let inputs = ["media/digits/3-1.png", "media/digits/4-1.png"].map(repository);
    let model = repository("models/digits_robust.onnx");
    Settings {
        methods: steerlens_audit::methods("pixel").unwrap(),
        budgets: vec![1.0],
        random_control: true,
        ..Settings::new(inputs.into(), model, out)
    }
}

/// Notes the phases, and stops after so many frames.
struct Listener {
    phases: Mutex<Vec<String>>,
    frames: AtomicU64,
    most: u64,
}

impl Listener {
    fn until(most: u64) -> Self {
        Self {
            phases: Mutex::default(),
            frames: AtomicU64::new(0),
            most,
        }
    }
}

impl Progress for Listener {
    fn phase(&self, phase: &Phase<'_>) {
        let name = format!("{phase:?}");
        let name = name.split(' ').next().unwrap().to_owned();
        self.phases.lock().unwrap().push(name);
    }

    fn advance(&self, done: f64, count: u64) {
        assert!((0.0..=1.0).contains(&done), "{done}");
        self.frames.fetch_max(count, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.frames.load(Ordering::Relaxed) >= self.most
    }
}

#[test]
fn pictures_in_memory_have_the_rows_of_the_table() {
    let folder = TempDir::new().unwrap();
    let mut settings = digits(folder.path().join("out"));
    settings.results.format = Format::Csv;
    let listener = Listener::until(u64::MAX);
    let ending = run(&settings, &listener).unwrap();
    assert_eq!(ending.verdict, Verdict::Whole);
    assert_eq!(
        *listener.phases.lock().unwrap(),
        ["Loading", "Checking", "Auditing", "Writing"]
    );
    assert_eq!(listener.frames.load(Ordering::Relaxed), 2);
    let summary = ending.summary.unwrap();
    let mut table = csv::Reader::from_path(&ending.table).unwrap();
    assert_eq!(table.headers().unwrap().iter().collect::<Vec<_>>(), Row::COLUMNS);
    let column = |name: &str| Row::COLUMNS.iter().position(|column| *column == name).unwrap();
    let written: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!((written.len(), summary.counts.rows), (8, 8));

    let mut auditor = Auditor::open(&settings).unwrap();
    let mut rows = Vec::new();
    for path in &settings.inputs {
        // Random directions go by the name below the folder that was named.
        let name = path.file_name().unwrap().to_str().unwrap();
        rows.extend(auditor.audit(name, None, Picture::read(path).unwrap()));
    }
    assert_eq!(rows.len(), written.len());
    for (row, written) in rows.iter().zip(&written) {
        assert_eq!(row.failure, None);
        let numbers = [
            ("l2", row.l2.to_string()),
            ("magnification", row.magnification.to_string()),
            ("p_target_after", row.p_target_after.to_string()),
            ("target_label", row.target_label.clone()),
        ];
        for (name, number) in numbers {
            assert_eq!(written[column(name)], number, "{name} of {}", row.input);
        }
    }
}

#[test]
fn an_audit_that_is_stopped_goes_on() {
    let folder = TempDir::new().unwrap();
    let clip = |out: &str| Settings {
        inputs: vec![repository("media/digits"), repository("media/shapes")],
        jobs: 1,
        ..digits(folder.path().join(out))
    };
    let whole = run(&clip("whole"), &()).unwrap();
    let stopped = run(&clip("stopped"), &Listener::until(1)).unwrap();
    assert_eq!((stopped.verdict, stopped.summary), (Verdict::Stopped, None));
    assert!(!stopped.table.exists() && !stopped.page.exists());

    let refused = run(&clip("stopped"), &()).unwrap_err().to_string();
    assert!(refused.contains("go on with --resume"), "{refused}");
    let again = Settings {
        resume: true,
        ..clip("stopped")
    };
    let resumed = run(&again, &()).unwrap();
    assert_eq!(resumed.verdict, whole.verdict);
    assert!(fs::read(resumed.table).unwrap() == fs::read(whole.table).unwrap());
    let other = Settings { seed: 7, ..again };
    let refused = run(&other, &()).unwrap_err().to_string();
    assert!(refused.contains("by its seed"), "{refused}");
}

#[test]
fn a_finished_audit_is_judged_anew_by_other_conditions() {
    let folder = TempDir::new().unwrap();
    let mut settings = digits(folder.path().join("out"));
    let first = run(&settings, &()).unwrap();
    assert_eq!(first.verdict, Verdict::Whole);
    let [answer] = first.in_words().try_into().unwrap();
    assert!(
        answer.starts_with("2 of 2 frames and targets can be brought to another answer. Half of"),
        "{answer}"
    );
    settings.resume = true;
    settings.results.fail_if = vec!["flips > 0%".parse().unwrap(), "failed > 0".parse().unwrap()];
    let judged = run(&settings, &()).unwrap();
    assert_eq!(judged.verdict, Verdict::Failed);
    let [_, failed, passed] = judged.in_words().try_into().unwrap();
    assert!(
        failed.starts_with("failed: flips > 0% (2 of 2, 100 %, with pixel"),
        "{failed}"
    );
    assert!(
        passed.starts_with("passed, it is not so: failed > 0 ("),
        "{passed}"
    );
    let summary = judged.summary.unwrap();
    let failed: Vec<bool> = summary.conditions.iter().map(|checked| checked.failed).collect();
    assert_eq!(failed, [true, false]);
    let page = fs::read_to_string(&judged.page).unwrap();
    assert!(page.contains("<strong>Failed</strong>") && page.contains("flips &gt; 0%"));
    // Nothing else has changed.
    let before = first.summary.unwrap();
    assert_eq!((summary.cells, summary.run), (before.cells, before.run));
    settings.results.fail_if.clear();
    assert_eq!(run(&settings, &()).unwrap().verdict, Verdict::Whole);
}

#[test]
fn what_a_condition_needs_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let refused = |condition: &str, edit: fn(&mut Settings)| {
        let mut settings = digits(folder.path().join("out"));
        settings.results.fail_if = vec![condition.parse().unwrap()];
        edit(&mut settings);
        run(&settings, &()).unwrap_err().to_string()
    };
    let said = refused("flips > 1%", |settings| settings.flips = false);
    assert!(said.contains("--no-flip leaves them out"), "{said}");
    let said = refused("wrong > 1%", |_| ());
    assert!(said.contains("--truth folder"), "{said}");
    let said = refused("flips(method=csp-phase) > 1%", |_| ());
    assert!(said.contains("not among --methods"), "{said}");
}

#[test]
fn without_distances_edits_go_as_far_as_flips_do() {
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        budgets: Vec::new(),
        random_control: false,
        ..digits(folder.path().join("out"))
    };
    let summary = run(&settings, &()).unwrap().summary.unwrap();
    let median = {
        let flips = summary.flips[0].all.magnification_quantiles;
        // Two pictures: the lower one's flip.
        flips[0].unwrap()
    };
    let asked: Vec<f64> = summary.cells.iter().filter_map(|cell| cell.requested).collect();
    assert_eq!(asked.len(), 3);
    for (asked, times) in asked.iter().zip([1.0, 2.0, 4.0]) {
        assert!(
            (asked / (times * median) - 1.0).abs() < 0.05,
            "{asked} of {median}"
        );
    }
    assert_eq!(
        summary.run.settings["magnifications-from"],
        "1, 2 and 4 times the median of 2 flips"
    );
}

#[test]
fn single_and_averaged_gradients_of_two_drivers_stand_side_by_side() {
    let folder = TempDir::new().unwrap();
    let single = Settings {
        random_control: false,
        ..digits(folder.path().join("single"))
    };
    let both = Settings {
        samples: vec![1, 4],
        also: vec![ClassifierSettings {
            model_file: repository("models/digits_plain.onnx"),
            ..ClassifierSettings::default()
        }],
        ..digits(folder.path().join("both"))
    };
    let rows = |settings: &Settings| {
        let mut auditor = Auditor::open(settings).unwrap();
        auditor.audit("3-1", None, Picture::read(&settings.inputs[0]).unwrap())
    };
    let many = rows(&both);
    let samples: Vec<u32> = many.iter().map(|row| row.samples).collect();
    assert_eq!(samples, [1, 1, 1, 1, 4, 4, 4, 4]);
    for row in &many {
        assert_eq!(row.failure, None);
        let known = row.control == Direction::Gradient;
        assert_eq!(row.agreement.is_nan(), row.samples == 1 || !known);
        assert!(
            row.agreement.is_nan() || (0.0..=1.0).contains(&row.agreement),
            "{}",
            row.agreement
        );
        assert_eq!(row.drivers_agreement.is_nan(), !known);
        assert!(
            !known || row.drivers_agreement.abs() <= 1.0,
            "{}",
            row.drivers_agreement
        );
    }
    assert_ne!(many[0].p_target_after, many[4].p_target_after);
    // One driver's single gradient is what it was.
    let alone = rows(&single);
    assert!(
        alone
            .iter()
            .all(|row| row.samples == 1 && row.drivers_agreement.is_nan())
    );
    assert_ne!(alone[0].p_target_after, many[0].p_target_after);

    let summary = run(&both, &()).unwrap();
    let page = fs::read_to_string(&summary.page).unwrap();
    assert!(page.contains("Pixel, 4 samples") && page.contains("The picture, or its grid of pixels?"));
    let record = summary.summary.unwrap().run;
    assert_eq!(record.also[0].name(), "digits_plain");
    assert!(page.contains("driven together with digits_plain"));
}

#[test]
fn the_gradient_of_another_picture_is_a_control() {
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        random_control: false,
        other_control: true,
        flips: false,
        ..digits(folder.path().join("out"))
    };
    let summary = run(&settings, &()).unwrap().summary.unwrap();
    let controls: Vec<Direction> = summary.cells.iter().map(|cell| cell.control).collect();
    assert_eq!(controls, [Direction::Gradient, Direction::Other]);
    assert_eq!((summary.counts.failed, summary.counts.missed), (0, 0));
    // As far, but not where this picture is to be moved.
    let [own, other] = [0, 1].map(|at| summary.cells[at].p_target_after.median.unwrap());
    assert!(other < own, "{other} {own}");

    // There is none beside a single picture.
    let alone = Settings {
        inputs: settings.inputs[..1].to_vec(),
        ..settings
    };
    let mut auditor = Auditor::open(&alone).unwrap();
    let rows = auditor.audit("3-1", None, Picture::read(&alone.inputs[0]).unwrap());
    let failures: Vec<bool> = rows.iter().map(|row| row.failure.is_some()).collect();
    assert_eq!(failures, [false, true]);
    assert!(rows[1].failure.as_ref().unwrap().contains("no other picture"));
}
