// SPDX-License-Identifier: MPL-2.0
//! The forms in which names of classes are written down.
//!
//! | form | for example |
//! |---|---|
//! | one a line | `cat` |
//! | numbered lines | `0 cat`, `0: cat`, `0,cat`, `cat,0`, with or without a table's heading |
//! | one line | `cat;dog` |
//! | a list | `["cat", "dog"]` |
//! | a map by number | `{"0": "cat"}`, `{"0": ["n02123045", "tabby"]}`, Python's `{0: 'cat'}` |
//! | a map by name | `{"cat": 0}` |
//! | any of these in a larger object | `{"id2label": {"0": "cat"}}` |

use serde_json::Value;

use super::super::metadata::literal;

/// More classes than any public list has ten times over.
const MOST: usize = 1 << 20;
/// Where larger objects, and the metadata of models, keep the names.
pub(in crate::classifier) const LABEL_KEYS: [&str; 10] = [
    "id2label",
    "label_names",
    "names",
    "labels",
    "classes",
    "class_names",
    "categories",
    "idx_to_class",
    "label2id",
    "class_to_idx",
];

/// Names as they were written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NameList {
    /// In their order; a class without a name is empty.
    pub(super) names: Vec<String>,
    /// Whether they were numbered, and from 1 on.
    pub(super) from_one: bool,
}

impl NameList {
    fn plain(names: Vec<String>) -> Self {
        Self {
            names,
            from_one: false,
        }
    }
}

/// Understands the text of a label file.
///
/// # Errors
/// A sentence's end about text that looks like JSON and is not, or names no classes.
pub(super) fn parse(text: &str) -> Result<NameList, String> {
    let trimmed = text.trim();
    let bracketed = |open, close| trimmed.starts_with(open) && trimmed.ends_with(close);
    let written = if bracketed('[', ']') || bracketed('{', '}') {
        match (literal::value(trimmed), trimmed.lines().count()) {
            (Some(value), _) => of_json(&value).ok_or("it is JSON, and neither a list of names nor a map")?,
            // Names may have brackets of their own.
            (None, 2..) if trimmed.lines().all(|line| line.trim().starts_with(['[', '{'])) => {
                NameList::plain(lines(text))
            }
            (None, _) => return Err(broken_json(trimmed)),
        }
    } else {
        let lines = lines(text);
        numbered(&lines)
            .or_else(|| one_line(&lines))
            .unwrap_or_else(|| NameList::plain(lines))
    };
    if written.names.len() > MOST {
        return Err(format!(
            "it names {} classes, more than {MOST}",
            written.names.len()
        ));
    }
    Ok(written)
}

fn broken_json(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Err(error) => format!("it looks like JSON and is not ({error})"),
        Ok(_) => "it is JSON, and neither a list of names nor a map".into(),
    }
}

/// Blank lines at the end do not count, blank lines before are classes without a name.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.trim_end()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

/// `0 cat`, one class a line, all of them numbered one after the other from 0 or 1. Names such as `1 cent`, `2 cents`
/// stay whole as long as what is left of them would not tell them apart.
fn numbered(lines: &[String]) -> Option<NameList> {
    let consecutive = |lines: &[String], split: &dyn Fn(&str) -> Option<(usize, String)>| {
        let rows: Vec<(usize, String)> = lines.iter().map(|line| split(line)).collect::<Option<_>>()?;
        let first = rows
            .first()
            .map(|(number, _)| *number)
            .filter(|first| *first <= 1)?;
        let in_order = rows
            .iter()
            .enumerate()
            .all(|(i, (number, _))| *number == first + i);
        let mut names: Vec<&str> = rows.iter().map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        let distinct = names.windows(2).all(|pair| pair[0] != pair[1]);
        (rows.len() > 1 && in_order && distinct).then(|| NameList {
            names: rows.into_iter().map(|(_, name)| name).collect(),
            from_one: first == 1,
        })
    };
    let table = |lines: &[String]| {
        consecutive(lines, &|line| number_first(line, &[',', ';', '\t']))
            .or_else(|| consecutive(lines, &number_last))
    };
    consecutive(lines, &|line| {
        number_first(line, &[',', ';', '\t', ':', ' ', '=', ')', '.'])
    })
    .or_else(|| table(lines))
    // A table's first line may be its heading.
    .or_else(|| table(lines.get(1..)?))
}

