//! The pipes and files of one persistent Bash. They are dropped with it, so that a subshell that outlives its Bash reads
//! end-of-file and ends, and can never take what is meant for the successor.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::fcntl::OFlag;

use super::channel::{Channel, PipeEnd, SharedFile};
use super::convention::Convention;
use super::headers_file::HeadersFile;
use super::script_scan::ScriptScan;
use crate::runtime::handler::Handler;

const DRIVER: &str = include_str!("driver.bash");

/// All that connects the supervisor with one Bash.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) channel: Channel,
    /// The driver's own text.
    pub(super) driver: SharedFile,
    /// The event for the waiting subshell.
    pub(super) event: SharedFile,
    /// The event once more, for a handler that reads it from stdin; for odd and even turns, as the outputs.
    pub(super) stdins: Option<[SharedFile; 2]>,
    /// The event's headers, for a script that speaks of them.
    pub(super) headers: Option<HeadersFile>,
    /// Stack records of failures.
    pub(super) trace: SharedFile,
    /// What the driver says.
    pub(super) status: PipeEnd,
    /// Held so that the status pipe has no end-of-file while nobody writes.
    _status_writer: OwnedFd,
    /// Wakes the waiting subshell, and lets a lingering one go.
    pub(super) wake: PipeEnd,
    pub(super) outputs: OutputPipes,
    /// Where Bash traces commands to, if it is to, with a writer held as for the status pipe.
    pub(super) xtrace: Option<(PipeEnd, OwnedFd)>,
}

/// The response and log pipes. There are two of each, for odd and even turns: the next subshell opens its own while those of the
/// event before may not have been read to their end.
#[derive(Debug)]
pub(super) struct OutputPipes {
    pub(super) stdout: [PipeEnd; 2],
    pub(super) stderr: [PipeEnd; 2],
}

impl Pipes {
    /// Makes all of it that `convention`, `scan` and `handler` ask for; `traced` says whether commands are to be traced.
    pub(super) fn new(
        channel: Channel,
        traced: bool,
        convention: &Convention,
        scan: &ScriptScan,
        handler: &Handler,
    ) -> io::Result<Pipes> {
        let on_stdin = handler.script().is_none() || convention.on_stdin();
        let headers = convention.globals.contains("HEADERS") && (scan.headers || scan.sources);
        let (status, status_writer) = channel.pipe("status")?;
        Ok(Pipes {
            driver: channel.file("driver", DRIVER.as_bytes())?,
            event: channel.file("event", b"")?,
            stdins: if on_stdin { Some([channel.file("stdin0", b"")?, channel.file("stdin1", b"")?]) } else { None },
            headers: if headers { Some(HeadersFile::beside(&channel)?) } else { None },
            trace: channel.file("trace", b"")?,
            status,
            _status_writer: status_writer,
            wake: channel.writer("wake")?,
            outputs: OutputPipes {
                stdout: [channel.reader("stdout0")?, channel.reader("stdout1")?],
                stderr: [channel.reader("stderr0")?, channel.reader("stderr1")?],
            },
            xtrace: if traced { Some(channel.pipe("xtrace")?) } else { None },
            channel,
        })
    }

    /// Makes an empty file of the event that `turn` had on its stdin, once its subshell is gone and before the one after the next is
    /// forked: a background process of that event reads no later one.
    pub(super) fn renew_stdin(&mut self, turn: u64) {
        if let Some(stdins) = &mut self.stdins {
            drop(self.channel.renew_file(&mut stdins[parity(turn)])); // without a spare descriptor it stays
        }
    }

    /// The private folders that must not be left behind.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let of_headers = self.headers.as_ref().and_then(HeadersFile::folder);
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

/// Which of the two outputs `turn` has.
pub(super) fn parity(turn: u64) -> usize {
    (turn % 2) as usize
}
