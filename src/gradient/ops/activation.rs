// SPDX-License-Identifier: MPL-2.0
//! Nonlinear functions of one input: `ct_x = ct_y f'(x)`, from the output wherever possible.
//!
//! Taking the derivative from the output lets ONNX Runtime keep Conv and activation fused. At a kink the
//! derivative is 0, as in PyTorch: Relu at 0, Clip at its bounds. So it is where it would be infinite, as of Sqrt at 0:
//! what stands around such a function often has a slope of 0 there, and the product would be no number.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::NodeProto;

pub(super) const RULES: &[Rule] = &[
    rule_for("Relu", |e, c| masked(e, c, Some(0.0), None), ""),
    rule_for("Clip", clip, ""),
    rule_for(
        "LeakyRelu",
        |e, c| {
            pointwise(e, c, |e, n, x, y| {
                let alpha = n.float("alpha", 0.01);
                let slope = e.scalar(alpha);
                // A negative slope folds: then the output no longer tells the side.
                one_above(e, if alpha > 0.0 { y } else { x }, &slope)
            })
        },
        "",
    ),
    rule_for("PRelu", prelu, "constant slope"),
    rule_for(
        "ThresholdedRelu",
        |e, c| {
            pointwise(e, c, |e, n, x, _| {
                e.indicator("Greater", x, n.float("alpha", 1.0))
            })
        },
        "",
    )
    .since(10),
    rule_for(
        "Elu",
        |e, c| {
            pointwise(e, c, |e, n, x, y| {
                let below = plus(e, y, n.float("alpha", 1.0));
                one_above(e, x, &below)
            })
        },
        "",
    ),
    rule_for(
        "Selu",
        |e, c| {
            pointwise(e, c, |e, n, x, y| {
                let (gamma, alpha) = (n.float("gamma", 1.050_700_9), n.float("alpha", 1.673_263_2));
                let (above, below) = (e.scalar(gamma), plus(e, y, gamma * alpha));
                above_or(e, x, &above, &below)
            })
        },
        "",
    ),
    rule_for(
        "Celu",
        |e, c| {
            pointwise(e, c, |e, n, x, _| {
                let scaled = e.scale(x, 1.0 / n.float("alpha", 1.0));
                let below = e.unary("Exp", &scaled);
                one_above(e, x, &below)
            })
        },
        "",
    )
    .since(12),
    rule_for(
        "Sigmoid",
        |e, c| {
            pointwise(e, c, |e, _, _, y| {
                let rest = e.complement(y);
                e.mul(y, &rest)
            })
        },
        "",
    ),
    rule_for(
        "HardSigmoid",
        |e, c| {
            let slope = c.node.float("alpha", 0.2);
            let masked = masked(e, c, Some(0.0), Some(1.0))?;
            Ok(masked
                .into_iter()
                .map(|(i, ct)| (i, e.scale(&ct, slope)))
                .collect())
        },
        "",
    ),
    rule_for(
        "HardSwish",
        |e, c| {
            pointwise(e, c, |e, _, x, _| {
                // x h(x), h = HardSigmoid(x; 1/6, 1/2): h + x/6 where 0 < h < 1.
                let h = e.op(
                    "HardSigmoid",
                    &[x],
                    &[("alpha", (1.0f32 / 6.0).into()), ("beta", 0.5f32.into())],
                    &x.shape.clone(),
                );
                let slope = e.scale(x, 1.0 / 6.0);
                let inside = e.where_inside(&slope, &h, Some(0.0), Some(1.0));
                e.binary("Add", &h, &inside)
            })
        },
        "",
    )
    .since(14),
    rule_for(
        "Tanh",
        |e, c| {
            pointwise(e, c, |e, _, _, y| {
                let square = e.mul(y, y);
                e.one_minus(&square)
            })
        },
        "",
    ),
    rule_for(
        "Softplus",
        |e, c| pointwise(e, c, |e, _, x, _| e.unary("Sigmoid", x)),
        "",
    ),
    rule_for(
        "Softsign",
        |e, c| {
            pointwise(e, c, |e, _, _, y| {
                let magnitude = e.unary("Abs", y);
                let rest = e.one_minus(&magnitude);
                e.mul(&rest, &rest)
            })
        },
        "",
    ),
    rule_for("Gelu", gelu, "").since(20),
    rule_for(
        "Mish",
        |e, c| {
            pointwise(e, c, |e, _, x, _| {
                let soft = e.unary("Softplus", x);
                let t = e.unary("Tanh", &soft);
                let square = e.mul(&t, &t);
                let rest = e.one_minus(&square);
                let sigmoid = e.unary("Sigmoid", x);
                let slope = e.mul(x, &sigmoid);
                let second = e.mul(&slope, &rest);
                e.binary("Add", &t, &second)
            })
        },
        "",
    )
    .since(18),
    rule_for(
        "Erf",
        |e, c| {
            pointwise(e, c, |e, _, x, _| {
                gauss(e, x, -1.0, std::f32::consts::FRAC_2_SQRT_PI)
            })
        },
        "",
    )
    .since(9),
    rule_for(
        "Exp",
        |e, c| {
            pointwise(e, c, |e, _, _, y| {
                // 1/(1 + exp(-x)) is finite where the power is not, and its cotangent then 0.
                let most = e.scalar(f32::MAX);
                e.binary("Min", y, &most)
            })
        },
        "",
    ),
    rule_for("Log", |e, c| pointwise(e, c, |e, _, x, _| e.inverse(x)), ""),
    rule_for(
        "Sqrt",
        |e, c| pointwise(e, c, |e, _, x, _| e.slope_of_root(x)),
        "",
    ),
    rule_for(
        "Reciprocal",
        |e, c| {
            pointwise(e, c, |e, _, x, _| {
                let inverse = e.inverse(x);
                let square = e.mul(&inverse, &inverse);
                e.unary("Neg", &square)
            })
        },
        "",
    ),
    rule_for("Abs", |e, c| pointwise(e, c, |e, _, x, _| e.unary("Sign", x)), ""),
    rule_for(
        "Neg",
        |e, c| {
            let ct = e.unary("Neg", &c.ct);
            Ok(vec![(0, ct)])
        },
        "",
    ),
    rule_for(
        "Atan",
        |e, c| {
            pointwise(e, c, |e, _, x, _| {
                let square = e.mul(x, x);
                let below = plus(e, &square, 1.0);
                e.unary("Reciprocal", &below)
            })
        },
        "",
    ),
    rule_for(
        "Tan",
        |e, c| {
            pointwise(e, c, |e, _, _, y| {
                let square = e.mul(y, y);
                plus(e, &square, 1.0)
            })
        },
        "",
    ),
    rule_for(
        "Sinh",
        |e, c| pointwise(e, c, |e, _, x, _| e.unary("Cosh", x)),
        "",
    )
    .since(9),
    rule_for(
        "Cosh",
        |e, c| pointwise(e, c, |e, _, x, _| e.unary("Sinh", x)),
        "",
    )
    .since(9),
    rule_for("Sin", |e, c| pointwise(e, c, |e, _, x, _| e.unary("Cos", x)), ""),
    rule_for(
        "Cos",
        |e, c| {
            pointwise(e, c, |e, _, x, _| {
                let sine = e.unary("Sin", x);
                e.unary("Neg", &sine)
            })
        },
        "",
    ),
];

