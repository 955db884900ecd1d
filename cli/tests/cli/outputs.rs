// SPDX-License-Identifier: MPL-2.0
//! What is written loses nothing: not the files that were read, not half an answer, not a byte of a pipe.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::common::{repository, steerlens, weights_aside};
use tempfile::TempDir;

const MODEL: &str = "models/faces_robust.onnx";
const FACE: &str = "media/faces/neutral-2.png";

/// Names that lead to a file in a folder: its own, one that goes about, a link, a hard link.
fn names(folder: &Path, file: &str, ending: &str) -> Vec<PathBuf> {
    let at = |name: &str| folder.join(name);
    fs::create_dir_all(at("sub")).unwrap();
    let (soft, hard) = (at(&format!("soft.{ending}")), at(&format!("hard.{ending}")));
    symlink(at(file), &soft).unwrap();
    fs::hard_link(at(file), &hard).unwrap();
    vec![at(file), at("sub/..").join(file), soft, hard]
}

fn words<'a>(words: &[&'a dyn AsRef<OsStr>]) -> Vec<&'a OsStr> {
    words.iter().map(|word| (*word).as_ref()).collect()
}

#[test]
fn a_gradient_never_takes_the_place_of_its_model() {
    let folder = TempDir::new().unwrap();
    let model = folder.path().join("mine.onnx");
    fs::copy(repository(MODEL), &model).unwrap();
    let before = fs::read(&model).unwrap();
    for out in names(folder.path(), "mine.onnx", "onnx") {
        let answer = steerlens(words(&[&"gradient", &model, &"-o", &out])).code(2);
        answer.says("is the input");
        assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
        assert!(fs::read(&model).unwrap() == before, "{}", out.display());
    }
}

#[test]
fn a_morph_never_takes_the_place_of_anything_that_it_reads() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(repository(FACE), at("face.png")).unwrap();
    // Names are only names: a model and its labels may be called as they like.
    fs::copy(repository(MODEL), at("model.png")).unwrap();
    fs::write(at("labels.png"), "neutral\nsmile\nfrown\nsurprise\n").unwrap();
    for file in ["face.png", "model.png", "labels.png"] {
        let before = fs::read(at(file)).unwrap();
        let aliases = TempDir::new_in(folder.path()).unwrap();
        fs::hard_link(at(file), aliases.path().join("x.png")).unwrap();
        for out in names(aliases.path(), "x.png", "png")
            .into_iter()
            .chain([at(file)])
        {
            let [face, model, labels] = ["face.png", "model.png", "labels.png"].map(at);
            let line: [&dyn AsRef<OsStr>; 10] = [
                &"morph",
                &face,
                &"-m",
                &model,
                &"--label-file",
                &labels,
                &"--target",
                &"smile",
                &"-o",
                &out,
            ];
            let answer = steerlens(words(&line)).code(2);
            answer.says("is the input");
            assert!(fs::read(at(file)).unwrap() == before, "{file}");
        }
    }
}

#[test]
fn nothing_that_was_read_beside_the_model_is_written_over() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Weights in a file of their own, and a side-car that names its labels; called as an output may be.
    weights_aside(MODEL, &at("m.onnx"), "weights.png");
    let side_car = fs::read_to_string(repository(&format!("{MODEL}.modelinfo"))).unwrap();
    let side_car = side_car.replace("faces_robust.labels.txt", "labels.png");
    fs::write(at("m.onnx.modelinfo"), side_car).unwrap();
    fs::copy(repository("models/faces_robust.labels.txt"), at("labels.png")).unwrap();

    let (face, model) = (repository(FACE), at("m.onnx"));
    for file in ["weights.png", "labels.png", "m.onnx.modelinfo"] {
        let out = at(file);
        let before = fs::read(&out).unwrap();
        let gradient = words(&[&"gradient", &model, &"-o", &out]);
        let morph = words(&[&"morph", &face, &"-m", &model, &"-o", &out]);
        for line in [gradient, morph]
            .into_iter()
            .take(if file.ends_with("png") { 2 } else { 1 })
        {
            let answer = steerlens(line).with_runtime().code(2);
            answer.says("is the input");
            assert!(fs::read(&out).unwrap() == before, "{file}");
        }
    }
    // With another name all is well.
    steerlens(words(&[&"gradient", &model, &"-o", &at("new.onnx")])).code(0);
}

#[test]
fn a_pipe_with_a_name_is_no_input_and_is_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let [fifo, out] = ["fifo.png", "out.png"].map(|name| folder.path().join(name));
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    fs::write(&out, "old").unwrap();
    let model = repository(MODEL);
    let answer = steerlens(words(&[&"morph", &fifo, &"-m", &model, &"-o", &out])).code(2);
    answer.says("not a regular file");
    assert_eq!(fs::read(&out).unwrap(), b"old");
}

#[test]
fn a_link_is_written_through_and_nothing_is_left_beside_a_file() {
    let folder = TempDir::new().unwrap();
    let (real, link) = (folder.path().join("real.png"), folder.path().join("link.png"));
    fs::write(&real, "old").unwrap();
    symlink(&real, &link).unwrap();
    let (face, model) = (repository(FACE), repository(MODEL));
    let morph = |out: &Path, target: &str| {
        steerlens(words(&[
            &"morph",
            &face,
            &"-m",
            &model,
            &"--target",
            &target,
            &"-o",
            &out,
        ]))
    };
    morph(&link, "laughter").code(2);
    assert_eq!(fs::read(&real).unwrap(), b"old");
    morph(&link, "smile").with_runtime().code(0);
    assert!(link.is_symlink(), "a link is written through");
    assert!(image::open(&real).is_ok());
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "nothing is left beside it: {left:?}");
}

