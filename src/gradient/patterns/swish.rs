// SPDX-License-Identifier: MPL-2.0
//! SiLU `y = x s`, `s = Sigmoid(x)`, and HardSwish `y = x h`, `h = HardSigmoid(x)`.
//!
//! SiLU: `ct_x = ct (s + y (1 - s))`. HardSwish: `ct_x = ct (h + alpha x [0 < h < 1])`. One derivative instead of two
//! branches, every operator of it in the blocked layout.

use super::chain::Chain;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::index::Index;
use crate::gradient::rule::{Call, Stop};
use crate::onnx::NodeProto;

pub(super) fn find<'a>(index: &Index<'a>, node: &'a NodeProto) -> Option<Chain<'a>> {
    let (a, b) = (node.input(0)?, node.input(1)?);
    if node.op() != "Mul" {
        return None;
    }
    [(a, b), (b, a)].into_iter().find_map(|(x, gate)| {
        if !index.read_once(gate) {
            return None;
        }
        let soft = index.made_by(gate, "Sigmoid");
        let (inner, apply) = match soft {
            Some(inner) => (inner, silu as super::chain::ApplyChain),
            None => (
                index.made_by(gate, "HardSigmoid")?,
                hard_swish as super::chain::ApplyChain,
            ),
        };
        (inner.input(0) == Some(x)).then_some(Chain {
            xs: vec![x],
            inner: Some(inner),
            apply,
        })
    })
}

fn silu(e: &mut Emit<'_>, chain: &Chain<'_>, c: &Call<'_>) -> Result<Vec<Value>, Stop> {
    let (s, y) = (chain.inner(e)?, c.y()?.clone());
    let ct = e.in_layout_of(&c.ct, &y);
    let rest = e.complement(&s);
    let second = e.mul(&y, &rest);
    let slope = e.binary("Add", &second, &s);
    Ok(vec![e.mul(&ct, &slope)])
}

fn hard_swish(e: &mut Emit<'_>, chain: &Chain<'_>, c: &Call<'_>) -> Result<Vec<Value>, Stop> {
    let (h, y) = (chain.inner(e)?, c.y()?.clone());
    let x = chain.x(e)?;
    let alpha = chain.inner.map_or(0.2, |n| n.float("alpha", 0.2));
    let ct = e.in_layout_of(&c.ct, &y);
    let inside = e.where_inside(&x, &h, Some(0.0), Some(1.0));
    // As a Conv the scale takes the sum with h along.
    let scaled = if e.is_blocked(&inside) {
        e.per_channel(&inside, &vec![alpha; y.shape[1]])
    } else {
        e.scale(&inside, alpha)
    };
    let slope = e.binary("Add", &scaled, &h);
    Ok(vec![e.mul(&ct, &slope)])
}
