// SPDX-License-Identifier: MPL-2.0
//! The snippets of docs/gradient.md run as they stand, in their order: shell always, Python where there is one with
//! what they need (`STEERLENS_PYTHON`, else `python3`). The Rust one is a documentation test of the library. So do the
//! commands of README.md, docs/answers.md, docs/gallery.md and docs/your-model.md.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::audit::audit;
use crate::common::repository;
use tempfile::TempDir;

const NEEDED: &str = "import numpy, onnx, onnxruntime, PIL";

#[test]
fn every_snippet_runs_as_it_stands() {
    let page = fs::read_to_string(repository("docs/gradient.md")).unwrap();
    let folder = TempDir::new().unwrap();
    for name in ["models", "media"] {
        symlink(repository(name), folder.path().join(name)).unwrap();
    }
    let python = python(NEEDED);
    if python.is_none() {
        skipped(
            "the Python snippets of docs/gradient.md; no Python with onnxruntime, numpy, pillow and onnx",
        );
    }
    // One program of all Python snippets so far for each of them: later ones use what earlier ones made.
    let mut so_far = String::new();
    let mut run = [0, 0];
    for (language, snippet) in snippets(&page) {
        match language {
            "sh" if python.is_some() || !snippet.contains("head.onnx") => {
                succeeds(
                    Command::new("bash").args(["-euc", snippet]),
                    folder.path(),
                    snippet,
                );
                run[0] += 1;
            }
            "python" => {
                so_far += snippet;
                if let Some(python) = &python {
                    succeeds(Command::new(python).args(["-c", &so_far]), folder.path(), snippet);
                    run[1] += 1;
                }
            }
            _ => {}
        }
    }
    let expected = if python.is_some() { [2, 5] } else { [1, 0] };
    assert_eq!(run, expected, "shell and Python snippets");
    assert!(folder.path().join("gradient.onnx").exists());
    if python.is_some() {
        for picture in ["saliency.png", "grad-cam.png"] {
            let picture = image::open(folder.path().join(picture)).unwrap().into_luma8();
            assert_eq!(picture.dimensions(), (112, 112));
            let brightest = picture.pixels().map(|p| p.0[0]).max();
            assert!(brightest > Some(200), "{brightest:?}");
        }
    }
}

#[test]
fn every_command_that_the_readme_shows_runs_as_it_stands() {
    let page = fs::read_to_string(repository("README.md")).unwrap();
    let folder = TempDir::new().unwrap();
    for name in ["models", "media"] {
        symlink(repository(name), folder.path().join(name)).unwrap();
    }
    let ours = |line: &&str| line.starts_with("steerlens ");
    let blocks: Vec<&str> = snippets(&page)
        .filter(|(language, snippet)| *language == "sh" && snippet.lines().any(|line| ours(&line)))
        .map(|(_, snippet)| snippet)
        .collect();
    for block in &blocks {
        // What is missing here is a finding, and the page says so.
        let snippet = block.replace("steerlens doctor", "steerlens doctor || test $? = 1; true");
        succeeds(
            Command::new("bash").args(["-euc", &snippet]),
            folder.path(),
            &snippet,
        );
    }
    let commands = blocks.iter().flat_map(|block| block.lines()).filter(ours).count();
    assert!(commands >= 7, "only {commands} commands were found");
    for picture in ["mau.png", "sheet.png", "smile.png"] {
        assert!(image::open(folder.path().join(picture)).is_ok(), "{picture}");
    }
    assert!(folder.path().join("report/report.html").exists());
}

#[test]
fn every_python_snippet_of_the_audit_s_page_runs_on_a_report() {
    let page = fs::read_to_string(repository("docs/audit.md")).unwrap();
    let folder = TempDir::new().unwrap();
    let digits = ["media/digits/3-1.png", "media/digits/4-1.png"].map(repository);
    let inputs = [digits[0].as_path(), digits[1].as_path()];
    let report = folder.path().join("report");
    audit(
        &inputs,
        "models/digits_robust.onnx",
        &report,
        &["--methods", "pixel,csp-phase"],
    )
    .code(0);
    let snippets: Vec<&str> = snippets(&page)
        .filter_map(|(language, snippet)| (language == "python").then_some(snippet))
        .collect();
    assert_eq!(snippets.len(), 3);
    for (snippet, needed) in snippets.into_iter().zip([
        "import pandas, pyarrow",
        "import polars",
        // It needs its database too.
        "import fiftyone, pandas, pyarrow; fiftyone.list_datasets()",
    ]) {
        assert!(snippet.contains(&needed[..needed.find(',').unwrap_or(needed.len())]));
        match python(needed) {
            Some(python) => drop(succeeds(
                Command::new(python).args(["-c", snippet]),
                folder.path(),
                snippet,
            )),
            None => skipped(&format!(
                "a Python snippet of docs/audit.md; no Python that can {needed}"
            )),
        }
    }
}

/// Says which check was not made, past the test's own capture.
fn skipped(what: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "\nSKIPPED: {what} (name one with STEERLENS_PYTHON)\n"
    );
}

