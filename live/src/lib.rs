// SPDX-License-Identifier: MPL-2.0
//! A camera or a clip beside its class morph, on a page that this machine alone sees.
//!
//! ```text
//!  input ──► newest frame ──► Live (the library) ──► picture, and what is known of it ──► page, recording, still
//!                               ▲                                                          │
//!                               └──────────────────── settings by name ◄───────────────────┘
//! ```
//!
//! One thread takes frames through [`steerlens::Live`], which draws source and morph of one frame into one picture; a
//! second encodes and publishes the frame before; a third serves the page. The element of the plugin is not used: its
//! picture and its messages come by different ways, and the page would have to bring them together again.
//!
//! ```no_run
//! use steerlens_live::{Input, Session, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = Settings::new("models/face_expression.onnx");
//! settings.input = Input::named("media/face.webm")?;
//! let session = Session::start(settings)?;
//! println!("{}", session.address());
//! # Ok(())
//! # }
//! ```

mod control;
mod encode;
mod error;
mod frames;
mod input;
mod judging;
mod pipeline;
mod publisher;
mod record;
mod server;
mod shared;
mod shown;
mod timing;
mod window;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use steerlens::{Classifier, ClassifierSettings, Interrupter, Judge, Lens, LensSettings, Live, LiveSettings};

pub use error::{Error, Result};
pub use input::Input;

use control::Control;
use judging::Judging;
use publisher::Publisher;
use server::Server;
use shared::Shared;
use window::Window;
use worker::Worker;

/// What is shown, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// What is looked at.
    pub input: Input,
    /// The model.
    pub classifier: ClassifierSettings,
    /// Another model, which looks at frames and morphs beside the stream and has no part in them.
    pub judge: Option<ClassifierSettings>,
    /// How frames are morphed, to begin with.
    pub lens: LensSettings,
    /// When the model reads them, to begin with.
    pub pace: LiveSettings,
    /// Whether the magnification in `lens` is the user's; else the model's own advice goes first.
    pub magnification_given: bool,
    /// Largest width and height of a frame, in pixels, at least 16; larger ones are made smaller.
    pub most: (u32, u32),
    /// Shows the picture in a window too, with keys in it; this hears when the user has closed the window.
    pub window: Option<mpsc::Sender<()>>,
    /// The port on 127.0.0.1; 0 takes one that is free.
    pub port: u16,
}

impl Settings {
    /// The first camera through this model: the preset `live`, source and morph side by side, up to 640x480.
    pub fn new(model: impl Into<PathBuf>) -> Self {
        let mut lens = LensSettings::of_streams();
        // A frame of 640x480 moves three times as fast so, and faces read no worse.
        lens.resolution = steerlens::Resolution::Model;
        lens.view.display_mode = steerlens::render::DisplayMode::SideBySide;
        Self {
            input: Input::default(),
            classifier: ClassifierSettings {
                model_file: model.into(),
                ..ClassifierSettings::default()
            },
            judge: None,
            lens,
            pace: LiveSettings::default(),
            magnification_given: false,
            most: (640, 480),
            window: None,
            port: 0,
        }
    }
}

/// A page that is being served; it ends when this is let go.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    interrupter: Interrupter,
    server: Server,
    worker: Option<JoinHandle<()>>,
}

impl Session {
    /// Opens model and input, waits for the first frame, and serves the page.
    ///
    /// # Errors
    /// When model, input or port cannot be used; the text says which and what to do.
    pub fn start(settings: Settings) -> Result<Self> {
        gst::init()?;
        let mut lens = Lens::open(&settings.classifier, settings.lens)?;
        let mut control = Control {
            lens: lens.settings().clone(),
            pace: settings.pace,
        };
        if !settings.magnification_given
            && let Some(advised) = lens.classifier().signature().magnification
        {
            control.lens.reach.magnification = advised;
            lens.set_settings(control.lens.clone())?;
        }
        let interrupter = lens.interrupter();
        let driver = lens.classifier();
        let judge = settings
            .judge
            .map(|judge| Judge::open(&judge, driver))
            .transpose()?;
        let judged_by = judge.as_ref().map(|judge| file_name(judge.classifier()));
        let shared = Arc::new(Shared::new(
            driver.share().map_err(steerlens::Error::from)?,
            judged_by,
            control,
        ));
        let judging = judge
            .map(|judge| Judging::start(judge, driver.classes()))
            .transpose()?;
        let server = Server::start(Arc::clone(&shared), settings.port)?;
        let window = settings
            .window
            .map(|end| Window::open(&shared, end))
            .transpose()?;
        let publisher = Publisher::new(Arc::clone(&shared), window)?;
        let worker = Worker {
            shared: Arc::clone(&shared),
            input: settings.input,
            most: settings.most,
            live: Live::new(lens),
            judging,
        };
        let (begun, first) = mpsc::channel();
        let worker = thread::Builder::new()
            .name("steerlens-live".to_owned())
            .spawn(move || worker.run(publisher, &begun))
            .map_err(Error::System)?;
        let session = Self {
            shared,
            interrupter,
            server,
            worker: Some(worker),
        };
        // The thread hangs up without a word only when it panicked, which has been reported where it happened.
        first.recv().unwrap_or_else(|_| {
            Err(Error::Encode {
                reason: "internal error; please report it, with the lines above".to_owned(),
            })
        })?;
        Ok(session)
    }

    /// The page's address. Whoever knows it sees the pictures and may change the settings.
    pub fn address(&self) -> &str {
        self.server.address()
    }
}

/// What a model is called on the page.
fn file_name(model: &Classifier) -> String {
    let name = model.model_file().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.interrupter.interrupt();
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}
