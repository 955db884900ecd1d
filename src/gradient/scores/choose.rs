// SPDX-License-Identifier: MPL-2.0
//! Which tensor holds the class scores.

use super::place::{self, Row};
use super::squash::{Extent, Producers};
use crate::gradient::error::Error;
use crate::gradient::extents::is_row;
use crate::gradient::facts::Facts;
use crate::gradient::meaning::Stated;
use crate::gradient::options::Options;
use crate::onnx::GraphProto;

/// A tensor to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) tensor: String,
    /// The output of the model that it was taken from; the tensor itself where it is none.
    pub(super) output: String,
    /// Whether it is an inner tensor that was named, to be taken as it is.
    pub(super) inner: bool,
    /// The row that is taken of it.
    pub(super) row: Option<Row>,
    /// What made the output of it: "ArgMax", ..
    pub(super) through: Option<String>,
}

/// The named tensor, or the one output that is a row of scores, or that was made of one.
pub(super) fn choose(graph: &GraphProto, facts: &Facts, options: &Options) -> Result<Chosen, Error> {
    let producers = Producers::new(&graph.node, facts);
    let outputs: Vec<&str> = graph.output.iter().filter_map(|o| o.name.as_deref()).collect();
    let chosen = |output: &str, through: Option<(&str, &str)>| Chosen {
        tensor: producers.decoded(through.map_or(output, |(x, _)| x)).into(),
        output: output.into(),
        inner: !outputs.contains(&output),
        row: None,
        through: through.map(|(_, by)| by.into()),
    };
    let behind: Vec<_> = outputs.iter().map(|o| producers.behind(o)).collect();
    let of = |output: &str| {
        let position = outputs.iter().position(|o| *o == output);
        let through = position.map_or_else(|| producers.behind(output), |k| behind[k]);
        // The largest of a row is how sure a classifier is only where another output says of what.
        let told = |x: &str| {
            behind
                .iter()
                .flatten()
                .any(|(other, by)| *other == x && *by != "ReduceMax")
        };
        chosen(output, through.filter(|(x, by)| *by != "ReduceMax" || told(x)))
    };
    let Some(text) = &options.output else {
        let found: Vec<Chosen> = outputs.iter().map(|output| of(output)).collect();
        let root = |c: &Chosen| {
            let classes = facts.shape(&c.tensor).unwrap_or_default().iter().product();
            let logits = producers.logits(&c.tensor, Extent::All(classes));
            logits.map_or(c.tensor.clone(), |(tensor, _)| tensor.to_owned())
        };
        return only(&found, &root, facts, options);
    };
    let (name, place) = place::parse(text, |name| facts.shape(name).is_some())?;
    let is_input = graph.input.iter().any(|i| i.name.as_deref() == Some(name));
    if facts.shape(name).is_none() || facts.is_constant(name) || is_input {
        return Err(Error::NoSuchOutput {
            name: name.into(),
            outputs: outputs.iter().map(|o| described(o, facts)).collect(),
        });
    }
    let mut named = of(name);
    if let Some(place) = place {
        let shape = facts.shape(&named.tensor).unwrap_or_default();
        named.row = Some(place.resolve(shape)?);
    }
    Ok(named)
}

/// The only one that is a row with a batch axis, else the only row, else the one called logits, else the one as long as
/// its labels.
fn only(
    found: &[Chosen],
    root: &dyn Fn(&Chosen) -> String,
    facts: &Facts,
    options: &Options,
) -> Result<Chosen, Error> {
    let shape = |c: &Chosen| facts.shape(&c.tensor).unwrap_or_default().to_vec();
    let real = |c: &&Chosen| facts.is_real(&c.tensor) && facts.depends(&c.tensor);
    let real: Vec<&Chosen> = found.iter().filter(real).collect();
    let rows: Vec<&Chosen> = real.iter().copied().filter(|c| is_row(&shape(c))).collect();
    // Several outputs may be made of one tensor: its best class, how sure of it, or its softmax. The first will do.
    let one = |of: &dyn Fn(&Chosen) -> bool| -> Option<Chosen> {
        let mut of = rows.iter().copied().filter(|c| of(c));
        let first = of.next()?;
        of.all(|c| root(c) == root(first)).then(|| first.clone())
    };
    let classes = |c: &Chosen| shape(c).iter().product::<usize>();
    let labels = |c: &Chosen| {
        Stated::of(&options.stated, &c.output)
            .and_then(|s| s.labels)
            .or(options.labels)
    };
    let chosen = one(&|c| shape(c).len() > 1)
        .or_else(|| one(&|_| true))
        .or_else(|| one(&|c| c.output == "logits"))
        .or_else(|| one(&|c| Some(classes(c)) == labels(c)));
    let all = |of: &[&Chosen]| of.iter().map(|c| described(&c.output, facts)).collect();
    chosen.ok_or_else(|| match (rows.as_slice(), real.as_slice()) {
        ([], []) => Error::NoRealOutput(all(&found.iter().collect::<Vec<_>>())),
        ([], [first, ..]) => Error::NoRow {
            tensor: first.output.clone(),
            shape: shape(first),
        },
        (rows, _) => Error::AmbiguousOutput(all(rows)),
    })
}

fn described(name: &str, facts: &Facts) -> String {
    let shape = facts.shape(name).unwrap_or_default();
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("\"{name}\" [{}]", shape.join(","))
}
