// SPDX-License-Identifier: MPL-2.0
//! Whether a node has the form that is known of its operator. What is not known is refused by name: taken for the
//! default, it would give the gradient of another function.

use super::forms::{FORMS, FUSED, FUSED_DOMAIN, Form, OTHERS, READ_TO};
use crate::gradient::unsupported;
use crate::onnx::{AttributeProto, NodeProto};

/// The form of an operator that has a rule.
pub(super) fn of(operator: &str) -> Option<&'static Form> {
    FORMS.iter().find(|f| f.operator == operator)
}

/// The form of an operator of ONNX Runtime's own that is written out.
fn of_fused(node: &NodeProto) -> Option<&'static Form> {
    let ours = node.domain.as_deref() == Some(FUSED_DOMAIN);
    FUSED.iter().find(|f| ours && f.operator == node.op())
}

/// Whether the node has the inputs and outputs that its operator needs. A runtime need not look, and some read an absent
/// one all the same.
///
/// # Errors
/// What is missing or too much, in words.
pub(in crate::gradient) fn arity(node: &NodeProto) -> Result<(), String> {
    let known = of(node.op()).map(|f| (f.inputs, f.outputs));
    let other = || {
        OTHERS
            .iter()
            .find(|(op, ..)| *op == node.op())
            .map(|(_, i, o)| (*i, *o))
    };
    let fused = of_fused(node).map(|f| (f.inputs, f.outputs));
    if !node.is_standard() && fused.is_none() {
        let absent = node.input.iter().chain(&node.output).any(String::is_empty);
        return if absent {
            Err(unsupported::reason(node).into())
        } else {
            Ok(())
        };
    }
    let (inputs, outputs) = fused.or(known).or_else(other).unzip();
    places("input", &node.input, inputs)?;
    places("output", &node.output, outputs)
}

/// Checks inputs or outputs against their names; `None`: nothing is known of them.
fn places(what: &str, given: &[String], known: Option<&str>) -> Result<(), String> {
    let absent = given.iter().position(String::is_empty);
    let Some(known) = known else {
        return match absent {
            Some(k) => Err(format!(
                "its {what} {k} is absent, and whether that may be is not known here; export the model without this \
                 operator"
            )),
            None => Ok(()),
        };
    };
    let names: Vec<&str> = known.split_whitespace().collect();
    let needed = names.iter().filter(|n| !n.ends_with(['?', '*'])).count();
    let any = names.last().is_some_and(|n| n.ends_with('*'));
    if given.len() < needed || (given.len() > names.len() && !any) {
        let range = match (any, names.len()) {
            (true, _) => format!("{needed} or more"),
            (false, most) if most == needed => most.to_string(),
            (false, most) => format!("{needed} to {most}"),
        };
        return Err(format!(
            "it has {} {what}s, and this operator has {range}; export the model again",
            given.len()
        ));
    }
    for (k, _) in given.iter().enumerate().filter(|(_, name)| name.is_empty()) {
        let name = names.get(k).or(names.last()).copied().unwrap_or_default();
        if !name.ends_with('?') {
            return Err(format!(
                "its {what} {k} ({}) is absent, which it must not be; export the model again",
                name.trim_end_matches('*')
            ));
        }
    }
    Ok(())
}

/// Whether the rule of the node's operator knows all its attributes, their values, and the opset.
///
/// # Errors
/// What it does not know, in words.
pub(in crate::gradient) fn known(node: &NodeProto, opset: i64) -> Result<(), String> {
    let Some(form) = of(node.op()) else { return Ok(()) };
    if opset > READ_TO {
        return Err(format!(
            "the model is of opset {opset}, which may define it anew; version {} of it is known here, which holds up to \
             opset {READ_TO}: export the model at that or a lower one",
            form.version
        ));
    }
    attributes(node, form)
}

/// Of a node of ONNX Runtime's own that is written out: whether its attributes are known, or which is not, in words.
pub(in crate::gradient) fn fused(node: &NodeProto) -> Option<Result<(), String>> {
    of_fused(node).map(|form| attributes(node, form))
}

/// Whether the form has all attributes of the node, and their values.
fn attributes(node: &NodeProto, form: &Form) -> Result<(), String> {
    for attribute in &node.attribute {
        let name = attribute.name.as_deref().unwrap_or_default();
        let is_named = |word: &&str| word.split(['=', '>']).next() == Some(name);
        let Some(word) = form.attributes.split_whitespace().find(is_named) else {
            return Err(format!(
                "its attribute {name} is not known here; export the model without it, or at an older opset"
            ));
        };
        let said = shown(attribute);
        let (holds, wanted) = if let Some((_, values)) = word.split_once('=') {
            (values.split('|').any(|v| v == said), values.replace('|', ", "))
        } else if word.ends_with(">0") {
            (numbers(attribute).all(|n| n > 0), "numbers above 0".to_owned())
        } else {
            (true, String::new())
        };
        if !holds {
            return Err(format!(
                "its attribute {name} is \"{said}\", of which no rule is known here, only of {wanted}; export the model \
                 without it"
            ));
        }
    }
    Ok(())
}

