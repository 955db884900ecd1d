// SPDX-License-Identifier: MPL-2.0
//! Random graphs, each with its gradient against central differences.
//!
//! A graph has 5 to 40 nodes of the operators that have a gradient rule, in the form of its opset, 7 to 24; half of
//! the graphs are such as live in the blocked layout of ONNX Runtime's CPU provider. Each node is evaluated by ONNX
//! Runtime when it is drawn, and drawn again when it is refused or its values are not tame. The judge is the *drawn*
//! graph, unoptimised: for each element of the picture central differences, with several steps where one does not
//! tell. Both profiles have to pass, without and with graph optimisation. An element next to a kink is not judged,
//! and a wrong number counts only if it is wrong for two other pictures too. A model that is refused by name is
//! counted; one that is not, and that ONNX Runtime then cannot load or run, is a failure.
//!
//! `make test` draws the same graphs every time. `make fuzz-graphs COUNT=20000 SEED=1` draws others, tells of each
//! failure with the smallest graph that still shows it, and ends with what was differentiated and what was refused.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at a surprise, and tells its figures"
)]

mod check;
mod draw;
mod graph;
mod random;
mod shrink;
mod tally;
mod text;

use steerlens::gradient::operators;

use check::{Verdict, check};
use tally::Tally;

/// Draws and checks graphs of consecutive seeds until so many are judged.
fn search(first: u64, count: usize) -> Tally {
    let opsets = check::opsets();
    let mut tally = Tally::default();
    let mut seed = first;
    let mut told = 0;
    while tally.judged() < count && seed < first + 20 * count as u64 {
        if let Some(drawn) = draw::graph(seed, &opsets) {
            let verdict = check(&drawn.model, &drawn.picture);
            if let Verdict::Failed(fault) = &verdict {
                println!("seed {seed}: {fault}");
                let small = shrink::shrink(&drawn);
                println!("{}", text::graph(&small.model, &small.picture));
            }
            tally.add(seed, &drawn.model, verdict);
        } else {
            tally.unfinished += 1;
        }
        seed += 1;
        if tally.judged() >= told + 250 {
            told = tally.judged();
            tally.progress(seed);
        }
    }
    tally
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

#[test]
fn no_random_graph_has_a_wrong_gradient() {
    let tally = search(1, 300);
    println!("{tally}");
    assert!(tally.judged() >= 300, "too few could be judged");
    assert!(tally.failures.is_empty(), "{:#?}", tally.failures);
}

/// As many as asked for, from the seed asked for: `make fuzz-graphs`.
#[test]
#[ignore = "as long as one likes; make fuzz-graphs"]
fn any_number_of_graphs() {
    let count = number("COUNT", 1000) as usize;
    let tally = search(number("SEED", 1_000_000), count);
    println!("{tally}");
    assert!(tally.judged() >= count, "too few could be judged");
    assert!(tally.failures.is_empty(), "{:#?}", tally.failures);
}

#[test]
fn every_operator_with_a_rule_is_drawn_or_has_a_reason_not_to() {
    for row in operators() {
        let drawn = draw::Entry::of(row.operator).is_some();
        let reason = draw::NOT_DRAWN.iter().any(|(name, _)| *name == row.operator);
        assert!(
            drawn != reason,
            "{}: drawn {drawn}, reason not to {reason}",
            row.operator
        );
    }
    for name in draw::OPERATORS
        .iter()
        .map(|e| e.name)
        .chain(draw::NOT_DRAWN.iter().map(|n| n.0))
    {
        assert!(operators().any(|row| row.operator == name), "{name} has no rule");
    }
}
