//! A streamed response on its way to stdout: each part is written when it comes.

use std::io::Write;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::output::WriteError;
use crate::lambda::invocation::{Part, Response};

/// Parts that may wait for stdout.
const MAX_WAITING_PARTS: usize = 16;

/// The content type of a stream that begins with a prelude.
const PRELUDE_CONTENT_TYPE: &str = "application/vnd.awslambda.http-integration-response";
/// API Gateway takes no longer one.
const MAX_PRELUDE_BYTES: usize = 16 * 1024;

/// The thread that writes.
pub(super) struct Writer(JoinHandle<Result<Written>>);

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) last: Option<u8>,
    /// The JSON before the body, where the response is for HTTP.
    pub(super) prelude: Option<Map<String, Value>>,
}

impl Writer {
    /// Starts it, and gives what an invocation needs as its listener.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start() -> Result<(mpsc::Sender<Part>, Writer)> {
        let (listener, parts) = mpsc::channel(MAX_WAITING_PARTS);
        let write = std::thread::Builder::new().name("response".to_owned()).spawn(move || write(parts));
        Ok((listener, Writer(write.context("cannot start a thread for the response")?)))
    }

    /// Waits until all that came has been written; to be called when the invocation has its outcome.
    ///
    /// # Errors
    /// When stdout took not all of it.
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

/// The prelude of a streamed response that was kept as a whole.
pub(super) fn prelude_of(response: &Response) -> Option<Map<String, Value>> {
    let is_for_http = response.streaming && response.content_type.as_deref() == Some(PRELUDE_CONTENT_TYPE);
    prelude(&response.bytes).filter(|_| is_for_http)
}

/// The JSON before the first NUL.
fn prelude(beginning: &[u8]) -> Option<Map<String, Value>> {
    let end = beginning.iter().position(|byte| *byte == 0)?;
    serde_json::from_slice(&beginning[..end]).ok()
}
