//! Formats an error report for the Runtime API: JSON body and X-Ray header. Sources: AWS Lambda Developer Guide, "Runtime API,
//! Invocation error"; `requestId`: AWS's Python client, October 2026; AWS X-Ray Developer Guide, "Segment documents, cause".

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Failure;
use super::handler::HandlerFailure;
use super::text::{location, shortened};
use crate::runtime::secrets::masked;
use crate::runtime::stack::Frame;

/// The size of the largest report. The emulator closes the connection for a report over 6 MB, and managed instances answer 413
/// over 1 MiB.
const MAX_BYTES: usize = 256 * 1024;
const MAX_XRAY_BYTES: usize = 64 * 1024;
/// Lambda's own request ids have 36 characters; the caller of an emulator can choose a longer one.
const MAX_REQUEST_ID_BYTES: usize = 256;
const MAX_MESSAGE_BYTES: usize = 32 * 1024;
const MAX_XRAY_MESSAGE_BYTES: usize = 2 * 1024;

/// The body of an error report, never longer than 256 KiB. `request_id` is empty for a failure of init or of a restore.
pub(crate) fn body(failure: &Failure, request_id: &str) -> Vec<u8> {
    let message = shortened(&reported_message(failure), MAX_MESSAGE_BYTES);
    let mut report = report(&message, &reported_type(failure), request_id, &stack_trace(failure));
    if report.to_string().len() > MAX_BYTES {
        report["stackTrace"] = Value::Array(Vec::new());
    }
    report.to_string().into_bytes()
}

/// The report as JSON. A request id that is longer than any of Lambda's is left out, so that the size of the report stays limited.
fn report(message: &str, error_type: &str, request_id: &str, frames: &[String]) -> Value {
    let mut report = json!({"errorMessage": message, "errorType": error_type});
    if (1..=MAX_REQUEST_ID_BYTES).contains(&request_id.len()) {
        report["requestId"] = request_id.into();
    }
    report["stackTrace"] = frames.into();
    report
}

/// The body of an error report in at most `most` bytes, for a trailer. The outermost calls are left out first, then the end of
/// the message.
pub(crate) fn short_body(failure: &Failure, request_id: &str, most: usize) -> Vec<u8> {
    let mut frames = stack_trace(failure);
    let mut message = shortened(&reported_message(failure), most);
    let error_type = shortened(&reported_type(failure), most / 16); // in JSON a byte may become six
    loop {
        let report = report(&message, &error_type, request_id, &frames).to_string();
        if report.len() <= most {
            return report.into_bytes();
        }
        if frames.pop().is_none() {
            message = shortened(&message, message.len() / 2);
        }
    }
}

/// The errorType of the report: that of the handler's custom error, if there is one.
pub(crate) fn reported_type(failure: &Failure) -> String {
    let own = failure.of_handler().and_then(|failure| failure.custom_error.as_ref());
    own.map_or_else(|| failure.error_type().to_owned(), |own| shortened(&own.error_type, MAX_XRAY_MESSAGE_BYTES))
}

/// The errorMessage of the report.
pub(crate) fn reported_message(failure: &Failure) -> String {
    let own = failure.of_handler().and_then(|failure| failure.custom_error.as_ref());
    own.map_or_else(|| masked(&failure.to_string()).into_owned(), |own| own.message.clone())
}

/// The message for the log: the handler's custom error, if there is one, and always what failed and where.
pub(crate) fn log_message(failure: &Failure) -> String {
    let message = match failure.of_handler().and_then(|failure| failure.custom_error.as_ref()) {
        Some(own) => format!("{}: {} ({failure})", own.error_type, own.message),
        None => failure.to_string(),
    };
    shortened(&masked(&message), MAX_MESSAGE_BYTES)
}

/// The frames as text, innermost first: `fetch (function.sh:12)`.
pub(crate) fn stack_trace(failure: &Failure) -> Vec<String> {
    let frames = frames(failure).map(|(file, frame)| format!("{} ({})", name(frame), location(&file, frame)));
    let cut = failure.of_handler().and_then(|failure| failure.place.as_ref()).is_some_and(|place| place.cut);
    frames.chain(cut.then(|| "… (more calls)".to_owned())).collect()
}

/// The value of Lambda-Runtime-Function-XRay-Error-Cause: ASCII, at most 64 KiB.
pub(crate) fn xray_cause(failure: &Failure) -> Option<String> {
    let folder = failure.of_handler()?.task_root.display().to_string();
    let frame =
        |(file, frame): (String, &Frame)| json!({"path": file, "line": frame.line.unwrap_or(0), "label": name(frame)});
    let mut paths: Vec<String> = frames(failure).map(|(file, _)| file).collect();
    paths.dedup();
    let cause = json!({
        "working_directory": folder,
        "exceptions": [{
            "type": reported_type(failure),
            "message": shortened(&reported_message(failure), MAX_XRAY_MESSAGE_BYTES),
            "stack": frames(failure).map(frame).collect::<Vec<Value>>(),
        }],
        "paths": paths,
    });
    Some(ascii(&cause.to_string())).filter(|cause| cause.len() <= MAX_XRAY_BYTES)
}

fn frames(failure: &Failure) -> impl Iterator<Item = (String, &Frame)> {
    failure.of_handler().into_iter().flat_map(HandlerFailure::frames)
}

/// The name of a frame: the function, or `top level` for a frame that Bash calls `source`.
fn name(frame: &Frame) -> &str {
    if frame.function == "source" { "top level" } else { &frame.function }
}

/// JSON whose strings are all ASCII, as a header must be.
fn ascii(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        if c.is_ascii_graphic() || c == ' ' {
            text.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(text, "\\u{unit:04x}"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_ascii_and_still_the_same_json() {
        let text = json!({"a": "é\u{1F600}\n\u{7f}"}).to_string();
        let ascii = ascii(&text);
        assert!(ascii.is_ascii() && !ascii.contains('\u{7f}'));
        assert_eq!(serde_json::from_str::<Value>(&ascii).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
    }
}