#[test]
fn an_answer_in_json_is_whole_for_paths_that_are_not_utf_8() {
    let folder = TempDir::new().unwrap();
    let at = |bytes: &[u8]| folder.path().join(OsStr::from_bytes(bytes));
    let (face, out) = (at(b"n\xff\xfe.png"), at(b"out\xff.png"));
    let (model, gradient) = (at(b"m\xff.onnx"), at(b"g\xff.onnx"));
    fs::copy(repository(FACE), &face).unwrap();
    fs::copy(repository(MODEL), &model).unwrap();
    let lines = [
        words(&[
            &"morph",
            &face,
            &"-m",
            &model,
            &"--json",
            &"--target",
            &"smile",
            &"-o",
            &out,
        ]),
        words(&[&"gradient", &model, &"--json", &"-o", &gradient]),
        words(&[&"inspect", &model, &"--json"]),
    ];
    let answers = lines.map(|line| steerlens(line).with_runtime().code(0).json());
    assert!(out.exists() && gradient.exists());
    let [morphed, ..] = &answers;
    let image = morphed["image"].as_str().unwrap();
    assert!(image.ends_with("/n\u{fffd}\u{fffd}.png"), "{image}");
}

/// Runs the program with a file on standard input.
fn piped(line: &[&OsStr], input: Vec<u8>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .args(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut to = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || to.write_all(&input));
    let output = child.wait_with_output().expect("it is our child");
    // A program that refuses its arguments reads nothing.
    let _ = writer.join().expect("the thread writes");
    output
}

#[test]
fn a_picture_comes_and_goes_through_pipes() {
    let folder = TempDir::new().unwrap();
    let (face, model, out) = (repository(FACE), repository(MODEL), folder.path().join("out.png"));
    steerlens(words(&[
        &"morph",
        &face,
        &"-m",
        &model,
        &"--target",
        &"smile",
        &"-o",
        &out,
    ]))
    .with_runtime()
    .code(0);
    let line = words(&[&"morph", &"-", &"-m", &model, &"--target", &"smile", &"-o", &"-"]);
    let answer = piped(&line, fs::read(&face).unwrap());
    let said = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(0), "{said}");
    assert!(
        answer.stdout == fs::read(&out).unwrap(),
        "the same bytes as in a file"
    );
    assert!(
        said.contains("wrote standard output"),
        "the report goes where it can: {said}"
    );
    let answer = piped(&line, b"no picture".to_vec());
    assert_eq!((answer.status.code(), answer.stdout.len()), (Some(2), 0));
    assert!(
        String::from_utf8_lossy(&answer.stderr).contains("standard input"),
        "{answer:?}"
    );
}

#[test]
fn a_picture_is_written_in_the_format_that_its_name_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| {
        let out = folder.path().join(name);
        let picture = repository("media/face_astronaut.png");
        let model = repository("models/face_expression.onnx");
        let line: [&dyn AsRef<OsStr>; 8] = [
            &"morph",
            &picture,
            &"-m",
            &model,
            &"--target",
            &"sad",
            &"-o",
            &out,
        ];
        steerlens(words(&line)).with_runtime().code(0);
        let bytes = fs::read(&out).unwrap();
        (
            image::guess_format(&bytes).unwrap(),
            image::load_from_memory(&bytes).unwrap().to_rgb8(),
        )
    };
    let (png, pixels) = read("a.png");
    let (webp, same) = read("a.webp");
    let (jpeg, alike) = read("a.JPG");
    use image::ImageFormat::{Jpeg, Png, WebP};
    assert_eq!((png, webp, jpeg), (Png, WebP, Jpeg));
    assert!(pixels == same);
    // Of quality 95: a grey level or two, where 8x8 blocks are fine-grained a few more.
    let differences = pixels
        .iter()
        .zip(alike.iter())
        .map(|(a, b)| f64::from(a.abs_diff(*b)));
    let mean = differences.sum::<f64>() / pixels.len() as f64;
    assert!(mean > 0.0 && mean < 2.0, "{mean}");
}

#[test]
fn a_gradient_goes_down_a_pipe() {
    let folder = TempDir::new().unwrap();
    let (model, out) = (repository(MODEL), folder.path().join("g.onnx"));
    steerlens(words(&[&"gradient", &model, &"-o", &out]))
        .with_runtime()
        .code(0);
    let answer = piped(&words(&[&"gradient", &model, &"-o", &"-"]), Vec::new());
    assert_eq!(answer.status.code(), Some(0), "{answer:?}");
    assert!(
        answer.stdout == fs::read(&out).unwrap(),
        "the same bytes as in a file"
    );
}

#[test]
fn one_pipe_is_not_asked_for_two_things() {
    let (face, model) = (repository(FACE), repository(MODEL));
    for line in [
        words(&[&"morph", &face, &"-m", &model, &"--json", &"-o", &"-"]),
        words(&[&"gradient", &model, &"--json", &"-o", &"-"]),
    ] {
        let answer = steerlens(line).code(2);
        answer.says("leave --json out");
        assert_eq!((answer.stdout.as_str(), answer.stderr.lines().count()), ("", 1));
    }
}

#[test]
fn a_reader_of_the_pipe_that_leaves_early_is_no_error() {
    let (face, model) = (repository(FACE), repository(MODEL));
    let line = format!(
        "{{ '{}' morph '{}' -m '{}' --target smile -o - 2>/dev/null; echo $? >&2; }} | true",
        env!("CARGO_BIN_EXE_steerlens"),
        face.display(),
        model.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n");
}
