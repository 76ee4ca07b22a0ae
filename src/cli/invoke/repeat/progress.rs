//! Shows the progress while the events run: a bar on a terminal, and a part of the log.
//!
//! The log of two hundred equal events would hide everything else. So the log of init and of the first event is shown while it is written,
//! and later the log of the first event that fails. The other lines are only counted. The runtime writes to a file in memory, and a thread
//! prints new lines, because the runtime itself cannot write around the bar.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::cli::progress::Progress;

/// How often the log is read; it is also read at the end of each event.
const READ_INTERVAL: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 64 * 1024;

/// The bar and the log. Dropping the value removes the bar and shows the rest of the log.
#[derive(Debug)]
pub(super) struct ProgressView {
    shown: Arc<Mutex<State>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    log: Option<Arc<File>>,
    /// How many bytes of the log have been shown or counted.
    bytes: u64,
    /// Whether new lines are shown.
    follows: bool,
    has_shown_failure: bool,
    hidden_lines: u64,
}

impl ProgressView {
    /// Starts a bar that counts to `events`, and shows `log` while it grows.
    pub(super) fn start(events: u32, log: Option<Arc<File>>) -> ProgressView {
        let progress = Progress::new(events.into(), "events");
        let shown = State { progress, log, bytes: 0, follows: true, has_shown_failure: false, hidden_lines: 0 };
        let shown = Arc::new(Mutex::new(shown));
        let (stop, stopped) = mpsc::channel::<()>();
        let thread_state = Arc::clone(&shown);
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(READ_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                lock(&thread_state).follow();
            }
        });
        ProgressView { shown, stop: Some(stop), thread: Some(thread) }
    }

    /// Counts one more event. Its log is shown if it is the first event, or the first event that failed.
    pub(super) fn advance(&self, has_failed: bool) {
        let mut shown = lock(&self.shown);
        let is_shown = shown.follows || (has_failed && !shown.has_shown_failure);
        shown.take(is_shown);
        shown.has_shown_failure |= has_failed;
        shown.follows = false;
        shown.progress.advance();
    }

    /// Shows the log of the interrupted event.
    pub(super) fn show_unfinished(&self) {
        lock(&self.shown).take(true);
    }

    /// Removes the bar and returns the number of log lines that were not shown.
    pub(super) fn finish(self) -> u64 {
        let shown = Arc::clone(&self.shown);
        drop(self);
        lock(&shown).hidden_lines
    }
}

impl Drop for ProgressView {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // Rust has already printed a panic of the thread
        }
        let mut shown = lock(&self.shown);
        let follows = shown.follows;
        shown.take(follows);
    }
}

impl State {
    fn follow(&mut self) {
        if self.follows {
            self.take(true);
        }
    }

    /// Shows or counts the new lines of the log. They are read with an explicit offset, because the runtime's descriptor shares the file
    /// offset with this one.
    fn take(&mut self, show: bool) {
        let Some(log) = self.log.clone() else { return };
        let mut text = vec![0; READ_BYTES];
        while let Ok(count @ 1..) = log.read_at(&mut text, self.bytes) {
            self.bytes += count as u64;
            let text = &text[..count];
            if show {
                self.progress.suspend(|| drop(std::io::stderr().write_all(text))); // no place left to report the error
            } else {
                self.hidden_lines += memchr::memchr_iter(b'\n', text).count() as u64;
            }
        }
    }
}

fn lock(shown: &Mutex<State>) -> MutexGuard<'_, State> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
