// SPDX-License-Identifier: MPL-2.0
//! Every form that only the CPU profile has, on a graph made to bring it out: the same gradient as the plain
//! profile's, to rounding, and written in the operators that the form is for.

use crate::networks::graph::{Graph, T, ints};
use steerlens::Runtime;
use steerlens::gradient::{COTANGENT, INPUT_GRADIENT, Options, Profile, differentiate};
use steerlens::onnx::{self, Array, ModelProto, NodeProto};
use steerlens::runtime::{Optimisation, Session, SessionOptions, Tensor};

/// Two orders of float32 sums over at most a few thousand terms.
const TOLERANCE: f64 = 3e-6;

struct Made {
    nodes: Vec<NodeProto>,
    gradient: Vec<f32>,
}

fn made(model: &ModelProto, profile: Profile, level: Optimisation) -> Made {
    let runtime = Runtime::open(None).unwrap_or_else(|e| panic!("{e}\nRun `make setup` first."));
    let options = Options {
        profile,
        ..Default::default()
    };
    let d = differentiate(model.clone(), runtime, &options).unwrap_or_else(|e| panic!("{e}"));
    let count: usize = d.input_shape.iter().product();
    // Flat stretches tie the maxima of whole windows.
    let picture = (0..count).map(|k| match (k / 24) % 3 {
        0 => 0.25,
        _ => ((k * 2_654_435_761) >> 7 & 1023) as f32 / 256.0 - 2.0,
    });
    let picture = Tensor::f32(d.input_shape.clone(), picture.collect::<Vec<_>>());
    let cotangent = (0..d.classes()).map(|k| ((k * 7919) % 31) as f32 / 15.0 - 1.0);
    let cotangent = Tensor::f32(d.logits_shape.clone(), cotangent.collect::<Vec<_>>());
    let options = SessionOptions {
        optimisation: level,
        ..Default::default()
    };
    let session = Session::new(runtime, &onnx::encode(&d.model), &options);
    let outputs = session
        .and_then(|mut s| s.run(&[(&d.input, &picture), (COTANGENT, &cotangent)]))
        .unwrap_or_else(|e| panic!("{e}"));
    let gradient = outputs.iter().find(|(n, _)| n == INPUT_GRADIENT);
    Made {
        gradient: gradient
            .and_then(|(_, t)| t.as_f32())
            .unwrap_or_default()
            .to_vec(),
        nodes: d.model.graph.map(|g| g.node).unwrap_or_default(),
    }
}

/// Builds `head(body(stem(x)))`, and checks that the forms agree and that the CPU profile has no operator of `never`.
fn check(what: &str, never: &[&str], build: impl Fn(&mut Graph, &T) -> T) {
    check_sized(what, 32, never, build);
}

fn check_sized(what: &str, size: usize, never: &[&str], build: impl Fn(&mut Graph, &T) -> T) {
    let (mut g, x) = Graph::new(size);
    let body = build(&mut g, &x);
    let count = body.shape.iter().product();
    let flat = g.reshape(&body, &[1, count]);
    let logits = g.gemm(&flat, 10);
    let model = g.finish(&logits);
    let reference = made(&model, Profile::Plain, Optimisation::Disable);
    for level in [Optimisation::Disable, Optimisation::All] {
        let cpu = made(&model, Profile::Cpu, level);
        let (mut off, mut all) = (0.0, 0.0);
        for (a, b) in cpu.gradient.iter().zip(&reference.gradient) {
            off += f64::from(a - b).powi(2);
            all += f64::from(*b).powi(2);
        }
        assert!(all > 0.0, "{what}: the gradient is zero");
        let relative = (off / all).sqrt();
        assert!(relative < TOLERANCE, "{what} {level:?}: off by {relative}");
        let reverse = cpu.nodes.iter().filter(|n| n.label().starts_with("__g"));
        for node in reverse {
            assert!(!never.contains(&node.op()), "{what}: there is a {}", node.op());
        }
    }
}

/// A tensor in the blocked layout.
fn stem(g: &mut Graph, x: &T, channels: usize) -> T {
    g.conv(x, channels, 3, 1, 2.0)
}

