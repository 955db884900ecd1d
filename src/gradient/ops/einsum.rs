// SPDX-License-Identifier: MPL-2.0
//! Einsum (ONNX 12): the cotangent of one operand is an Einsum of the result's cotangent and the other operands.
//!
//! `"bij,bjk->bik"` has `ct_A = Einsum("bik,bjk->bij")(ct_Y, B)` and `ct_B = Einsum("bik,bij->bjk")(ct_Y, A)`. An
//! index that only one operand has would have to be spread, a doubled one put on a diagonal: both are refused.

use std::collections::{HashMap, HashSet};

use crate::gradient::emit::Emit;
use crate::gradient::rule::{Call, Contributions, Rule, Stop, rule_for};

pub(super) const RULES: &[Rule] = &[rule_for(
    "Einsum",
    einsum,
    "letters only; none doubled within an operand, none summed in one operand alone; no broadcasting",
)
.since(12)];

fn einsum(e: &mut Emit<'_>, c: &Call<'_>) -> Contributions {
    let equation: String = c.node.string("equation", "").split_whitespace().collect();
    let refuse = |why: &str| Stop::refuse(format!("its equation \"{equation}\" {why}; export with MatMul"));
    if equation.contains('.') {
        return Err(refuse("has an ellipsis"));
    }
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, right.to_owned()),
        None => (equation.as_str(), implicit(&equation)),
    };
    let terms: Vec<&str> = left.split(',').collect();
    let mut extents: HashMap<char, usize> = HashMap::new();
    for (k, term) in terms.iter().enumerate() {
        let shape = c.input(k)?.shape.clone();
        let letters: HashSet<char> = term.chars().collect();
        if letters.len() != term.len() {
            return Err(refuse("doubles an index"));
        }
        if shape.len() != term.len() {
            return Err(refuse("does not fit its operands"));
        }
        for (letter, extent) in term.chars().zip(&*shape) {
            if *extents.entry(letter).or_insert(*extent) != *extent {
                return Err(refuse("broadcasts an index"));
            }
        }
    }
    let y = c.y()?.shape.clone();
    let ct = e.full(&c.ct, &y);
    let mut out = Vec::new();
    for k in (0..terms.len()).filter(|k| c.wants(*k)) {
        let others: Vec<usize> = (0..terms.len()).filter(|i| *i != k).collect();
        let mut from = vec![right.as_str()];
        from.extend(others.iter().map(|i| terms[*i]));
        if terms[k]
            .chars()
            .any(|letter| !from.iter().any(|t| t.contains(letter)))
        {
            return Err(refuse("sums an index of one operand alone"));
        }
        let mut operands = vec![&ct];
        for i in &others {
            operands.push(c.input(*i)?);
        }
        let back = format!("{}->{}", from.join(","), terms[k]);
        let shape = c.input(k)?.shape.clone();
        out.push((
            k,
            e.op("Einsum", &operands, &[("equation", back.as_str().into())], &shape),
        ));
    }
    Ok(out)
}

/// Without an arrow: the letters that occur once, in alphabetical order.
fn implicit(equation: &str) -> String {
    let count = |letter: char| equation.chars().filter(|l| *l == letter).count();
    let mut once: Vec<char> = equation
        .chars()
        .filter(|l| l.is_alphabetic() && count(*l) == 1)
        .collect();
    once.sort_unstable();
    once.into_iter().collect()
}
