// SPDX-License-Identifier: MPL-2.0
//! Sums, means and norms over axes (ONNX 1 to 18): the cotangent goes back to every element that was reduced. CumSum
//! (11 to 14) too.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::extents::axis_of;
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};

pub(super) const RULES: &[Rule] = &[
    rule_for("CumSum", running_sum, "").since(11),
    rule_for(
        "ReduceSum",
        |e, c| reduced(e, c, |_, ct, _, _, _| ct),
        "axes known when the model is built",
    ),
    rule_for(
        "ReduceMean",
        |e, c| reduced(e, c, |e, ct, _, _, count| e.scale(&ct, 1.0 / count as f32)),
        "axes known when the model is built",
    ),
    rule_for(
        "ReduceSumSquare",
        |e, c| {
            reduced(e, c, |e, ct, x, _, _| {
                let twice = e.scale(x, 2.0);
                e.mul(&ct, &twice)
            })
        },
        "axes known when the model is built; no noop_with_empty_axes",
    ),
    rule_for(
        "ReduceL1",
        |e, c| {
            reduced(e, c, |e, ct, x, _, _| {
                let sign = e.unary("Sign", x);
                e.mul(&ct, &sign)
            })
        },
        "axes known when the model is built; no noop_with_empty_axes",
    ),
    rule_for(
        "ReduceL2",
        |e, c| {
            reduced(e, c, |e, ct, x, y, _| {
                // Of a row of zeros the norm has no slope; 0, as in PyTorch, instead of 0/0.
                let least = e.scalar(f32::MIN_POSITIVE);
                let norm = e.binary("Max", y, &least);
                let unit = e.binary("Div", x, &norm);
                e.mul(&ct, &unit)
            })
        },
        "axes known when the model is built; no noop_with_empty_axes",
    ),
    rule_for(
        "ReduceLogSumExp",
        |e, c| {
            reduced(e, c, |e, ct, x, y, _| {
                let below = e.binary("Sub", x, y);
                let share = e.unary("Exp", &below);
                e.mul(&ct, &share)
            })
        },
        "axes known when the model is built",
    ),
    rule_for(
        "ReduceLogSum",
        |e, c| {
            reduced(e, c, |e, ct, _, y, _| {
                let sum = e.unary("Exp", y);
                let inverse = e.inverse(&sum);
                e.mul(&ct, &inverse)
            })
        },
        "axes known when the model is built; no noop_with_empty_axes",
    ),
    rule_for("ReduceProd", product, "axes known when the model is built"),
    rule_for(
        "ReduceMax",
        |e, c| reduced(e, c, shared),
        "axes known when the model is built; ties share equally",
    ),
    rule_for(
        "ReduceMin",
        |e, c| reduced(e, c, shared),
        "axes known when the model is built; ties share equally",
    ),
];

/// Brings cotangent and result back to the input's rank with the reduced axes at extent 1, where `rule` takes them:
/// cotangent, input, result, number of elements reduced.
fn reduced(
    e: &mut Emit<'_>,
    c: &Call<'_>,
    rule: impl Fn(&mut Emit<'_>, Value, &Value, &Value, usize) -> Value,
) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let given = c.node.ints("axes").map(<[i64]>::to_vec);
    let given = match (given, c.node.input(1)) {
        (Some(axes), _) => axes,
        (None, Some(_)) => c
            .whole_constant(1)
            .ok_or_else(|| Stop::refuse("its axes are computed from the picture"))?,
        (None, None) => Vec::new(),
    };
    let axes: Option<Vec<usize>> = given.iter().map(|a| axis_of(*a, x.rank())).collect();
    let mut axes = axes.ok_or_else(|| Stop::refuse("its axes are out of range"))?;
    if axes.is_empty() {
        if c.node.int("noop_with_empty_axes", 0) != 0 {
            // An element alone is its own sum, mean, extremum, product and log-sum-exp.
            if ["ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum"].contains(&c.node.op()) {
                return Err(Stop::refuse(
                    "noop_with_empty_axes=1 is not the same in all runtimes; export it with axes",
                ));
            }
            return Ok(vec![(0, c.ct.clone())]);
        }
        axes = (0..x.rank()).collect();
    }
    let kept: Vec<usize> = (0..x.rank())
        .map(|k| if axes.contains(&k) { 1 } else { x.shape[k] })
        .collect();
    let count = axes.iter().map(|a| x.shape[*a]).product();
    let ct = e.full(&c.ct, &y.shape);
    let (ct, y) = (e.reshape(&ct, &kept), e.reshape(&y, &kept));
    Ok(vec![(0, rule(e, ct, &x, &y, count))])
}

/// Each element's slope is the product of the others, also where factors are 0: with every 0 replaced by 1, the
/// product over the element, if no *other* factor is 0.
fn product(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (x, y) = (c.input(0)?.clone(), c.y()?.clone());
    let zero = e.indicator("Equal", &x, 0.0);
    let safe = e.binary("Add", &x, &zero);
    let names: Vec<&str> = std::iter::once(&*safe.name)
        .chain(c.node.input.iter().skip(1).map(String::as_str))
        .collect();
    let total = e
        .op_like(c.node, "ReduceProd", &names, &[&y.shape])
        .swap_remove(0);
    reduced(e, c, |e, ct, x, y, _| {
        let total = e.reshape(&total, &y.shape);
        let axes: Vec<usize> = (0..x.rank()).filter(|k| y.shape[*k] != x.shape[*k]).collect();
        let others = e.binary("Div", &total, &safe);
        let zeros = e.sum_over(&zero, &axes);
        let other_zeros = e.binary("Sub", &zeros, &zero);
        let none = e.indicator("Equal", &other_zeros, 0.0);
        let slope = e.mul(&others, &none);
        e.mul(&ct, &slope)
    })
}

fn shared(e: &mut Emit<'_>, ct: Value, x: &Value, y: &Value, _: usize) -> Value {
    let equal = e.op("Equal", &[x, y], &[], &x.shape.clone());
    let wins = e.real_of(&equal);
    let axes: Vec<usize> = (0..x.rank()).filter(|k| y.shape[*k] != x.shape[*k]).collect();
    let winners = e.sum_over(&wins, &axes);
    let share = e.binary("Div", &ct, &winners);
    e.mul(&wins, &share)
}

/// Each element is in the sums from its own place on, so that its cotangent is theirs summed from the other end.
fn running_sum(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (axis, y) = (c.input(1)?.clone(), c.y()?.clone());
    let ct = e.full(&c.ct, &y.shape);
    let attributes = [
        ("exclusive", c.node.int("exclusive", 0).into()),
        ("reverse", (1 - c.node.int("reverse", 0)).into()),
    ];
    Ok(vec![(0, e.op("CumSum", &[&ct, &axis], &attributes, &y.shape))])
}
