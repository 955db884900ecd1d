// SPDX-License-Identifier: MPL-2.0
//! Models run in ONNX Runtime, once and bound, and say what a sum by hand says.
//!
//! These need the library (`make setup`); without it they fail, and the error names the command.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail it")]

use std::thread;
use std::time::Duration;

use steerlens::runtime::{
    BoundSession, Data, Error, Interrupter, Optimisation, Runtime, Session, SessionOptions, Tensor,
};

const AFFINE: &[u8] = include_bytes!("data/runtime/affine.onnx");
const TYPES: &[u8] = include_bytes!("data/runtime/types.onnx");
const LOOP: &[u8] = include_bytes!("data/runtime/loop.onnx");
const QUANTISED: &[u8] = include_bytes!("data/runtime/quantised.onnx");
const NONZERO: &[u8] = include_bytes!("data/runtime/nonzero.onnx");
const SEQUENCE: &[u8] = include_bytes!("data/runtime/sequence.onnx");
const ABSENT: &[u8] = include_bytes!("data/runtime/absent.onnx");

fn runtime() -> &'static Runtime {
    Runtime::open(None).unwrap_or_else(|e| panic!("{e}"))
}

fn load(model: &[u8]) -> Session {
    Session::new(runtime(), model, &SessionOptions::default()).unwrap()
}

fn bytes(shape: &[usize], data: &[u8]) -> Tensor {
    Tensor {
        shape: shape.to_vec(),
        data: Data::U8(data.to_vec()),
    }
}

/// x and u of `affine`, which is y = 2 x + u, total = y summed over its rows.
fn affine_inputs() -> (Tensor, Tensor) {
    (
        Tensor::f32([2, 3], [1.0, 2.0, 3.0, -4.0, 5.0, 0.5]),
        bytes(&[3], &[10, 20, 30]),
    )
}
const Y: [f32; 6] = [12.0, 24.0, 36.0, 2.0, 30.0, 31.0];
const TOTAL: [f32; 3] = [14.0, 54.0, 67.0];

fn bound_affine() -> BoundSession {
    let (x, u) = affine_inputs();
    load(AFFINE)
        .bind(&[("u", &u), ("x", &x)], &[("y", &[2, 3]), ("total", &[3])])
        .unwrap()
}

#[test]
fn a_run_gives_every_output_by_name() {
    let mut session = load(AFFINE);
    assert_eq!(session.inputs().collect::<Vec<_>>(), ["x", "u"]);
    assert_eq!(session.outputs().collect::<Vec<_>>(), ["total", "y"]);
    let (x, u) = affine_inputs();
    let expected = [
        ("total".into(), Tensor::f32([3], TOTAL)),
        ("y".into(), Tensor::f32([2, 3], Y)),
    ];
    assert_eq!(session.run(&[("u", &u), ("x", &x)]).unwrap(), expected);
}

#[test]
fn every_element_type_comes_back() {
    let data = [
        ("f32", Data::F32(vec![-1.0, 0.0, 2.0, 3.0])),
        ("f64", Data::F64(vec![-1.0, 0.0, 2.0, 3.0])),
        ("i64", Data::I64(vec![-1, 0, 2, 3])),
        ("i32", Data::I32(vec![-1, 0, 2, 3])),
        ("i8", Data::I8(vec![-1, 0, 2, 3])),
        ("u8", Data::U8(vec![1, 0, 2, 3])),
        ("b", Data::Bool(vec![true, false, true, true])),
        ("f16", Data::Other),
    ];
    let expected = data.map(|(name, data)| (name.to_owned(), Tensor { shape: vec![4], data }));
    let x = Tensor::f32([4], [-1.0, 0.0, 2.0, 3.0]);
    assert_eq!(load(TYPES).run(&[("x", &x)]).unwrap(), expected);
}

/// The endless loop does not begin where its bool input is false, and its output is a scalar.
#[test]
fn scalars_and_bools_go_in_and_out() {
    let go = Tensor {
        shape: vec![],
        data: Data::Bool(vec![false]),
    };
    assert_eq!(
        load(LOOP).run(&[("go", &go)]).unwrap(),
        [("last".into(), Tensor::f32([], [0.0]))]
    );
}

