// SPDX-License-Identifier: MPL-2.0
//! Convolutions and pools.

use steerlens::onnx::AttributeValue;

use crate::graph::{Attributes, Graph, T};

/// Strides, dilations and pads, or auto_pad, for a kernel; each of them may be left out.
fn placed(g: &mut Graph, x: &T, kernel: &[usize], most_pad: &dyn Fn(usize) -> usize) -> Attributes {
    let axes = kernel.len();
    let mut attributes: Attributes = Vec::new();
    let r = &mut g.random;
    if r.chance(70) {
        let same = r.pick(&[1, 2, 2, 3]);
        let strides: Vec<i64> = (0..axes)
            .map(|_| if r.chance(70) { same } else { r.between(1, 4) })
            .collect();
        attributes.push(("strides", strides.into()));
    }
    match r.below(10) {
        0 | 1 => attributes.push(("auto_pad", r.pick(&["SAME_UPPER", "SAME_LOWER", "VALID"]).into())),
        2..=7 => {
            let same = r.chance(50).then(|| r.below(3));
            let pads: Vec<i64> = (0..2 * axes)
                .map(|k| {
                    let most = most_pad(kernel[k % axes]);
                    same.map_or_else(|| r.below(most + 1), |pad| pad.min(most)) as i64
                })
                .collect();
            attributes.push(("pads", pads.into()));
        }
        _ => {}
    }
    // A window may be wider than the picture and its pads: then it is refused, and another one is drawn.
    debug_assert_eq!(x.rank(), axes + 2, "a kernel has the picture's axes");
    attributes
}

fn dilated(g: &mut Graph, attributes: &mut Attributes, axes: usize, percent: usize) {
    if g.random.chance(percent) {
        let dilations: Vec<i64> = (0..axes).map(|_| g.random.between(1, 3)).collect();
        attributes.push(("dilations", dilations.into()));
    }
}

fn kernel(g: &mut Graph, x: &T, most: usize) -> Vec<usize> {
    let same = g.random.pick(&[1, 2, 3, 3]);
    let square = g.random.chance(60);
    x.shape[2..]
        .iter()
        .map(|d| {
            if square {
                same
            } else {
                g.random.extent(1, most.min(d + 1))
            }
        })
        .collect()
}

fn is_picture(x: &T) -> bool {
    (3..=5).contains(&x.rank())
}

/// A bias in half of the cases.
fn bias(g: &mut Graph, channels: usize) -> T {
    if g.random.chance(50) {
        g.noise(&[channels], 0.3)
    } else {
        T::absent()
    }
}

pub(super) fn conv(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if !is_picture(x) {
        return None;
    }
    let channels = x.channels();
    let divisors: Vec<usize> = [2, 3, 4, 8, 16]
        .into_iter()
        .filter(|d| channels.is_multiple_of(*d))
        .collect();
    let group = match g.random.below(6) {
        0 | 1 => channels,
        2 if !divisors.is_empty() => g.random.pick(&divisors),
        _ => 1,
    };
    let widths: &[usize] = if g.blocked {
        &[16, 16, 32, 32, 48, 24, 8]
    } else {
        &[2, 3, 5, 8, 16]
    };
    let out = match group {
        1 => g.random.pick(widths),
        _ => group * g.random.pick(&[1, 1, 1, 2]),
    };
    let kernel = kernel(g, x, 5);
    let mut attributes = placed(g, x, &kernel, &|k| k + 1);
    dilated(g, &mut attributes, kernel.len(), 25);
    if group != 1 {
        attributes.push(("group", (group as i64).into()));
    }
    let mut shape = vec![out, channels / group];
    shape.extend(&kernel);
    let fan_in: usize = shape[1..].iter().product();
    let weight = g.noise(&shape, (1.5 / fan_in as f32).sqrt());
    let bias = bias(g, out);
    g.node(operator, &[x, &weight, &bias], attributes)
}