/// `0: cat`; after a full stop there must be a space, as numbers have full stops too.
fn number_first(line: &str, separators: &[char]) -> Option<(usize, String)> {
    let end = line.find(|c: char| !c.is_ascii_digit())?;
    let number = line.get(..end)?.parse().ok()?;
    let rest = line.get(end..)?;
    let rest = rest.strip_prefix(separators)?;
    if line[end..].starts_with('.') && !rest.starts_with(' ') {
        return None;
    }
    let name = unquoted(rest.trim_start_matches([' ', '\t', ':', '-']));
    (!name.is_empty()).then_some((number, name))
}

/// `cat,0`
fn number_last(line: &str) -> Option<(usize, String)> {
    let (name, number) = line.rsplit_once([',', ';', '\t'])?;
    let name = unquoted(name);
    (!name.is_empty()).then_some((number.trim().parse().ok()?, name))
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text).trim().to_owned()
}

/// `cat;dog`: a file of one line, as nothing has a single class.
fn one_line(lines: &[String]) -> Option<NameList> {
    let [only] = lines else { return None };
    let separator = [';', '\t', ','].into_iter().find(|s| only.contains(*s))?;
    let names: Vec<String> = only
        .trim_end_matches(separator)
        .split(separator)
        .map(unquoted)
        .collect();
    (names.len() > 1).then(|| NameList::plain(names))
}

/// Names in JSON, wherever they stand in it.
pub(super) fn of_json(value: &Value) -> Option<NameList> {
    of_json_below(value, 0)
}

fn of_json_below(value: &Value, depth: usize) -> Option<NameList> {
    match value {
        Value::Array(items) => {
            let numbered: Option<Vec<(usize, String)>> = items
                .iter()
                .map(|item| {
                    let number = ["id", "index", "class_id"]
                        .iter()
                        .find_map(|key| item.get(*key)?.as_u64());
                    Some((usize::try_from(number?).ok()?, name(item)?))
                })
                .collect();
            match numbered {
                Some(rows) if !rows.is_empty() => placed(rows),
                _ => Some(NameList::plain(items.iter().map(name).collect::<Option<_>>()?)),
            }
        }
        Value::Object(map) => {
            let by_number: Option<Vec<(usize, String)>> = map
                .iter()
                .map(|(key, value)| Some((key.trim().parse().ok()?, name(value)?)))
                .collect();
            let by_name: Option<Vec<(usize, String)>> = map
                .iter()
                .map(|(key, value)| Some((usize::try_from(value.as_u64()?).ok()?, key.clone())))
                .collect();
            let inside = || {
                LABEL_KEYS
                    .iter()
                    .find_map(|key| of_json_below(map.get(*key)?, depth + 1))
            };
            by_number
                .and_then(placed)
                .or_else(|| by_name.and_then(placed))
                .or_else(|| if depth < 3 { inside() } else { None })
        }
        _ => None,
    }
}

/// A class's name: text, a number, the last text of a list (after WordNet's number), or an object's.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => items
            .iter()
            .rev()
            .find_map(|item| item.as_str().map(str::to_owned)),
        Value::Object(map) => ["name", "label", "display_name", "title"]
            .iter()
            .find_map(|key| Some(map.get(*key)?.as_str()?.to_owned())),
        _ => None,
    }
}

