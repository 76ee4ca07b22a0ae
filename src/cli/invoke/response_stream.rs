//! Writes a streamed response to stdout, each part when it arrives.

use std::io::Write;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::output::WriteError;
use crate::lambda::invocation::{Part, Response};

/// The maximum number of parts that wait for stdout.
const MAX_WAITING_PARTS: usize = 16;

/// The content type of a stream that begins with a prelude.
const PRELUDE_CONTENT_TYPE: &str = "application/vnd.awslambda.http-integration-response";
/// The longest prelude that API Gateway accepts.
const MAX_PRELUDE_BYTES: usize = 16 * 1024;

/// The thread that writes the parts to stdout.
pub(super) struct Writer(JoinHandle<Result<Written>>);

/// The end and the prelude of the written response.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) last: Option<u8>,
    /// The JSON before the body, if the response is for HTTP.
    pub(super) prelude: Option<Map<String, Value>>,
}

impl Writer {
    /// Starts the thread and returns the listener for an invocation.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(super) fn start() -> Result<(mpsc::Sender<Part>, Writer)> {
        let (listener, parts) = mpsc::channel(MAX_WAITING_PARTS);
        let write = std::thread::Builder::new().name("response".to_owned()).spawn(move || write(parts));
        Ok((listener, Writer(write.context("cannot start a thread for the response")?)))
    }

    /// Waits until all parts have been written. Call this after the invocation has its outcome.
    ///
    /// # Errors
    /// When the response could not be written completely.
    pub(super) fn finish(self) -> Result<Written> {
        self.0.join().map_err(|_| anyhow!("cannot write the response: its thread ended early"))?
    }
}

fn write(mut parts: mpsc::Receiver<Part>) -> Result<Written> {
    let mut stdout = std::io::stdout().lock();
    let mut written = Written::default();
    let (mut is_for_http, mut beginning) = (false, Vec::new());
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::Head(content_type) => is_for_http = content_type.as_deref() == Some(PRELUDE_CONTENT_TYPE),
            Part::Data(bytes) => {
                stdout.write_all(&bytes).and_then(|()| stdout.flush()).map_err(WriteError::error)?;
                written.last = bytes.last().copied().or(written.last);
                if is_for_http && beginning.len() < MAX_PRELUDE_BYTES {
                    beginning.extend_from_slice(&bytes);
                }
            }
        }
    }
    written.prelude = prelude(&beginning);
    Ok(written)
}

/// The prelude of a streamed response whose bytes were kept.
pub(super) fn prelude_of(response: &Response) -> Option<Map<String, Value>> {
    let is_for_http = response.streaming && response.content_type.as_deref() == Some(PRELUDE_CONTENT_TYPE);
    prelude(&response.bytes).filter(|_| is_for_http)
}

/// The JSON before the first NUL.
fn prelude(beginning: &[u8]) -> Option<Map<String, Value>> {
    let end = beginning.iter().position(|byte| *byte == 0)?;
    serde_json::from_slice(&beginning[..end]).ok()
}
