// SPDX-License-Identifier: MPL-2.0
//! Files that ONNX Runtime saved after its optimiser had fused them have the gradient of the file from before.

use steerlens::Runtime;
use steerlens::gradient::Profile;
use steerlens::onnx::{self, ModelProto};
use steerlens::runtime::{Optimisation, Session, SessionOptions};

use crate::networks::NETWORKS;
use crate::profiles::{SIZE, compared, differentiated, run};

fn saved(model: &ModelProto, optimisation: Optimisation) -> ModelProto {
    let runtime = Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."));
    let folder = tempfile::tempdir().expect("a folder");
    let dump = folder.path().join("saved.onnx");
    let options = SessionOptions {
        optimisation,
        dump: Some(dump.clone()),
        ..Default::default()
    };
    Session::new(runtime, &onnx::encode(model), &options).unwrap_or_else(|e| panic!("{e}"));
    onnx::read(&dump).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_fused_file_has_the_gradient_of_the_file_from_before() {
    let mut written_out = 0;
    for network in NETWORKS {
        let model = (network.build)(SIZE);
        let fused = saved(&model, Optimisation::Extended);
        written_out += fused
            .graph
            .iter()
            .flat_map(|g| &g.node)
            .filter(|n| !n.is_standard())
            .count();
        let [reference, ours] = [&model, &fused].map(|model| differentiated(model, Profile::Plain, true));
        let foreign = ours
            .model
            .graph
            .iter()
            .flat_map(|g| &g.node)
            .filter(|n| !n.is_standard());
        assert_eq!(foreign.count(), 0, "{}", network.name);
        let [[z, gradient], [reference_z, reference]] = [run(&ours), run(&reference)];
        let ((off, _), (relative, _)) = (compared(&z, &reference_z), compared(&gradient, &reference));
        // Sums in another order; behind a kink next to 0 a single element may go either way.
        assert!(off < 1e-5, "{}: scores off by {off}", network.name);
        assert!(relative < 2e-3, "{}: gradient off by {relative}", network.name);
    }
    assert!(written_out > 20, "only {written_out} nodes were fused");
}
