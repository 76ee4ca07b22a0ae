//! What Bash and the handler write, and what names the handler.

use std::collections::HashMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{pieces, texts};
use crate::runtime::event_source::EventSource;
use crate::runtime::failure::{self, CustomError, Ending, Evidence, Failure, HandlerFailure};
use crate::runtime::handler::Handler;
use crate::runtime::logs::{Owner, json};
use crate::runtime::response::prelude::{Prelude, StreamStart};
use crate::runtime::shell::status::StatusReader;
use crate::runtime::shell::xtrace::StepReader;
use crate::runtime::stack;

const DRIVER: &str = "/driver";
const SCRIPT: &str = "/nonexistent/function.sh";
/// The turn that records speak of here.
const TURN: u64 = 7;
/// What a header may have, and a trailer.
const MOST_HEADER_BYTES: usize = 64 * 1024;
const MOST_TRAILER_BYTES: usize = 2700;

/// Wherever the reads are cut, the records are the same.
pub(super) fn status(bytes: &[u8]) {
    let (bytes, pieces) = pieces(bytes);
    let mut records = StatusReader::default();
    let in_pieces: Vec<_> = pieces.flat_map(|piece| records.read(piece)).collect();
    assert_eq!(in_pieces, StatusReader::default().read(bytes));
}

pub(super) fn stack(bytes: &[u8]) {
    let records = stack::records(bytes, TURN, Path::new(DRIVER));
    let evidence = Evidence::new(&records, 1, "", "handler".to_owned(), Path::new(SCRIPT));
    let places = [evidence.failure(), evidence.at_timeout(false), evidence.at_timeout(true)];
    for place in places.into_iter().flatten() {
        assert!(place.frames.iter().all(|frame| frame.file != Path::new(DRIVER)));
    }
}

pub(super) fn xtrace(bytes: &[u8]) {
    let (bytes, pieces) = pieces(bytes);
    let mut steps = StepReader::default();
    let in_pieces: Vec<_> = pieces.flat_map(|piece| steps.read(piece)).collect();
    for step in &in_pieces {
        assert!(!step.describe(UNIX_EPOCH, Path::new("/var/task")).is_empty());
        let _ = step.is_of(Path::new(DRIVER)); // must not panic
    }
    assert_eq!(in_pieces, StepReader::default().read(bytes));
}

/// Below a folder that is not there nothing can be found; what it would be called is told in one line.
pub(super) fn handler(bytes: &[u8]) {
    let name = String::from_utf8_lossy(bytes);
    if name.starts_with('/') || name.contains("..") {
        return; // that could be a real file
    }
    let failure = Handler::resolve(&name, Path::new("/nonexistent")).unwrap_err();
    report(&failure);
}

/// Wherever the writes are cut, the stream begins the same way.
pub(super) fn prelude(bytes: &[u8]) {
    let (bytes, pieces) = pieces(bytes);
    let whole = begun(std::iter::once(bytes));
    assert_eq!(begun(pieces), whole);
    if let Some((head, body)) = whole {
        let line = head.strip_suffix(&[0; 8]).unwrap();
        assert!(matches!(serde_json::from_slice(line), Ok(Value::Object(_))));
        assert!(line.len() + body.len() <= bytes.len());
    }
}

/// The prelude and what follows it, where there is one.
fn begun<'a>(writes: impl Iterator<Item = &'a [u8]>) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut prelude = Prelude::new();
    let mut begun: Option<(Vec<u8>, Vec<u8>)> = None;
    for bytes in writes {
        match &mut begun {
            Some((_, body)) => body.extend_from_slice(bytes),
            None => {
                begun = prelude.feed(bytes).map(|StreamStart { head, used, .. }| (head, bytes[used..].to_vec()));
            }
        }
    }
    begun.or_else(|| prelude.end().map(|head| (head, Vec::new())))
}

/// Each line of the log is one JSON object, on one line.
pub(super) fn log(bytes: &[u8]) {
    let owner = Owner { request_id: Some("id".into()), tenant_id: Some("tenant".into()), more: None };
    for line in bytes.split(|byte| *byte == b'\n') {
        let entry = json::object(line, &owner).unwrap_or_else(|| json::plain(line, &owner, None));
        let text = entry.strip_suffix(b"\n").unwrap();
        assert!(!text.contains(&b'\n'));
        let members = serde_json::from_slice::<HashMap<String, IgnoredAny>>(text); // a depth and numbers of any size
        assert!(members.is_ok(), "{}", String::from_utf8_lossy(text));
    }
}

/// A failed handler's stderr, stdout and stack records: the report can be sent, whatever they are.
pub(super) fn failure(bytes: &[u8]) {
    let [status, stderr, stdout, records] = texts(bytes);
    let status = status.first().map_or(1, |status| i32::from(*status));
    let stderr = String::from_utf8_lossy(stderr).into_owned();
    let records = stack::records(records, TURN, Path::new(DRIVER));
    let place = Evidence::new(&records, 1, &stderr, "handler".to_owned(), Path::new(SCRIPT)).failure();
    let failed = HandlerFailure {
        function: "handler".to_owned(),
        script: SCRIPT.into(),
        task_root: "/nonexistent".into(),
        ending: Ending::of_subshell(status, place.as_ref()),
        place,
        stderr,
        custom_error: CustomError::parse(stdout),
        event_source: EventSource::Argument,
        event_advice: None,
    };
    report(&Failure::Handler(Box::new(failed)));
}

fn report(failure: &Failure) {
    assert!(!failure::log_message(failure).is_empty());
    assert!(serde_json::from_slice::<Value>(&failure::body(failure, "id-1")).is_ok());
    let short = failure::short_body(failure, "id-1", MOST_TRAILER_BYTES);
    assert!(short.len() <= MOST_TRAILER_BYTES && serde_json::from_slice::<Value>(&short).is_ok());
    if let Some(cause) = failure::xray_cause(failure) {
        assert!(cause.len() <= MOST_HEADER_BYTES && cause.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        assert!(serde_json::from_str::<Value>(&cause).is_ok());
    }
}