#[test]
fn gelu_in_any_order_of_its_factors() {
    let written: [fn(&mut Graph, &T) -> T; 3] = [
        Graph::gelu,
        |g, x| {
            let (root, one, half) = (g.scalar(0.5f32.sqrt()), g.scalar(1.0), g.scalar(0.5));
            let scaled = g.binary("Mul", x, &root);
            let erf = g.unary("Erf", &scaled);
            let twice = g.binary("Add", &erf, &one);
            let part = g.binary("Mul", x, &half);
            g.binary("Mul", &part, &twice)
        },
        |g, x| {
            let (root, one, half) = (g.scalar(2f32.sqrt()), g.scalar(1.0), g.scalar(0.5));
            let scaled = g.binary("Div", x, &root);
            let erf = g.unary("Erf", &scaled);
            let twice = g.binary("Add", &erf, &one);
            let part = g.binary("Mul", &twice, &half);
            g.binary("Mul", &part, x)
        },
    ];
    for gelu in written {
        check("GELU", &["Div"], |g, x| {
            let x = stem(g, x, 16);
            gelu(g, &x)
        });
    }
}

#[test]
fn swishes() {
    check("SiLU", &["Sub"], |g, x| {
        let x = stem(g, x, 16);
        g.silu(&x)
    });
    check("HardSwish", &["Cast", "Where", "Greater"], |g, x| {
        let x = stem(g, x, 16);
        g.hard_swish(&x)
    });
    check("a gate that is read twice", &[], |g, x| {
        let x = stem(g, x, 16);
        let gate = g.unary("Sigmoid", &x);
        let y = g.binary("Mul", &x, &gate);
        g.binary("Add", &y, &gate)
    });
}

#[test]
fn both_bounds_of_a_clip() {
    // A gain that puts many values beyond 6.
    check("Clip", &["Cast", "Where", "Greater"], |g, x| {
        let x = g.conv(x, 16, 3, 1, 30.0);
        let x = g.relu6(&x);
        g.conv(&x, 16, 1, 1, 1.0)
    });
}

#[test]
fn squeeze_excite() {
    // Older runtimes take HardSigmoid out of the blocked layout, and the gate with it.
    for (gate, never) in [("Sigmoid", &["ReduceSum", "Expand"][..]), ("HardSigmoid", &[])] {
        check(gate, never, |g, x| {
            let x = stem(g, x, 16);
            let x = g.silu(&x);
            let pooled = g.global_average(&x);
            let inner = g.conv(&pooled, 16, 1, 1, 2.0);
            let inner = g.relu(&inner);
            let scale = g.conv(&inner, 16, 1, 1, 1.0);
            let scale = g.unary(gate, &scale);
            let y = g.binary("Mul", &x, &scale);
            g.conv(&y, 16, 1, 1, 1.0)
        });
    }
}

#[test]
fn maxima_by_taps() {
    // Kernel, stride, pad; the picture is even and odd.
    for (kernel, stride, pad) in [(2, 2, 0), (3, 2, 1), (3, 2, 0), (3, 1, 1), (3, 3, 0), (2, 1, 0)] {
        for size in [16, 17, 19] {
            let what = format!("MaxPool {kernel}/{stride} pad {pad} of {size}");
            check_sized(&what, size, &["ScatterElements", "MaxPool"], |g, x| {
                let x = stem(g, x, 16);
                let x = g.relu(&x);
                let y = g.max_pool(&x, kernel, stride, pad);
                g.conv(&y, 16, 1, 1, 1.0)
            });
            check_sized(
                &format!("{what}, read twice"),
                size,
                &["ScatterElements"],
                |g, x| {
                    let x = stem(g, x, 16);
                    let x = g.relu(&x);
                    let y = g.max_pool(&x, kernel, stride, pad);
                    let pooled = [g.global_average(&x), g.global_average(&y)];
                    g.op(
                        "Concat",
                        &[&pooled[0].name, &pooled[1].name],
                        &[("axis", 1.into())],
                        &[1, 32, 1, 1],
                    )
                },
            );
        }
    }
    check("values below 0 under pads take indices", &[], |g, x| {
        let x = stem(g, x, 16);
        g.max_pool(&x, 3, 2, 1)
    });
    check(
        "values below 0 without pads take taps",
        &["ScatterElements"],
        |g, x| {
            let x = stem(g, x, 16);
            g.max_pool(&x, 3, 2, 0)
        },
    );
    check("windows with gaps take indices", &[], |g, x| {
        let x = stem(g, x, 16);
        g.max_pool(&x, 2, 3, 0)
    });
}

