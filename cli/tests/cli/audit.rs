// SPDX-License-Identifier: MPL-2.0
//! `steerlens audit` from outside: the same rows whoever computes them and however often it is killed; clear endings.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{Answer, repository, steerlens};

/// A line of arguments for an audit with results in `out`.
pub(crate) fn line(inputs: &[&Path], model: &str, out: &Path, flags: &[&str]) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec!["audit".into()];
    line.extend(inputs.iter().map(OsString::from));
    line.extend(["-m".into(), repository(model).into(), "-o".into(), out.into()]);
    line.extend(flags.iter().map(OsString::from));
    line
}

pub(crate) fn audit(inputs: &[&Path], model: &str, out: &Path, flags: &[&str]) -> Answer {
    steerlens(line(inputs, model, out, flags)).with_runtime()
}

pub(crate) fn table(out: &Path) -> Vec<u8> {
    fs::read(out.join("frames.parquet")).expect("there is a table")
}

pub(crate) fn summary(out: &Path) -> serde_json::Value {
    let text = fs::read_to_string(out.join("summary.json")).expect("there is a summary");
    serde_json::from_str(&text).expect("it is JSON")
}

/// The rows of a CSV table, each as its named fields.
pub(crate) fn rows(out: &Path) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(out.join("frames.csv")).expect("there is a table");
    reader.deserialize().map(|row| row.expect("it is CSV")).collect()
}

/// Begins an audit and kills it without warning when some parts are finished and more are to come.
fn kill_in_the_middle(line: &[OsString], out: &Path) {
    let mut child = start(line);
    let began = Instant::now();
    while parts(out) < 2 {
        let ended = child.try_wait().expect("it is our child");
        assert!(
            ended.is_none() && began.elapsed() < Duration::from_secs(300),
            "it was to be killed: {ended:?}"
        );
        sleep(Duration::from_millis(2));
    }
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
    assert!(
        !out.join("summary.json").exists() && !out.join("frames.parquet").exists(),
        "it was not finished"
    );
}

fn start(line: &[OsString]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .args(line)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

fn parts(out: &Path) -> usize {
    let parts = fs::read_dir(out.join("parts"))
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    parts
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "parquet"))
        .count()
}

const CLIP: &[&str] = &[
    "--sample",
    "every=1",
    "--methods",
    "csp-phase,pixel",
    "--budgets",
    "2",
    "--control",
    "random",
    "--no-clips",
];

#[test]
fn a_killed_audit_goes_on_and_gives_the_same_table() {
    let folder = TempDir::new().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let clip = repository("media/shapes.avi");
    audit(&[&clip], "models/shapes_robust.onnx", &whole, CLIP).code(0);
    let mut begun = line(&[&clip], "models/shapes_robust.onnx", &killed, CLIP);
    kill_in_the_middle(&begun, &killed);
    let refused = steerlens(&begun).code(2);
    refused.says("--resume");
    begun.push("--resume".into());
    let mut other = begun.clone();
    other.extend(["--seed".into(), "7".into()]);
    let refused = steerlens(&other).code(2);
    refused.says("by its seed");
    for (model, judge, said) in [
        ("models/shapes_plain.onnx", None, "by its model"),
        (
            "models/shapes_robust.onnx",
            Some("models/shapes_plain.onnx"),
            "by its judge 1",
        ),
    ] {
        let mut other = line(&[&clip], model, &killed, CLIP);
        other.push("--resume".into());
        other.extend(
            judge
                .map(|judge| vec!["--judge".into(), repository(judge).into()])
                .into_iter()
                .flatten(),
        );
        let refused = steerlens(&other).code(2);
        refused.says(said);
    }
    steerlens(&begun).code(0);
    assert!(table(&killed) == table(&whole), "row for row the same");
    assert!(!killed.join("parts").exists());
    let again = steerlens(&begun).code(0);
    again.says("is finished");
}

