//! A streamed response on its way to stdout: each part is written when it comes.

use std::io::Write;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use tokio::sync::mpsc;

use super::super::invocation::Part;
use super::output::Unwritten;

/// Parts that may wait for stdout.
const MOST_WAITING: usize = 16;

/// The thread that writes.
pub(super) struct Writer(JoinHandle<Result<Option<u8>>>);

impl Writer {
    /// Starts it, and gives what an invocation needs as its listener.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start() -> Result<(mpsc::Sender<Part>, Writer)> {
        let (listener, parts) = mpsc::channel(MOST_WAITING);
        let write = std::thread::Builder::new().name("response".to_owned()).spawn(move || write(parts));
        Ok((listener, Writer(write.context("cannot start a thread for the response")?)))
    }

    /// Waits until all that came has been written, and gives back the last byte; to be called when the invocation has its outcome.
    ///
    /// # Errors
    /// When stdout took not all of it.
    pub(super) fn finish(self) -> Result<Option<u8>> {
        self.0.join().map_err(|_| anyhow!("cannot write the response: its thread ended early"))?
    }
}

fn write(mut parts: mpsc::Receiver<Part>) -> Result<Option<u8>> {
    let mut stdout = std::io::stdout().lock();
    let mut last = None;
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::Head(_) => {}
            Part::Data(bytes) => {
                stdout.write_all(&bytes).and_then(|()| stdout.flush()).map_err(Unwritten::error)?;
                last = bytes.last().copied().or(last);
            }
        }
    }
    Ok(last)
}
