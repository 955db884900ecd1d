// SPDX-License-Identifier: MPL-2.0
//! Functions of a model's own: written out where they are called, within limits.

use steerlens::onnx::{
    self, Array, AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto,
    ValueInfoProto,
};
use steerlens::runtime::{Session, SessionOptions, Tensor};

use crate::{import, model, node, refusal, runtime, taken, weights};

const PICTURE: &[usize] = &[1, 1, 2, 4];

fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: Vec<NodeProto>) -> FunctionProto {
    FunctionProto {
        name: Some(name.into()),
        domain: Some("own".into()),
        input: inputs.iter().map(|s| (*s).into()).collect(),
        output: outputs.iter().map(|s| (*s).into()).collect(),
        node: nodes,
        opset_import: vec![import("", 17), import("own", 1)],
        ..Default::default()
    }
}

fn call(name: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        domain: Some("own".into()),
        ..NodeProto::new(name, outputs[0], inputs, outputs)
    }
}

fn refer(name: &str, to: &str, kind: i32) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        ref_attr_name: Some(to.into()),
        r#type: Some(kind),
        ..Default::default()
    }
}

fn with(mut node: NodeProto, attribute: AttributeProto) -> NodeProto {
    node.attribute.push(attribute);
    node
}

fn real(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        f: Some(value),
        r#type: Some(1),
        ..Default::default()
    }
}

/// `y = flatten(x) w`, and then the nodes from `"s"` to `"y"`.
fn after_scores(nodes: Vec<NodeProto>, functions: Vec<FunctionProto>) -> ModelProto {
    let mut all = vec![node("Flatten", &["x"], "f"), node("MatMul", &["f", "w"], "s")];
    all.extend(nodes);
    let mut whole = model(PICTURE, all, vec![weights("w", 8, 4)]);
    whole.opset_import.push(import("own", 1));
    whole.functions = functions;
    whole
}

fn run(model: &ModelProto) -> Vec<f32> {
    let picture = Tensor::f32(PICTURE, [0.1, 0.9, 0.3, 0.5, 0.2, 0.8, 0.7, 0.4]);
    let mut session = Session::new(runtime(), &onnx::encode(model), &SessionOptions::default()).unwrap();
    session.run(&[("x", &picture)]).unwrap()[0]
        .1
        .as_f32()
        .unwrap()
        .to_vec()
}

/// The model with functions says the same as the one without.
fn same(with: &ModelProto, without: &ModelProto) {
    let read = onnx::decode(&onnx::encode(with)).unwrap();
    assert!(read.functions.is_empty());
    assert_eq!(run(&read), run(without));
    assert!(taken(with.clone()).is_ok());
}

#[test]
fn a_function_is_written_out_with_its_names_attributes_and_defaults() {
    // Both calls use names that the graph has too; one gives the slope, the other leaves it to the default.
    let mut leaky = function(
        "Leaky",
        &["w", "bias"],
        &["y"],
        vec![
            node("Add", &["w", "bias"], "s"),
            with(node("LeakyRelu", &["s"], "y"), refer("alpha", "slope", 1)),
        ],
    );
    leaky.attribute_proto = vec![real("slope", 0.25)];
    let bias = || Array::real([4], [0.5, -2.0, 0.0, -0.5]).encode("bias");
    let mut with_functions = after_scores(
        vec![
            with(call("Leaky", &["s", "bias"], &["a"]), real("slope", 0.5)),
            call("Leaky", &["a", "bias"], &["y"]),
        ],
        vec![leaky],
    );
    with_functions.graph.as_mut().unwrap().initializer.push(bias());
    let mut without = after_scores(
        vec![
            node("Add", &["s", "bias"], "p"),
            node("LeakyRelu", &["p"], "a").with("alpha", 0.5f32),
            node("Add", &["a", "bias"], "q"),
            node("LeakyRelu", &["q"], "y").with("alpha", 0.25f32),
        ],
        vec![],
    );
    without.graph.as_mut().unwrap().initializer.push(bias());
    same(&with_functions, &without);
}

#[test]
fn functions_call_each_other_and_leave_out_what_is_optional() {
    let functions = vec![
        // Clip without a lower bound; the second output is nobody's, the third is an input handed through.
        function(
            "Bound",
            &["x", "low", "high"],
            &["y", "unused", "same"],
            vec![
                node("Clip", &["x", "low", "high"], "y"),
                node("Neg", &["x"], "unused"),
            ],
        ),
        function(
            "Twice",
            &["x", "high"],
            &["z"],
            vec![
                call("Bound", &["x", "", "high"], &["once", "", "same"]),
                call("Bound", &["once", "", "high"], &["y"]),
                node("Add", &["y", "same"], "z"),
            ],
        ),
    ];
    let mut functions = functions;
    functions[0].output[2] = "x".into();
    let high = || Array::real([], [0.25]).encode("high");
    let mut with_functions = after_scores(vec![call("Twice", &["s", "high"], &["y"])], functions);
    with_functions.graph.as_mut().unwrap().initializer.push(high());
    let mut without = after_scores(
        vec![
            node("Clip", &["s", "", "high"], "c"),
            node("Add", &["c", "s"], "y"),
        ],
        vec![],
    );
    without.graph.as_mut().unwrap().initializer.push(high());
    same(&with_functions, &without);
}