#[test]
fn shards_are_merged_into_one_machine_s_table_though_one_was_killed() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let inputs = [repository("media/shapes"), repository("media/shapes.avi")];
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let model = "models/shapes_robust.onnx";
    audit(&inputs, model, &at("one"), CLIP).code(0);

    let shard = |number: u32| {
        let mut line = line(&inputs, model, &at(&format!("shard-{number}")), CLIP);
        line.extend(["--shard".into(), format!("{number}/2").into()]);
        line
    };
    // The shard with the clip has more parts than one. SHA-256 of "shapes.avi\0" is even in its first 64 bits.
    let long = 1;
    let mut other = start(&shard(3 - long));
    kill_in_the_middle(&shard(long), &at(&format!("shard-{long}")));
    assert!(other.wait().unwrap().success());
    let dirs = [1, 2].map(|number| at(&format!("shard-{number}")));
    let merge = |dirs: &[PathBuf], out: &str| {
        let mut line: Vec<OsString> = vec!["audit".into(), "merge".into()];
        line.extend(dirs.iter().map(OsString::from));
        line.extend(["-o".into(), at(out).into()]);
        steerlens(line)
    };
    let partial = merge(&dirs, "partial").code(3);
    partial.says("not finished");
    partial.says(&format!("shard {long}/2 is missing"));

    let mut resumed = shard(long);
    resumed.push("--resume".into());
    steerlens(resumed).code(0);
    merge(&dirs, "merged").code(0);
    assert!(table(&at("merged")) == table(&at("one")), "row for row the same");
    let [merged, one] = ["merged", "one"].map(|out| summary(&at(out)));
    assert_eq!(
        (&merged["cells"], &merged["flips"]),
        (&one["cells"], &one["flips"])
    );
    assert_eq!(merged["run"]["inputs"], one["run"]["inputs"]);

    let twice = merge(&[dirs[0].clone(), dirs[1].clone(), dirs[0].clone()], "twice").code(3);
    twice.says("is there twice");
    assert!(table(&at("twice")) == table(&at("one")), "taken once");
}

#[test]
fn the_same_audit_gives_the_same_bytes_on_one_core_and_two() {
    let folder = TempDir::new().unwrap();
    let digits = repository("media/digits");
    let table_of = |out: &str, jobs: &str| {
        let out = folder.path().join(out);
        let flags = [
            "--control",
            "random",
            "--judge",
            "models/digits_judge.onnx",
            "--jobs",
            jobs,
        ];
        let flags = flags.map(|flag| match flag.contains('/') {
            true => repository(flag).to_string_lossy().into_owned(),
            false => flag.to_owned(),
        });
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        audit(&[&digits], "models/digits_robust.onnx", &out, &flags).code(0);
        (table(&out), fs::read(out.join("strips/3-1.png.8.png")).ok())
    };
    assert!(table_of("one", "1") == table_of("two", "2"));
}

#[test]
fn a_row_says_what_a_morph_of_the_picture_says() {
    let folder = TempDir::new().unwrap();
    let (out, picture) = (folder.path().join("out"), repository("media/digits/3-1.png"));
    let flags = [
        "--methods",
        "csp-joint",
        "--budgets",
        "1.5",
        "--targets",
        "8",
        "--no-flip",
        "--format",
        "csv",
    ];
    audit(&[&picture], "models/digits_robust.onnx", &out, &flags).code(0);
    let row = rows(&out).remove(0);
    let png = folder.path().join("out.png");
    let model = repository("models/digits_robust.onnx");
    let mut morph: Vec<OsString> = vec!["morph".into(), picture.into(), "-m".into(), model.into()];
    let how = "--source 3 --target 8 --preset fast --method csp-joint --l2-budget 1.5 --grid exact --json -o";
    morph.extend(how.split(' ').map(OsString::from));
    morph.push(png.into());
    let answer = steerlens(morph).code(0).json();
    let morphed = &answer["morphs"][0];
    for (column, key) in [
        ("l2", "l2"),
        ("magnification", "magnification"),
        ("p_target_after", "target-probability-after"),
        ("phase_rms", "phase-rms"),
    ] {
        let (here, there): (f64, f64) = (row[column].parse().unwrap(), morphed[key].as_f64().unwrap());
        // Both print the shortest text that reads back as the same number; probabilities are f32.
        assert!(
            (here - there).abs() <= 1e-6 * there.abs(),
            "{column}: {here}, {there}"
        );
    }
    assert_eq!(row["attained"], "true");
}

