// SPDX-License-Identifier: MPL-2.0
//! Counts: how many graphs, of which operators and opsets, and why some were refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use steerlens::onnx::ModelProto;

use crate::check::Verdict;

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    pub(crate) kinks: usize,
    pub(crate) flat: usize,
    /// Draws that led to no graph.
    pub(crate) unfinished: usize,
    pub(crate) failures: Vec<String>,
    refused: BTreeMap<String, (usize, u64)>,
    unsound: BTreeMap<&'static str, (usize, u64)>,
    /// Operator: in how many graphs that are right, and of which opsets.
    covered: BTreeMap<String, (usize, BTreeSet<i64>)>,
}

impl Tally {
    /// Graphs with a gradient, right or wrong.
    pub(crate) fn judged(&self) -> usize {
        self.right + self.failures.len()
    }

    pub(crate) fn add(&mut self, seed: u64, model: &ModelProto, verdict: Verdict) {
        match verdict {
            Verdict::Right => {
                self.right += 1;
                let opset = model.opset_import[0].version.unwrap_or(0);
                let nodes = model.graph.iter().flat_map(|g| &g.node);
                for operator in nodes.map(|n| n.op().to_owned()).collect::<BTreeSet<_>>() {
                    let (count, opsets) = self.covered.entry(operator).or_default();
                    *count += 1;
                    opsets.insert(opset);
                }
            }
            Verdict::Refused(reason) => self.refused.entry(reason).or_insert((0, seed)).0 += 1,
            Verdict::Unsound(reason) => self.unsound.entry(reason).or_insert((0, seed)).0 += 1,
            Verdict::NoModel => self.unfinished += 1,
            Verdict::Kink => self.kinks += 1,
            Verdict::Flat => self.flat += 1,
            Verdict::Failed(fault) => self.failures.push(format!("seed {seed}: {fault}")),
        }
    }

    fn refusals(&self) -> usize {
        self.refused.values().map(|(count, _)| count).sum()
    }

    fn unsound(&self) -> usize {
        self.unsound.values().map(|(count, _)| count).sum()
    }

    pub(crate) fn progress(&self, seed: u64) {
        println!("# to seed {seed}: {}", self.summary());
    }

    fn summary(&self) -> String {
        format!(
            "{} right, {} wrong; not judged: {} refused, {} next to a kink, {} flat, {} that ONNX Runtime itself is not of one mind about, {} unfinished",
            self.right,
            self.failures.len(),
            self.refusals(),
            self.kinks,
            self.flat,
            self.unsound(),
            self.unfinished
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        writeln!(f, "\nDifferentiated: operator, graphs, opsets")?;
        for (operator, (count, opsets)) in &self.covered {
            writeln!(f, "  {operator:22} {count:6}  {}", ranges(opsets))?;
        }
        writeln!(f, "\nRefused: graphs, the first seed, why")?;
        for (reason, (count, seed)) in &self.refused {
            writeln!(f, "  {count:6}  {seed}  {reason}")?;
        }
        writeln!(
            f,
            "\nNot sound in ONNX Runtime itself: graphs, the first seed, why"
        )?;
        for (reason, (count, seed)) in &self.unsound {
            writeln!(f, "  {count:6}  {seed}  {reason}")?;
        }
        Ok(())
    }
}

/// `7-9, 11`.
fn ranges(opsets: &BTreeSet<i64>) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for opset in opsets {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *opset => *last = *opset,
            _ => parts.push((*opset, *opset)),
        }
    }
    let text = |(first, last): &(i64, i64)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    parts.iter().map(text).collect::<Vec<_>>().join(", ")
}