/// `ct` times a derivative made from the node, its input and its output.
fn pointwise(
    e: &mut Emit<'_>,
    c: &Call<'_>,
    derivative: impl Fn(&mut Emit<'_>, &NodeProto, &Value, &Value) -> Value,
) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let slope = derivative(e, c.node, &x, &y);
    Ok(vec![(0, e.weighted(&c.ct, &slope))])
}

/// `ct` where the output is strictly inside the bounds.
fn masked(e: &mut Emit<'_>, c: &Call<'_>, low: Option<f32>, high: Option<f32>) -> Contributions {
    let y = c.y()?.clone();
    Ok(vec![(0, e.where_inside(&c.ct, &y, low, high))])
}

fn clip(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    // Exporters write the largest finite number for "no bound".
    let bound = |index: usize, beyond: f32| match c.node.input(index) {
        None => Some(None),
        Some(_) => {
            let constant = c.real_constant(index)?;
            let value = constant.as_real()?.first().copied()?;
            Some(Some(value).filter(|v| (v / beyond) < 0.99))
        }
    };
    match (bound(1, f32::MIN), bound(2, f32::MAX)) {
        (Some(low), Some(high)) => masked(e, c, low, high),
        _ => clip_to_computed(e, c),
    }
}

/// `y = min(max(x, low), high)`: to the bound that holds, at a tie too, and else to `x`.
fn clip_to_computed(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let x = c.input(0)?.clone();
    let bound = |index: usize| c.inputs.get(index).cloned().flatten();
    let (low, high) = (bound(1), bound(2));
    let ct = e.full(&c.ct, &x.shape);
    let above = match &low {
        Some(low) => e.binary("Max", &x, low),
        None => x.clone(),
    };
    let below_high = high.as_ref().map(|high| {
        let below = e.op("Less", &[&above, high], &[], &x.shape);
        e.real_of(&below)
    });
    let above_low = low.as_ref().map(|low| {
        let above = e.op("Greater", &[&x, low], &[], &x.shape);
        e.real_of(&above)
    });
    let under_high = match &below_high {
        Some(mask) => e.mul(&ct, mask),
        None => ct.clone(),
    };
    let inside = match &above_low {
        Some(mask) => e.mul(&under_high, mask),
        None => under_high.clone(),
    };
    let mut out = Vec::new();
    for (index, whole, part) in [(1, &under_high, &inside), (2, &ct, &under_high)] {
        if let (true, Some(bound)) = (c.wants(index), bound(index)) {
            let held = e.binary("Sub", whole, part);
            out.push((index, e.unbroadcast(&held, &x.shape, &bound.shape)));
        }
    }
    if c.wants(0) {
        out.push((0, inside));
    }
    Ok(out)
}

