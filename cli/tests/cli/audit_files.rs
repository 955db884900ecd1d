// SPDX-License-Identifier: MPL-2.0
//! What `steerlens audit` does to files: none of the user's is lost, no link is followed, and what only stands beside the
//! report never costs it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::audit::{audit, summary};
use crate::common::{Answer, repository, steerlens};

const QUICK: &[&str] = &["--methods", "pixel"];
const ROBUST: &str = "models/digits_robust.onnx";

fn digit() -> PathBuf {
    repository("media/digits/3-1.png")
}

fn merge(from: &Path, out: &Path) -> Answer {
    steerlens([Path::new("audit"), Path::new("merge"), from, Path::new("-o"), out])
}

#[test]
fn planted_links_are_replaced_and_their_victims_stay() {
    let folder = TempDir::new().unwrap();
    let (out, victim) = (folder.path().join("out"), folder.path().join("victim"));
    fs::create_dir_all(out.join("strips")).unwrap();
    fs::write(&victim, "precious").unwrap();
    for name in ["report.html", "frames.parquet", "strips/3-1.png.8.png"] {
        for name in [name.to_owned(), format!("{name}.partial")] {
            symlink(&victim, out.join(name)).unwrap();
        }
    }
    symlink(&victim, out.join("summary.json.partial")).unwrap();
    audit(&[&digit()], ROBUST, &out, &[QUICK, &["--targets", "8"]].concat()).code(0);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    for name in ["report.html", "frames.parquet", "strips/3-1.png.8.png"] {
        assert!(fs::symlink_metadata(out.join(name)).unwrap().is_file(), "{name}");
    }
}

#[test]
fn two_audits_do_not_write_into_one_folder() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("parts")).unwrap();
    let held = fs::File::create(out.join("parts/lock")).unwrap();
    held.lock().unwrap();
    let refused = audit(&[&digit()], ROBUST, &out, QUICK).code(2);
    refused.says("another audit is writing");
    drop(held);
    audit(&[&digit()], ROBUST, &out, QUICK).code(0);
}

#[test]
fn merge_takes_regular_files_and_follows_no_link() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    audit(&[&digit()], ROBUST, &at("part"), QUICK).code(0);
    fs::create_dir(at("secret")).unwrap();
    fs::write(at("secret/id_rsa"), "TOPSECRET").unwrap();
    symlink(at("secret"), at("part/strips/keys")).unwrap();
    symlink(at("secret/id_rsa"), at("part/strips/key.png")).unwrap();
    symlink("..", at("part/strips/loop")).unwrap();
    symlink(at("secret"), at("part/clips")).unwrap();
    let merged = merge(&at("part"), &at("merged")).code(0);
    for name in ["strips/keys", "strips/key.png", "strips/loop", "clips"] {
        assert!(fs::symlink_metadata(at("merged").join(name)).is_err(), "{name}");
        assert!(
            merged.stderr.contains(&format!("{name} is left out")),
            "{name}: {}",
            merged.stderr
        );
    }
    assert_eq!(
        fs::read_dir(at("merged/strips")).unwrap().count(),
        2,
        "its own strip, and the closest edit"
    );
}

#[test]
fn strips_and_clips_that_cannot_be_written_are_left_out_and_the_report_is_there() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    for name in ["strips", "clips"] {
        fs::write(out.join(name), "in the way").unwrap();
    }
    let clip = repository("media/shapes.avi");
    let flags = [QUICK, &["--sample", "max=2", "--no-flip", "--format", "csv"]].concat();
    let answer = audit(&[&clip], "models/shapes_robust.onnx", &out, &flags).code(0);
    for said in ["a strip is left out", "clips cannot be made"] {
        answer.says(said);
    }
    let rows = crate::audit::rows(&out);
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row["strip"].is_empty() && row["failure"].is_empty())
    );
    assert!(out.join("report.html").exists() && summary(&out)["counts"]["rows"] == 2);

    // What was missing is made up for when the audit is resumed.
    fs::remove_file(out.join("clips")).unwrap();
    let again = audit(
        &[&clip],
        "models/shapes_robust.onnx",
        &out,
        &[&flags[..], &["--resume"]].concat(),
    );
    assert!(again.code(0).stderr.contains("is finished"));
    assert!(out.join("clips/shapes.avi.webm").exists());
}

#[test]
fn names_that_are_no_utf_8_lose_no_picture() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = TempDir::new().unwrap();
    let (inputs, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&inputs).unwrap();
    for name in [&b"bad\xffutf.png"[..], b"bad\xfeutf.png"] {
        fs::copy(digit(), inputs.join(OsStr::from_bytes(name))).unwrap();
    }
    let flags = [QUICK, &["--targets", "8", "--no-flip"]].concat();
    audit(&[&inputs], ROBUST, &out, &flags).code(0);
    let counts = summary(&out)["counts"].clone();
    assert_eq!((&counts["files"], &counts["frames"]), (&2.into(), &2.into()));
    // For each picture a strip, and the closest edit.
    assert_eq!(fs::read_dir(out.join("strips")).unwrap().count(), 4);
}

#[test]
fn results_never_take_the_place_of_what_is_read() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("digits")).unwrap();
    fs::copy(digit(), at("digits/3-1.png")).unwrap();
    let among = audit(&[&at("digits")], ROBUST, &at("digits"), QUICK).code(2);
    among.says("among the inputs");

    fs::create_dir(at("out")).unwrap();
    fs::write(at("out/frames.csv"), "3-1.png,3\n").unwrap();
    let labels = at("out/frames.csv");
    let flags = ["--format", "csv", "--labels-from", labels.to_str().unwrap()];
    let lost = audit(&[&at("digits")], ROBUST, &at("out"), &flags).code(2);
    lost.says("would be lost");
    assert_eq!(fs::read_to_string(&labels).unwrap(), "3-1.png,3\n");
    let names = fs::read(repository("models/digits_robust.labels.txt")).unwrap();
    fs::write(&labels, &names).unwrap();
    let flags = ["--format", "csv", "--label-file", labels.to_str().unwrap()];
    let lost = audit(&[&at("digits")], ROBUST, &at("out"), &flags).code(2);
    lost.says("would be lost");
    assert_eq!(fs::read(&labels).unwrap(), names);

    // Results below the inputs are none of them.
    let flags = [QUICK, &["--targets", "8"]].concat();
    audit(&[&at("digits")], ROBUST, &at("digits/out"), &flags).code(0);
    let again = [&flags[..], &["--resume"]].concat();
    audit(&[&at("digits")], ROBUST, &at("digits/out"), &again).code(0);
}
