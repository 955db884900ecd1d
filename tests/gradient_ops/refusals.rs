// SPDX-License-Identifier: MPL-2.0
//! What has no gradient here is refused by name, and the sentence says what to do.

use steerlens::gradient::{Error, Profile};
use steerlens::onnx::{Array, ElementType, TensorProto};

use crate::case::{Case, signed_noise};

/// The whole sentence, for the node that every case calls `the_node`.
fn refused(case: &Case, operator: &str, reason: &str) {
    let expected = format!("unsupported operator {operator} (node \"the_node\"): {reason}");
    assert_eq!(case.refusal(), expected);
}

const NO_RULE: &str = "it has no gradient rule here; cut the model before it with output-name, or export it without this operator";

#[test]
fn operators_without_a_rule() {
    let grid = Case::of("GridSample", &[1, 2, 4, 4]).constant(&signed_noise(&[1, 2, 2, 2], 3));
    refused(
        &grid,
        "GridSample",
        "where it reads has no gradient here; sample the picture before the model, or export the model without its spatial \
         transformer",
    );
    let recurrent = Case::of("RNN", &[2, 1, 3])
        .noise(&[1, 4, 3])
        .noise(&[1, 4, 4])
        .with("hidden_size", 4);
    refused(&recurrent, "RNN", NO_RULE);
    refused(&Case::of("Hardmax", &[3, 4]), "Hardmax", NO_RULE);
}

#[test]
fn operators_of_one_runtime() {
    let other = Case::of("GemmFastGelu", &[3, 4])
        .noise(&[4, 2])
        .domain("com.microsoft");
    refused(
        &other,
        "com.microsoft.GemmFastGelu",
        "it belongs to one runtime, not to ONNX; export the model again, or save it without optimisation",
    );
}

#[test]
fn control_flow() {
    // The branches read x from outside; among the inputs of the If it is not listed.
    let case = Case::of("Mul", &[1, 1, 3, 4])
        .fork([("Neg", "x"), ("Exp", "x")], "chosen")
        .x()
        .tensor("chosen");
    assert_eq!(
        case.refusal(),
        "unsupported operator If (node \"fork\"): branches have no gradient here; export the model with the branch \
         decided"
    );
}

#[test]
fn quantised_operators() {
    let number = |name: &str, element: ElementType, value: i32| TensorProto {
        name: Some(name.into()),
        data_type: Some(element.number()),
        int32_data: vec![value],
        ..Default::default()
    };
    let weight = TensorProto {
        name: Some("w".into()),
        dims: vec![2, 3, 3, 3],
        data_type: Some(ElementType::Uint8.number()),
        int32_data: (0..54).collect(),
        ..Default::default()
    };
    let case = Case::of("QLinearConv", &[1, 3, 5, 5])
        .named("s", &Array::real([], [0.1]))
        .proto(number("z", ElementType::Uint8, 128))
        .proto(weight)
        .before("QuantizeLinear", &["x", "s", "z"], "q");
    let case = ["q", "s", "z", "w", "s", "z", "s", "z"]
        .iter()
        .fold(case, |c, name| c.tensor(name))
        .after("DequantizeLinear", &["y", "s", "z"], "d");
    refused(
        &case,
        "QLinearConv",
        "this is the QOperator form of a quantised model; quantise the float model in the QDQ form instead",
    );
}

#[test]
fn computed_parameters() {
    let weight = Case::of("ConvTranspose", &[1, 3, 3, 3])
        .first(&signed_noise(&[1, 1, 5, 5], 3))
        .x();
    refused(
        &weight,
        "ConvTranspose",
        "its weight is computed; export the model with constant weights",
    );
    let slope = Case::of("PRelu", &[4]).first(&signed_noise(&[3, 4], 3)).x();
    refused(
        &slope,
        "PRelu",
        "its slope is computed from the input; only constant slopes are supported",
    );
    let scale = Case::of("InstanceNormalization", &[4])
        .first(&signed_noise(&[1, 4, 3, 3], 3))
        .x()
        .noise(&[4]);
    refused(
        &scale,
        "InstanceNormalization",
        "its scale or offset is computed; only constant ones are supported",
    );
    let scale = Case::of("LayerNormalization", &[4])
        .first(&signed_noise(&[3, 4], 3))
        .x();
    refused(
        &scale,
        "LayerNormalization",
        "its scale or offset is computed from the input; only constant ones are supported",
    );
    let offset = Case::of("BatchNormalization", &[4])
        .first(&signed_noise(&[1, 4, 3, 3], 3))
        .noise(&[4])
        .x()
        .noise(&[4])
        .positive_noise(&[4]);
    refused(
        &offset,
        "BatchNormalization",
        "its offset or mean is computed from the input; only constant ones are supported",
    );
    let value = Case::of("Pad", &[])
        .first(&signed_noise(&[3, 4], 3))
        .whole(&[1, 1, 1, 1])
        .x();
    refused(&value, "Pad", "its value is computed from the picture");
}

