// SPDX-License-Identifier: MPL-2.0
//! A model that the library has opened, compared with what ONNX Runtime makes of the stock file.

use std::path::Path;

use steerlens::onnx::{self, ModelProto, ValueInfoProto};
use steerlens::runtime::{Data, Optimisation, Session, SessionOptions};
use steerlens::{
    ClassChoice, ClassifierSettings, FrameView, Lens, LensSettings, Objective, PixelFormat, Reading,
};

use crate::{ALONG, INPUTS, SIDE, close, cosine, input, picture, runtime};

/// A model that the library has opened, and the stock file beside it.
pub(crate) struct Opened {
    pub(crate) lens: Lens,
    pub(crate) model: ModelProto,
    _folder: tempfile::TempDir,
}

impl Opened {
    /// With what a side-car says of its outputs.
    pub(crate) fn open(
        model: &ModelProto,
        output: Option<&str>,
        side_car: &str,
    ) -> Result<Self, steerlens::Error> {
        let folder = tempfile::tempdir().unwrap();
        let settings = write(folder.path(), model, output, side_car);
        Ok(Self {
            lens: Lens::open(&settings, LensSettings::default())?,
            model: model.clone(),
            _folder: folder,
        })
    }

    pub(crate) fn read(&mut self, source: usize, target: usize, objective: Objective) -> Reading {
        let settings = LensSettings::default().with(|s| {
            s.gradient.source = ClassChoice::Index(source);
            s.gradient.target = ClassChoice::Index(target);
            s.gradient.objective = objective;
        });
        self.lens.set_settings(settings).unwrap();
        let bytes = picture();
        let frame = FrameView::new(PixelFormat::Rgb, SIDE, SIDE, 3 * SIDE, &bytes).unwrap();
        self.lens.read(&frame).unwrap().clone()
    }

    /// What ONNX Runtime gives for a tensor of the stock file.
    pub(crate) fn stock(&self, name: &str) -> Vec<f32> {
        stock(&self.model, name)
    }

    /// The gradient from one class to another has the direction of the difference of their weights.
    pub(crate) fn points_as_the_logits_do(
        &mut self,
        source: usize,
        target: usize,
        of: &dyn Fn(usize, usize) -> f32,
    ) {
        let reading = self.read(source, target, Objective::Margin);
        let wanted: Vec<f32> = (0..INPUTS).map(|i| of(target, i) - of(source, i)).collect();
        let cosine = cosine(&reading.gradient, &wanted);
        assert!(cosine > ALONG, "{source} to {target}: cosine {cosine}");
    }

    pub(crate) fn shows(&mut self, probabilities: &[f32]) {
        let reading = self.read(0, 1, Objective::Margin);
        // The stock file runs without optimisation: its sums, below an exponential, are in another order.
        close(&reading.probabilities, probabilities, 2e-5);
    }
}

/// Whether one of the warnings of opening says so.
pub(crate) fn warned(opened: &Opened, text: &str) -> bool {
    opened
        .lens
        .classifier()
        .warnings()
        .iter()
        .any(|w| w.contains(text))
}

fn write(folder: &Path, model: &ModelProto, output: Option<&str>, side_car: &str) -> ClassifierSettings {
    let file = folder.join("model.onnx");
    std::fs::write(&file, onnx::encode(model)).unwrap();
    let text = format!("[modelinfo]\nversion=1.0\n[x]\ndir=input\nranges=0,1\nchannels=rgb\n{side_car}");
    std::fs::write(folder.join("model.onnx.modelinfo"), text).unwrap();
    std::fs::write(folder.join("names.txt"), "a\nb\nc\nd\ne\n").unwrap();
    ClassifierSettings {
        model_file: file,
        output_name: output.map(Into::into),
        ..Default::default()
    }
}

fn stock(model: &ModelProto, name: &str) -> Vec<f32> {
    let mut model = model.clone();
    model.graph.as_mut().unwrap().output = vec![ValueInfoProto::untyped(name)];
    let options = SessionOptions {
        optimisation: Optimisation::Disable,
        ..Default::default()
    };
    let mut session = Session::new(runtime(), &onnx::encode(&model), &options).unwrap();
    let outputs = session.run(&[("x", &input())]).unwrap();
    match &outputs[0].1.data {
        Data::F32(values) => values.clone(),
        other => panic!("{other:?}"),
    }
}
