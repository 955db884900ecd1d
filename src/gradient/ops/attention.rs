// SPDX-License-Identifier: MPL-2.0
//! Attention and RotaryEmbedding (ONNX 23): what exporters write for transformers from that opset on.
//!
//! `y = p v`, `p = softmax(scale q k^T + mask)`, per head. The weights p are computed again rather than taken from
//! the forward node, whose kernel gives them away only in modes that differ between runtimes.
//!
//! Of a query that the mask leaves no key the softmax is 0/0. Runtimes give 0 there, some also where the mask holds the
//! least finite number instead of minus infinity; what this one does is measured.

use crate::gradient::emit::{Emit, Value};
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};
use crate::onnx::{Array, ElementType, NodeProto, TensorProto, Values};
use crate::runtime::Tensor;

pub(super) const RULES: &[Rule] = &[
    rule_for(
        "Attention",
        attention,
        "as many heads of keys as of queries; no causal mask, soft cap or cache; only the result used",
    )
    .since(23),
    rule_for("RotaryEmbedding", rotary, "constant angles").since(23),
];

/// Added to a score that a mask leaves out.
const OUT: f32 = -1e30;

/// `ct_v = p^T ct`; with `ct_p = ct v^T` and `ct_s = p (ct_p - sum(p ct_p))`: `ct_q = scale ct_s k`,
/// `ct_k = scale ct_s^T q`, and the mask's is `ct_s`.
fn attention(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let (q, k, v) = (c.input(0)?.clone(), c.input(1)?.clone(), c.input(2)?.clone());
    let plain = c.node.int("is_causal", 0) == 0
        && c.node.float("softcap", 0.0) == 0.0
        && c.inputs.iter().skip(4).all(Option::is_none)
        && c.cts.iter().skip(1).all(Option::is_none);
    if !plain {
        return Err(Stop::refuse(
            "its causal, capped and cached forms are not supported; export at an opset below 23, or without them",
        ));
    }
    let given = |name| usize::try_from(c.node.int(name, 0)).unwrap_or(0);
    let heads = [given("q_num_heads"), given("kv_num_heads")];
    let [qh, kh, vh] =
        [(&q, heads[0]), (&k, heads[1]), (&v, heads[1])].map(|(x, count)| by_head(e, x, count));
    let (Some(qh), Some(kh), Some(vh)) = (qh, kh, vh) else {
        return Err(Stop::refuse("its heads do not fit its inputs"));
    };
    if qh.shape[1] != kh.shape[1] {
        return Err(Stop::refuse(
            "its queries share heads of keys; export at an opset below 23, where the heads are written out",
        ));
    }
    let scale = c.node.float("scale", 1.0 / (qh.shape[3].max(1) as f32).sqrt());
    let scaled = e.scale(&qh, scale);
    let mut scores = across(e, &scaled, &kh);
    let mut open = None;
    if let Some(mask) = c.inputs.get(3).and_then(Option::as_ref) {
        if !mask
            .shape
            .last()
            .is_some_and(|n| [1, scores.shape[3]].contains(n))
        {
            return Err(Stop::refuse(
                "its mask is shorter than its keys; export it with a mask for each of them",
            ));
        }
        let bias;
        (bias, open) = match c.forward.facts.constant(&mask.name) {
            Some(constant) => constant_mask(e, c, &constant)?,
            None => computed_mask(e, c, mask)?,
        };
        scores = e.binary("Add", &scores, &bias);
    }
    let mut p = e.op(
        "Softmax",
        &[&scores],
        &[("axis", (-1).into())],
        &scores.shape.clone(),
    );
    if let Some(open) = open {
        p = e.mul(&p, &open);
    }

    let y = c.y()?.clone();
    let ct = e.full(&c.ct, &y.shape);
    // sum(p ct_p) is sum(y ct), of shorter rows.
    let weighted = e.mul(&y, &ct);
    let [ct, weighted] = [&ct, &weighted].map(|x| by_head(e, x, heads[0]));
    let (Some(ct), Some(weighted)) = (ct, weighted) else {
        return Err(Stop::refuse("its heads do not fit its output"));
    };
    let total = e.sum_over(&weighted, &[3]);
    let ct_p = across(e, &ct, &vh);
    let centred = e.binary("Sub", &ct_p, &total);
    let ct_s = e.mul(&p, &centred);
    let mut found = Vec::new();
    if c.wants(0) {
        let ct_q = product(e, &ct_s, &kh);
        let ct_q = e.scale(&ct_q, scale);
        found.push((0, joined(e, &ct_q, &q.shape)));
    }
    for (index, weights, by, like) in [(1, &ct_s, &scaled, &k), (2, &p, &ct, &v)] {
        if c.wants(index) {
            let turned = e.transpose(weights, &[0, 1, 3, 2]);
            let ct_x = product(e, &turned, by);
            found.push((index, joined(e, &ct_x, &like.shape)));
        }
    }
    if let Some(mask) = c.inputs.get(3).and_then(Option::as_ref).filter(|_| c.wants(3)) {
        found.push((3, e.unbroadcast(&ct_s, &scores.shape, &mask.shape)));
    }
    Ok(found)
}

