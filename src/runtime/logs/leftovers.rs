//! Reads log pipes that outlive their event: a background process that keeps stderr open goes on writing under the request id of
//! its event.
//!
//! One thread reads all these pipes until their writers are gone. Each pipe is a descriptor: `descriptors.rs` says how many are kept.

use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{pipe2, read, write};

use super::lines::Lines;
use super::{Level, Log, Owner};
use crate::runtime::descriptors;

const DRAINING: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 8 * 1024;
/// Enough reads for twice the contents of a pipe of 64 KiB.
const MAX_DRAINING_READS: usize = 16;

/// A request to the thread.
enum Request {
    /// Read this pipe to its end.
    Adopt(OwnedFd, Lines, Holder),
    /// Read the current contents of all pipes, and answer.
    Drain(Sender<()>),
}

/// The process that holds a pipe open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A persistent Bash, and processes that the script has started.
    Bash,
    /// A process that an event has left behind.
    Background,
}

/// Sends requests to the thread.
#[derive(Debug, Clone)]
pub(crate) struct Leftovers {
    requests: Sender<Request>,
    wake: std::sync::Arc<OwnedFd>,
}

impl Leftovers {
    /// Starts the thread. The thread ends when the last clone of the returned value is dropped. The pipes of `bashes` Bash
    /// processes are always kept.
    pub(crate) fn start(log: &Log, bashes: usize) -> io::Result<Leftovers> {
        let (sender, receiver) = channel();
        let (woken, wake) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let log = log.clone();
        std::thread::Builder::new().name("leftover logs".into()).stack_size(128 * 1024).spawn(move || {
            Reader { log, receiver, woken, most: descriptors::background_pipes(bashes), bashes, pipes: Vec::new() }
                .run()
        })?;
        Ok(Leftovers { requests: sender, wake: wake.into() })
    }

    /// Logs the current contents of all pipes, when the process is about to end.
    pub(crate) fn drain(&self) {
        let (done, is_done) = channel();
        if self.requests.send(Request::Drain(done)).is_ok() {
            let _ = write(&self.wake, b".");
            let _ = is_done.recv_timeout(DRAINING);
        }
    }

    /// Passes `pipe`, which must not block, to the thread. Its contents go to `lines` until end-of-file.
    pub(crate) fn adopt(&self, pipe: OwnedFd, lines: Lines, holder: Holder) {
        if self.requests.send(Request::Adopt(pipe, lines, holder)).is_ok() {
            // If the pipe is full, the thread has been woken already.
            let _ = write(&self.wake, b".");
        }
    }
}

struct Reader {
    log: Log,
    receiver: Receiver<Request>,
    woken: OwnedFd,
    /// How many pipes of background processes may be kept.
    most: usize,
    /// How many pipes of Bash processes are kept in addition.
    bashes: usize,
    pipes: Vec<(OwnedFd, Lines, Holder)>,
}

impl Reader {
    fn run(mut self) {
        while self.wait().is_ok() && self.adopt_new() {
            self.pipes.retain_mut(|(pipe, lines, _)| drain(pipe, lines));
        }
    }

    /// Waits until a pipe has something to read, a new one comes, or an incomplete line has waited long enough.
    fn wait(&self) -> nix::Result<()> {
        let due = self.pipes.iter().filter_map(|(_, lines, _)| lines.partial_wait()).min();
        let timeout = due.map_or(PollTimeout::NONE, timeout);
        let fds = std::iter::once(&self.woken).chain(self.pipes.iter().map(|(pipe, ..)| pipe));
        let mut fds: Vec<PollFd> = fds.map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Handles the pending requests; returns false if no sender is left.
    fn adopt_new(&mut self) -> bool {
        let _ = read(&self.woken, &mut [0; 64]);
        loop {
            match self.receiver.try_recv() {
                Ok(Request::Adopt(pipe, lines, holder)) => self.pipes.push((pipe, lines, holder)),
                Ok(Request::Drain(done)) => {
                    self.pipes.iter_mut().for_each(|(pipe, lines, _)| drain_whole(pipe, lines));
                    let _ = done.send(());
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        while self.pipes.len() > self.most + self.bashes {
            // Processes that the script has started are meant to stay.
            let oldest = self.pipes.iter().position(|(.., holder)| *holder == Holder::Background).unwrap_or_default();
            let (_, mut lines, _) = self.pipes.remove(oldest);
            lines.finish();
            let warning = format!(
                "more than {} background processes keep a log open; the oldest one's log was closed",
                self.most
            );
            self.log.say(Level::Warn, &Owner::default(), &warning);
        }
        true
    }
}

/// Reads the available bytes; returns false at the end of the pipe.
fn drain(pipe: &OwnedFd, lines: &mut Lines) -> bool {
    let mut buffer = [0; READ_BYTES];
    lines.write_partial_when_due();
    match Fd(pipe).read(&mut buffer) {
        Ok(0) => {
            lines.finish();
            false
        }
        Ok(count) => {
            lines.feed(&buffer[..count]);
            true
        }
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

/// Reads the current contents of a pipe, and ends the last line.
fn drain_whole(pipe: &OwnedFd, lines: &mut Lines) {
    let mut buffer = [0; READ_BYTES];
    for _ in 0..MAX_DRAINING_READS {
        match Fd(pipe).read(&mut buffer) {
            Ok(count @ 1..) => lines.feed(&buffer[..count]),
            Ok(0) | Err(_) => break,
        }
    }
    lines.finish();
}

struct Fd<'a>(&'a OwnedFd);

impl Read for Fd<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(read(self.0, buffer)?)
    }
}

/// Converts a wait time, rounded up so that the wait never ends too early.
fn timeout(wait: Duration) -> PollTimeout {
    PollTimeout::try_from(wait + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
}
