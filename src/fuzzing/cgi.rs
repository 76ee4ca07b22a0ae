//! HTTP events, and what CGI handlers write.

use serde_json::Value;

use super::pieces;
use crate::runtime::cgi::{Begin, Form, Head, Reply, Request, lambda_response};

/// So many bytes of headers fit into a prelude in any case.
const MAX_BYTES: usize = 2048;

/// A variable is one that `export` takes, and its value holds nothing that could break out of a line.
pub(super) fn request(bytes: &[u8]) {
    let Ok(request) = Request::of(bytes) else { return };
    for (name, value) in &request.variables {
        assert!(name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'), "{name}");
        assert!(name != "HTTP_PROXY" && !value.iter().any(|byte| [0, b'\r', b'\n'].contains(byte)), "{name}");
    }
}

/// A response is JSON whose headers hold no line break. Wherever the writes are cut, a stream begins the same way, and with the same head.
pub(super) fn response(bytes: &[u8]) {
    if bytes.len() > MAX_BYTES {
        return; // a stream takes fewer headers
    }
    for form in [Form::Version2, Form::Version1, Form::LoadBalancer { multi_value: true }] {
        let reply = Reply { form, is_head: false };
        let (bytes, pieces) = pieces(bytes);
        let whole = begun(reply, std::iter::once(bytes));
        assert_eq!(begun(reply, pieces), whole);
        let response = lambda_response(bytes, bytes.len() as u64, reply);
        assert_eq!(response.is_ok(), whole.is_some());
        let (Ok(response), Some((prelude, _))) = (response, whole) else { continue };
        let mut response: Value = serde_json::from_slice(&response).unwrap();
        let fields = response.as_object_mut().unwrap();
        assert!(fields.remove("body").unwrap().is_string() && fields.remove("isBase64Encoded").unwrap().is_boolean());
        assert_eq!(response, serde_json::from_slice::<Value>(&prelude).unwrap());
        assert!(has_no_line_break(&response), "{response}");
    }
}

fn has_no_line_break(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains(['\0', '\r', '\n']),
        Value::Array(values) => values.iter().all(has_no_line_break),
        Value::Object(fields) => {
            fields.iter().all(|(name, value)| !name.contains(['\0', '\r', '\n']) && has_no_line_break(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The prelude of a stream, and its body.
fn begun<'a>(reply: Reply, writes: impl Iterator<Item = &'a [u8]>) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut head = Head::new(reply);
    let mut begun: Option<(Begin, Vec<u8>)> = None;
    for bytes in writes {
        match &mut begun {
            Some((_, body)) => body.extend_from_slice(bytes),
            None => {
                begun = head
                    .feed(bytes)
                    .map(|begin| (bytes[begin.used..].to_vec(), begin))
                    .map(|(body, begin)| (begin, body))
            }
        }
    }
    match begun {
        Some((begin, body)) => Some((begin.prelude, if begin.has_body { body } else { Vec::new() })),
        None => head.end().ok().map(|prelude| (prelude, Vec::new())),
    }
}
