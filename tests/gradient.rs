// SPDX-License-Identifier: MPL-2.0
//! The gradient of whole networks against references made by another program (float64 automatic
//! differentiation, checked by central differences; tests/data/refgrad/README.md).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at a surprise, and tells its figures"
)]

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use steerlens::Runtime;
use steerlens::gradient::{COTANGENT, Differentiated, INPUT_GRADIENT, Options, Profile, differentiate};
use steerlens::onnx;
use steerlens::runtime::{Data, Optimisation, Session, SessionOptions, Tensor};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

/// Where a model named in the index lies: in the repository, or where set-up put it.
fn model_path(name: &str) -> PathBuf {
    let stem = Path::new(name)
        .file_name()
        .map(Path::new)
        .unwrap_or(Path::new(name));
    let home = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")));
    let known = [
        root().join("models").join(stem),
        root().join("tests/data/variety").join(stem),
        home.unwrap_or_default().join("steerlens/models").join(name),
    ];
    let found = known.into_iter().find(|p| p.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing. Run `make setup` first."))
}

fn array(npz: &Path, name: &str) -> (Vec<usize>, Data) {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(npz).unwrap()).unwrap();
    let member = archive
        .by_name(&format!("{name}.npy"))
        .unwrap_or_else(|e| panic!("{}: {name}: {e}", npz.display()));
    let file = npyz::NpyFile::new(member).unwrap();
    let shape = file.shape().iter().map(|d| *d as usize).collect();
    let kind = file.dtype().descr();
    let data = match kind.trim_matches('\'') {
        "<f4" => Data::F32(file.into_vec().unwrap()),
        "<f8" => Data::F32(
            file.into_vec::<f64>()
                .unwrap()
                .into_iter()
                .map(|x| x as f32)
                .collect(),
        ),
        "<f2" => Data::F32(
            file.into_vec::<half::f16>()
                .unwrap()
                .into_iter()
                .map(f32::from)
                .collect(),
        ),
        "|u1" => Data::U8(file.into_vec().unwrap()),
        other => panic!("{name} is of type {other}"),
    };
    (shape, data)
}

fn run(d: &Differentiated, level: Optimisation, input: &Tensor, cotangent: &[f32]) -> (Vec<f32>, Vec<f32>) {
    // As `Classifier` loads it: ONNX Runtime 1.21 would fuse a quantised model into integer kernels, whose rounding
    // (one step of the scores' 8-bit code) and saturation are not those that the gradient was taken of.
    let options = SessionOptions {
        optimisation: level,
        disable_quant_qdq: true,
        ..Default::default()
    };
    let mut session = Session::new(runtime(), &onnx::encode(&d.model), &options).unwrap();
    let cotangent = Tensor::f32(d.logits_shape.clone(), cotangent);
    let outputs = session
        .run(&[(&d.input, input), (COTANGENT, &cotangent)])
        .unwrap();
    let take = |name: &str| {
        let (_, tensor) = outputs.iter().find(|(n, _)| n == name).unwrap();
        tensor.as_f32().unwrap().to_vec()
    };
    (take(&d.logits), take(INPUT_GRADIENT))
}

fn distance(a: &[f32], b: &[f32]) -> (f64, f64) {
    assert_eq!(a.len(), b.len());
    let dot = |f: &dyn Fn(usize) -> f64| (0..a.len()).map(f).sum::<f64>();
    let (aa, bb) = (
        dot(&|i| f64::from(a[i]).powi(2)),
        dot(&|i| f64::from(b[i]).powi(2)),
    );
    let ab = dot(&|i| f64::from(a[i]) * f64::from(b[i]));
    let difference = dot(&|i| (f64::from(a[i]) - f64::from(b[i])).powi(2));
    ((difference / bb).sqrt(), ab / (aa * bb).sqrt())
}

fn check(name: &str, entry: &Json, folder: &Path) -> usize {
    let path = model_path(entry["model"].as_str().unwrap());
    let npz = folder.join(entry["npz"].as_str().unwrap());
    let (shape, _) = array(&npz, "input_0");
    let size = if shape[1] <= 4 {
        (shape[2], shape[3])
    } else {
        (shape[1], shape[2])
    };
    let mut compared = 0;
    for profile in [Profile::Plain, Profile::Cpu] {
        let options = Options {
            input_size: Some(size),
            profile,
            ..Default::default()
        };
        let model = onnx::read(&path).unwrap();
        let differentiated =
            differentiate(model, runtime(), &options).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (k, case) in entry["cases"].as_array().unwrap().iter().enumerate() {
            let (shape, data) = array(&npz, &format!("input_{k}"));
            let input = Tensor { shape, data };
            let (_, Data::F32(logits)) = array(&npz, &format!("logits_{k}")) else {
                unreachable!()
            };
            let (_, Data::F32(reference)) = array(&npz, &format!("grad_{k}")) else {
                unreachable!()
            };
            let mut cotangent = vec![0.0; differentiated.classes()];
            let class = |key: &str| case[key].as_u64().and_then(|c| usize::try_from(c).ok());
            match (class("source"), class("target")) {
                _ if cotangent.len() == 1 => {
                    cotangent[0] = if class("target") == Some(1) { 1.0 } else { -1.0 }
                }
                (Some(source), Some(target)) => {
                    cotangent[target] += 1.0;
                    cotangent[source] -= 1.0;
                }
                other => panic!("{name}: classes {other:?}"),
            }
            for level in [Optimisation::Disable, Optimisation::All] {
                let (z, gradient) = run(&differentiated, level, &input, &cotangent);
                let spread = logits.iter().fold(1f32, |m, l| m.max(l.abs()));
                let off = z.iter().zip(&logits).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
                // Half-precision weights are computed in float32 here; the bound is that of the forward pass.
                assert!(off <= 1e-3 * spread, "{name} case {k}: logits are off by {off}");
                let (relative, cosine) = distance(&gradient, &reference);
                let tolerance = case["rel_tol"].as_f64().unwrap();
                println!(
                    "{name:24} case {k} {profile:?} {level:?}: relative {relative:.1e} (<= {tolerance}), cosine {cosine:.6}"
                );
                assert!(
                    cosine >= 0.999,
                    "{name} case {k} {profile:?} {level:?}: cosine {cosine}"
                );
                // Above .045 a flipped kink decides the norm of the difference, and the cosine alone is asked for.
                assert!(
                    relative <= tolerance || tolerance > 0.045,
                    "{name} case {k}: {relative} > {tolerance}"
                );
                if entry["smooth"].as_bool() == Some(true) {
                    assert!(relative <= 1e-4, "{name} case {k}: smooth, and off by {relative}");
                }
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn whole_networks_agree_with_the_stored_references() {
    let folder = std::env::var_os("STEERLENS_REFGRAD").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| root().join("tests/data/refgrad"));
    let index = std::fs::read(folder.join("index.json")).unwrap();
    let index: serde_json::Map<String, Json> = serde_json::from_slice(&index).unwrap();
    let only = std::env::var("STEERLENS_ONLY").ok();
    let mut compared = 0;
    for (name, entry) in index
        .iter()
        .filter(|(n, _)| only.as_ref().is_none_or(|o| n.contains(o.as_str())))
    {
        compared += check(name, entry, &folder);
    }
    assert!(compared > 0, "nothing was compared");
}
