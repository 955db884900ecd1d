// SPDX-License-Identifier: MPL-2.0
//! A headless Chromium, steered over a pipe by its DevTools protocol: JSON messages, each ended by a zero byte.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use steerlens_live::Session;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// Longer than anything takes here; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// The browser, if one is installed.
fn program() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

pub(crate) struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    sent: u64,
    _profile: tempfile::TempDir,
}

/// A page in it, by its session.
pub(crate) struct Tab(String);

impl Browser {
    /// `None` where no Chromium is installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program() else {
            eprintln!("SKIPPED: no Chromium is installed, and the page was looked at in no browser");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // The protocol has file descriptors 3 and 4.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Some(Self {
            process,
            to,
            from: BufReader::new(from),
            sent: 0,
            _profile: profile,
        })
    }

    fn call(&mut self, tab: Option<&Tab>, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if let Some(Tab(session)) = tab {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut text = Vec::new();
            self.from.read_until(0, &mut text).unwrap();
            assert_eq!(text.pop(), Some(0), "the browser has ended");
            let answer: Value = serde_json::from_slice(&text).unwrap();
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    pub(crate) fn open(&mut self, address: &str, (width, height): (u32, u32)) -> Tab {
        let target = self.call(None, "Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", attach);
        let tab = Tab(session["sessionId"].as_str().unwrap().to_owned());
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call(Some(&tab), "Emulation.setDeviceMetricsOverride", size);
        self.call(Some(&tab), "Page.navigate", json!({"url": address}));
        tab
    }

    /// Opens a session's page, and waits for its picture.
    pub(crate) fn watch(&mut self, session: &Session, size: (u32, u32)) -> Tab {
        let tab = self.open(session.address(), size);
        self.wait(&tab, "newest?.settings && $('picture').naturalWidth > 0");
        tab
    }

    /// The value of an expression in the page; promises are waited for.
    pub(crate) fn value(&mut self, tab: &Tab, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call(Some(tab), "Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until the expression holds.
    pub(crate) fn wait(&mut self, tab: &Tab, expression: &str) {
        let start = Instant::now();
        // Before the page is there, names in it are errors.
        let tried = format!("(() => {{ try {{ return !!({expression}); }} catch {{ return false; }} }})()");
        while self.value(tab, &tried) != true {
            if start.elapsed() > PATIENCE {
                self.keep(
                    tab,
                    Path::new(env!("CARGO_TARGET_TMPDIR"))
                        .join("failed.png")
                        .as_path(),
                );
                panic!("{expression} never held; target/tmp/failed.png shows the page");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses and lets go of a key.
    pub(crate) fn key(&mut self, tab: &Tab, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && key == "Enter" {
                params["text"] = "\r".into();
            }
            self.call(Some(tab), "Input.dispatchKeyEvent", params);
        }
    }

    /// Types text where the focus is.
    pub(crate) fn text(&mut self, tab: &Tab, text: &str) {
        self.call(Some(tab), "Input.insertText", json!({"text": text}));
    }

    /// Moves the mouse from one place to another with the button down.
    pub(crate) fn drag(&mut self, tab: &Tab, from: (f64, f64), to: (f64, f64)) {
        for (kind, (x, y), buttons) in [
            ("mouseMoved", from, 0),
            ("mousePressed", from, 1),
            ("mouseMoved", to, 1),
            ("mouseReleased", to, 0),
        ] {
            let params = json!({
                "type": kind, "x": x, "y": y, "button": if kind == "mouseMoved" { "none" } else { "left" },
                "buttons": buttons, "clickCount": 1,
            });
            self.call(Some(tab), "Input.dispatchMouseEvent", params);
        }
    }

    /// What a system that prefers dark pages, or less motion, says.
    pub(crate) fn prefer(&mut self, tab: &Tab, feature: &str, value: &str) {
        let params = json!({"features": [{"name": feature, "value": value}]});
        self.call(Some(tab), "Emulation.setEmulatedMedia", params);
    }

    /// Writes a picture of the whole page.
    pub(crate) fn keep(&mut self, tab: &Tab, path: &Path) {
        use base64::Engine;
        let params = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.call(Some(tab), "Page.captureScreenshot", params);
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap());
        std::fs::write(path, bytes.unwrap()).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
