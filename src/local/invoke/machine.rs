//! `--json`: all that came of an invocation, as one object on stdout.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde_json::{Map, Value, json};

use super::super::invocation::FunctionError;
use super::{CameOfIt, Status};

/// A file in memory that takes the log.
pub(super) fn log() -> Result<Arc<File>> {
    let log = memfd_create("log", MFdFlags::MFD_CLOEXEC).context("cannot make a file for the log")?;
    Ok(Arc::new(File::from(log)))
}

/// Prints the object; gives back the status that it tells.
pub(super) fn print(came_of_it: &CameOfIt, log: Option<&File>) -> Result<Status> {
    let mut text = Vec::new();
    if let Some(mut log) = log {
        log.seek(SeekFrom::Start(0)).and_then(|_| log.read_to_end(&mut text)).context("cannot read the log")?;
    }
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", object(came_of_it, &String::from_utf8_lossy(&text))).context("cannot write the result")?;
    Ok(came_of_it.status)
}

fn object(came_of_it: &CameOfIt, log: &str) -> Value {
    let mut object = Map::new();
    object.insert("requestId".into(), came_of_it.request_id.clone().into());
    object.insert("status".into(), word(came_of_it.status).into());
    if let Some(response) = &came_of_it.response {
        match std::str::from_utf8(response) {
            Ok(text) => object.insert("response".into(), text.into()),
            Err(_) => object.insert("responseBase64".into(), base64(response).into()),
        };
    }
    if let Some(error) = &came_of_it.error {
        object.insert("error".into(), parsed(error));
    }
    if let Some(report) = &came_of_it.report {
        let ms = |duration: std::time::Duration| json!((duration.as_secs_f64() * 1e5).round() / 100.0);
        object.insert("durationMs".into(), ms(report.duration));
        object.insert("initDurationMs".into(), ms(report.init_duration));
        object.insert("maxMemoryBytes".into(), report.max_memory_bytes.into());
    }
    object.insert("log".into(), log.lines().collect::<Vec<&str>>().into());
    Value::Object(object)
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Success => "success",
        Status::HandlerFailed | Status::Usage | Status::Interrupted(_) => "failed",
        Status::InitFailed => "initFailed",
        Status::TimedOut => "timedOut",
    }
}

/// The report as it came; where it is no object, its type and its text.
fn parsed(error: &FunctionError) -> Value {
    serde_json::from_slice(&error.body).ok().filter(Value::is_object).unwrap_or_else(
        || json!({ "errorType": error.error_type, "errorMessage": String::from_utf8_lossy(&error.body) }),
    )
}

/// Source: RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = (0..3).fold(0, |bits, index| bits << 8 | u32::from(group.get(index).copied().unwrap_or(0)));
        let letter = move |index: usize| char::from(LETTERS[(bits >> (18 - 6 * index) & 63) as usize]);
        let letters = group.len() + 1;
        (0..4).map(move |index| if index < letters { letter(index) } else { '=' })
    };
    bytes.chunks(3).flat_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let table =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("\u{ff}", "w78=")];
        for (text, expected) in table {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