fn numbers(attribute: &AttributeProto) -> impl Iterator<Item = i64> {
    attribute.i.into_iter().chain(attribute.ints.iter().copied())
}

/// An attribute's value as text, cut where it is long.
fn shown(attribute: &AttributeProto) -> String {
    const LONGEST: usize = 40;
    let text = match &attribute.s {
        Some(text) => String::from_utf8_lossy(text).into_owned(),
        None => numbers(attribute)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(", "),
    };
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_form() {
        let mut rules: Vec<&str> = super::super::operators().map(|r| r.operator).collect();
        let mut forms: Vec<&str> = FORMS.iter().map(|f| f.operator).collect();
        rules.sort_unstable();
        forms.sort_unstable();
        assert_eq!(rules, forms);
        let others = OTHERS.iter().filter(|(op, ..)| of(op).is_some()).count();
        assert_eq!(others, 0, "an operator stands in both tables");
    }

    #[test]
    fn inputs_and_outputs_are_counted_and_must_be_there() {
        let node =
            |op: &str, inputs: &[&str], outputs: &[&str]| arity(&NodeProto::new(op, "n", inputs, outputs));
        for (op, inputs, outputs) in [
            ("Conv", &["x", "w"][..], &["y"][..]),
            ("Conv", &["x", "w", ""], &["y"]),
            ("Resize", &["x", "", "", "s"], &["y"]),
            ("Clip", &["x", "", "h"], &["y"]),
            ("Concat", &["x", "x", "x"], &["y"]),
            ("LSTM", &["x", "w", "r", "", "", "h"], &["", "h2"]),
            ("CumSum", &["x", "axis"], &["y"]),
            ("MaxPool", &["x"], &["y", "i"]),
        ] {
            assert_eq!(node(op, inputs, outputs), Ok(()), "{op}");
        }
        for (op, inputs, outputs, said) in [
            ("Sum", &["x", ""][..], &["y"][..], "its input 1 (x) is absent"),
            ("Einsum", &["", "x"], &["y"], "its input 0 (x) is absent"),
            ("Split", &["x"], &["", "y"], "its output 0 (outputs) is absent"),
            ("Conv", &["x", ""], &["y"], "its input 1 (W) is absent"),
            (
                "Conv",
                &["x"],
                &["y"],
                "it has 1 inputs, and this operator has 2 to 3",
            ),
            (
                "Relu",
                &["x", "x"],
                &["y"],
                "it has 2 inputs, and this operator has 1;",
            ),
            ("Sum", &["x"], &[], "it has 0 outputs"),
            (
                "GridSample",
                &["x", ""],
                &["y"],
                "its input 1 is absent, and whether",
            ),
            ("Equal", &["", "x"], &["y"], "its input 0 is absent, and whether"),
        ] {
            let refused = node(op, inputs, outputs).unwrap_err();
            assert!(refused.starts_with(said), "{op}: {refused}");
        }
    }

    #[test]
    fn attributes_values_and_opsets_that_are_not_known_are_named() {
        let pool = |name: &str, value: i64| NodeProto::new("MaxPool", "n", &["x"], &["y"]).with(name, value);
        assert_eq!(known(&pool("ceil_mode", 1), 22), Ok(()));
        let refused = known(&pool("ceil_mode", 3), 22).unwrap_err();
        assert!(
            refused.starts_with("its attribute ceil_mode is \"3\""),
            "{refused}"
        );
        let refused = known(&pool("rounding", 0), 22).unwrap_err();
        assert!(
            refused.starts_with("its attribute rounding is not known here"),
            "{refused}"
        );
        let strides = NodeProto::new("MaxPool", "n", &["x"], &["y"]).with("strides", vec![2, 0]);
        assert!(known(&strides, 22).is_err());
        let order = NodeProto::new("SpaceToDepth", "n", &["x"], &["y"]).with("mode", "DRC");
        let refused = known(&order, 28).unwrap_err();
        assert!(
            refused.contains("\"DRC\"") && refused.contains("DCR, CRD"),
            "{refused}"
        );
        let refused = known(&NodeProto::new("Relu", "n", &["x"], &["y"]), READ_TO + 1).unwrap_err();
        assert!(
            refused.contains("opset 29") && refused.contains("version 14"),
            "{refused}"
        );
    }
}
