//! What the developer's program reads: files of others, and what a handler answered.

use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use axum::http::HeaderName;
use serde::de::IgnoredAny;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::texts;
use crate::cli::bundle::{Architecture, binary::Binary, entry_name};
use crate::cli::serve::http_endpoint::reply;
use crate::cli::{check, test};
use crate::lambda::contract::{self, Caller};
use crate::lambda::event;
use crate::lambda::invocation::Response;

/// An event file, and the file of an expected error beside it.
pub(super) fn event(bytes: &[u8]) {
    let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok() && std::str::from_utf8(bytes).is_ok();
    assert_eq!(event::check(bytes).is_ok(), is_json);
    let _ = test::case::failure(bytes); // must not panic
    let _ = Caller::of(bytes);
}

/// What each caller makes of a response to an event, and a function URL's answer.
pub(super) fn response(bytes: &[u8]) {
    const CALLERS: [Caller; 9] = [
        Caller::HttpApi,
        Caller::RestApi,
        Caller::FunctionUrl,
        Caller::Alb,
        Caller::Sqs,
        Caller::Kinesis,
        Caller::DynamoDb,
        Caller::StepFunctions,
        Caller::None,
    ];
    let [event, response] = texts(bytes);
    let response = Response { bytes: response.to_vec().into(), ..Response::default() };
    let _ = contract::warnings(event, &response);
    for caller in CALLERS {
        for warning in contract::warnings_of(caller, event, &response) {
            assert!(!warning.is_empty() && !warning.contains(['\n', '\x1b']), "{warning:?}");
        }
    }
    if let Ok(reply) = reply::from_response(Caller::FunctionUrl, &response) {
        let of_the_connection = |name: &HeaderName| name == "content-length" || name == "transfer-encoding";
        assert!(reply.status().as_u16() >= 200 && !reply.headers().keys().any(of_the_connection));
    }
}

/// A script that Bash can parse; the parser takes memory without end for some that Bash refuses.
pub(super) fn script(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).replace('\0', "");
    let bash = Command::new("bash").args(["-n", "-c", &text]).stderr(Stdio::null()).status();
    if bash.is_ok_and(|status| status.success()) {
        let _ = check::parses(&text); // must come to an end
    }
}

/// A name that is let in is unpacked below the folder, under itself.
pub(super) fn zip(bytes: &[u8]) {
    let name = String::from_utf8_lossy(bytes);
    if entry_name::check(&name).is_err() || name.len() > usize::from(u16::MAX) {
        return;
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name.as_ref(), SimpleFileOptions::default()).unwrap();
    zip.write_all(b"content").unwrap();
    let mut zip = ZipArchive::new(zip.finish().unwrap()).unwrap();
    let mut file = zip.by_index(0).unwrap();
    assert_eq!(file.enclosed_name().as_deref(), Some(Path::new(name.as_ref())));
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "content");
}

/// A program may be damaged in any way.
pub(super) fn elf(bytes: &[u8]) {
    let Some(binary) = Binary::read(bytes) else { return };
    for architecture in [Architecture::X86_64, Architecture::Arm64] {
        let _ = binary.check_runs_on(architecture, "program", false); // must not panic
    }
    assert!(binary.missing_libraries(|_| true).is_empty());
}