#[test]
fn averages() {
    for (kernel, stride, pad, counted) in [
        (2, 2, 0, 0),
        (3, 1, 1, 1),
        (3, 1, 1, 0),
        (3, 1, 0, 0),
        (3, 2, 1, 0),
    ] {
        check("AveragePool", &[], |g, x| {
            let x = stem(g, x, 16);
            let extent = (x.shape[2] + 2 * pad - kernel) / stride + 1;
            let attributes = [
                ("kernel_shape", ints(&[kernel; 2]).into()),
                ("strides", ints(&[stride; 2]).into()),
                ("pads", ints(&[pad; 4]).into()),
                ("count_include_pad", counted.into()),
            ];
            let y = g.op("AveragePool", &[&x.name], &attributes, &[1, 16, extent, extent]);
            g.conv(&y, 16, 1, 1, 1.0)
        });
    }
}

#[test]
fn the_first_conv_by_phases() {
    for (kernel, stride, pad) in [
        (7, 2, 3),
        (3, 2, 1),
        (3, 2, 0),
        (4, 4, 0),
        (16, 16, 0),
        (5, 3, 2),
        (2, 2, 0),
    ] {
        for size in [32, 33, 35] {
            let what = format!("Conv {kernel}/{stride} pad {pad} of {size}");
            check_sized(&what, size, &[], |g, x| {
                let x = g.conv_with(x, 16, [kernel, stride, pad], 1, 2.0);
                g.relu(&x)
            });
        }
    }
}

#[test]
fn a_conv_that_reads_a_concat() {
    check("Concat", &["Slice"], |g, x| {
        let x = stem(g, x, 16);
        let parts = [g.conv(&x, 32, 1, 1, 1.0), g.conv(&x, 16, 3, 1, 1.0)].map(|p| g.relu(&p));
        let shape = [1, 48, 32, 32];
        let joined = g.op(
            "Concat",
            &[&parts[0].name, &parts[1].name],
            &[("axis", 1.into())],
            &shape,
        );
        let (one, two) = (g.conv(&joined, 16, 1, 1, 1.0), g.conv(&joined, 16, 3, 1, 1.0));
        g.binary("Add", &one, &two)
    });
}

/// Rows of 12 numbers from a picture.
fn rows(g: &mut Graph, x: &T) -> T {
    let x = g.conv(x, 12, 4, 4, 1.0);
    let pixels = x.shape[2] * x.shape[3];
    let x = g.reshape(&x, &[1, 12, pixels]);
    g.transpose(&x, &[0, 2, 1])
}

#[test]
fn normalisation_before_a_product() {
    check("LayerNormalization, MatMul", &["Sqrt", "Div"], |g, x| {
        let x = rows(g, x);
        let x = g.layer_norm(&x);
        g.linear(&x, 20, 1.0)
    });
    check("read by two products", &["Sqrt", "Div"], |g, x| {
        let x = rows(g, x);
        let x = g.layer_norm(&x);
        let (a, b) = (g.linear(&x, 20, 1.0), g.linear(&x, 20, 1.0));
        g.binary("Mul", &a, &b)
    });
    check("read by a product and a sum", &["Sqrt", "Div"], |g, x| {
        let x = rows(g, x);
        let y = g.layer_norm(&x);
        let z = g.linear(&y, 12, 1.0);
        g.binary("Add", &z, &y)
    });
    check("rows of a Gemm", &["Sqrt", "Div"], |g, x| {
        let x = rows(g, x);
        let count = x.shape[1];
        let x = g.layer_norm(&x);
        let x = g.reshape(&x, &[count, 12]);
        g.gemm(&x, 9)
    });
}

#[test]
fn a_tensor_taken_apart() {
    check("query, key, value", &["Pad"], |g, x| {
        let x = rows(g, x);
        let pixels = x.shape[1];
        let x = g.reshape(&x, &[1, pixels, 3, 4]);
        let x = g.transpose(&x, &[2, 0, 1, 3]);
        let [a, b, c] = [0, 1, -1].map(|index| {
            let mut at = Array::whole([index]);
            at.shape.clear();
            let at = g.constant(&at);
            g.op(
                "Gather",
                &[&x.name, &at.name],
                &[("axis", 0.into())],
                &[1, pixels, 4],
            )
        });
        let ab = g.binary("Mul", &a, &b);
        g.binary("Add", &ab, &c)
    });
}