#[test]
fn an_empty_output_comes_back() {
    let x = Tensor::f32([4], [0.0; 4]);
    assert_eq!(
        load(NONZERO).run(&[("x", &x)]).unwrap(),
        [("y".into(), Tensor::f32([0], []))]
    );
}

#[test]
fn a_bound_run_says_what_a_plain_one_says_in_the_callers_order() {
    let mut bound = bound_affine();
    assert_eq!((bound.output(0), bound.output(1)), ([].as_slice(), [].as_slice()));
    bound.run().unwrap();
    assert_eq!(
        (bound.output(0), bound.output(1)),
        (Y.as_slice(), TOTAL.as_slice())
    );
    assert_eq!(bound.output(2), [0f32; 0]);
}

#[test]
fn inputs_are_written_in_place_and_keep_their_values() {
    let mut bound = bound_affine();
    let place = bound.input_f32(1).unwrap().as_ptr();
    for i in 1..=3_u8 {
        bound.input_f32(1).unwrap().fill(f32::from(i));
        bound.run().unwrap();
        let row = [10, 20, 30].map(|u: u8| f32::from(2 * i + u));
        assert_eq!(bound.output(0), [row, row].concat());
        assert_eq!(bound.input_f32(1).unwrap().as_ptr(), place);
    }
    bound.input_u8(0).unwrap().copy_from_slice(&[0, 1, 2]);
    bound.run().unwrap();
    assert_eq!(bound.output(1), [12.0, 14.0, 16.0]);
    assert!(bound.input_u8(1).is_none() && bound.input_f32(0).is_none() && bound.input_f32(2).is_none());
}

#[test]
fn another_thread_can_run_a_session() {
    let mut bound = bound_affine();
    let bound = thread::spawn(move || bound.run().map(|()| bound))
        .join()
        .unwrap()
        .unwrap();
    assert_eq!(bound.output(1), TOTAL);
}

/// Raises the interrupter while a run of the endless loop is under way.
fn interrupt_soon(interrupter: Interrupter) {
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        interrupter.interrupt();
    });
}

#[test]
fn an_endless_run_can_be_interrupted_and_later_runs_wait_for_clear() {
    let go = Tensor {
        shape: vec![],
        data: Data::Bool(vec![true]),
    };
    let mut endless = load(LOOP).bind(&[("go", &go)], &[("last", &[])]).unwrap();
    interrupt_soon(endless.interrupter());
    assert_eq!(endless.run(), Err(Error::Interrupted));
    assert_eq!(endless.run(), Err(Error::Interrupted));
    assert_eq!(endless.output(0), [0f32; 0]);

    let mut affine = bound_affine();
    let interrupter = affine.interrupter();
    interrupter.interrupt();
    assert_eq!(affine.run(), Err(Error::Interrupted));
    interrupter.clear();
    affine.run().unwrap();
    assert_eq!(affine.output(1), TOTAL);
    drop(affine);
    interrupter.interrupt();
    interrupter.clear();
}

#[test]
fn a_broken_model_is_refused() {
    let refused = |model| Session::new(runtime(), model, &SessionOptions::default()).unwrap_err();
    for model in [b"not a model".as_slice(), &AFFINE[..AFFINE.len() / 2]] {
        let error = refused(model);
        assert!(matches!(error, Error::NotWhole { .. }), "{error}");
        assert!(
            error.to_string().contains("is not given to ONNX Runtime"),
            "{error}"
        );
    }
    // What is a message, and no model, is refused in ONNX Runtime's words.
    let error = refused(&[]);
    assert!(
        matches!(&error, Error::Model { reason, .. } if !reason.is_empty()),
        "{error}"
    );
}

