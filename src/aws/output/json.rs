//! Writes JSON as Python's `json.dump(indent=4, ensure_ascii=False)` does.

use std::fmt::Write;

use serde_json::{Number, Value};

/// The value with an indentation of 4 and a line feed at the end.
pub(super) fn render(value: &Value) -> String {
    let mut text = String::new();
    put(&mut text, value, 0);
    text.push('\n');
    text
}

/// The value on one line, as Python's `json.dumps(separators=(',', ':'))` writes it.
#[must_use]
pub fn line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let pairs = members.iter().map(|(name, value)| format!("{}:{}", quoted(name), line(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => scalar(value),
    }
}

fn put(text: &mut String, value: &Value, depth: usize) {
    let indent = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            for (position, item) in items.iter().enumerate() {
                text.push(if position == 0 { '[' } else { ',' });
                indent(text, depth + 1);
                put(text, item, depth + 1);
            }
            indent(text, depth);
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            for (position, (name, member)) in members.iter().enumerate() {
                text.push(if position == 0 { '{' } else { ',' });
                indent(text, depth + 1);
                text.push_str(&quoted(name));
                text.push_str(": ");
                put(text, member, depth + 1);
            }
            indent(text, depth);
            text.push('}');
        }
        other => text.push_str(&scalar(other)),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => number(value),
        Value::String(text) => quoted(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// Python's `repr` of a number.
pub(super) fn number(number: &Number) -> String {
    if number.is_f64() { float(number.as_f64().unwrap_or_default()) } else { number.to_string() }
}

/// Python writes an exponent from 1e16 on and below 1e-4, with a sign and two digits.
fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = value.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            control if u32::from(control) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, text) in [(1.0, "1.0"), (1.5e9, "1500000000.0"), (1e16, "1e+16"), (1.5e-5, "1.5e-05"), (0.1, "0.1")]
        {
            assert_eq!(float(value), text);
        }
    }
}
