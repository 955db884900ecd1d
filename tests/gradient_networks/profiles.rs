// SPDX-License-Identifier: MPL-2.0
//! Whole networks, each with both profiles.

use crate::networks::NETWORKS;
use steerlens::Runtime;
use steerlens::gradient::{COTANGENT, Differentiated, INPUT_GRADIENT, Options, Profile, differentiate};
use steerlens::onnx::{self, ModelProto};
use steerlens::runtime::{Session, SessionOptions, Tensor};

/// Without a kink: no Relu, no maximum.
const SMOOTH: &[&str] = &["ConvNeXt-tiny", "ViT-tiny", "EfficientNet-B0"];
/// Small enough for a test, and odd multiples of 2 on the way down.
pub(crate) const SIZE: usize = 96;

fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

pub(crate) fn differentiated(model: &ModelProto, profile: Profile, portable: bool) -> Differentiated {
    let options = Options {
        profile,
        portable,
        ..Default::default()
    };
    differentiate(model.clone(), runtime(), &options).unwrap_or_else(|e| panic!("{e}"))
}

/// Logits and gradient of a picture of noise with flat stretches: flat ones tie the maxima of whole windows.
pub(crate) fn run(d: &Differentiated) -> [Vec<f32>; 2] {
    let count: usize = d.input_shape.iter().product();
    let picture: Vec<f32> = (0..count)
        .map(|k| match (k / 512) % 3 {
            0 => 0.5,
            _ => ((k * 2_654_435_761) >> 7 & 1023) as f32 / 256.0 - 2.0,
        })
        .collect();
    let mut cotangent = vec![0.0; d.classes()];
    (cotangent[7], cotangent[3]) = (1.0, -1.0);
    let inputs = [
        (&*d.input, &Tensor::f32(d.input_shape.clone(), picture)),
        (COTANGENT, &Tensor::f32(d.logits_shape.clone(), cotangent)),
    ];
    let session = Session::new(runtime(), &onnx::encode(&d.model), &SessionOptions::default());
    let outputs = session
        .and_then(|mut s| s.run(&inputs))
        .unwrap_or_else(|e| panic!("{e}"));
    [&*d.logits, INPUT_GRADIENT].map(|name| {
        let found = outputs.iter().find(|(n, _)| n == name);
        found
            .and_then(|(_, t)| t.as_f32())
            .unwrap_or_else(|| panic!("{name} is no output"))
            .to_vec()
    })
}

/// Relative distance and cosine.
pub(crate) fn compared(a: &[f32], b: &[f32]) -> (f64, f64) {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y));
        products.sum()
    };
    let difference: Vec<f32> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    let (aa, bb) = (dot(a, a), dot(b, b));
    (
        (dot(&difference, &difference) / bb).sqrt(),
        dot(a, b) / (aa * bb).sqrt(),
    )
}

#[test]
fn both_profiles_agree_on_whole_networks() {
    for network in NETWORKS {
        let model = (network.build)(SIZE);
        let [(logits, cpu), (reference, plain)] = [Profile::Cpu, Profile::Plain]
            .map(|p| run(&differentiated(&model, p, false)))
            .map(|[z, g]| (z, g));
        let (off, _) = compared(&logits, &reference);
        let (relative, cosine) = compared(&cpu, &plain);
        println!(
            "{:18} logits {off:.1e}, gradient {relative:.1e}, cosine {cosine:.7}",
            network.name
        );
        // Two orders of float32 sums, through up to 100 layers.
        assert!(off < 1e-5, "{}: logits differ by {off}", network.name);
        if SMOOTH.contains(&network.name) {
            assert!(
                relative < 1e-5,
                "{}: gradients differ by {relative}",
                network.name
            );
        }
        // Where pre-activations within rounding of 0 change sign, a kink flips (docs/reverse-mode.md 4).
        assert!(cosine >= 0.999, "{}: cosine {cosine}", network.name);
    }
}
