//! The log: our stderr, which Lambda sends to CloudWatch.
//!
//! Every write is a whole line or many, under one lock, so that lines of several streams are never mixed. A log that is slow to
//! take them holds back who writes, and nobody else.

pub(crate) mod leftovers;
pub(crate) mod lines;

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use lines::Lines;

/// How much a line of the runtime's own matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the user asked to see.
    Info,
    /// Something that works but should not stay so.
    Warn,
    /// A failure.
    Error,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }
}

/// The log of this process. Clones write to the same place.
#[derive(Debug, Clone, Default)]
pub struct Log {
    turn: Arc<Mutex<()>>,
}

impl Log {
    /// Writes a line of the runtime's own; `request_id` is that of the event it is about, if any. Line breaks in `text` are
    /// kept: what follows belongs to the line.
    pub fn say(&self, level: Level, request_id: Option<&str>, text: &str) {
        let request_id = request_id.map(|id| format!("{id} ")).unwrap_or_default();
        self.write(format!("[{}] {request_id}{text}\n", level.word()).as_bytes());
    }

    /// A stream of lines that belong to the event `request_id`, or to none.
    pub(crate) fn lines(&self, request_id: Option<&str>) -> Lines {
        Lines::new(self.clone(), request_id)
    }

    /// Writes `bytes` whole. A log that cannot be written to is given up silently: there is nowhere to say so.
    fn write(&self, bytes: &[u8]) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        drop(write_all(bytes));
    }
}

/// As `Write::write_all`, but waits where stderr is a pipe that does not block.
fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    let stderr = io::stderr();
    while !bytes.is_empty() {
        match stderr.lock().write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
