//! The log of one event on a terminal, without the error that is explained there below it.
//!
//! The runtime writes the failure of an event to its log, as on Lambda, and reports the failure too. A terminal shows the report with the
//! source around the line that failed, so that the same sentence in the log would stand there twice. The log goes to a file in memory; a
//! thread shows what is new, and holds back what begins like the runtime's line about the failure.

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

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(50);
const READ_BYTES: usize = 64 * 1024;

/// The log, until it is dropped: then all of it has been shown.
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
    /// Not shown yet: the beginning of such a line, or such a line and all that follows.
    held: Vec<u8>,
}

impl LiveLog {
    /// Shows `log` as it grows; nothing where there is none.
    pub(super) fn start(log: Option<Arc<File>>, request_id: &str) -> LiveLog {
        let lines = FailureLines::of(request_id);
        let has_log = log.is_some();
        let shown = Arc::new(Mutex::new(LogView { log, bytes: 0, lines, held: Vec::new() }));
        let thread_view = Arc::clone(&shown);
        let thread = has_log.then(|| {
            let (stop, stopped) = mpsc::channel::<()>();
            let follow = move || {
                while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    lock(&thread_view).look();
                }
            };
            (stop, std::thread::spawn(follow))
        });
        LiveLog { shown, thread }
    }

    /// Shows what there is now.
    pub(super) fn look(&self) {
        lock(&self.shown).look();
    }

    /// Shows the rest, without the lines that say what will be said about `error`.
    pub(super) fn finish(self, error: Option<&FunctionError>) {
        let mut shown = lock(&self.shown);
        shown.look();
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
            let _ = thread.join(); // a panic of the thread has been printed by itself
        }
        let mut shown = lock(&self.shown);
        shown.look();
        write(&std::mem::take(&mut shown.held));
    }
}

impl LogView {
    /// Shows what the log has got since, up to a line about a failure.
    fn look(&mut self) {
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
    let _ = std::io::stderr().write_all(text); // there is nowhere left to say so
}

fn lock(shown: &Mutex<LogView>) -> MutexGuard<'_, LogView> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
