// SPDX-License-Identifier: MPL-2.0
//! GELU as exporters write it: `x (1 + erf(x/sqrt2)) / 2`, its factors in any order.
//!
//! As one function it leaves the inner tensors of the forward half unread, so that ONNX Runtime still fuses them.
//! `ct_x = ct (P + x exp(-x^2/2) / sqrt(2 pi))` with `P = (1 + erf(x/sqrt2)) / 2`, which HardSigmoid makes of erf in
//! one pass, exactly: erf is within -1..1.

use std::f32::consts::FRAC_1_SQRT_2;

use super::chain::Chain;
use crate::gradient::emit::{Emit, Value};
use crate::gradient::index::Index;
use crate::gradient::rule::{Call, Stop};
use crate::onnx::NodeProto;

/// `1/sqrt(2 pi)`
const DENSITY: f32 = 0.398_942_3;

/// Products below the last one that are looked into.
const DEPTH: usize = 1;

pub(super) fn find<'a>(index: &Index<'a>, node: &'a NodeProto) -> Option<Chain<'a>> {
    if node.op() != "Mul" {
        return None;
    }
    let mut factors = Vec::new();
    spread(index, node, 0, &mut factors);
    let [_, _, _] = factors[..] else { return None };
    let half = factors
        .iter()
        .position(|t| index.number(t).is_some_and(|k| (k - 0.5).abs() < 1e-6))?;
    factors.remove(half);
    let (a, b) = (factors[0], factors[1]);
    [(a, b), (b, a)]
        .into_iter()
        .find(|(x, sum)| distribution_of(index, sum) == Some(x))
        .map(|(x, _)| Chain {
            xs: vec![x],
            inner: None,
            apply,
        })
}

/// The factors of a product, through products that only it reads: two products hold three factors, so that no more
/// than one below it counts.
fn spread<'a>(index: &Index<'a>, node: &'a NodeProto, depth: usize, factors: &mut Vec<&'a str>) {
    for t in node.input.iter().map(String::as_str) {
        match index.made_by(t, "Mul").filter(|_| index.read_once(t)) {
            Some(inner) if depth < DEPTH => spread(index, inner, depth + 1, factors),
            _ => factors.push(t),
        }
    }
}

/// The `x` of a tensor `1 + erf(x/sqrt2)` that is read only once.
fn distribution_of<'a>(index: &Index<'a>, sum: &str) -> Option<&'a str> {
    let add = index.made_by(sum, "Add").filter(|_| index.read_once(sum))?;
    let erf = other(index, add, |k| (k - 1.0).abs() < 1e-6)?;
    let erf = index.made_by(erf, "Erf").filter(|_| index.read_once(erf))?;
    let scaled = erf.input(0).filter(|t| index.read_once(t))?;
    if let Some(div) = index.made_by(scaled, "Div") {
        let root = index.number(div.input(1)?)?;
        return div.input(0).filter(|_| is_root(1.0 / root));
    }
    other(index, index.made_by(scaled, "Mul")?, is_root)
}

fn is_root(k: f32) -> bool {
    (k - FRAC_1_SQRT_2).abs() < 1e-4
}

/// The operand beside a number that is as wanted.
fn other<'a>(index: &Index<'a>, node: &'a NodeProto, wanted: impl Fn(f32) -> bool) -> Option<&'a str> {
    let (a, b) = (node.input(0)?, node.input(1)?);
    let is_number = |t: &str| index.number(t).is_some_and(&wanted);
    if is_number(b) {
        Some(a)
    } else {
        is_number(a).then_some(b)
    }
}

fn apply(e: &mut Emit<'_>, chain: &Chain<'_>, c: &Call<'_>) -> Result<Vec<Value>, Stop> {
    let x = chain.x(e)?;
    let u = e.scale(&x, FRAC_1_SQRT_2);
    let erf = e.unary("Erf", &u);
    let halves = [("alpha", 0.5f32.into()), ("beta", 0.5f32.into())];
    let distribution = e.op("HardSigmoid", &[&erf], &halves, &x.shape);
    let square = e.mul(&u, &u);
    let exponent = e.unary("Neg", &square);
    let bell = e.unary("Exp", &exponent);
    let line = e.scale(&x, DENSITY);
    let second = e.mul(&line, &bell);
    let slope = e.binary("Add", &distribution, &second);
    Ok(vec![e.mul(&c.ct, &slope)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::facts::Facts;

    /// Of every product of a long chain no more is looked at than can be a GELU.
    #[test]
    fn a_long_product_is_not_followed() {
        let name = |k: usize| format!("t{k}");
        let product = |k: usize| NodeProto::new("Mul", &name(k), &[&name(k - 1), "x"], &[&name(k)]);
        let nodes: Vec<NodeProto> = (1..=20_000).map(product).collect();
        let facts = Facts::default();
        let index = Index::new(&nodes, &facts, "logits");
        let mut most = 0;
        for node in &nodes {
            let mut factors = Vec::new();
            spread(&index, node, 0, &mut factors);
            most = most.max(factors.len());
            assert!(find(&index, node).is_none());
        }
        assert_eq!(most, 3);
    }
}
