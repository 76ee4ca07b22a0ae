//! Prints the whole result of an invocation as one JSON object on stdout, for `--json`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde_json::{Map, Value, json};

use super::Status;
use super::delivery::EventResult;
use super::output::WriteError;
use crate::lambda::invocation::FunctionError;

/// A file in memory for the log.
pub(crate) fn log() -> Result<Arc<File>> {
    let log = memfd_create("log", MFdFlags::MFD_CLOEXEC).context("cannot make a file for the log")?;
    Ok(Arc::new(File::from(log)))
}

/// Prints the object and returns its status.
pub(super) fn print(result: &EventResult, log: Option<&File>) -> Result<Status> {
    write(&object(result, &lines(log)?))?;
    Ok(result.status)
}

/// Writes one object on its own line.
pub(super) fn write(object: &Value) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{object}").and_then(|()| stdout.flush()).map_err(WriteError::error)
}

/// The whole log.
pub(super) fn lines(log: Option<&File>) -> Result<String> {
    let mut text = Vec::new();
    if let Some(mut log) = log {
        log.seek(SeekFrom::Start(0)).and_then(|_| log.read_to_end(&mut text)).context("cannot read the log")?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

pub(super) fn object(result: &EventResult, log: &str) -> Value {
    let mut object = Map::new();
    object.insert("requestId".into(), result.request_id.clone().into());
    object.insert("status".into(), status_name(result.status).into());
    if let Some(response) = &result.response {
        insert_response(&mut object, response);
    }
    if let Some(error) = &result.error {
        object.insert("error".into(), error_object(error));
    }
    if let Some(report) = &result.report {
        object.insert("durationMs".into(), json!(ms(report.duration)));
        object.insert("initDurationMs".into(), json!(ms(report.startup.init)));
        if let Some(restore) = report.startup.restore {
            object.insert("restoreDurationMs".into(), json!(ms(restore)));
        }
        object.insert("maxMemoryBytes".into(), report.max_memory_bytes.into());
    }
    object.insert("warnings".into(), result.warnings.clone().into());
    object.insert("log".into(), log.lines().collect::<Vec<&str>>().into());
    Value::Object(object)
}

/// Milliseconds, to a hundredth.
pub(super) fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

/// Adds the response as text, or as base64 if it is not UTF-8.
pub(super) fn insert_response(object: &mut Map<String, Value>, response: &[u8]) {
    match std::str::from_utf8(response) {
        Ok(text) => object.insert("response".into(), text.into()),
        Err(_) => object.insert("responseBase64".into(), STANDARD.encode(response).into()),
    };
}

pub(super) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::HandlerFailed | Status::Usage | Status::WriteFailed | Status::BrokenPipe | Status::Interrupted(_) => {
            "failed"
        }
        Status::InitFailed => "initFailed",
        Status::TimedOut => "timedOut",
    }
}

/// The error report; if it is not a JSON object, an object with the error type and the text.
pub(super) fn error_object(error: &FunctionError) -> Value {
    serde_json::from_slice(&error.body).ok().filter(Value::is_object).unwrap_or_else(
        || json!({ "errorType": error.error_type, "errorMessage": String::from_utf8_lossy(&error.body) }),
    )
}
