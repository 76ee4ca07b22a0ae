//! The command that an operation runs, and its output.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::unistd::read;

use super::operation::{ErrorObject, Identity};
use super::pending::Pending;
use crate::runtime::channel::PipeEnd;

/// The size of the buffer of a read.
pub(super) const READ_BYTES: usize = 16 * 1024;
/// The most bytes of a command's output that are kept. The rest is counted: Lambda would not take it.
const MAX_OUTPUT_BYTES: usize = 8 * 1024 * 1024;

/// A name for a pipe or file that no other has had, for channels of named pipes.
pub(super) fn unique(what: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("durable-{what}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A pipe that commands write.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) end: PipeEnd,
    /// Whether nobody had it open for writing at the last read. `poll` would return at once then, again and again.
    pub(super) has_no_writer: bool,
}

impl Drop for Output {
    fn drop(&mut self) {
        forget(&self.end.path);
    }
}

/// Removes a named pipe or file. What is below /proc goes with its descriptor.
pub(super) fn forget(path: &Path) {
    if !path.starts_with("/proc") {
        let _ = std::fs::remove_file(path); // the folder is removed at the end anyway
    }
}

impl Output {
    pub(super) fn new(end: PipeEnd) -> Output {
        Output { end, has_no_writer: false }
    }

    /// Reads what is there.
    pub(super) fn read(&mut self, mut take: impl FnMut(&[u8])) {
        let mut buffer = [0; READ_BYTES];
        loop {
            match read(&self.end.fd, &mut buffer) {
                Ok(count @ 1..) => take(&buffer[..count]),
                ended => {
                    self.has_no_writer = ended == Ok(0);
                    return;
                }
            }
        }
    }
}

/// A command that an operation runs: its stdout becomes the result of the operation.
#[derive(Debug)]
pub(super) struct Body {
    /// The operation; it goes on when the command has ended.
    pub(super) pending: Pending,
    /// The operation that the command belongs to: that one, or a part of it.
    pub(super) identity: Identity,
    /// The context of the command's own operations; `None` in a step, which can have none.
    pub(super) context: Option<String>,
    /// The attempt, which the log shows; `None` for a context.
    pub(super) attempt: Option<u32>,
    pub(super) stdout: Option<Output>,
    pub(super) output: Vec<u8>,
    pub(super) output_bytes: u64,
    /// The last error of the strand before the command.
    pub(super) error_before: Option<ErrorObject>,
    /// The exit status, and the error if it is not 0.
    pub(super) ended: Option<(i32, Option<ErrorObject>)>,
    /// Where the stack records of this command begin.
    pub(super) trace_start: u64,
}

impl Body {
    pub(super) fn new(
        pending: Pending,
        identity: Identity,
        context: Option<String>,
        attempt: Option<u32>,
        stdout: PipeEnd,
        trace_start: u64,
    ) -> Body {
        let (stdout, output) = (Some(Output::new(stdout)), Vec::new());
        Body {
            pending,
            identity,
            context,
            attempt,
            stdout,
            output,
            output_bytes: 0,
            error_before: None,
            ended: None,
            trace_start,
        }
    }

    /// Reads what is there. After the command has ended, processes that it left behind may still write.
    pub(super) fn read(&mut self) {
        let Some(stdout) = &mut self.stdout else { return };
        stdout.read(|bytes| {
            self.output_bytes += bytes.len() as u64;
            let room = MAX_OUTPUT_BYTES.saturating_sub(self.output.len()).min(bytes.len());
            self.output.extend_from_slice(&bytes[..room]);
        });
        if stdout.has_no_writer && self.ended.is_some() {
            self.stdout = None;
        }
    }

    /// Does not wait for processes that the command has left behind.
    pub(super) fn close(&mut self) {
        self.stdout = None;
    }

    /// Whether the command has ended and all of its output was read.
    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some() && self.stdout.is_none()
    }
}
