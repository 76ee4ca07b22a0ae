//! The pipes and files of one persistent Bash. They are dropped with it, so that a subshell that outlives its Bash reads
//! end-of-file and ends, and can never take what is meant for the successor.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use nix::fcntl::OFlag;

use super::channel::{Channel, End, Shared};
use super::convention::Convention;
use super::headers_file::Headers;
use super::script_scan::Habits;
use crate::runtime::functions;
use crate::runtime::handler::Handler;

const DRIVER: &str = include_str!("driver.bash");

/// All that connects the supervisor with one Bash.
#[derive(Debug)]
pub(super) struct Plumbing {
    pub(super) channel: Channel,
    /// The path by which Bash opens the driver's own text, and calls it.
    pub(super) driver: PathBuf,
    /// The file with that text, until Bash has read it.
    pub(super) driver_file: Option<File>,
    /// The event for the waiting subshell.
    pub(super) event: Shared,
    /// The event once more, for a handler that reads it from stdin; for odd and even turns, as the lanes.
    pub(super) stdins: Option<[Shared; 2]>,
    /// The event's headers, for a script that speaks of them.
    pub(super) headers: Option<Headers>,
    /// Stack records of failures.
    pub(super) trace: Shared,
    /// What the driver says.
    pub(super) status: End,
    /// Wakes the waiting subshell, and lets a lingering one go.
    pub(super) wake: End<Arc<OwnedFd>>,
    pub(super) lanes: Lanes,
    /// Where Bash traces commands to, if commands are traced.
    pub(super) xtrace: Option<End>,
}

/// The response and log pipes. There are two of each, for odd and even turns: the next subshell opens its own while those of the
/// event before may not have been read to their end.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) stdout: [End; 2],
    pub(super) stderr: [End; 2],
}

impl Plumbing {
    /// Makes all of it that `convention`, `habits` and `handler` ask for; `traced` says whether commands are to be traced.
    pub(super) fn new(
        channel: Channel,
        traced: bool,
        convention: &Convention,
        habits: &Habits,
        handler: &Handler,
    ) -> io::Result<Plumbing> {
        let on_stdin = handler.script().is_none() || convention.on_stdin();
        let headers = convention.globals.contains("HEADERS") && (habits.headers || habits.sources);
        let driver = channel.file("driver", (functions::definitions(&habits.functions) + DRIVER).as_bytes())?;
        let End { fd, path } = channel.writer("wake")?;
        Ok(Plumbing {
            driver: driver.path,
            driver_file: Some(driver.file),
            event: channel.file("event", b"")?,
            stdins: if on_stdin { Some([channel.file("stdin0", b"")?, channel.file("stdin1", b"")?]) } else { None },
            headers: if headers { Some(Headers::beside(&channel)?) } else { None },
            trace: channel.file("trace", b"")?,
            status: channel.endless_reader("status")?,
            wake: End { fd: Arc::new(fd), path },
            lanes: Lanes {
                stdout: [channel.reader("stdout0")?, channel.reader("stdout1")?],
                stderr: [channel.reader("stderr0")?, channel.reader("stderr1")?],
            },
            xtrace: if traced { Some(channel.endless_reader("xtrace")?) } else { None },
            channel,
        })
    }

    /// Makes an empty file of the event that `turn` had on its stdin, once its subshell is gone and before the one after the next is
    /// forked: a background process of that event reads no later one.
    pub(super) fn renew_stdin(&mut self, turn: u64) {
        if let Some(stdins) = &mut self.stdins {
            drop(self.channel.renew_file(&mut stdins[lane(turn)])); // without a spare descriptor it stays
        }
    }

    /// The private folders that must not be left behind.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let of_headers = self.headers.as_ref().and_then(Headers::folder);
        self.channel.folder().into_iter().chain(of_headers).collect()
    }

    /// Takes `byte` out of the wake-up pipe, if nobody has read it.
    pub(super) fn take_back(&self, byte: &[u8]) -> bool {
        let mut options = OpenOptions::new();
        let reader = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&self.wake.path);
        let mut unread = [0];
        reader.is_ok_and(|mut reader| matches!(reader.read(&mut unread), Ok(1)) && unread == byte)
    }
}

/// Which of the two lanes `turn` has.
pub(super) fn lane(turn: u64) -> usize {
    (turn % 2) as usize
}
