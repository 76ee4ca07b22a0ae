//! The prelude of a streamed HTTP response: the handler's first line, JSON with statusCode, headers and cookies. Source: AWS Lambda
//! Developer Guide, "Response streaming for Lambda functions, integration with function URLs".
//!
//! It is checked here, since what comes after it cannot be taken back: API Gateway and function URLs answer a bad one with an
//! unexplained 502 or 500.

use serde_json::Value;

use crate::runtime::failure::OwnError;

/// The most that API Gateway takes.
const MOST_BYTES: usize = 16 * 1024;
/// What stands between the prelude and the body.
pub(super) const SEPARATOR: [u8; 8] = [0; 8];

/// The first line while it is read.
#[derive(Debug)]
pub(crate) enum Prelude {
    /// Its end has not come.
    Reading(Vec<u8>),
    /// It cannot be used, for this reason; what follows it is of no use either.
    Refused { line: Vec<u8>, reason: String },
}

/// What begins the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    /// The prelude with its separator, as Lambda wants it.
    pub(crate) head: Vec<u8>,
    /// How many of the bytes fed last are its own; the body follows them.
    pub(crate) used: usize,
    /// Whether HTTP allows a body.
    pub(crate) has_body: bool,
}

impl Prelude {
    pub(crate) fn new() -> Prelude {
        Prelude::Reading(Vec::new())
    }

    /// Takes what the handler wrote, up to the end of the first line.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Option<Begin> {
        let Prelude::Reading(line) = self else { return None };
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        let room = (MOST_BYTES + 1).saturating_sub(line.len());
        let end = newline.unwrap_or(bytes.len());
        line.extend_from_slice(&bytes[..end.min(room)]);
        if newline.is_none() && line.len() <= MOST_BYTES {
            return None;
        }
        let used = newline.map_or(bytes.len(), |newline| newline + 1);
        self.end().map(|head| Begin { head, used, has_body: true })
    }

    /// The line has ended, or the handler has.
    pub(crate) fn end(&mut self) -> Option<Vec<u8>> {
        let Prelude::Reading(line) = self else { return None };
        let line = std::mem::take(line);
        match checked(&line) {
            Ok(()) => Some([&line[..], &SEPARATOR].concat()),
            Err(reason) => {
                *self = Prelude::Refused { line, reason };
                None
            }
        }
    }

    /// Why it cannot be used.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Prelude::Reading(_) => None,
            Prelude::Refused { reason, .. } => Some(reason),
        }
    }

    /// What was read of it.
    pub(crate) fn line(&self) -> &[u8] {
        match self {
            Prelude::Reading(line) | Prelude::Refused { line, .. } => line,
        }
    }
}

/// What Lambda needs of it; members that it does not know are left to it.
fn checked(line: &[u8]) -> Result<(), String> {
    if line.len() > MOST_BYTES {
        return Err(format!("its first line is longer than {MOST_BYTES} bytes"));
    }
    if line.is_empty() {
        return Err("its first line is empty".to_owned());
    }
    let prelude: Value = serde_json::from_slice(line)
        .map_err(|error| format!("its first line is not JSON ({error}): `{}`", beginning(line)))?;
    let Value::Object(prelude) = prelude else { return Err("its first line is JSON, but no object".to_owned()) };
    match prelude.get("statusCode") {
        None if OwnError::parse(line).is_some() => {
            return Err("its first line is an error, as a failing handler prints it, and no prelude".to_owned());
        }
        None => {}
        Some(status) if status.as_u64().is_some_and(|status| (100..=599).contains(&status)) => {}
        Some(status) => return Err(format!("its statusCode is {status}, and must be an integer from 100 to 599")),
    }
    match prelude.get("headers") {
        None => {}
        Some(Value::Object(headers)) => {
            if let Some((name, value)) = headers.iter().find(|(_, value)| !value.is_string()) {
                return Err(format!("its header `{name}` is {value}, and must be a string"));
            }
        }
        Some(_) => return Err("its headers are no JSON object".to_owned()),
    }
    match prelude.get("cookies") {
        None => Ok(()),
        Some(Value::Array(cookies)) if cookies.iter().all(Value::is_string) => Ok(()),
        Some(_) => Err("its cookies are no array of strings".to_owned()),
    }
}

/// Enough of the line to recognize it by.
fn beginning(line: &[u8]) -> String {
    const MOST_CHARS: usize = 80;
    let text = String::from_utf8_lossy(line);
    let shown: String = text.chars().take(MOST_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST_CHARS).is_some() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(writes: &[&str]) -> (Prelude, Vec<Option<Begin>>) {
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
            [None, Some(Begin { head: b"{\"statusCode\":200}\0\0\0\0\0\0\0\0".to_vec(), used: 6, has_body: true })]
        );
    }

    #[test]
    fn a_prelude_that_lambda_would_refuse_is_refused_with_its_reason() {
        for (line, told) in [
            ("<p>\0\u{e9}", "is not JSON (expected value at line 1 column 1): `<p>\\0\u{e9}`"),
            (&"x".repeat(100), "xxx…`"),
            ("", "is empty"),
            ("[1]", "no object"),
            ("{\"statusCode\":\"200\"}", "its statusCode is \"200\""),
            ("{\"statusCode\":99}", "from 100 to 599"),
            ("{\"headers\":{\"a\":1}}", "header `a` is 1"),
            ("{\"headers\":[]}", "no JSON object"),
            ("{\"cookies\":[1]}", "no array of strings"),
            ("{\"errorType\":\"A\",\"errorMessage\":\"b\"}", "is an error"),
            (&format!("{{\"a\":\"{}\"}}", "x".repeat(MOST_BYTES)), "longer than"),
        ] {
            assert!(reason(line).contains(told), "{line}: {}", reason(line));
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up_in_time() {
        let (prelude, begins) = fed(&[&"x".repeat(MOST_BYTES), "xx", "xx\n"]);
        assert_eq!(begins, [None, None, None]);
        assert!(prelude.line().len() <= MOST_BYTES + 1);
    }
}