#[test]
fn a_flip_is_where_the_class_changes() {
    let folder = TempDir::new().unwrap();
    let (out, picture) = (folder.path().join("out"), repository("media/digits/3-1.png"));
    let flags = ["--methods", "csp-joint", "--targets", "8", "--format", "csv"];
    audit(&[&picture], "models/digits_plain.onnx", &out, &flags).code(0);
    let flip = rows(&out).into_iter().find(|row| row["reach"] == "flip").unwrap();
    assert_eq!(
        (flip["attained"].as_str(), flip["top_after"].as_str()),
        ("true", "8")
    );
    let magnification: f64 = flip["magnification"].parse().unwrap();
    // Doubling ends with a bracket from half the flip at least, which is halved six times.
    let (flips, stays) = (magnification, magnification * (1.0 - 1.0 / 32.0));
    for (magnification, class) in [(flips, true), (stays, false)] {
        let out = folder.path().join(format!("{class}"));
        let list = magnification.to_string();
        let flags = [
            "--methods",
            "csp-joint",
            "--targets",
            "8",
            "--no-flip",
            "--format",
            "csv",
            "--magnifications",
            &list,
        ];
        audit(&[&picture], "models/digits_plain.onnx", &out, &flags).code(0);
        assert_eq!(rows(&out)[0]["top_after"] == "8", class, "{magnification}");
    }
}

#[test]
fn a_broken_file_is_named_and_left_out() {
    let folder = TempDir::new().unwrap();
    let (inputs, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&inputs).unwrap();
    fs::copy(repository("media/digits/3-1.png"), inputs.join("good.png")).unwrap();
    fs::write(inputs.join("bad.png"), "no picture").unwrap();
    let clip = fs::read(repository("media/shapes.avi")).unwrap();
    fs::write(inputs.join("cut.avi"), &clip[..200]).unwrap();
    fs::write(inputs.join("noise.webm"), [7; 4096]).unwrap();
    let answer = audit(&[&inputs], "models/digits_robust.onnx", &out, &[]).code(3);
    let failures = summary(&out)["run"]["failures"].as_array().unwrap().clone();
    for name in ["bad.png", "cut.avi", "noise.webm"] {
        answer.says(name);
        assert!(
            failures
                .iter()
                .any(|failure| failure["input"].as_str().unwrap().ends_with(name)),
            "{name}"
        );
    }
    assert_eq!(
        (failures.len(), summary(&out)["counts"]["frames"].as_u64()),
        (3, Some(1))
    );
}

