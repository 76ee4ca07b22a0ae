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

use super::super::invocation::FunctionError;
use super::explained::Explained;

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(50);
const READ_BYTES: usize = 64 * 1024;
/// What the lines of a stack trace begin with, below the line about the failure.
const FRAME: &[u8] = b"    at ";

/// The log, until it is dropped: then all of it has been shown.
#[derive(Debug)]
pub(super) struct LiveLog {
    shown: Arc<Mutex<Shown>>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Shown {
    log: Option<Arc<File>>,
    bytes: u64,
    /// What the runtime's line about a failure may begin with.
    beginnings: [Vec<u8>; 2],
    /// Not shown yet: the beginning of such a line, or such a line and all that follows.
    held: Vec<u8>,
}

impl LiveLog {
    /// Shows `log` as it grows; nothing where there is none.
    pub(super) fn start(log: Option<Arc<File>>, request_id: &str) -> LiveLog {
        let beginnings = [format!("[ERROR] {request_id} ").into_bytes(), b"[FATAL] ".to_vec()];
        let has_log = log.is_some();
        let shown = Arc::new(Mutex::new(Shown { log, bytes: 0, beginnings, held: Vec::new() }));
        let of_thread = Arc::clone(&shown);
        let thread = has_log.then(|| {
            let (stop, stopped) = mpsc::channel::<()>();
            let follow = move || {
                while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    lock(&of_thread).look();
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
        if let Some(explained) = error.and_then(Explained::of) {
            let held = std::mem::take(&mut shown.held);
            shown.held = without(&held, &shown.beginnings, &explained.message);
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

impl Shown {
    /// Shows what the log has got since, up to a line about a failure.
    fn look(&mut self) {
        let Some(log) = self.log.clone() else { return };
        let mut text = vec![0; READ_BYTES];
        while let Ok(count @ 1..) = log.read_at(&mut text, self.bytes) {
            self.bytes += count as u64;
            self.held.extend_from_slice(&text[..count]);
        }
        let end = showable(&self.held, &self.beginnings);
        write(&self.held[..end]);
        self.held.drain(..end);
    }
}

/// How many bytes of `text` come before a line that begins, or may yet begin, in one of these ways. Text that does not begin with a line
/// is followed by a line end first.
fn showable(text: &[u8], beginnings: &[Vec<u8>]) -> usize {
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let may_begin = |beginning: &Vec<u8>| line.starts_with(beginning) || beginning.starts_with(line);
        if beginnings.iter().any(may_begin) {
            break;
        }
        start += line.len();
    }
    start
}

/// `log` without the line that says `message`, and the stack trace below that line.
fn without(log: &[u8], beginnings: &[Vec<u8>], message: &str) -> Vec<u8> {
    let mut rest: Vec<u8> = Vec::new();
    let mut lines = log.split_inclusive(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let said = beginnings.iter().find_map(|beginning| line.strip_prefix(beginning.as_slice()));
        let is_message = said.is_some_and(|said| said.trim_ascii_end() == message.trim_end().as_bytes());
        if is_message {
            while lines.next_if(|line| line.starts_with(FRAME)).is_some() {}
        } else {
            rest.extend_from_slice(line);
        }
    }
    rest
}

fn write(text: &[u8]) {
    let _ = std::io::stderr().write_all(text); // there is nowhere left to say so
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginnings() -> [Vec<u8>; 2] {
        [b"[ERROR] id ".to_vec(), b"[FATAL] ".to_vec()]
    }

    #[test]
    fn what_may_become_a_line_about_a_failure_is_held_back() {
        for (text, shown) in [
            ("working\n", "working\n"),
            ("working", "working"),
            ("a\n[ERR", "a\n"),
            ("a\n[ERROR] other x\n", "a\n[ERROR] other x\n"),
            ("a\n[ERROR] id x\nb\n", "a\n"),
            ("[FATAL] x", ""),
            ("", ""),
        ] {
            assert_eq!(&text[..showable(text.as_bytes(), &beginnings())], shown, "{text:?}");
        }
    }

    #[test]
    fn only_the_line_with_this_message_and_its_stack_are_left_out() {
        let log =
            "[ERROR] id mine\n    at h (f.sh:1)\n[ERROR] id f.sh:2: no\n    at g (f.sh:2)\n    at h (f.sh:3)\nlate\n";
        let rest = without(log.as_bytes(), &beginnings(), "f.sh:2: no");
        assert_eq!(String::from_utf8(rest).unwrap(), "[ERROR] id mine\n    at h (f.sh:1)\nlate\n");
        assert_eq!(without(b"[FATAL] a\n", &beginnings(), "b"), b"[FATAL] a\n");
    }
}
