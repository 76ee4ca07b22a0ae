//! The JSON of an error report. Source: AWS Lambda Developer Guide, "Runtime API, Invocation error".

use serde_json::{Value, json};

use super::Failure;
use super::handler::{HandlerFailure, location};
use crate::shell::trace::Frame;

/// The emulator drops the connection on a report over 6 MB, managed instances answer 413 over 1 MiB.
const MOST_BYTES: usize = 256 * 1024;
const MOST_MESSAGE_BYTES: usize = 32 * 1024;
const MOST_FRAMES: usize = 64;

/// The body of an error report, never longer than 256 KiB.
pub(crate) fn body(failure: &Failure) -> Vec<u8> {
    let mut message = failure.to_string();
    shorten(&mut message, MOST_MESSAGE_BYTES);
    let mut report = json!({
        "errorMessage": message,
        "errorType": failure.error_type(),
        "stackTrace": stack_trace(failure),
    });
    let body = report.to_string().into_bytes();
    if body.len() <= MOST_BYTES {
        return body;
    }
    report["stackTrace"] = Value::Array(Vec::new());
    report.to_string().into_bytes()
}

/// The frames as text, innermost first: `fetch (function.sh:12)`.
pub(crate) fn stack_trace(failure: &Failure) -> Vec<String> {
    let frames = failure.of_handler().into_iter().flat_map(HandlerFailure::frames).take(MOST_FRAMES);
    frames.map(|(file, frame)| format!("{} ({})", name(frame), location(&file, frame))).collect()
}

/// What a frame is called: the function, or what Bash calls `source`.
fn name(frame: &Frame) -> &str {
    if frame.function == "source" { "top level" } else { &frame.function }
}

/// Cuts `text` to at most `most` bytes, at the end of a character.
pub(super) fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
}