#[test]
fn forms_that_are_not_supported() {
    let training = Case::of("BatchNormalization", &[1, 3, 4, 5])
        .noise(&[3])
        .noise(&[3])
        .noise(&[3])
        .positive_noise(&[3])
        .with("training_mode", 1)
        .outputs(3);
    refused(
        &training,
        "BatchNormalization",
        "it is in training mode; export the model for inference",
    );
    let moments = Case::of("LayerNormalization", &[3, 4])
        .noise(&[4])
        .outputs(2)
        .after("Mul", &["y", "y1"], "z");
    refused(
        &moments,
        "LayerNormalization",
        "its mean or deviation is used; only the normalised output is supported",
    );
    let same = Case::of("ConvTranspose", &[1, 3, 4, 4]).noise(&[3, 1, 3, 3]);
    for case in [
        same.clone()
            .with("auto_pad", "SAME_UPPER")
            .ints("strides", &[2, 2]),
        same.ints("output_shape", &[6, 6]),
    ] {
        refused(
            &case,
            "ConvTranspose",
            "auto_pad and output_shape are not supported; export with explicit pads",
        );
    }
    let apart = Case::of("AveragePool", &[1, 2, 5, 3])
        .opset(12)
        .ints("kernel_shape", &[1, 1])
        .ints("strides", &[2, 3])
        .with("auto_pad", "SAME_LOWER")
        .with("ceil_mode", 1)
        .with("count_include_pad", 1);
    refused(
        &apart,
        "AveragePool",
        "its automatic pads leave parts of the picture out, and ceil_mode counts them; export it with stated pads",
    );
    let columns = Case::of("MaxPool", &[1, 1, 4, 4])
        .ints("kernel_shape", &[2, 2])
        .with("storage_order", 1);
    refused(
        &columns,
        "MaxPool",
        "column-major indices (storage_order=1) are not supported",
    );
    let rounded = Case::of("Cast", &[3, 4])
        .positive()
        .with("to", 2)
        .after("Cast", &["y"], "z")
        .having("to", 1);
    refused(
        &rounded,
        "Cast",
        "it rounds to uint8, which has no gradient; export the model without it",
    );
    let pad = Case::of("Pad", &[3, 4])
        .whole(&[-1, 0, 2, 0])
        .with("mode", "edge");
    refused(
        &pad,
        "Pad",
        "negative pads in mode edge are not supported; slice instead",
    );
    let resize = Case::of("Resize", &[1, 1, 4, 4]);
    let crop = resize
        .clone()
        .x()
        .constant(&Array::real([8], [0.0, 0.0, 0.1, 0.1, 1.0, 1.0, 0.9, 0.9]))
        .tensor("")
        .whole(&[1, 1, 3, 3])
        .with("mode", "linear")
        .with("coordinate_transformation_mode", "tf_crop_and_resize");
    refused(
        &crop,
        "Resize",
        "tf_crop_and_resize is not supported; crop with Slice, then resize",
    );
    let from_one = Case::of("Resize", &[1, 4, 1, 1])
        .x()
        .constant(&Array::real([8], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]))
        .tensor("")
        .whole(&[1, 4, 3, 3])
        .with("coordinate_transformation_mode", "tf_crop_and_resize");
    refused(
        &from_one,
        "Resize",
        "tf_crop_and_resize is not supported; crop with Slice, then resize",
    );
    let policy = resize
        .opset(18)
        .x()
        .tensor("")
        .tensor("")
        .whole(&[6, 8])
        .ints("axes", &[2, 3])
        .with("keep_aspect_ratio_policy", "not_larger");
    refused(
        &policy,
        "Resize",
        "keep_aspect_ratio_policy is not supported; export with the size worked out",
    );
}

#[test]
fn equations_that_are_not_supported() {
    let einsum = |shape: &[usize], other: &[usize], equation: &str| {
        Case::of("Einsum", shape).noise(other).with("equation", equation)
    };
    for (case, equation, why) in [
        (
            einsum(&[2, 3, 4], &[2, 4, 5], "...ij,...jk->...ik"),
            "...ij,...jk->...ik",
            "has an ellipsis",
        ),
        (einsum(&[3, 3], &[3], "ii,i->i"), "ii,i->i", "doubles an index"),
        (
            einsum(&[3, 4], &[4], "ij,k->k"),
            "ij,k->k",
            "sums an index of one operand alone",
        ),
    ] {
        refused(
            &case,
            "Einsum",
            &format!("its equation \"{equation}\" {why}; export with MatMul"),
        );
    }
}

