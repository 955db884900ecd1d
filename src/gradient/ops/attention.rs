// SPDX-License-Identifier: MPL-2.0
//! Attention and RotaryEmbedding (ONNX 23): what exporters write for transformers from that opset on.
//!
//! `y = p v`, `p = softmax(scale q k^T + mask)`, per head. The weights p are computed again rather than taken from
//! the forward node, whose kernel gives them away only in modes that differ between runtimes.

use super::super::emit::{Emit, Value};
use super::{Call, Contributions, Rule, Stop, rule_for};

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
    if let Some(mask) = c.inputs.get(3).and_then(Option::as_ref) {
        let mask = match e.facts.is_real(&mask.name) {
            true => mask.clone(),
            false => {
                let (zero, out) = (e.scalar(0.0), e.scalar(OUT));
                e.op("Where", &[mask, &zero, &out], &[], &mask.shape.clone())
            }
        };
        scores = e.binary("Add", &scores, &mask);
    }
    let p = e.op(
        "Softmax",
        &[&scores],
        &[("axis", (-1).into())],
        &scores.shape.clone(),
    );

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