#[test]
fn a_branch_inside_a_function_sees_the_functions_names() {
    let branch = |operator: &str| GraphProto {
        name: Some(operator.into()),
        node: vec![with(
            NodeProto::new(operator, "n", &["x"], &["inner"]),
            refer("alpha", "slope", 1),
        )],
        output: vec![ValueInfoProto::untyped("inner")],
        ..Default::default()
    };
    let graph = |name: &str, operator: &str| AttributeProto {
        name: Some(name.into()),
        g: Some(branch(operator)),
        r#type: Some(5),
        ..Default::default()
    };
    let decide = NodeProto {
        attribute: vec![graph("then_branch", "LeakyRelu"), graph("else_branch", "Elu")],
        ..node("If", &["which"], "y")
    };
    let which = TensorProto {
        data_type: Some(9),
        name: Some("which".into()),
        int32_data: vec![1],
        ..Default::default()
    };
    let mut with_functions = after_scores(
        vec![with(call("Decide", &["s", "which"], &["y"]), real("slope", 0.5))],
        vec![function("Decide", &["x", "which"], &["y"], vec![decide])],
    );
    with_functions.graph.as_mut().unwrap().initializer.push(which);
    let without = after_scores(vec![node("LeakyRelu", &["s"], "y").with("alpha", 0.5f32)], vec![]);
    same(&with_functions, &without);
}

/// Each function calls the next twice: 2^40 nodes in four kilobytes.
#[test]
fn functions_that_grow_beyond_all_bounds_are_refused_at_once() {
    for deep in [18, 22, 40] {
        let mut functions: Vec<_> = (0..deep)
            .map(|k| {
                let next = format!("F{}", k + 1);
                let nodes = vec![call(&next, &["x"], &["a"]), call(&next, &["a"], &["y"])];
                function(&format!("F{k}"), &["x"], &["y"], nodes)
            })
            .collect();
        functions.push(function(
            &format!("F{deep}"),
            &["x"],
            &["y"],
            vec![node("Relu", &["x"], "y")],
        ));
        let laughs = after_scores(vec![call("F0", &["s"], &["y"])], functions);
        let error = onnx::decode(&onnx::encode(&laughs)).unwrap_err().to_string();
        assert!(error.contains("inline_local_functions"), "{error}");
        assert!(refusal(laughs).contains("cannot be written out"));
    }
}

/// No node of the innermost function counts, as it has none: what it hands through does.
#[test]
fn what_functions_hand_through_counts_too() {
    const WIDE: usize = 1000;
    let through = function("Through", &["x"], &["x"; WIDE], vec![]);
    let names: Vec<String> = (0..60 * WIDE).map(|k| format!("v{k}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut calls: Vec<_> = names
        .chunks(WIDE)
        .map(|outputs| call("Through", &["x"], outputs))
        .collect();
    calls.push(node("Relu", &["x"], "y"));
    let many = function("Many", &["x"], &["y"], calls);
    let with = |outer: Vec<NodeProto>| after_scores(outer, vec![through.clone(), many.clone()]);
    let twice = with(vec![call("Many", &["s"], &["a"]), call("Many", &["a"], &["y"])]);
    let error = onnx::decode(&onnx::encode(&twice)).unwrap_err().to_string();
    assert!(error.contains("inline_local_functions"), "{error}");
    // 60 000 nodes are within the limit; of outputs that the call leaves out there are none.
    let once = with(vec![call("Many", &["s"], &["y"])]);
    let written = onnx::decode(&onnx::encode(&once)).unwrap();
    assert_eq!(written.graph.unwrap().node.len(), 2 + 60 * WIDE + 1);
    let first = with(vec![call("Through", &["s"], &["y"])]);
    let written = onnx::decode(&onnx::encode(&first)).unwrap();
    assert_eq!(written.graph.unwrap().node.len(), 2 + 1);
}

/// Each call looks up a name of a mebibyte that no node uses.
#[test]
fn long_names_that_calls_leave_out_count_too() {
    let long = "n".repeat(1 << 20);
    let deep = 12;
    let mut functions: Vec<_> = (0..deep)
        .map(|k| {
            let next = format!("F{}", k + 1);
            let nodes = vec![call(&next, &["x"], &["a"]), call(&next, &["a"], &["y"])];
            function(&format!("F{k}"), &["x"], &["y"], nodes)
        })
        .collect();
    let relu = vec![node("Relu", &["x"], "y")];
    functions.push(function(&format!("F{deep}"), &["x", &long], &["y"], relu));
    let slow = after_scores(vec![call("F0", &["s"], &["y"])], functions);
    let error = onnx::decode(&onnx::encode(&slow)).unwrap_err().to_string();
    assert!(error.contains("inline_local_functions"), "{error}");
}

#[test]
fn what_cannot_be_written_out_is_refused_with_the_reason() {
    let recursive = function("F", &["x"], &["y"], vec![call("F", &["x"], &["y"])]);
    let scores = |functions| after_scores(vec![call("F", &["s"], &["y"])], functions);
    assert!(refusal(scores(vec![recursive])).contains("it calls itself"));
    let relu = || function("F", &["x"], &["y"], vec![node("Relu", &["x"], "y")]);
    assert!(refusal(scores(vec![relu(), relu()])).contains("two of this name"));
    let surplus = after_scores(vec![call("F", &["s", "s"], &["y"])], vec![relu()]);
    assert!(refusal(surplus).contains("more than it has"));
    // Relu is the same in 14 and 17, ReduceSum is not in 11 and 17.
    let of_opset = |opset, operator: &str| {
        let mut function = function("F", &["x"], &["y"], vec![node(operator, &["x"], "y")]);
        function.opset_import = vec![import("", opset)];
        function
    };
    assert!(taken(scores(vec![of_opset(14, "Relu")])).is_ok());
    let error = refusal(scores(vec![of_opset(11, "ReduceSum")]));
    assert!(
        error.contains("opset 11") && error.contains("ReduceSum"),
        "{error}"
    );
    let unfinished = function("F", &["x"], &["y"], vec![node("Relu", &["x"], "z")]);
    assert!(refusal(scores(vec![unfinished])).contains("is given by no node"));
}