/// What is added to the scores, and for each query 1, or 0 where the mask leaves it no key; `None` where none is left
/// so.
type Mask = Result<(Value, Option<Value>), Stop>;

fn constant_mask(e: &mut Emit<'_>, c: &Call<'_>, mask: &Array) -> Mask {
    let mut bias: Vec<f32> = match &mask.values {
        Values::Real(v) => v.clone(),
        Values::Whole(v) => v.iter().map(|kept| if *kept == 0 { OUT } else { 0.0 }).collect(),
    };
    let least = match mask.values {
        Values::Real(_) => f32::MIN,
        Values::Whole(_) => OUT,
    };
    let width = mask.shape.last().copied().unwrap_or(1).max(1);
    let is_low = |row: &[f32]| row.iter().all(|b| *b <= least);
    let mut open = vec![1.0; bias.len() / width];
    if bias.chunks(width).any(is_low) {
        let empties = Empties::of(c)?;
        for (row, open) in bias.chunks_mut(width).zip(&mut open) {
            let empty = match mask.values {
                Values::Whole(_) => is_low(row) && empties.left_out,
                Values::Real(_) if row.iter().all(|b| *b == f32::NEG_INFINITY) => empties.infinite,
                Values::Real(_) => is_low(row) && empties.least,
            };
            if empty {
                row.fill(0.0);
                *open = 0.0;
            }
        }
    }
    let bias = e.constant(Array::real(mask.shape.clone(), bias));
    if open.iter().all(|o| *o == 1.0) {
        return Ok((bias, None));
    }
    let mut rows = mask.shape.clone();
    rows.pop();
    rows.push(1);
    Ok((bias, Some(e.constant(Array::real(rows, open)))))
}

fn computed_mask(e: &mut Emit<'_>, c: &Call<'_>, mask: &Value) -> Mask {
    let empties = Empties::of(c)?;
    let real = c.forward.facts.is_real(&mask.name);
    let zero = e.scalar(0.0);
    let (bias, grades) = if real {
        (mask.clone(), mask.clone())
    } else {
        let out = e.scalar(OUT);
        let bias = e.op("Where", &[mask, &zero, &out], &[], &mask.shape.clone());
        (bias, e.real_of(mask))
    };
    if !(if real { empties.infinite } else { empties.left_out }) {
        return Ok((bias, None));
    }
    let mut rows = mask.shape.to_vec();
    rows.pop();
    rows.push(1);
    let axis = e.ints([-1]);
    let best = e.op("ReduceMax", &[&grades, &axis], &[], &rows);
    let (comparison, bound) = match (real, empties.least) {
        (true, false) => ("GreaterOrEqual", f32::MIN),
        (true, true) => ("Greater", f32::MIN),
        (false, _) => ("Greater", 0.0),
    };
    let bound = e.scalar(bound);
    let open = e.op(comparison, &[&best, &bound], &[], &rows);
    let bias = e.op("Where", &[&open, &bias, &zero], &[], &mask.shape.clone());
    Ok((bias, Some(e.real_of(&open))))
}

