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