/// Names at their numbers. Several of one class are joined; classes in between may have none.
fn placed(rows: Vec<(usize, String)>) -> Option<NameList> {
    let last = rows.iter().map(|(number, _)| *number).max()?;
    // One odd number must not ask for memory.
    if last >= MOST || last > 16 * rows.len() + 1000 {
        return None;
    }
    let first = rows.iter().map(|(number, _)| *number).min()?;
    let mut names = vec![String::new(); last + 1];
    for (number, name) in rows {
        let slot = names.get_mut(number)?;
        if !slot.is_empty() {
            *slot += ", ";
        }
        *slot += &name;
    }
    let from_one = first == 1 && names[1..].iter().all(|name| !name.is_empty());
    if from_one {
        names.remove(0);
    }
    Some(NameList { names, from_one })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        parse(text).unwrap().names
    }

    #[test]
    fn every_form_names_the_same_classes() {
        for text in [
            "red\ngreen\nblue",
            "red\r\ngreen\r\nblue\r\n\r\n",
            "0 red\n1 green\n2 blue\n",
            "0: red\n1: green\n2: blue\n",
            "0,red\n1,green\n2,blue\n",
            "0\tred\n1\tgreen\n2\tblue",
            "0. red\n1. green\n2. blue",
            "0) red\n1) green\n2) blue",
            "0 - red\n1 - green\n2 - blue",
            "red,0\ngreen,1\nblue,2\n",
            "index,name\n0,\"red\"\n1,\"green\"\n2,\"blue\"\n",
            "red;green;blue\n",
            "red;green;blue;",
            "red, green, blue",
            "[\n \"red\",\n \"green\",\n \"blue\"\n]",
            "{\"0\": \"red\", \"2\": \"blue\", \"1\": \"green\"}",
            "{\"red\": 0, \"green\": 1, \"blue\": 2}",
            "{0: 'red', 1: 'green', 2: 'blue'}",
            "{\"0\": [\"n01\", \"red\"], \"1\": [\"n02\", \"green\"], \"2\": [\"n03\", \"blue\"]}",
            "{\"id2label\": {\"0\": \"red\", \"1\": \"green\", \"2\": \"blue\"}, \"label2id\": {\"red\": 0}}",
            "{\"model\": \"x\", \"classes\": [\"red\", \"green\", \"blue\"]}",
            "[{\"id\": 2, \"name\": \"blue\"}, {\"id\": 0, \"name\": \"red\"}, {\"id\": 1, \"name\": \"green\"}]",
        ] {
            assert_eq!(names(text), ["red", "green", "blue"], "{text}");
        }
    }

    #[test]
    fn numbers_that_are_names_stay() {
        assert_eq!(names("50\n20\n10\n"), ["50", "20", "10"]);
        assert_eq!(names("0\n1\n2\n"), ["0", "1", "2"]);
        assert_eq!(names("[0, 1, 2]"), ["0", "1", "2"]);
        assert_eq!(names("1 cent\n2 euro\n5 euro"), ["1 cent", "2 euro", "5 euro"]);
        assert_eq!(
            names("0 people\n1 people\n2 people"),
            ["0 people", "1 people", "2 people"]
        );
        assert_eq!(names("1.5 litres\n2.5 litres"), ["1.5 litres", "2.5 litres"]);
        assert_eq!(names("digit 0\ndigit 1"), ["digit 0", "digit 1"]);
        let huge = format!("{} a\n0 b", usize::MAX);
        assert_eq!(names(&huge), huge.lines().collect::<Vec<_>>());
        assert_eq!(
            names("n01440764 tench\nn01443537 goldfish"),
            ["n01440764 tench", "n01443537 goldfish"]
        );
        assert_eq!(names("[PAD]\n[UNK]"), ["[PAD]", "[UNK]"]);
        assert_eq!(
            names("tench, Tinca tinca\ngoldfish"),
            ["tench, Tinca tinca", "goldfish"]
        );
    }

    #[test]
    fn classes_without_a_name_keep_their_number() {
        assert_eq!(names("a\n\nc\n\n"), ["a", "", "c"]);
        assert_eq!(names("{\"0\": \"a\", \"2\": \"c\"}"), ["a", "", "c"]);
        assert!(names("").is_empty());
        let one = parse("1: a\n2: b").unwrap();
        assert_eq!(
            (one.names, one.from_one),
            (vec!["a".to_owned(), "b".to_owned()], true)
        );
        let one = parse("{\"1\": \"a\", \"2\": \"b\"}").unwrap();
        assert_eq!((one.names.len(), one.from_one), (2, true));
    }

    #[test]
    fn json_that_names_nothing_is_refused() {
        for text in [
            "[\n\"red\",\n\"green\"\n\"blue\"]",
            "{\"mean\": [1, 2]}",
            "{\"0\": \"a\", \"99999999\": \"b\"}",
            "[[[\"a\"]]]",
            "{}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let long = "a\n".repeat(MOST + 1);
        assert!(parse(&long).is_err());
    }
}