#[test]
fn wrong_inputs_are_named() {
    let (x, u) = affine_inputs();
    let text = |inputs: &[(&str, &Tensor)]| load(AFFINE).run(inputs).unwrap_err().to_string();
    assert_eq!(
        text(&[("x", &x), ("v", &u)]),
        "the model has no input named \"v\"; it has: x, u"
    );
    let torn = Tensor::f32([2, 3], [0.0; 5]);
    assert_eq!(
        text(&[("x", &torn)]),
        "tensor \"x\": the shape [2, 3] does not hold 5 elements"
    );
    let huge = Tensor::f32([usize::MAX, 2], []);
    assert!(text(&[("x", &huge)]).contains("does not hold 0 elements"));
    let other = Tensor {
        shape: vec![1],
        data: Data::Other,
    };
    assert!(text(&[("x", &other)]).contains("f32, f64, i64, i32, i8, u8 or bool is needed"));
    // The rest is ONNX Runtime's own judgement.
    let wide = Tensor::f32([2, 4], [0.0; 8]);
    let refused = text(&[("x", &wide), ("u", &u)]);
    assert!(
        refused.contains("could not run the model") && refused.contains("Expected: 3"),
        "{refused}"
    );
    assert!(text(&[("x", &x)]).contains("u"), "the missing input is named");
}

#[test]
fn wrong_bindings_are_named() {
    let (x, u) = affine_inputs();
    let both = [("x", &x), ("u", &u)];
    let bind = |inputs: &[(&str, &Tensor)], outputs: &[(&str, &[usize])]| {
        load(AFFINE).bind(inputs, outputs).unwrap_err().to_string()
    };
    assert_eq!(
        bind(&both, &[("z", &[1])]),
        "the model has no output named \"z\"; it has: total, y"
    );
    assert_eq!(
        bind(&[("x", &x)], &[("y", &[2, 3])]),
        "the model's input \"u\" was not given: every input needs a tensor"
    );
    let i64s = load(TYPES)
        .bind(&[("x", &Tensor::f32([4], [0.0; 4]))], &[("i64", &[4])])
        .unwrap_err();
    assert!(
        matches!(i64s, Error::ElementType { expected: "f32", .. }),
        "{i64s}"
    );
}

/// A caller indexes by the shape it asked for, so another one is an error, and nothing is left to read.
#[test]
fn an_output_of_another_shape_is_refused_by_the_run() {
    let x = Tensor::f32([4], [0.0, 1.0, 0.0, 1.0]);
    let mut bound = load(NONZERO).bind(&[("x", &x)], &[("y", &[2])]).unwrap();
    bound.run().unwrap();
    assert_eq!(bound.output(0), [1.0, 3.0]);
    bound.input_f32(0).unwrap().fill(1.0);
    let error = bound.run().unwrap_err();
    assert_eq!(
        error.to_string(),
        "tensor \"y\": expected the shape [2], the run gave [4]"
    );
    assert_eq!(bound.output(0), [0f32; 0]);
}

/// The dumped model tells what the optimiser did.
#[test]
fn the_optimised_model_is_dumped_and_quantised_weights_fold_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let dequantises = |optimisation, disable_quant_qdq| {
        let dump = folder.path().join("dump.onnx");
        let options = SessionOptions {
            optimisation,
            disable_quant_qdq,
            dump: Some(dump.clone()),
            ..SessionOptions::default()
        };
        let mut session = Session::new(runtime(), QUANTISED, &options).unwrap();
        let x = Tensor::f32([2], [1.0, 2.0]);
        assert_eq!(
            session.run(&[("x", &x)]).unwrap(),
            [("y".into(), Tensor::f32([2], [25.0, -100.0]))]
        );
        String::from_utf8_lossy(&std::fs::read(dump).unwrap()).contains("DequantizeLinear")
    };
    assert!(dequantises(Optimisation::Disable, true));
    assert!(dequantises(Optimisation::Basic, false));
    assert!(!dequantises(Optimisation::Basic, true));
}

#[test]
fn the_runtime_tells_its_path_and_version() {
    let runtime = runtime();
    assert!(runtime.path().is_absolute() && runtime.path().is_file());
    assert!(runtime.version().starts_with("1."), "{}", runtime.version());
}

#[test]
fn outputs_that_are_no_tensors_do_no_harm() {
    let x = Tensor::f32([4], [0.0; 4]);
    let nothing = Tensor {
        shape: vec![],
        data: Data::Other,
    };
    assert_eq!(load(SEQUENCE).run(&[("x", &x)]).unwrap(), [("s".into(), nothing)]);
    // Here the `ort` crate panics, and says so on standard error.
    let error = load(ABSENT).run(&[("x", &x)]).unwrap_err();
    assert!(matches!(error, Error::Run { .. }), "{error}");
}