#[test]
fn every_bad_node_is_named() {
    let case = Case::of("Trilu", &[3, 4])
        .after("Hardmax", &["y"], "h")
        .after("Sigmoid", &["x"], "s")
        .after("Mul", &["s", "h"], "z");
    let Err(Error::Unsupported(refusals)) = case.differentiated(Profile::Plain) else {
        panic!("not refused");
    };
    let mut named: Vec<(&str, &str)> = refusals
        .iter()
        .map(|r| (r.operator.as_str(), r.node.as_str()))
        .collect();
    named.sort_unstable();
    assert_eq!(named, [("Hardmax", "after_h"), ("Trilu", "the_node")]);
    let sentence = case.refusal();
    assert!(sentence.contains("(node \"after_h\")") && sentence.contains("(node \"the_node\")"));
}

/// A condition of a rule is looked at even behind a node that is refused.
#[test]
fn every_unmet_condition_is_named() {
    let case = Case::of("PRelu", &[3, 4])
        .first(&signed_noise(&[3, 4], 3))
        .x()
        .after("Trilu", &["y"], "upper")
        .after("PRelu", &["first", "upper"], "z");
    let Err(Error::Unsupported(refusals)) = case.differentiated(Profile::Cpu) else {
        panic!("not refused");
    };
    let named: Vec<(&str, &str)> = refusals
        .iter()
        .map(|r| (r.operator.as_str(), r.node.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("PRelu", "after_z"),
            ("Trilu", "after_upper"),
            ("PRelu", "the_node")
        ]
    );
}

/// What one picture gives is no constant: not the positions, and not the shape.
#[test]
fn what_the_picture_decides() {
    let best = Case::of("Slice", &[3, 4])
        .before("ArgMax", &["x"], "best")
        .having("axis", 1)
        .before("Reshape", &["best", "three"], "ends")
        .named("three", &Array::whole([3]))
        .before("Gather", &["ends", "zero"], "end")
        .named("zero", &Array::whole([0]))
        .x()
        .tensor("zero")
        .tensor("end");
    refused(
        &best,
        "Slice",
        "its output's shape depends on the picture; cut the model before it with output-name, or export it with \
         fixed shapes",
    );
    let update = Case::of("ScatterND", &[3, 4])
        .before("ArgMax", &["x"], "best")
        .having("axis", 1)
        .x()
        .tensor("best")
        .noise(&[3, 4]);
    refused(&update, "ScatterND", "its indices are computed from the picture");
    let places = Case::of("GatherND", &[3, 4])
        .before("NonZero", &["x"], "columns")
        .before("Transpose", &["columns"], "places")
        .x()
        .tensor("places");
    refused(
        &places,
        "GatherND",
        "its output's shape depends on the picture; cut the model before it with output-name, or export it with \
         fixed shapes",
    );
}

/// The runtime cannot load such a model at all.
#[test]
fn operators_from_elsewhere() {
    let case = Case::of("Fancy", &[3, 4])
        .domain("my.operators")
        .after("Sigmoid", &["y"], "z");
    refused(
        &case,
        "my.operators.Fancy",
        "it belongs to one runtime, not to ONNX; export the model again, or save it without optimisation",
    );
}

/// A graph that no gradient passes says where it is cut.
#[test]
fn where_the_way_is_cut() {
    let case = Case::of("ArgMax", &[3, 4])
        .after("Cast", &["y"], "z")
        .having("to", 1);
    assert_eq!(
        case.refusal(),
        format!(
            "the output \"scores\" does not depend on the input: unsupported operator ArgMax (node \"the_node\"): {NO_RULE}"
        )
    );
}

#[test]
fn opsets_that_are_too_old() {
    let case = Case::of("Relu", &[3, 4]).opset(6);
    assert_eq!(
        case.refusal(),
        "opset 6 is older than 7: convert it with onnx.version_converter.convert_version(model, 17)"
    );
}

