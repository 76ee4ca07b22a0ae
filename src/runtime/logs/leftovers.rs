//! Log pipes that outlive their event: a background child that keeps stderr goes on writing under its event's request id.
//!
//! One thread reads them all, for as long as somebody holds them; at most [`MAX_BACKGROUND_PIPES`] at a time, since each is a descriptor, and fewer
//! where there are few of those: what an event needs is never taken.

use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{pipe2, read, write};

use super::lines::Lines;
use super::{Level, Log, Owner};

const MAX_BACKGROUND_PIPES: usize = 64;
/// What the process needs for itself, and for each Bash with its connections.
const OWN_DESCRIPTORS: usize = 16;
const DESCRIPTORS_OF_A_BASH: usize = 24;
const DRAINING: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 8 * 1024;
/// What a pipe of 64 KiB holds, and as much again.
const MAX_DRAINING_READS: usize = 16;

/// What the thread is told.
enum Message {
    /// Read this pipe to its end.
    Adopt(OwnedFd, Lines, Holder),
    /// Read what there is now to its end, and answer.
    Drain(Sender<()>),
}

/// Who holds a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A persistent Bash, and what the script has started.
    Bash,
    /// What an event has left behind.
    Background,
}

/// The thread's address.
#[derive(Debug, Clone)]
pub(crate) struct Leftovers {
    messages: Sender<Message>,
    wake: std::sync::Arc<OwnedFd>,
}

impl Leftovers {
    /// Starts the thread. It ends with the last of its addresses. `bashes` of its pipes are those of Bashes, and come on top of
    /// [`MAX_BACKGROUND_PIPES`].
    pub(crate) fn start(log: &Log, bashes: usize) -> io::Result<Leftovers> {
        let (sender, receiver) = channel();
        let (woken, wake) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let log = log.clone();
        std::thread::Builder::new()
            .name("leftover logs".into())
            .stack_size(128 * 1024)
            .spawn(move || Reader { log, receiver, woken, most: most(bashes), bashes, pipes: Vec::new() }.run())?;
        Ok(Leftovers { messages: sender, wake: wake.into() })
    }

    /// Writes what the pipes hold now. Nothing more is expected of them: the process ends.
    pub(crate) fn drain(&self) {
        let (done, is_done) = channel();
        if self.messages.send(Message::Drain(done)).is_ok() {
            let _ = write(&self.wake, b".");
            let _ = is_done.recv_timeout(DRAINING);
        }
    }

    /// Hands over `pipe`, which must not block; what comes out of it goes to `lines` until its end.
    pub(crate) fn adopt(&self, pipe: OwnedFd, lines: Lines, holder: Holder) {
        if self.messages.send(Message::Adopt(pipe, lines, holder)).is_ok() {
            // A full pipe has woken the thread already.
            let _ = write(&self.wake, b".");
        }
    }
}

/// How many pipes of background processes may be kept: what `bashes` need for themselves is left to them.
fn most(bashes: usize) -> usize {
    let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(most, _)| most);
    let spare = usize::try_from(descriptors).unwrap_or(usize::MAX);
    spare.saturating_sub(OWN_DESCRIPTORS + DESCRIPTORS_OF_A_BASH * bashes).min(MAX_BACKGROUND_PIPES)
}

struct Reader {
    log: Log,
    receiver: Receiver<Message>,
    woken: OwnedFd,
    /// How many pipes of background processes may be kept.
    most: usize,
    /// How many pipes of Bashes come on top of them.
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

    /// Takes what was handed over; false when nobody is left who could hand over more.
    fn adopt_new(&mut self) -> bool {
        let _ = read(&self.woken, &mut [0; 64]);
        loop {
            match self.receiver.try_recv() {
                Ok(Message::Adopt(pipe, lines, holder)) => self.pipes.push((pipe, lines, holder)),
                Ok(Message::Drain(done)) => {
                    self.pipes.iter_mut().for_each(|(pipe, lines, _)| drain_whole(pipe, lines));
                    let _ = done.send(());
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        while self.pipes.len() > self.most + self.bashes {
            // What the script has started is meant to stay.
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

/// Reads what is there; false at the end of the pipe.
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

/// Reads all that a pipe may hold, and ends the last line.
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

/// Rounded up, so that a wait never ends before its time.
fn timeout(wait: Duration) -> PollTimeout {
    PollTimeout::try_from(wait + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
}