pub(super) fn conv_transpose(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if !is_picture(x) {
        return None;
    }
    let channels = x.channels();
    let group = match g.random.below(4) {
        0 => channels,
        1 if channels.is_multiple_of(2) => 2,
        _ => 1,
    };
    let out = match group {
        1 if g.blocked => g.random.pick(&[16, 8, 32]),
        1 => g.random.pick(&[1, 2, 4]),
        _ => 1,
    };
    let kernel = kernel(g, x, 4);
    let axes = kernel.len();
    let mut attributes = placed(g, x, &kernel, &|k| k - 1);
    attributes.retain(|(name, _)| *name != "auto_pad");
    dilated(g, &mut attributes, axes, 20);
    // Smaller than the stride, as ONNX asks for: beyond that ONNX Runtime 1.21 leaves elements as it finds them.
    let strides = attributes.iter().find(|(name, _)| *name == "strides");
    if let Some((_, AttributeValue::Ints(strides))) = strides
        && g.random.chance(50)
    {
        let more: Vec<i64> = strides.iter().map(|s| g.random.between(0, s - 1)).collect();
        attributes.push(("output_padding", more.into()));
    }
    if group != 1 {
        attributes.push(("group", (group as i64).into()));
    }
    let mut shape = vec![channels, out];
    shape.extend(&kernel);
    let deviation = (2.0 * group as f32 / channels as f32).sqrt();
    let weight = g.noise(&shape, deviation);
    let bias = bias(g, out * group);
    g.node(operator, &[x, &weight, &bias], attributes)
}

pub(super) fn pool(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if !is_picture(x) {
        return None;
    }
    let mut attributes = if x.rank() == 4 && g.random.chance(50) {
        usual_pool(g)
    } else {
        any_pool(g, operator, x)
    };
    if g.opset >= 10 && g.random.chance(45) {
        attributes.push(("ceil_mode", 1.into()));
    }
    if operator == "AveragePool" && g.random.chance(40) {
        attributes.push(("count_include_pad", 1.into()));
    }
    // ONNX Runtime's two kernels do not agree on a window that is larger than the padded picture.
    fits(x, &attributes).then_some(())?;
    g.node(operator, &[x], attributes)
}

/// Whether the window is no larger than the picture with its pads.
fn fits(x: &T, attributes: &Attributes) -> bool {
    let ints = |name: &str| {
        let found = attributes.iter().find(|(n, _)| *n == name);
        found.and_then(|(_, value)| match value {
            AttributeValue::Ints(ints) => Some(ints.clone()),
            _ => None,
        })
    };
    let axes = x.rank() - 2;
    let (kernel, dilations, pads) = (ints("kernel_shape"), ints("dilations"), ints("pads"));
    let (kernel, dilations) = (kernel.unwrap_or_default(), dilations.unwrap_or(vec![1; axes]));
    let pads = pads.unwrap_or(vec![0; 2 * axes]);
    let same = attributes
        .iter()
        .any(|(_, value)| *value == AttributeValue::from("SAME_UPPER"))
        || attributes
            .iter()
            .any(|(_, value)| *value == AttributeValue::from("SAME_LOWER"));
    same || (0..axes).all(|k| {
        let padded = x.shape[2 + k] as i64 + pads[k] + pads[axes + k];
        dilations[k] * (kernel[k] - 1) < padded
    })
}

/// As networks have them: small, square, with a stride that leaves no gap.
fn usual_pool(g: &mut Graph) -> Attributes {
    let (kernel, stride, pad) = g.random.pick(&[
        (2i64, 2i64, 0i64),
        (3, 2, 0),
        (3, 2, 0),
        (3, 2, 1),
        (3, 1, 1),
        (3, 3, 0),
        (2, 1, 0),
    ]);
    let mut attributes: Attributes = vec![
        ("kernel_shape", vec![kernel; 2].into()),
        ("strides", vec![stride; 2].into()),
    ];
    if pad > 0 {
        attributes.push(("pads", vec![pad; 4].into()));
    }
    attributes
}

fn any_pool(g: &mut Graph, operator: &str, x: &T) -> Attributes {
    let kernel = kernel(g, x, 5);
    let mut attributes = placed(g, x, &kernel, &|k| k - 1);
    if g.opset >= if operator == "AveragePool" { 19 } else { 10 } {
        dilated(g, &mut attributes, kernel.len(), 15);
    }
    let kernel: Vec<i64> = kernel.iter().map(|d| *d as i64).collect();
    attributes.push(("kernel_shape", kernel.into()));
    attributes
}

pub(super) fn global_pool(g: &mut Graph, operator: &str, x: &T) -> Option<T> {
    if !is_picture(x) {
        return None;
    }
    g.node(operator, &[x], vec![])
}
