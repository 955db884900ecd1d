// SPDX-License-Identifier: MPL-2.0
//! Forms that changed between opset 7 and 17, rewritten in place (docs/reverse-mode.md 1.1 C).

use super::error::Error;
use super::facts::Facts;
use crate::onnx::{Array, AttributeValue, GraphProto, ModelProto, NodeProto};

/// The opset that the reverse half is written for; its nodes have the same form in all later ones.
const TARGET: i64 = 17;

/// Brings every node to its form at opset 17 or later, and returns the opset then declared.
pub(super) fn upgrade(model: &mut ModelProto, facts: &mut Facts) -> Result<i64, Error> {
    let import = model
        .opset_import
        .iter_mut()
        .find(|o| matches!(o.domain.as_deref(), None | Some("" | "ai.onnx")));
    let Some(import) = import else {
        return Err(Error::Opset(0));
    };
    let found = import.version.unwrap_or(0);
    // Opset 22 only widened types, and how far a pool with ceil_mode reaches, which `windows` then states. ONNX Runtime
    // 1.21 has no blocked layout for it.
    let declared = if found == 22 { 21 } else { found.max(TARGET) };
    import.version = Some(declared);
    model.ir_version = Some(model.ir_version.unwrap_or(0).max(8));
    if let Some(graph) = &mut model.graph {
        let mut upgrade = Upgrade {
            found,
            facts,
            added: Vec::new(),
            count: 0,
        };
        let nodes = std::mem::take(&mut graph.node);
        for node in nodes {
            upgrade.node(node, graph);
        }
        graph.initializer.append(&mut upgrade.added);
    }
    Ok(declared)
}

struct Upgrade<'a> {
    found: i64,
    facts: &'a mut Facts,
    added: Vec<crate::onnx::TensorProto>,
    count: usize,
}

