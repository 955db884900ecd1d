// SPDX-License-Identifier: MPL-2.0
//! `docs/OPERATORS.md` from the tables, and the test that it is what the tables say.

use std::fmt::Write;
use std::path::Path;

use super::forms::{FUSED, READ_TO};
use super::{ENDS, form, operators};
use crate::gradient::unsupported::{ADVICE, BLOCKED, CLASSICAL, NO_RULE, OTHER_DOMAIN};

/// Attributes as a sentence has them: those of any value by name, the others with theirs.
fn attributes(form: &str) -> String {
    let shown = |word: &str| match word.split_once('=') {
        Some((name, values)) => format!("{name} ({})", values.replace('|', ", ")),
        None => word.trim_end_matches(">0").to_owned(),
    };
    form.split_whitespace().map(shown).collect::<Vec<_>>().join("; ")
}

/// Families in the order of the tables, each with its operators by name.
fn page() -> String {
    let mut page = format!(
        "# Operators\n\n\
         Through which operators a gradient can be taken. This page is made from the tables in `src/gradient/ops`; \
         after a change there, run\n\
         `make bless`.\n\n\
         `steerlens inspect MODEL` tells what holds for a model. Only operators between the input and the class \
         scores count:\nother outputs, and the Softmax or Sigmoid at the end, are stepped over.\n\n\
         *Opset* is the first one that is taken, *version* the newest version of the operator that is known; a model \
         of an opset\nafter {READ_TO} is refused. *Attributes* are those that are known, with the values that are \
         where not all are: any other is refused\nby its name, and never taken for the default.\n",
    );
    let mut rows: Vec<_> = operators().collect();
    let order: Vec<&str> = rows.iter().map(|r| r.family).collect();
    let place = |family: &str| order.iter().position(|f| *f == family);
    rows.sort_by_key(|r| (place(r.family), r.operator));
    let mut family = "";
    for row in rows {
        if row.family != family {
            family = row.family;
            let (first, rest) = family.split_at(1);
            let _ = write!(
                page,
                "\n## {}{rest}\n\n| operator | opset | version | attributes | conditions |\n\
                 | --- | --- | --- | --- | --- |\n",
                first.to_uppercase()
            );
        }
        let known = form::of(row.operator).expect("every rule has a form");
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            row.operator,
            row.since,
            known.version,
            attributes(known.attributes),
            row.conditions
        );
    }
    page.push_str(
        "\n## ONNX Runtime's own\n\n\
         Files that were saved after ONNX Runtime's optimisation hold operators of its own (com.microsoft). These are \
         written out in\nONNX's operators first, and what they are made of has its gradient:\n\n\
         | operator | attributes |\n| --- | --- |\n",
    );
    for form in FUSED {
        let _ = writeln!(page, "| {} | {} |", form.operator, attributes(form.attributes));
    }
    let _ = write!(
        page,
        "\n## Where gradients end\n\n\
         These pass nothing, and are no reason to refuse a model that has another way from its input to its \
         scores:\n{}.\n\n\
         ## Refused\n\n\
         Everything else is refused if it lies on the way, each node with its name and a reason:\n\n\
         | operator | what is said |\n| --- | --- |\n",
        ENDS.join(", ")
    );
    for (operator, advice) in ADVICE {
        let _ = writeln!(page, "| {operator} | {advice} |");
    }
    let _ = writeln!(page, "| any of ai.onnx.ml | {CLASSICAL} |");
    let _ = writeln!(page, "| any of com.microsoft.nchwc | {BLOCKED} |");
    let _ = writeln!(page, "| any of another domain than ONNX's own | {OTHER_DOMAIN} |");
    let _ = writeln!(page, "| any other | {NO_RULE} |");
    page
}

#[test]
fn the_page_says_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATORS.md");
    let made = page();
    if std::env::var_os("STEERLENS_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = made
        .lines()
        .zip(found.lines().chain(std::iter::repeat("(end of the page)")));
    let first = differs.enumerate().find(|(_, (made, found))| made != found);
    assert!(
        made == found,
        "docs/OPERATORS.md is not what the tables say, from {first:?} on; run `make bless`"
    );
}

#[test]
fn every_operator_stands_in_one_table() {
    let mut names: Vec<&str> = operators().map(|r| r.operator).collect();
    names.extend(ENDS);
    names.extend(ADVICE.iter().map(|(operator, _)| *operator));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