#[test]
fn every_command_of_the_answers_runs_as_it_stands() {
    let page = fs::read_to_string(repository("docs/answers.md")).unwrap();
    let folder = clone(&["models", "media", "tests"]);
    let answers: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert_eq!(answers.len(), 20);
    for answer in answers {
        let title = answer.lines().next().unwrap_or_default();
        assert!(snippets(answer).next().is_some(), "{title}: no command");
        for command in commands(answer) {
            // What is missing here is a finding, and not one of the page.
            let command = command.replace("steerlens doctor", "steerlens doctor || test $? = 1");
            succeeds(
                Command::new("bash").args(["-euc", &command]),
                folder.path(),
                title,
            );
        }
    }
    assert!(folder.path().join("v2/report.html").exists());
}

#[test]
fn every_picture_of_the_gallery_comes_of_its_command() {
    let page = fs::read_to_string(repository("docs/gallery.md")).unwrap();
    let folder = clone(&["models", "media"]);
    let named = page.lines().find(|line| line.starts_with("imagenet=")).unwrap();
    for command in commands(&page) {
        let both = format!("{named}; {command}");
        succeeds(
            Command::new("bash").args(["-euc", &both]),
            folder.path(),
            &command,
        );
        let made = command.rsplit(' ').next().unwrap_or_default();
        assert!(image::open(folder.path().join(made)).is_ok(), "{made}");
        // Shown on the page, made smaller.
        assert!(
            page.contains(&format!("](pictures/gallery/{})", made.replace(".png", ".jpg"))),
            "{made}"
        );
    }
    assert!(commands(&page).len() >= 7);
}

/// The lines of every section run on files as its exporter writes them; and read so, the small networks in them know each
/// fruit by its colour, which they would not with channels exchanged or in another range.
#[test]
fn your_model_runs_in_three_lines_from_every_framework() {
    const SECTIONS: [&str; 7] = [
        "torchvision",
        "timm",
        "Keras",
        "Ultralytics",
        "Custom Vision",
        "Hugging Face",
        "Teachable Machine",
    ];
    const FRUITS: [(&str, [u8; 3]); 5] = [
        ("blueberry", [50, 60, 160]),
        ("coconut", [245, 245, 245]),
        ("lime", [70, 170, 50]),
        ("liquorice", [15, 15, 15]),
        ("tomato", [200, 40, 40]),
    ];
    let page = fs::read_to_string(repository("docs/your-model.md")).unwrap();
    for section in SECTIONS {
        let text = page
            .split("\n## ")
            .find(|text| text.starts_with(&format!("{section}\n")));
        let lines = commands(text.unwrap_or_else(|| panic!("no section {section}")));
        assert_eq!(lines.len(), 3, "{section}");
        let folder = TempDir::new().unwrap();
        let files = repository("tests/data/recipes").join(section.to_lowercase().replace(' ', "-"));
        for file in fs::read_dir(files).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        fs::copy(repository("media/apple.jpg"), folder.path().join("photo.jpg")).unwrap();
        for line in &lines {
            succeeds(Command::new("bash").args(["-euc", line]), folder.path(), line);
        }
        for made in ["tomato.png", "sheet.png"] {
            assert!(image::open(folder.path().join(made)).is_ok(), "{section}: {made}");
        }
        let flags = lines[1]
            .split_once(" -m ")
            .and_then(|(_, rest)| rest.split_once(" --target"));
        let flags = flags.unwrap_or_else(|| panic!("{}", lines[1])).0;
        for (fruit, colour) in FRUITS {
            let patch = image::RgbImage::from_pixel(96, 64, image::Rgb(colour));
            patch.save(folder.path().join("patch.png")).unwrap();
            let read = format!(
                "steerlens morph patch.png -m {flags} --target {fruit} --magnification 0 --json -o read.png"
            );
            let said = succeeds(Command::new("bash").args(["-euc", &read]), folder.path(), section);
            let said: serde_json::Value = serde_json::from_str(&said).unwrap();
            assert_eq!(said["classes"][0]["label"], fruit, "{section}: {said:#}");
        }
    }
}

/// A folder in which these folders of the repository lie.
fn clone(folders: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in folders {
        symlink(repository(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// Every command of `steerlens` in the page's blocks of shell, continued lines joined.
fn commands(page: &str) -> Vec<String> {
    let shell = snippets(page).filter(|(language, _)| *language == "sh");
    let joined = shell.flat_map(|(_, block)| {
        let joined = block.replace("\\\n", " ");
        joined.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    joined.filter(|line| line.starts_with("steerlens ")).collect()
}

/// Language and text of every fenced block.
fn snippets(page: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = page.split("```").skip(1).step_by(2);
    blocks.filter_map(|block| block.split_once('\n'))
}

/// A Python with all that a snippet imports.
fn python(needed: &str) -> Option<String> {
    let name = std::env::var("STEERLENS_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&name)
        .args(["-c", needed])
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success()).then_some(name)
}

/// Runs a command in a folder, with this build's `steerlens` before all others; what it printed.
#[track_caller]
fn succeeds(command: &mut Command, folder: &Path, snippet: &str) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_steerlens"));
    let built = built.parent().expect("the program lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = command
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", built.display()))
        .stdin(Stdio::null())
        .output()
        .expect("the command starts");
    assert!(
        output.status.success(),
        "{snippet}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
