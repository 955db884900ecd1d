// SPDX-License-Identifier: MPL-2.0
//! One loaded model under several lenses, and how a model is asked to run.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::path::PathBuf;

use steerlens::runtime::Optimisation;
use steerlens::{
    ClassChoice, Classifier, ClassifierSettings, Error, ErrorKind, FrameView, Lens, LensSettings,
    PixelFormat, Provider, Reading,
};

fn faces() -> ClassifierSettings {
    ClassifierSettings {
        model_file: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/faces_robust.onnx"),
        ..Default::default()
    }
}

fn open(settings: &ClassifierSettings) -> Classifier {
    Classifier::open(settings).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."))
}

fn towards(label: &str) -> LensSettings {
    LensSettings::default().with(|s| {
        s.gradient.source = ClassChoice::Label("neutral".into());
        s.gradient.target = ClassChoice::Label(label.into());
    })
}

fn read(lens: &mut Lens, seed: usize) -> Result<Reading, Error> {
    let bytes: Vec<u8> = (0..64 * 64)
        .map(|k| u8::try_from((k * (seed + 7) / 5) % 251).unwrap())
        .collect();
    let frame = FrameView::new(PixelFormat::Gray8, 64, 64, 64, &bytes)?;
    Ok(lens.read(&frame)?.clone())
}

/// Two threads run the same loaded model at once; each gets what it would get alone.
#[test]
fn lenses_that_share_a_model_do_not_disturb_each_other() {
    let classifier = open(&faces());
    let labels = ["smile", "frown"];
    let alone: Vec<Vec<Reading>> = labels
        .map(|label| {
            let mut lens = Lens::new(open(&faces()), towards(label)).unwrap();
            (0..20).map(|seed| read(&mut lens, seed).unwrap()).collect()
        })
        .into();
    std::thread::scope(|scope| {
        let runs = labels.map(|label| {
            let mut lens = Lens::new(classifier.share().unwrap(), towards(label)).unwrap();
            scope.spawn(move || {
                (0..20)
                    .map(|seed| read(&mut lens, seed).unwrap())
                    .collect::<Vec<_>>()
            })
        });
        for (run, alone) in runs.into_iter().zip(&alone) {
            for (shared, alone) in run.join().unwrap().iter().zip(alone) {
                assert_eq!(shared.logits, alone.logits);
                assert_eq!(shared.gradient, alone.gradient);
            }
        }
    });
}

#[test]
fn each_handle_is_interrupted_by_itself() {
    let classifier = open(&faces());
    let mut lenses =
        ["smile", "frown"].map(|label| Lens::new(classifier.share().unwrap(), towards(label)).unwrap());
    let interrupter = lenses[0].interrupter();
    interrupter.interrupt();
    let interrupted = read(&mut lenses[0], 1).unwrap_err();
    assert_eq!(interrupted.kind(), ErrorKind::Interrupted);
    read(&mut lenses[1], 1).unwrap();
    interrupter.clear();
    read(&mut lenses[0], 1).unwrap();
}

/// The levels write the same network differently: the numbers move by rounding alone.
#[test]
fn every_optimisation_level_gives_the_same_gradient() {
    let levels = [
        Optimisation::All,
        Optimisation::Extended,
        Optimisation::Basic,
        Optimisation::Disable,
    ];
    let readings = levels.map(|optimization_level| {
        let settings = ClassifierSettings {
            optimization_level,
            ..faces()
        };
        read(&mut Lens::new(open(&settings), towards("smile")).unwrap(), 3).unwrap()
    });
    for reading in &readings[1..] {
        let off: f64 = reading
            .gradient
            .iter()
            .zip(&readings[0].gradient)
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum();
        // f32 through a dozen layers, summed in another order.
        assert!(off.sqrt() < 1e-5 * reading.gradient_norm, "{}", off.sqrt());
    }
}

/// The library that set-up places is built for the processor only. With one that is built for more, and a device, the
/// provider is used, and this test says so by failing.
#[test]
fn a_provider_that_is_not_there_is_an_error_and_never_the_processor() {
    let settings = ClassifierSettings {
        execution_provider: Provider::Cuda,
        ..faces()
    };
    let error = Error::from(Classifier::open(&settings).unwrap_err());
    assert_eq!(error.kind(), ErrorKind::RuntimeLibrary);
    let runtime = steerlens::Runtime::open(None).unwrap();
    let text = error.to_string();
    for part in [
        "execution-provider=cuda",
        runtime.version(),
        runtime.path().to_str().unwrap(),
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_device_is_the_number_of_one() {
    let error = |execution_provider, device: &str| {
        let settings = ClassifierSettings {
            execution_provider,
            device: Some(device.into()),
            ..faces()
        };
        let error = Error::from(Classifier::open(&settings).unwrap_err());
        (error.kind(), error.to_string())
    };
    let (kind, text) = error(Provider::Cpu, "0");
    assert_eq!(kind, ErrorKind::Settings);
    assert!(text.contains("leave it unset"), "{text}");
    let (kind, text) = error(Provider::Cuda, "gpu:1");
    assert_eq!(kind, ErrorKind::Settings);
    assert!(text.contains("\"gpu:1\"") && text.contains("number"), "{text}");
    // A number is taken; what is missing then is the provider.
    assert_eq!(error(Provider::Cuda, "1").0, ErrorKind::RuntimeLibrary);
}
