//! Shows the log of one event on a terminal, without the lines about the failure that `error_view` explains after the log.
//!
//! The runtime writes the failure of an event to its log, as on Lambda, and also reports the failure. A terminal shows the report with the
//! source around the line that failed, so the same message in the log would appear twice. The log goes to a file in memory. A thread shows
//! new lines, but holds back lines that begin like the runtime's line about the failure.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error_view::ErrorView;
use crate::cli::failure_lines::FailureLines;
use crate::lambda::invocation::FunctionError;

/// How often the log is read.
const READ_INTERVAL: Duration = Duration::from_millis(50);
const READ_BYTES: usize = 64 * 1024;

/// The log on the terminal; dropping the value shows the rest of the log.
#[derive(Debug)]
pub(super) struct LiveLog {
    shown: Arc<Mutex<LogView>>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct LogView {
    log: Option<Arc<File>>,
    bytes: u64,
    lines: FailureLines,
    /// Bytes that are not shown yet: the beginning of a line about a failure, or this line and everything after it.
    held: Vec<u8>,
}

impl LiveLog {
    /// Shows `log` while it grows; shows nothing if there is no log.
    pub(super) fn start(log: Option<Arc<File>>, request_id: &str) -> LiveLog {
        let lines = FailureLines::of(request_id);
        let has_log = log.is_some();
        let shown = Arc::new(Mutex::new(LogView { log, bytes: 0, lines, held: Vec::new() }));
        let thread_view = Arc::clone(&shown);
        let thread = has_log.then(|| {
            let (stop, stopped) = mpsc::channel::<()>();
            let follow = move || {
                while stopped.recv_timeout(READ_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    lock(&thread_view).update();
                }
            };
            (stop, std::thread::spawn(follow))
        });
        LiveLog { shown, thread }
    }

    /// Shows the lines that were written until now.
    pub(super) fn update(&self) {
        lock(&self.shown).update();
    }

    /// Shows the rest, without the lines that repeat the message of `error`.
    pub(super) fn finish(self, error: Option<&FunctionError>) {
        let mut shown = lock(&self.shown);
        shown.update();
        if let Some(explained) = error.and_then(ErrorView::of) {
            let held = std::mem::take(&mut shown.held);
            shown.held = shown.lines.without(&held, &explained.message);
        }
    }
}

impl Drop for LiveLog {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            let _ = thread.join(); // Rust has already printed a panic of the thread
        }
        let mut shown = lock(&self.shown);
        shown.update();
        write(&std::mem::take(&mut shown.held));
    }
}

impl LogView {
    /// Shows the new lines of the log, up to a line about a failure.
    fn update(&mut self) {
        let Some(log) = self.log.clone() else { return };
        let mut text = vec![0; READ_BYTES];
        while let Ok(count @ 1..) = log.read_at(&mut text, self.bytes) {
            self.bytes += count as u64;
            self.held.extend_from_slice(&text[..count]);
        }
        let end = self.lines.bytes_before(&self.held);
        write(&self.held[..end]);
        self.held.drain(..end);
    }
}

fn write(text: &[u8]) {
    let _ = std::io::stderr().write_all(text); // there is no place left to report the error
}

fn lock(shown: &Mutex<LogView>) -> MutexGuard<'_, LogView> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