fn prelu(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.wants(1) {
        return Err(Stop::refuse(
            "its slope is computed from the input; only constant slopes are supported",
        ));
    }
    let (x, slope) = (c.input(0)?.clone(), c.input(1)?.clone());
    let derivative = one_above(e, &x, &slope);
    Ok(vec![(0, e.mul(&c.ct, &derivative))])
}

fn gelu(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let tanh = c.node.string("approximate", "none") == "tanh";
    pointwise(
        e,
        c,
        |e, _, x, _| if tanh { gelu_tanh(e, x) } else { gelu_erf(e, x) },
    )
}

/// `(1 + erf(x/sqrt2))/2 + x phi(x)`.
fn gelu_erf(e: &mut Emit<'_>, x: &Value) -> Value {
    let scaled = e.scale(x, std::f32::consts::FRAC_1_SQRT_2);
    let erf = e.unary("Erf", &scaled);
    let twice = plus(e, &erf, 1.0);
    let cumulative = e.scale(&twice, 0.5);
    // phi(0) = 1/sqrt(2 pi)
    let density = gauss(e, x, -0.5, 0.398_942_3);
    let second = e.mul(x, &density);
    e.binary("Add", &cumulative, &second)
}

/// `y = x (1 + t)/2`, `t = tanh(k0 x (1 + k1 x^2))`, `k0 = sqrt(2/pi)`, `k1 = 0.044715`.
fn gelu_tanh(e: &mut Emit<'_>, x: &Value) -> Value {
    const K0: f32 = 0.797_884_6;
    const K1: f32 = 0.044_715;
    let square = e.mul(x, x);
    let bend = e.scale(&square, K1);
    let bend = plus(e, &bend, 1.0);
    let line = e.scale(x, K0);
    let argument = e.mul(&line, &bend);
    let t = e.unary("Tanh", &argument);
    let twice = plus(e, &t, 1.0);
    let first = e.scale(&twice, 0.5);
    let t_square = e.mul(&t, &t);
    let rest = e.one_minus(&t_square);
    let slope = e.scale(&square, 3.0 * K0 * K1);
    let slope = plus(e, &slope, K0);
    let t_slope = e.mul(&rest, &slope);
    let half = e.scale(x, 0.5);
    let second = e.mul(&half, &t_slope);
    e.binary("Add", &first, &second)
}

/// `factor exp(exponent x^2)`.
fn gauss(e: &mut Emit<'_>, x: &Value, exponent: f32, factor: f32) -> Value {
    let square = e.mul(x, x);
    let scaled = e.scale(&square, exponent);
    let bell = e.unary("Exp", &scaled);
    e.scale(&bell, factor)
}

fn plus(e: &mut Emit<'_>, a: &Value, x: f32) -> Value {
    let x = e.scalar(x);
    e.binary("Add", a, &x)
}

fn one_above(e: &mut Emit<'_>, x: &Value, below: &Value) -> Value {
    let one = e.scalar(1.0);
    above_or(e, x, &one, below)
}

/// `above` where `x > 0`, else `below`.
fn above_or(e: &mut Emit<'_>, x: &Value, above: &Value, below: &Value) -> Value {
    let zero = e.scalar(0.0);
    let shape = x.shape.clone();
    let positive = e.op("Greater", &[x, &zero], &[], &shape);
    e.op("Where", &[&positive, above, below], &[], &shape)
}