impl Upgrade<'_> {
    fn node(&mut self, mut n: NodeProto, graph: &mut GraphProto) {
        if !n.is_standard() {
            graph.node.push(n);
            return;
        }
        let v = self.found;
        match n.op() {
            "Dropout" if n.output.iter().skip(1).all(String::is_empty) => {
                n.op_type = Some("Identity".into());
                n.attribute.clear();
                n.input.truncate(1);
                n.output.truncate(1);
            }
            "Squeeze" | "Unsqueeze" | "ReduceSum" if v < 13 => self.ints_to_input(&mut n, "axes"),
            "Split" if v < 13 => self.ints_to_input(&mut n, "split"),
            "Softmax" | "LogSoftmax" if v < 13 => return self.flattening_softmax(n, graph),
            "Clip" if v < 11 => {
                let bounds = [n.float("min", f32::MIN), n.float("max", f32::MAX)];
                n.attribute.clear();
                for bound in bounds {
                    let name = self.constant(Array::real([], [bound]));
                    n.input.push(name);
                }
            }
            "Pad" if v < 11 => {
                let value = n.float("value", 0.0);
                self.ints_to_input(&mut n, "pads");
                n.remove("value");
                let name = self.constant(Array::real([], [value]));
                n.input.push(name);
            }
            "Slice" if v < 10 => {
                let starts = n.ints("starts").unwrap_or_default().to_vec();
                let axes = n
                    .ints("axes")
                    .map_or_else(|| (0..).take(starts.len()).collect(), <[i64]>::to_vec);
                n.set("axes", axes);
                for name in ["starts", "ends", "axes"] {
                    self.ints_to_input(&mut n, name);
                }
            }
            "MatMul" => return self.column(n, graph),
            "Upsample" | "Resize" if v < 11 => return self.old_resize(n, graph),
            "TopK" if v < 10 => self.ints_to_input(&mut n, "k"),
            "Scatter" => n.op_type = Some("ScatterElements".into()),
            "BatchNormalization" => {
                n.remove("momentum");
                // Kept when it is 0, so that the rule can refuse it.
                if n.int("spatial", 1) == 1 {
                    n.remove("spatial");
                }
            }
            _ => {}
        }
        graph.node.push(n);
    }

    fn constant(&mut self, value: Array) -> String {
        self.count += 1;
        let name = format!("__u{}", self.count);
        let tensor = value.encode(&name);
        self.facts.insert_constant(tensor.clone());
        self.added.push(tensor);
        name
    }

    fn ints_to_input(&mut self, n: &mut NodeProto, attribute: &str) {
        if let Some(found) = n.remove(attribute) {
            let values = if found.ints.is_empty() {
                found.i.into_iter().collect()
            } else {
                found.ints
            };
            let name = self.constant(Array::whole(values));
            n.input.push(name);
        }
    }

    /// Before opset 13 the input was flattened to two axes at `axis`; raising the opset alone would silently
    /// change the result.
    fn flattening_softmax(&mut self, mut n: NodeProto, graph: &mut GraphProto) {
        let (x, y) = (
            n.input(0).unwrap_or_default().to_owned(),
            n.output(0).unwrap_or_default().to_owned(),
        );
        let shape = self.facts.shape(&x).unwrap_or_default().to_vec();
        let rank = shape.len();
        let given = n.int("axis", 1);
        let axis =
            usize::try_from(given).unwrap_or_else(|_| rank.saturating_sub(given.unsigned_abs() as usize));
        n.remove("axis");
        if axis + 1 == rank || shape.iter().skip(axis + 1).all(|d| *d == 1) {
            n.set("axis", i64::try_from(axis).unwrap_or(1));
            graph.node.push(n);
            return;
        }
        let rows: usize = shape[..axis].iter().product();
        let columns: usize = shape[axis..].iter().product();
        let label = n.label().to_owned();
        let (flat, soft) = (format!("{y}__flat"), format!("{y}__soft"));
        let whole = |s: &[usize]| {
            Array::whole(
                s.iter()
                    .map(|d| i64::try_from(*d).unwrap_or(0))
                    .collect::<Vec<_>>(),
            )
        };
        let (down, up) = (
            self.constant(whole(&[rows, columns])),
            self.constant(whole(&shape)),
        );
        self.facts.insert(&flat, vec![rows, columns]);
        self.facts.insert(&soft, vec![rows, columns]);
        graph.node.push(NodeProto::new(
            "Reshape",
            &format!("{label}__flat"),
            &[&x, &down],
            &[&flat],
        ));
        graph
            .node
            .push(NodeProto::new(n.op(), &label, &[&flat], &[&soft]).with("axis", 1));
        graph.node.push(NodeProto::new(
            "Reshape",
            &format!("{label}__back"),
            &[&soft, &up],
            &[&y],
        ));
    }

    /// A product with a vector on the right becomes one with a column: ONNX Runtime (1.21 to 1.32) fuses the former with
    /// a Transpose before it as if that were not there.
    fn column(&mut self, mut n: NodeProto, graph: &mut GraphProto) {
        let shape = |t: Option<&str>| t.and_then(|t| self.facts.shape(t)).unwrap_or_default().to_vec();
        let (left, vector, made) = (shape(n.input(0)), shape(n.input(1)), shape(n.output(0)));
        if vector.len() != 1 || left.len() < 2 {
            graph.node.push(n);
            return;
        }
        let label = n.label().to_owned();
        let (name, y) = (n.input[1].clone(), n.output[0].clone());
        let last = self.constant(Array::whole([-1]));
        let node = |operator: &str, from: &str, to: &str| {
            NodeProto::new(operator, &format!("{label}__{operator}"), &[from, &last], &[to])
        };
        let constant = self.facts.constant(&name);
        n.input[1] = match constant.as_ref().and_then(Array::as_real) {
            Some(values) => self.constant(Array::real([vector[0], 1], values)),
            None => {
                let column = format!("{y}__column");
                self.facts.insert(&column, vec![vector[0], 1]);
                graph.node.push(node("Unsqueeze", &name, &column));
                column
            }
        };
        let wide = format!("{y}__wide");
        self.facts.insert(&wide, [&made[..], &[1]].concat());
        n.output[0].clone_from(&wide);
        graph.node.push(n);
        graph.node.push(node("Squeeze", &wide, &y));
    }

    /// Upsample 7 to 9 and Resize 10: asymmetric coordinates; nearest rounds down along axes that grow, and up along
    /// those that shrink. Where there are both, they grow first.
    fn old_resize(&mut self, mut n: NodeProto, graph: &mut GraphProto) {
        let scales = match n.remove("scales") {
            Some(a) => self.constant(Array::real([a.floats.len()], a.floats)),
            None => n.input(1).unwrap_or_default().to_owned(),
        };
        n.op_type = Some("Resize".into());
        n.input.truncate(1);
        n.input.extend([String::new(), scales.clone()]);
        n.set("coordinate_transformation_mode", "asymmetric");
        let factors = self.facts.constant(&scales);
        let factors = factors.as_ref().and_then(Array::as_real).unwrap_or_default();
        if n.string("mode", "nearest") == "nearest" {
            let (grows, shrinks) = (factors.iter().any(|f| *f > 1.0), factors.iter().any(|f| *f < 1.0));
            if grows && shrinks {
                n.input[0] = self.grown(&n, factors, graph);
                let shrinking: Vec<f32> = factors.iter().map(|f| f.min(1.0)).collect();
                n.input[2] = self.constant(Array::real([shrinking.len()], shrinking));
            }
            let rounding = if shrinks { "ceil" } else { "floor" };
            n.set("nearest_mode", AttributeValue::Text(rounding.into()));
        }
        graph.node.push(n);
    }

    /// The input of a Resize enlarged along the axes that grow.
    fn grown(&mut self, n: &NodeProto, factors: &[f32], graph: &mut GraphProto) -> String {
        let (x, y) = (n.input(0).unwrap_or_default(), n.output(0).unwrap_or_default());
        let extents = |t: &str| self.facts.shape(t).unwrap_or_default().to_vec();
        let between = extents(x).into_iter().zip(extents(y)).zip(factors);
        let shape = between
            .map(|((from, to), f)| if *f > 1.0 { to } else { from })
            .collect();
        let growing: Vec<f32> = factors.iter().map(|f| f.max(1.0)).collect();
        let scales = self.constant(Array::real([growing.len()], growing));
        let name = format!("{y}__grown");
        self.facts.insert(&name, shape);
        let mut first = NodeProto::new("Resize", &name, &[x, "", &scales], &[&name]);
        first.attribute.clone_from(&n.attribute);
        first.set("nearest_mode", AttributeValue::Text("floor".into()));
        graph.node.push(first);
        name
    }
}
