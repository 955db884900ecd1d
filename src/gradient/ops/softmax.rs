// SPDX-License-Identifier: MPL-2.0
//! Softmax and LogSoftmax (ONNX 13) inside a network, as in attention. At its end they are stepped over.

use crate::gradient::emit::Emit;
use crate::gradient::rule::{Call, Contributions, Rule, rule_for};

pub(super) const RULES: &[Rule] = &[
    rule_for("Softmax", |e, c| softmax(e, c, false), ""),
    rule_for("LogSoftmax", |e, c| softmax(e, c, true), ""),
];

/// `ct_x = y (ct - sum(ct y))`; of the logarithm `ct - exp(y) sum(ct)`.
fn softmax(e: &mut Emit<'_>, c: &Call<'_>, log: bool) -> Contributions {
    let mut y = c.y()?.clone();
    if c.forward.has_empty_rows {
        // A row of minus infinity alone, as of a query that a mask leaves no key.
        let undefined = e.op("IsNaN", &[&y], &[], &y.shape.clone());
        let zero = e.scalar(0.0);
        y = e.op("Where", &[&undefined, &zero, &y], &[], &y.shape.clone());
    }
    let axis = c.axis(-1, y.rank())?;
    let ct = e.full(&c.ct, &y.shape);
    let ct_x = if log {
        let total = e.sum_over(&ct, &[axis]);
        let p = e.unary("Exp", &y);
        let share = e.mul(&p, &total);
        e.binary("Sub", &ct, &share)
    } else {
        let weighted = e.mul(&ct, &y);
        let total = e.sum_over(&weighted, &[axis]);
        let centred = e.binary("Sub", &ct, &total);
        e.mul(&y, &centred)
    };
    Ok(vec![(0, ct_x)])
}
