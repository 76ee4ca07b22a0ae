//! Checks the prelude of a streamed HTTP response: the handler's first line, which is JSON with statusCode, headers and cookies.
//! Source: AWS Lambda Developer Guide, "Response streaming for Lambda functions, integration with function URLs".
//!
//! The prelude is checked before anything is sent, because bytes that were sent cannot be taken back. API Gateway and function
//! URLs answer a wrong prelude with an unexplained 502 or 500.

use serde_json::Value;

use crate::runtime::failure::CustomError;

/// The size of the largest prelude that API Gateway accepts.
const MAX_BYTES: usize = 16 * 1024;
/// The bytes between the prelude and the body.
const SEPARATOR: [u8; 8] = [0; 8];

/// The first line of a response.
#[derive(Debug)]
pub(crate) enum Prelude {
    /// The line is not complete yet.
    Reading(Vec<u8>),
    /// The line cannot be used, for this reason. The body cannot be used either.
    Refused { line: Vec<u8>, reason: String },
}

/// The beginning of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamStart {
    /// The prelude with its separator, in the form that Lambda expects.
    pub(crate) head: Vec<u8>,
    /// How many of the last added bytes belong to the prelude. The body follows them.
    pub(crate) used: usize,
}

impl Prelude {
    pub(crate) fn new() -> Prelude {
        Prelude::Reading(Vec::new())
    }

    /// Adds output of the handler, up to the end of the first line.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Option<StreamStart> {
        let Prelude::Reading(line) = self else { return None };
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        let room = (MAX_BYTES + 1).saturating_sub(line.len());
        let end = newline.unwrap_or(bytes.len());
        line.extend_from_slice(&bytes[..end.min(room)]);
        if newline.is_none() && line.len() <= MAX_BYTES {
            return None;
        }
        let used = newline.map_or(bytes.len(), |newline| newline + 1);
        self.end().map(|head| StreamStart { head, used })
    }

    /// Checks the line, after the line or the handler has ended.
    pub(crate) fn end(&mut self) -> Option<Vec<u8>> {
        let Prelude::Reading(line) = self else { return None };
        let line = std::mem::take(line);
        match check(&line) {
            Ok(()) => Some([&line[..], &SEPARATOR].concat()),
            Err(reason) => {
                *self = Prelude::Refused { line, reason };
                None
            }
        }
    }

    /// The part of the line that was read.
    pub(crate) fn line(&self) -> &[u8] {
        match self {
            Prelude::Reading(line) | Prelude::Refused { line, .. } => line,
        }
    }
}

/// Checks the members that Lambda needs. Other members are not checked.
fn check(line: &[u8]) -> Result<(), String> {
    if line.len() > MAX_BYTES {
        return Err(format!("its first line is longer than {MAX_BYTES} bytes"));
    }
    if line.is_empty() {
        return Err("its first line is empty".to_owned());
    }
    let prelude: Value = serde_json::from_slice(line)
        .map_err(|error| format!("its first line is not JSON ({error}): `{}`", beginning(line)))?;
    let Value::Object(prelude) = prelude else { return Err("its first line is JSON, but not an object".to_owned()) };
    match prelude.get("statusCode") {
        None if CustomError::parse(line).is_some() => {
            return Err("its first line is an error, as a failing handler prints it, and not a prelude".to_owned());
        }
        None => {}
        Some(status) if status.as_u64().is_some_and(|status| (100..=599).contains(&status)) => {}
        Some(status) => return Err(format!("its statusCode is {status}, but must be an integer from 100 to 599")),
    }
    match prelude.get("headers") {
        None => {}
        Some(Value::Object(headers)) => {
            if let Some((name, value)) = headers.iter().find(|(_, value)| !value.is_string()) {
                return Err(format!("its header `{name}` is {value}, but must be a string"));
            }
        }
        Some(_) => return Err("its headers are not a JSON object".to_owned()),
    }
    match prelude.get("cookies") {
        None => Ok(()),
        Some(Value::Array(cookies)) if cookies.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err("its cookies are not an array of strings".to_owned()),
    }
}

/// The beginning of the line, to recognize it in a message.
fn beginning(line: &[u8]) -> String {
    const MAX_CHARS: usize = 80;
    let text = String::from_utf8_lossy(line);
    let shown: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_CHARS).is_some() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(writes: &[&str]) -> (Prelude, Vec<Option<StreamStart>>) {
        let mut prelude = Prelude::new();
        let begins = writes.iter().map(|text| prelude.feed(text.as_bytes())).collect();
        (prelude, begins)
    }

    fn reason(line: &str) -> String {
        match fed(&[line, "\n"]).0 {
            Prelude::Refused { reason, .. } => reason,
            Prelude::Reading(_) => format!("`{line}` was taken"),
        }
    }

    #[test]
    fn a_prelude_ends_with_its_line_wherever_the_writes_are_cut() {
        let (_, begins) = fed(&["{\"statusCode\"", ":200}\nbody"]);
        assert_eq!(
            begins,
            [None, Some(StreamStart { head: b"{\"statusCode\":200}\0\0\0\0\0\0\0\0".to_vec(), used: 6 })]
        );
    }

    #[test]
    fn a_prelude_that_lambda_would_refuse_is_refused_with_its_reason() {
        for (line, part) in [
            ("<p>\0\u{e9}", "is not JSON (expected value at line 1 column 1): `<p>\\0\u{e9}`"),
            (&"x".repeat(100), "xxx…`"),
            ("", "is empty"),
            ("[1]", "not an object"),
            ("{\"statusCode\":\"200\"}", "its statusCode is \"200\""),
            ("{\"statusCode\":99}", "from 100 to 599"),
            ("{\"headers\":{\"a\":1}}", "header `a` is 1"),
            ("{\"headers\":[]}", "not a JSON object"),
            ("{\"cookies\":[1]}", "not an array of strings"),
            ("{\"errorType\":\"A\",\"errorMessage\":\"b\"}", "is an error"),
            (&format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BYTES)), "longer than"),
        ] {
            assert!(reason(line).contains(part), "{line}: {}", reason(line));
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up_in_time() {
        let (prelude, begins) = fed(&[&"x".repeat(MAX_BYTES), "xx", "xx\n"]);
        assert_eq!(begins, [None, None, None]);
        assert!(prelude.line().len() <= MAX_BYTES + 1);
    }
}