/// What a rule does not know it does not take for the default.
#[test]
fn attributes_that_no_rule_knows() {
    let pool = Case::of("MaxPool", &[1, 1, 5, 5])
        .apart()
        .ints("kernel_shape", &[2, 2])
        .ints("strides", &[2, 2])
        .with("ceil_mode", 3);
    refused(
        &pool,
        "MaxPool",
        "its attribute ceil_mode is \"3\", of which no rule is known here, only of 0, 1; export the model without it",
    );
    let layer = Case::of("LayerNormalization", &[3, 4])
        .noise(&[4])
        .with("stash_type", 16);
    refused(
        &layer,
        "LayerNormalization",
        "its attribute stash_type is \"16\", of which no rule is known here, only of 1; export the model without it",
    );
}

/// The runtime follows a pointer to nothing for these.
#[test]
fn inputs_that_are_absent() {
    for operator in ["Sum", "Max", "Min", "Mean"] {
        let case = Case::of(operator, &[3, 4]).x().tensor("");
        refused(
            &case,
            operator,
            "its input 1 (x) is absent, which it must not be; export the model again",
        );
    }
    let einsum = Case::of("Einsum", &[3, 4])
        .x()
        .tensor("")
        .with("equation", "ij,ij->ij");
    refused(
        &einsum,
        "Einsum",
        "its input 1 (x) is absent, which it must not be; export the model again",
    );
    let unknown = Case::of("GridSample", &[1, 2, 4, 4]).x().tensor("");
    refused(
        &unknown,
        "GridSample",
        "its input 1 is absent, and whether that may be is not known here; export the model without this operator",
    );
}

#[test]
fn training_modes() {
    let truth = TensorProto {
        name: Some("train".into()),
        data_type: Some(ElementType::Bool.number()),
        int32_data: vec![1],
        ..Default::default()
    };
    let dropout = Case::of("Dropout", &[3, 4])
        .x()
        .named("ratio", &Array::real([], [0.3]))
        .tensor("ratio")
        .proto(truth)
        .tensor("train");
    refused(
        &dropout,
        "Dropout",
        "it is in training mode, where it drops at random; export the model for inference",
    );
    for opset in [7, 9, 13] {
        let batch = Case::of("BatchNormalization", &[1, 3, 4, 5])
            .opset(opset)
            .noise(&[3])
            .noise(&[3])
            .noise(&[3])
            .positive_noise(&[3])
            .outputs(5);
        refused(
            &batch,
            "BatchNormalization",
            "it is in training mode; export the model for inference",
        );
    }
}

/// A way through float64 is named, also where there is another way past it.
#[test]
fn float64_on_the_way() {
    let wide = Case::of("Cast", &[3, 4])
        .with("to", 11)
        .after("Neg", &["y"], "n")
        .after("Cast", &["n"], "z")
        .having("to", 1);
    for case in [wide.clone(), wide.after("Add", &["z", "x"], "sum")] {
        let said = case.refusal();
        assert!(
            said.contains("Cast (node \"after_z\" and 1 more): it computes in float64")
                && said.contains("float32"),
            "{said}"
        );
    }
}

/// Whole numbers end every gradient; which node makes them is said.
#[test]
fn where_whole_numbers_end_the_way() {
    let case = Case::of("Cast", &[3, 4])
        .with("to", 7)
        .after("Cast", &["y"], "z")
        .having("to", 1);
    let said = case.refusal();
    assert!(
        said.starts_with("the output \"scores\" does not depend on the input: unsupported operator Cast (node \"the_node\")"),
        "{said}"
    );
}

#[test]
fn tensors_without_elements() {
    let joined = |case: Case, empty: &str| case.after("Concat", &[empty, "x"], "z").having("axis", 1);
    let slice = |starts: i64, ends: i64, step: i64| {
        Case::of("Slice", &[3, 4])
            .whole(&[starts])
            .whole(&[ends])
            .whole(&[1])
            .whole(&[step])
    };
    let product = Case::of("MatMul", &[3, 4]).noise(&[4, 0]);
    let of_none = slice(2, 2, 1)
        .named("back", &Array::whole([-1]))
        .named("far", &Array::whole([-9]))
        .named("axis", &Array::whole([1]))
        .after("Slice", &["y", "back", "far", "axis", "back"], "turned");
    for (case, operator) in [
        (joined(slice(2, 2, 1), "y"), "Slice"),
        (joined(slice(1, 3, -1), "y"), "Slice"),
        (joined(of_none, "turned"), "Slice"),
        (joined(product, "y"), "MatMul"),
    ] {
        let said = case.refusal();
        assert!(
            said.split("; ").any(|one| {
                one.starts_with(&format!("unsupported operator {operator} (node "))
                    && one.contains("one of its tensors has no elements")
            }),
            "{said}"
        );
    }
}
