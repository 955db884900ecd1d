// SPDX-License-Identifier: MPL-2.0
//! Audits as Rust calls them.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use steerlens_audit::picture::Picture;
use steerlens_audit::{Auditor, Format, Phase, Progress, Row, Settings, Verdict, run};
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
