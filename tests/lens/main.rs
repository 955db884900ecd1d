// SPDX-License-Identifier: MPL-2.0
//! The whole way of a frame: real model, real picture, through [`Lens`](steerlens::Lens).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at a surprise, and tells its figures"
)]

mod figures;
mod identities;
mod views;

use std::path::PathBuf;

use steerlens::frame::PixelFormat;
use steerlens::{
    ClassChoice, ClassifierSettings, FrameView, FrameViewMut, Lens, LensSettings, Reading, Report,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

struct Picture {
    format: PixelFormat,
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Picture {
    fn gray(path: &str) -> Self {
        let image = image::open(root().join("media").join(path)).unwrap().to_luma8();
        let (width, height) = (image.width() as usize, image.height() as usize);
        Self {
            format: PixelFormat::Gray8,
            width,
            height,
            bytes: image.into_raw(),
        }
    }

    fn colour(path: &str) -> Self {
        let image = image::open(root().join("media").join(path)).unwrap().to_rgb8();
        let (width, height) = (image.width() as usize, image.height() as usize);
        Self {
            format: PixelFormat::Rgb,
            width,
            height,
            bytes: image.into_raw(),
        }
    }

    fn view(&self) -> FrameView<'_> {
        let stride = self.width * self.format.bytes();
        FrameView::new(self.format, self.width, self.height, stride, &self.bytes).unwrap()
    }

    fn morph(&self, lens: &mut Lens) -> (Vec<u8>, Report, Reading) {
        let (width, height) = Lens::output_size(lens.settings().view.display_mode, self.width, self.height);
        let stride = width * self.format.bytes();
        let mut bytes = vec![0xaa; stride * height];
        let mut out = FrameViewMut::new(self.format, width, height, stride, &mut bytes).unwrap();
        let report = lens.morph(&self.view(), &mut out).unwrap();
        let reading = lens.reading().clone();
        (bytes, report, reading)
    }
}

fn lens(model: &str, settings: LensSettings) -> Lens {
    let model_file = root().join("models").join(model);
    assert!(model_file.is_file(), "{} is missing", model_file.display());
    let classifier = ClassifierSettings {
        model_file,
        ..Default::default()
    };
    Lens::open(&classifier, settings).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

fn towards(label: &str) -> LensSettings {
    LensSettings::default().with(|s| {
        s.gradient.target = ClassChoice::Label(label.into());
        s.view.measure_after = true;
    })
}