/// For which masks the runtime gives 0 to a query that they leave no key.
struct Empties {
    /// Of booleans.
    left_out: bool,
    /// Of minus infinity.
    infinite: bool,
    /// Of the least finite number.
    least: bool,
}

impl Empties {
    fn of(c: &Call<'_>) -> Result<Self, Stop> {
        let node = NodeProto::new("Attention", "one", &["q", "k", "v", "mask"], &["y"]);
        let shape = [1, 1, 1, 1];
        let query = Tensor::f32(shape, vec![0.0]);
        let gives_zero = |mut mask: TensorProto| {
            mask.name = Some("mask".into());
            mask.dims = vec![1, 1];
            let keys = Array::real(shape, [0.0]).encode("k");
            let values = Array::real(shape, [1.0]).encode("v");
            let y = c.measure(&node, &query, vec![keys, values, mask])?;
            Ok::<_, Stop>(y.first() == Some(&0.0))
        };
        let real = |x: f32| Array::real([1, 1], [x]).encode("mask");
        let left_out = TensorProto {
            data_type: Some(ElementType::Bool.number()),
            int32_data: vec![0],
            ..Default::default()
        };
        Ok(Self {
            left_out: gives_zero(left_out)?,
            infinite: gives_zero(real(f32::NEG_INFINITY))?,
            least: gives_zero(real(f32::MIN))?,
        })
    }
}

/// `[n, length, heads size]` as `[n, heads, length, size]`, which four axes are already.
fn by_head(e: &mut Emit<'_>, x: &Value, heads: usize) -> Option<Value> {
    match x.shape[..] {
        [_, _, _, _] => Some(x.clone()),
        [n, length, width] if heads > 0 && width % heads == 0 => {
            let apart = e.reshape(x, &[n, length, heads, width / heads]);
            Some(e.transpose(&apart, &[0, 2, 1, 3]))
        }
        _ => None,
    }
}

/// Back to the shape that [`by_head`] took.
fn joined(e: &mut Emit<'_>, x: &Value, shape: &[usize]) -> Value {
    if shape.len() == x.rank() {
        return x.clone();
    }
    let turned = e.transpose(x, &[0, 2, 1, 3]);
    e.reshape(&turned, shape)
}

/// `a b` of the last two axes.
fn product(e: &mut Emit<'_>, a: &Value, b: &Value) -> Value {
    let shape = [a.shape[0], a.shape[1], a.shape[2], b.shape[3]];
    e.op("MatMul", &[a, b], &[], &shape)
}

/// `a b^T` of the last two axes.
fn across(e: &mut Emit<'_>, a: &Value, b: &Value) -> Value {
    let turned = e.transpose(b, &[0, 1, 3, 2]);
    product(e, a, &turned)
}

/// A rotation by angles given as cosines and sines: back by the same angles.
fn rotary(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    if c.wants(1) || c.wants(2) {
        return Err(Stop::refuse(
            "its angles are computed from the picture; only constant ones are supported",
        ));
    }
    let (x, cosines, sines) = (c.input(0)?.clone(), c.input(1)?.clone(), c.input(2)?.clone());
    let ct = e.full(&c.ct, &x.shape);
    let back = e.unary("Neg", &sines);
    let mut inputs = vec![&*ct.name, &*cosines.name, &*back.name];
    inputs.extend(c.node.input(3));
    let turned = e.op_like(c.node, "RotaryEmbedding", &inputs, &[&x.shape]);
    Ok(turned.into_iter().map(|ct_x| (0, ct_x)).collect())
}
