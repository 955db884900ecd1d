// SPDX-License-Identifier: MPL-2.0
//! Arithmetic of several operands, broadcast against each other (ONNX 7, 13, 14).

use crate::gradient::emit::{Emit, Value};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::{Array, Values};

pub(super) const RULES: &[Rule] = &[
    rule_for("Add", sum, ""),
    rule_for("Sum", sum, ""),
    rule_for("Mean", mean, ""),
    rule_for("Sub", sub, ""),
    rule_for("Mul", mul, ""),
    rule_for("Div", div, ""),
    rule_for("Pow", pow, ""),
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
                e.weighted(&c.ct, other)
            } else {
                e.mul(&c.ct, other)
            };
            out.extend(down(e, c, &ct, k)?);
        }
    }
    Ok(out)
}

/// `ct_a = ct/b`, `ct_b = -sum(ct_a a)/b`. Where b is 0 nothing passes: a quotient that is not chosen there, or is cut
/// off, has a cotangent of 0.
fn div(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (a, b) = (c.input(0)?.clone(), c.input(1)?.clone());
    let constant = c.forward.facts.constant(&b.name);
    let never_zero = |b: &Array| b.as_real().is_some_and(|v| v.iter().all(|x| *x != 0.0));
    let divisor = if constant.as_ref().is_some_and(never_zero) {
        b.clone()
    } else {
        let zero = e.indicator("Equal", &b, 0.0);
        e.binary("Add", &b, &zero)
    };
    let over_b = e.binary("Div", &c.ct, &divisor);
    let mut out = Vec::new();
    if c.wants(0) {
        out.extend(down(e, c, &over_b, 0)?);
    }
    if c.wants(1) {
        let along = e.mul(&over_b, &a);
        for (k, along) in down(e, c, &along, 1)? {
            let ct = e.binary("Div", &along, &divisor);
            out.push((k, e.unary("Neg", &ct)));
        }
    }
    Ok(out)
}

/// `ct_x = ct p x^(p-1)`, with a shorter way for the exponents that networks use.
fn pow(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let name = c.node.input(1).filter(|_| !c.wants(1));
    let exponents = name
        .and_then(|n| c.forward.facts.constant(n))
        .map(|a| match a.values {
            Values::Real(v) => Array::real(a.shape, v),
            Values::Whole(v) => Array::real(a.shape, v.iter().map(|p| *p as f32).collect::<Vec<_>>()),
        });
    let Some(exponents) = exponents else {
        return power_of_computed(e, c);
    };
    let x = c.input(0)?.clone();
    let slope = match exponents.as_real() {
        Some([p]) if *p == 1.0 => return down(e, c, &c.ct, 0),
        Some([p]) if *p == 2.0 => e.scale(&x, 2.0),
        Some([p]) if *p == 0.5 => e.slope_of_root(&x),
        _ => slope_of_power(e, &x, exponents),
    };
    let ct = e.mul(&c.ct, &slope);
    down(e, c, &ct, 0)
}

/// `p x^(p-1)`, and 0 where that is infinite or no number: at 0 below the power 1, and below 0 between whole powers.
fn slope_of_power(e: &mut Emit<'_>, x: &Value, exponents: Array) -> Value {
    let of_each = |e: &mut Emit<'_>, f: &dyn Fn(f32) -> f32| {
        let values: Vec<f32> = exponents
            .as_real()
            .unwrap_or_default()
            .iter()
            .map(|p| f(*p))
            .collect();
        let any = values.iter().any(|v| *v != 0.0);
        (e.constant(Array::real(exponents.shape.clone(), values)), any)
    };
    let between = |p: f32| p.fract() != 0.0;
    let (at_zero, some_at_zero) = of_each(e, &|p| f32::from(u8::from(p < 1.0 || between(p))));
    let (below_zero, some_below_zero) = of_each(e, &|p| f32::from(u8::from(between(p))));
    let mut base = x.clone();
    let mut bad: Option<Value> = None;
    for (comparison, exponents, any) in [
        ("Equal", at_zero, some_at_zero),
        ("Less", below_zero, some_below_zero),
    ] {
        if any {
            let there = e.indicator(comparison, x, 0.0);
            let there = e.mul(&there, &exponents);
            bad = Some(match bad {
                Some(bad) => e.binary("Add", &bad, &there),
                None => there,
            });
        }
    }
    let kept = bad.as_ref().map(|bad| e.one_minus(bad));
    if let (Some(bad), Some(kept)) = (&bad, &kept) {
        // 1 in its place, of which any power is finite.
        base = e.mul(x, kept);
        base = e.binary("Add", &base, bad);
    }
    let (less, _) = of_each(e, &|p| p - 1.0);
    let power = e.binary("Pow", &base, &less);
    let (exponents, _) = of_each(e, &|p| p);
    let slope = e.mul(&power, &exponents);
    match &kept {
        Some(kept) => e.mul(&slope, kept),
        None => slope,
    }
}

/// `ct_x = ct p x^(p-1)` and `ct_p = ct y log(x)`, each 0 where its slope is infinite or no number.
fn power_of_computed(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, p, y) = (c.input(0)?.clone(), c.input(1)?.clone(), c.y()?.clone());
    if !c.forward.facts.is_real(&p.name) {
        return Err(Stop::refuse(
            "its exponent is a whole number that is computed; export it with a constant one",
        ));
    }
    let ct = e.full(&c.ct, &y.shape);
    let mut out = Vec::new();
    if c.wants(0) {
        // 1 in place of a base of which the power is infinite or no number.
        let one = e.scalar(1.0);
        let low = e.op("Less", &[&p, &one], &[], &p.shape.clone());
        let zero = e.scalar(0.0);
        let at_zero = e.op("Equal", &[&x, &zero], &[], &x.shape.clone());
        let infinite = e.binary("And", &at_zero, &low);
        let whole = e.unary("Floor", &p);
        let whole = e.op("Equal", &[&p, &whole], &[], &p.shape.clone());
        let between = e.unary("Not", &whole);
        let below = e.op("Less", &[&x, &zero], &[], &x.shape.clone());
        let no_number = e.binary("And", &below, &between);
        let bad = e.binary("Or", &infinite, &no_number);
        let base = e.op("Where", &[&bad, &one, &x], &[], &y.shape);
        let less = e.binary("Sub", &p, &one);
        let power = e.binary("Pow", &base, &less);
        let slope = e.mul(&power, &p);
        let slope = e.op("Where", &[&bad, &zero, &slope], &[], &y.shape);
        let ct_x = e.mul(&ct, &slope);
        out.extend(down(e, c, &ct_x, 0)?);
    }
    if c.wants(1) {
        let one = e.scalar(1.0);
        let zero = e.scalar(0.0);
        let positive = e.op("Greater", &[&x, &zero], &[], &x.shape.clone());
        let base = e.op("Where", &[&positive, &x, &one], &[], &x.shape.clone());
        let log = e.unary("Log", &base);
        // Where the base is not positive, whatever the power is.
        let power = e.op("Where", &[&positive, &y, &zero], &[], &y.shape);
        let slope = e.mul(&power, &log);
        let ct_p = e.mul(&ct, &slope);
        out.extend(down(e, c, &ct_p, 1)?);
    }
    Ok(out)
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
