//! Literals between backquotes that are no JSON: the AWS CLI takes them for text, and many scripts have them (``?State==`running` ``).

use serde_json::Value;

/// The expression with such literals in double quotes.
pub(super) fn with_json(expression: &str) -> String {
    let mut rest = expression;
    let mut text = String::with_capacity(expression.len());
    while let Some(start) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(start);
        let Some(end) = end_of(quoted) else { break };
        let (quoted, after) = quoted.split_at(end);
        text.push_str(before);
        match quoted.strip_prefix('`').and_then(|inner| inner.strip_suffix('`')) {
            Some(literal) if !is_json(literal) => {
                text.push_str("`\"");
                text.push_str(literal.trim_start());
                text.push_str("\"`");
            }
            _ => text.push_str(quoted),
        }
        rest = after;
    }
    text + rest
}

/// The length of a text that starts with a quote, with its end quote.
fn end_of(quoted: &str) -> Option<usize> {
    let quote = quoted.chars().next()?;
    let mut is_escaped = false;
    for (position, character) in quoted.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return Some(position + 1),
            _ => {}
        }
    }
    None
}

fn is_json(literal: &str) -> bool {
    serde_json::from_str::<Value>(&literal.replace("\\`", "`")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_backquotes_needs_no_quotes() {
        for (expression, expected) in [
            ("a[?b==`running`]", "a[?b==`\"running\"`]"),
            ("join(`, `, @)", "join(`\", \"`, @)"),
            ("a[?b==`1` && c=='`x`'].\"`y`\"", "a[?b==`1` && c=='`x`'].\"`y`\""),
            ("`[1, {}]` || `\"a\\`b\"` || `null`", "`[1, {}]` || `\"a\\`b\"` || `null`"),
            ("a == `", "a == `"),
        ] {
            assert_eq!(with_json(expression), expected);
        }
    }
}
