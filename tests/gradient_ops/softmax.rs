// SPDX-License-Identifier: MPL-2.0
//! Softmax and LogSoftmax inside a network, on any axis.

use crate::case::Case;
use crate::check::all;

#[test]
fn on_any_axis() {
    let mut cases = Vec::new();
    for operator in ["Softmax", "LogSoftmax"] {
        cases.push(Case::of(operator, &[3, 5]).smooth());
        for axis in [-3, -2, -1, 0, 1, 2] {
            cases.push(Case::of(operator, &[2, 3, 4]).smooth().with("axis", axis));
        }
    }
    all(cases);
}

/// Up to opset 12 the input is flattened to two axes at `axis`, which is 1 by default.
#[test]
fn flattening() {
    let mut cases = Vec::new();
    for operator in ["Softmax", "LogSoftmax"] {
        for opset in [7, 11, 12] {
            let case = || Case::of(operator, &[2, 3, 4]).smooth().opset(opset);
            cases.push(case());
            cases.extend([0, 1, 2].map(|axis| case().with("axis", axis)));
        }
        let case = || Case::of(operator, &[2, 3, 4]).smooth().opset(11);
        cases.push(case().with("axis", -1));
        cases.push(case().with("axis", -2));
        cases.push(Case::of(operator, &[3, 4, 1, 1]).smooth().opset(9));
    }
    all(cases);
}
