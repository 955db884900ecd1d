// SPDX-License-Identifier: MPL-2.0
//! QuantizeLinear and DequantizeLinear: the estimate is by definition, so it is compared with that, by value.

use steerlens::onnx::{ElementType, TensorProto};

use crate::case::Case;

/// Quantise and dequantise a row of 6, with the scale and zero point of an 8-bit type.
fn round_trip(scales: &[f32], zeros: &[i32], element: ElementType) -> Case {
    let scale = TensorProto {
        name: Some("scale".into()),
        dims: if scales.len() == 1 {
            vec![]
        } else {
            vec![scales.len() as i64]
        },
        data_type: Some(ElementType::Float.number()),
        float_data: scales.to_vec(),
        ..Default::default()
    };
    let zero = TensorProto {
        name: Some("zero".into()),
        dims: scale.dims.clone(),
        data_type: Some(element.number()),
        int32_data: zeros.to_vec(),
        ..Default::default()
    };
    Case::of("QuantizeLinear", &[1, 2, 1, 3])
        .proto(scale)
        .proto(zero)
        .x()
        .tensor("scale")
        .tensor("zero")
        .after("DequantizeLinear", &["y", "scale", "zero"], "z")
}

fn expect(case: &Case, x: [f32; 6], mask: [f32; 6]) {
    let cotangent = [1.0, 2.0, -3.0, 4.0, 5.0, -6.0];
    let expected: Vec<f32> = cotangent.iter().zip(mask).map(|(c, m)| c * m).collect();
    for gradient in case.gradients(&x, &cotangent) {
        assert_eq!(gradient, expected, "{}", case.label());
    }
}

/// uint8, zero point 10, steps of .5: codes 0..=255 stand for -5..=122.5, and half a step more still rounds inside.
#[test]
fn cotangents_stop_where_the_code_saturates() {
    let case = round_trip(&[0.5], &[10], ElementType::Uint8);
    expect(
        &case,
        [-6.0, -5.2, -4.9, 122.6, 122.8, 0.0],
        [0.0, 1.0, 1.0, 1.0, 0.0, 1.0],
    );
    let case = round_trip(&[0.5], &[-10], ElementType::Int8);
    // -128..=127 stand for -59..=68.5.
    expect(
        &case,
        [-59.4, -59.2, 0.0, 68.6, 68.8, 1e6],
        [0.0, 1.0, 1.0, 1.0, 0.0, 0.0],
    );
}

/// With the zero point at the least code the saturation is a Relu that a quantiser has deleted.
#[test]
fn saturation_is_the_relu() {
    let case = round_trip(&[0.1], &[0], ElementType::Uint8);
    expect(
        &case,
        [-1.0, -0.06, -0.04, 0.04, 1.0, 30.0],
        [0.0, 0.0, 1.0, 1.0, 1.0, 0.0],
    );
}

#[test]
fn one_scale_per_channel() {
    let case = round_trip(&[0.1, 1.0], &[0, 128], ElementType::Uint8)
        .with("axis", 1)
        .having("axis", 1);
    expect(
        &case,
        [-0.2, 20.0, 30.0, -127.0, 126.0, 130.0],
        [0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
    );
}

#[test]
fn without_a_zero_point() {
    let scale = TensorProto {
        name: Some("scale".into()),
        data_type: Some(ElementType::Float.number()),
        float_data: vec![1.0],
        ..Default::default()
    };
    let case = Case::of("QuantizeLinear", &[1, 2, 1, 3])
        .proto(scale)
        .x()
        .tensor("scale")
        .after("DequantizeLinear", &["y", "scale"], "z");
    expect(
        &case,
        [-1.0, 0.0, 7.0, 255.0, 256.0, 100.0],
        [0.0, 1.0, 1.0, 1.0, 0.0, 1.0],
    );
}

/// From opset 21 on the type of the codes can be stated without a zero point.
#[test]
fn the_type_of_the_codes_as_an_attribute() {
    let scale = TensorProto {
        name: Some("scale".into()),
        data_type: Some(ElementType::Float.number()),
        float_data: vec![1.0],
        ..Default::default()
    };
    let stated = |element: ElementType| {
        Case::of("QuantizeLinear", &[1, 2, 1, 3])
            .opset(21)
            .proto(scale.clone())
            .x()
            .tensor("scale")
            .with("output_dtype", i64::from(element.number()))
            .after("DequantizeLinear", &["y", "scale"], "z")
    };
    expect(
        &stated(ElementType::Int8),
        [-1.0, -128.4, -129.0, 127.0, 128.0, 100.0],
        [1.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    );
    expect(
        &stated(ElementType::Uint8),
        [-1.0, 0.0, 7.0, 255.0, 256.0, 100.0],
        [0.0, 1.0, 1.0, 1.0, 0.0, 1.0],
    );
    expect(
        &stated(ElementType::Int16),
        [-1.0, -32_768.0, -32_769.0, 32_767.0, 32_768.0, 100.0],
        [1.0, 1.0, 0.0, 1.0, 0.0, 1.0],
    );
}

/// Codes of 16 bits, which opset 21 brought.
#[test]
fn codes_of_sixteen_bits() {
    let case = round_trip(&[0.5], &[10], ElementType::Uint16).opset(21);
    // 0..=65535 stand for -5..=32762.5.
    expect(
        &case,
        [-6.0, -5.2, 32_762.6, 32_763.0, 300.0, 0.0],
        [0.0, 1.0, 1.0, 0.0, 1.0, 1.0],
    );
    let case = round_trip(&[0.5], &[0], ElementType::Int16).opset(21);
    expect(
        &case,
        [-16_384.2, -16_385.0, 16_383.6, 16_384.0, 300.0, -300.0],
        [1.0, 0.0, 1.0, 0.0, 1.0, 1.0],
    );
}

/// A step that depends on the picture is a way of its own, which the rule does not have.
#[test]
fn a_step_from_the_picture() {
    let codes = TensorProto {
        name: Some("codes".into()),
        dims: vec![6],
        data_type: Some(ElementType::Uint8.number()),
        int32_data: vec![1, 2, 3, 4, 5, 6],
        ..Default::default()
    };
    let case = Case::of("DequantizeLinear", &[1, 2, 1, 3])
        .proto(codes)
        .before("ReduceMax", &["x"], "step")
        .having("keepdims", 0)
        .tensor("codes")
        .tensor("step");
    assert_eq!(
        case.refusal(),
        "unsupported operator DequantizeLinear (node \"the_node\"): its input 1 depends on the picture, and the rule has \
         no gradient for that; export the model with a constant one"
    );
}

/// Codes of other types are refused as what they are, and never taken for the end of all gradients.
#[test]
fn codes_of_four_bits() {
    let scale = TensorProto {
        name: Some("scale".into()),
        data_type: Some(ElementType::Float.number()),
        float_data: vec![1.0],
        ..Default::default()
    };
    let case = Case::of("QuantizeLinear", &[1, 2, 1, 3])
        .opset(21)
        .proto(scale)
        .x()
        .tensor("scale")
        .with("output_dtype", 22)
        .after("DequantizeLinear", &["y", "scale"], "z");
    assert_eq!(
        case.refusal(),
        "unsupported operator QuantizeLinear (node \"the_node\"): its codes are of type 22; only whole numbers of 8 and \
         16 bits are supported"
    );
}
