// SPDX-License-Identifier: MPL-2.0
//! Python's literals, as exporters write them into metadata: `{0: 'cat', 1: "it's"}`, `[224, 224]`, `('a', 'b')`.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

/// The value of JSON text, else of Python literals; `None` where it is neither.
pub(in crate::classifier) fn value(text: &str) -> Option<Value> {
    let json = || serde_json::from_str(&json(text)?).ok();
    serde_json::from_str(text).ok().or_else(json)
}

/// Python's literals rewritten as JSON; what they have no counterpart for is left for JSON's parser to refuse.
fn json(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            '\'' | '"' => out += &quoted(&string(&mut rest)?),
            ',' => {
                rest.next();
                skip_space(&mut rest);
                // Python allows a comma after the last item.
                if !matches!(rest.peek(), Some(']' | ')' | '}')) {
                    out.push(',');
                }
            }
            '(' | ')' => {
                rest.next();
                out.push(if next == '(' { '[' } else { ']' });
            }
            _ if next.is_ascii_alphanumeric() || matches!(next, '-' | '+' | '.') => {
                let mut word = String::new();
                while let Some(c) =
                    rest.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'))
                {
                    word.push(c);
                }
                // The letter of u'text' or b'text'.
                if matches!(word.as_str(), "u" | "b" | "U" | "B") && matches!(rest.peek(), Some('\'' | '"')) {
                    continue;
                }
                skip_space(&mut rest);
                let word = match word.as_str() {
                    "True" => "true".to_owned(),
                    "False" => "false".to_owned(),
                    "None" => "null".to_owned(),
                    // JSON's keys are strings.
                    key if rest.peek() == Some(&':') => quoted(key),
                    other => other.to_owned(),
                };
                out += &word;
            }
            _ => {
                rest.next();
                out.push(next);
            }
        }
    }
    Some(out)
}

fn skip_space(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A string with its quotes; `None` where it does not end.
fn string(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quote = rest.next()?;
    let mut text = String::new();
    loop {
        match rest.next()? {
            end if end == quote => return Some(text),
            '\\' => match rest.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                '\n' => {}
                digits @ ('x' | 'u' | 'U') => {
                    let count = match digits {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let code: String = rest.by_ref().take(count).collect();
                    text.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
                }
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn python_is_read_as_json_is() {
        for (text, expected) in [
            (
                "{0: 'cat', 1: \"it's\", 2: 'a\\'b', 3: 'caf\\xe9',}",
                json!({"0": "cat", "1": "it's", "2": "a'b", "3": "caf\u{e9}"}),
            ),
            ("[224, 224]", json!([224, 224])),
            ("('a', u'b',)", json!(["a", "b"])),
            ("[True, None, -1.5e-3]", json!([true, null, -1.5e-3])),
            ("{\"0\": \"x: 'y', (z)\"}", json!({"0": "x: 'y', (z)"})),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        let deep = "[".repeat(100_000);
        for text in ["{0: 'cat'", "cat", "['a' 'b']", "{0: }", "'", "['\\x", &deep] {
            assert_eq!(value(text), None, "{}", &text[..text.len().min(20)]);
        }
    }
}