#[test]
fn what_cannot_be_audited_is_an_error_of_one_line_that_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let (empty, out) = (folder.path().join("empty"), folder.path().join("out"));
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("note.txt"), "").unwrap();
    let (digits, labels) = (repository("media/digits"), empty.join("labels"));
    fs::write(&labels, "3-1.png,3\n").unwrap();
    let blocked = empty.join("note.txt/out");
    let few = empty.join("few");
    fs::write(&few, "zero\none\n").unwrap();
    let [labels, few] = [&labels, &few].map(|path| path.to_str().unwrap());
    let robust = "models/digits_robust.onnx";
    let cases: [(&Path, &str, &Path, &[&str], &str); 8] = [
        (&empty, robust, &out, &[], "no picture or video"),
        (&digits.join("0-0.png"), robust, &out, &[], "cannot be opened"),
        (&digits, "models/README.md", &out, &[], "README.md"),
        (
            &digits,
            robust,
            &out,
            &["--labels-from", labels],
            "1 labels for 12 inputs",
        ),
        (
            &digits,
            robust,
            &out,
            &["--labels", few],
            "has 2 labels and the model 10 classes",
        ),
        (&digits, robust, &out, &["--targets", "eleven"], "eleven"),
        (
            &digits,
            robust,
            &out,
            &["--judge", "/nowhere/judge.onnx"],
            "/nowhere/judge.onnx",
        ),
        (&digits, robust, &blocked, &[], "cannot be made"),
    ];
    for (input, model, out, flags, said) in cases {
        let answer = audit(&[input], model, out, flags).code(2);
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.lines().count()),
            ("", 1),
            "{}",
            answer.stderr
        );
        answer.says(said);
        assert!(!out.exists(), "{said}");
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_looks_whole() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let clip = repository("media/shapes.avi");
    let begun = line(&[&clip], "models/shapes_robust.onnx", &out, CLIP);
    // A limit of the size of files stands for the disk, set when the models are loaded: a write beyond it fails, as
    // the signal that would say so is ignored.
    let child = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_steerlens"),
        ])
        .args(&begun)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while parts(&out) == 0 {
        sleep(Duration::from_millis(2));
    }
    let limited = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), "--fsize=100"])
        .status()
        .unwrap();
    assert!(limited.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot be written: File too large"), "{said}");
    let whole: Vec<_> = ["frames.parquet", "summary.json", "report.html"]
        .into_iter()
        .filter(|name| out.join(name).exists())
        .collect();
    assert_eq!(whole, [""; 0]);
    steerlens(begun.iter().cloned().chain(["--resume".into()])).code(0);
}

#[test]
fn an_interrupted_audit_keeps_what_is_done() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let clip = repository("media/shapes.avi");
    let begun = line(&[&clip], "models/shapes_robust.onnx", &out, CLIP);
    let mut child = start(&begun);
    while parts(&out) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it was to be interrupted");
        sleep(Duration::from_millis(2));
    }
    let signalled = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(signalled.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(parts(&out) > 0 && !out.join("summary.json").exists());
}

#[test]
fn a_model_that_is_easier_to_flip_than_the_baseline_ends_with_four() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let digits = repository("media/digits");
    audit(&[&digits], "models/digits_robust.onnx", &at("before"), &[]).code(0);
    let baseline = at("before").join("summary.json");
    let flags = ["--baseline", baseline.to_str().unwrap()];
    let worse = audit(&[&digits], "models/digits_plain.onnx", &at("worse"), &flags).code(4);
    worse.says("easier");
    audit(&[&digits], "models/digits_robust.onnx", &at("same"), &flags).code(0);
}

#[test]
fn a_condition_that_is_fulfilled_fails_and_one_that_cannot_be_read_shows_the_place() {
    let folder = TempDir::new().unwrap();
    let digit = repository("media/digits/3-1.png");
    let at = |name: &str| folder.path().join(name);
    let flags = |condition: &'static str| ["--methods", "pixel", "--budgets", "1", "--fail-if", condition];
    let answer = audit(
        &[&digit],
        "models/digits_plain.onnx",
        &at("a"),
        &flags("flips(psnr>1) > 5%"),
    )
    .code(4);
    answer.says("failed: flips(psnr>1) > 5% (1 of 1, 100 %, with pixel)");
    assert_eq!(summary(&at("a"))["conditions"][0]["failed"], true);
    audit(
        &[&digit],
        "models/digits_plain.onnx",
        &at("b"),
        &flags("failed > 0"),
    )
    .code(0);
    let answer = audit(
        &[&digit],
        "models/digits_plain.onnx",
        &at("c"),
        &flags("flips(pnsr>1) > 5%"),
    )
    .code(2);
    answer.says("flips(pnsr>1) > 5%\n        ^^^^");
    answer.says("write psnr, ssim, l2, magnification, p");
    assert!(!at("c").exists());
}
