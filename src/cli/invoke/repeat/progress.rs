//! What is shown while the events run: on a terminal how far they have come, and the log of those events that say something new.
//!
//! The log of two hundred equal events would hide everything else. So the log of the init and of the first event is shown while it is
//! written, and later the log of the first event that fails; the rest is counted. The runtime writes to a file in memory, and a thread
//! passes on what is new, since the runtime cannot be told to write around the bar.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::cli::progress::Progress;

/// How often the log is looked at; at the end of each event it is looked at as well.
const LOOK: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 64 * 1024;

/// The bar and the log, until it is dropped: then the bar is gone, and all of the log that is to be shown has been.
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
    /// How much of the log has been shown or counted.
    bytes: u64,
    /// Whether what comes is shown.
    follows: bool,
    has_shown_failure: bool,
    hidden_lines: u64,
}

impl ProgressView {
    /// Counts to `events`, and shows `log` as it grows.
    pub(super) fn start(events: u32, log: Option<Arc<File>>) -> ProgressView {
        let progress = Progress::new(events.into(), "events");
        let shown = State { progress, log, bytes: 0, follows: true, has_shown_failure: false, hidden_lines: 0 };
        let shown = Arc::new(Mutex::new(shown));
        let (stop, stopped) = mpsc::channel::<()>();
        let thread_state = Arc::clone(&shown);
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                lock(&thread_state).follow();
            }
        });
        ProgressView { shown, stop: Some(stop), thread: Some(thread) }
    }

    /// One more event is done. Its log has been shown, or is to be shown where it is the first event that failed.
    pub(super) fn advance(&self, has_failed: bool) {
        let mut shown = lock(&self.shown);
        let is_shown = shown.follows || (has_failed && !shown.has_shown_failure);
        shown.take(is_shown);
        shown.has_shown_failure |= has_failed;
        shown.follows = false;
        shown.progress.advance();
    }

    /// Shows the log of the event that is under way, which will not be done.
    pub(super) fn show_unfinished(&self) {
        lock(&self.shown).take(true);
    }

    /// Ends the bar; gives back how many lines of the log were not shown.
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
            let _ = thread.join(); // a panic of the thread has been printed by itself
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

    /// Shows or counts what the log has got since. It is read by place: the runtime writes at the place that it shares with our descriptor.
    fn take(&mut self, show: bool) {
        let Some(log) = self.log.clone() else { return };
        let mut text = vec![0; READ_BYTES];
        while let Ok(count @ 1..) = log.read_at(&mut text, self.bytes) {
            self.bytes += count as u64;
            let text = &text[..count];
            if show {
                self.progress.aside(|| drop(std::io::stderr().write_all(text))); // nowhere left to say so
            } else {
                self.hidden_lines += memchr::memchr_iter(b'\n', text).count() as u64;
            }
        }
    }
}

fn lock(shown: &Mutex<State>) -> MutexGuard<'_, State> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
