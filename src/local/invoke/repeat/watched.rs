//! What a terminal shows while the events run: how far they have come, and the log above it.
//!
//! The runtime cannot be told to write around the bar, so its log goes to a file in memory, and a thread writes on what is new.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::super::progress::Progress;

/// How often the log is looked at; at the end of each event it is looked at as well.
const LOOK: Duration = Duration::from_millis(100);

/// The bar and the log, until it is dropped: then the bar is gone, and all of the log has been shown.
#[derive(Debug)]
pub(super) struct Watched {
    shown: Arc<Mutex<Shown>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shown {
    progress: Progress,
    log: Option<Arc<File>>,
    /// How much of the log has been shown.
    bytes: u64,
}

impl Watched {
    /// Counts to `events`, and shows `log` as it grows.
    pub(super) fn start(events: u32, log: Option<Arc<File>>) -> Watched {
        let shown = Arc::new(Mutex::new(Shown { progress: Progress::new(events.into(), "events"), log, bytes: 0 }));
        let (stop, stopped) = mpsc::channel::<()>();
        let of_thread = Arc::clone(&shown);
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                lock(&of_thread).show();
            }
        });
        Watched { shown, stop: Some(stop), thread: Some(thread) }
    }

    /// One more event is done.
    pub(super) fn advance(&self) {
        let mut shown = lock(&self.shown);
        shown.show();
        shown.progress.advance();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic of the thread has been printed by itself
        }
        lock(&self.shown).show();
    }
}

impl Shown {
    /// Writes what the log has got since. It is read by place: the runtime writes at the place that it shares with our descriptor.
    fn show(&mut self) {
        let Some(log) = &self.log else { return };
        let mut text = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = log.read_at(&mut text, self.bytes) {
            self.bytes += count as u64;
            self.progress.aside(|| drop(std::io::stderr().write_all(&text[..count]))); // nowhere left to say so
        }
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
