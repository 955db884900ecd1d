// SPDX-License-Identifier: MPL-2.0
//! Arithmetic of several operands, broadcast against each other (ONNX 7, 13, 14).

use super::super::emit::{Emit, Value};
use super::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::{Array, Values};

pub(super) const RULES: &[Rule] = &[
    rule_for("Add", sum, ""),
    rule_for("Sum", sum, ""),
    rule_for("Mean", mean, ""),
    rule_for("Sub", sub, ""),
    rule_for("Mul", mul, ""),
    rule_for("Div", div, ""),
    rule_for("Pow", pow, "constant exponent"),
    rule_for("Max", extremum, ""),
    rule_for("Min", extremum, ""),
    rule_for("Where", select, "").since(9),
];

/// The cotangent of one operand, brought down to its shape.
fn down(e: &mut Emit<'_>, c: &Call<'_>, ct: &Value, index: usize) -> Contributions {
    let (operand, y) = (c.input(index)?.shape.clone(), c.y()?.shape.clone());
    Ok(vec![(index, e.unbroadcast(ct, &y, &operand))])
}

fn sum(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let mut out = Vec::new();
    for k in (0..c.inputs.len()).filter(|k| c.wants(*k)) {
        out.extend(down(e, c, &c.ct, k)?);
    }
    Ok(out)
}

fn mean(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let share = e.scale(&c.ct, 1.0 / c.inputs.len() as f32);
    let mut out = Vec::new();
    for k in (0..c.inputs.len()).filter(|k| c.wants(*k)) {
        out.extend(down(e, c, &share, k)?);
    }
    Ok(out)
}

fn sub(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let mut out = Vec::new();
    if c.wants(0) {
        out.extend(down(e, c, &c.ct, 0)?);
    }
    if c.wants(1) {
        for (k, ct) in down(e, c, &c.ct, 1)? {
            out.push((k, e.unary("Neg", &ct)));
        }
    }
    Ok(out)
}

fn mul(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (a, b) = (c.input(0)?.clone(), c.input(1)?.clone());
    let mut out = Vec::new();
    for (k, own, other) in [(0, &a, &b), (1, &b, &a)] {
        if c.wants(k) {
            let ct = if other.shape == own.shape {
                e.in_layout_of(&c.ct, other)
            } else {
                c.ct.clone()
            };
            let ct = e.mul(&ct, other);
            out.extend(down(e, c, &ct, k)?);
        }
    }
    Ok(out)
}

fn div(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (b, y) = (c.input(1)?.clone(), c.y()?.clone());
    let over_b = e.binary("Div", &c.ct, &b);
    let mut out = Vec::new();
    if c.wants(0) {
        out.extend(down(e, c, &over_b, 0)?);
    }
    if c.wants(1) {
        // d(a/b)/db = -(a/b)/b
        let ct = e.mul(&over_b, &y);
        let ct = e.unary("Neg", &ct);
        out.extend(down(e, c, &ct, 1)?);
    }
    Ok(out)
}

/// `ct_x = ct p x^(p-1)`, with a shorter way for the exponents that networks use.
fn pow(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let name = c.node.input(1).filter(|_| !c.wants(1));
    let exponents = name.and_then(|n| e.facts.constant(n)).map(|a| match a.values {
        Values::Real(v) => Array::real(a.shape, v),
        Values::Whole(v) => Array::real(a.shape, v.iter().map(|p| *p as f32).collect::<Vec<_>>()),
    });
    let exponents = exponents.ok_or_else(|| Stop::refuse("only constant exponents are supported"))?;
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let slope = match exponents.as_real() {
        Some([p]) if *p == 1.0 => return down(e, c, &c.ct, 0),
        Some([p]) if *p == 2.0 => e.scale(&x, 2.0),
        Some([p]) if *p == 0.5 => {
            let half = e.scalar(0.5);
            e.binary("Div", &half, &y)
        }
        Some([p]) if *p == -1.0 => {
            let square = e.mul(&y, &y);
            e.unary("Neg", &square)
        }
        all => {
            let less: Vec<f32> = all.unwrap_or_default().iter().map(|p| p - 1.0).collect();
            let less = e.constant(Array::real(exponents.shape.clone(), less));
            let power = e.binary("Pow", &x, &less);
            let exponents = e.constant(exponents);
            e.mul(&power, &exponents)
        }
    };
    let ct = e.mul(&c.ct, &slope);
    down(e, c, &ct, 0)
}

/// Max and Min: to the first operand that equals the result, so that ties do not count double.
fn extremum(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let y = c.y()?.clone();
    let ct = e.full(&c.ct, &y.shape);
    let mut taken: Option<Value> = None;
    let mut out = Vec::new();
    for k in 0..c.inputs.len() {
        let x = c.input(k)?.clone();
        let equal = e.op("Equal", &[&x, &y], &[], &y.shape);
        let wins = match &taken {
            None => equal.clone(),
            Some(t) => {
                let free = e.op("Not", &[t], &[], &y.shape);
                e.op("And", &[&equal, &free], &[], &y.shape)
            }
        };
        taken = Some(match &taken {
            None => equal,
            Some(t) => e.op("Or", &[t, &equal], &[], &y.shape),
        });
        if c.wants(k) {
            let mask = e.real_of(&wins);
            let ct = e.mul(&ct, &mask);
            out.extend(down(e, c, &ct, k)?);
        }
    }
    Ok(out)
}

fn select(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (condition, y) = (c.input(0)?.clone(), c.y()?.clone());
    let ct = e.full(&c.ct, &y.shape);
    let zero = e.scalar(0.0);
    let mut out = Vec::new();
    for (k, inputs) in [(1, [&condition, &ct, &zero]), (2, [&condition, &zero, &ct])] {
        if c.wants(k) {
            let ct = e.op("Where", &inputs, &[], &y.shape);
            out.extend(down(e, c, &ct, k)?);
        }
    }
    Ok(out)
}
