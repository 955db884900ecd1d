// SPDX-License-Identifier: MPL-2.0
//! `steerlens live` as a program: the address that it prints, and how it ends. What the page does is tested in its own
//! crate.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{repository, steerlens};

const MODEL: &str = "models/faces_robust.onnx";

#[test]
fn it_prints_an_address_serves_it_and_ends_on_interrupt() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_steerlens"))
        .arg("live")
        .arg("test")
        .arg("-m")
        .arg(repository(MODEL))
        .args([
            "--target",
            "smile",
            "--size",
            "160x120",
            "--preset",
            "calm",
            "--samples",
            "3",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(program.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let (host, path) = line
        .trim()
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    assert!(host.starts_with("127.0.0.1:"), "{line}");

    // Flags are settings of the library, and one that is given wins over the preset.
    let mut stream = TcpStream::connect(host).unwrap();
    let request = "HTTP/1.0\r\nContent-Length: 2\r\n";
    write!(stream, "POST /{path}settings {request}Host: {host}\r\n\r\n{{}}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    for part in [
        "200 OK",
        r#""target-label":"smile""#,
        r#""samples":3"#,
        r#""temporal-smoothing":0.1"#,
        r#""display-mode":"side-by-side""#,
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }

    let killed = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(program.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_shown_is_a_sentence() {
    let model = repository(MODEL);
    let answer = |line: &[&Path]| {
        steerlens(
            [Path::new("live")]
                .iter()
                .chain(line)
                .map(|word| word.as_os_str()),
        )
    };
    let flag = Path::new("-m");
    answer(&[Path::new("no-such.webm"), flag, &model])
        .code(2)
        .says("the input no-such.webm is not there");
    answer(&[Path::new("test"), flag, Path::new("no-such.onnx")])
        .code(2)
        .says("no-such.onnx");
    answer(&[
        Path::new("test"),
        flag,
        &model,
        Path::new("--size"),
        Path::new("1x1"),
    ])
    .code(2)
    .says("write width, x, height, from 16 to 4096 pixels each");
    answer(&[
        Path::new("test"),
        flag,
        &model,
        Path::new("--target"),
        Path::new("smiel"),
    ])
    .code(2)
    .says("\"smile\" (1)");
}
