//! Creates the pipes and files that connect the runtime with one persistent Bash. They are dropped together with the Bash. So a
//! subshell that outlives its Bash reads end-of-file and ends, and can never read data for the next Bash.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use nix::fcntl::OFlag;

use super::convention::Convention;
use super::headers_file::HeadersFile;
use super::script_scan::ScriptScan;
use crate::runtime::channel::{Channel, PipeEnd, SharedFile};
use crate::runtime::handler::Handler;

/// The pipes and files of one Bash.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) channel: Channel,
    /// The path of the driver, by which Bash opens it and names it.
    pub(super) driver: PathBuf,
    /// The file for the text of the driver, until Bash has read the text.
    pub(super) driver_file: Option<File>,
    /// The event for the waiting subshell.
    pub(super) event: SharedFile,
    /// The event as a file for the handler's stdin; one file for even and one for odd turns.
    pub(super) stdins: Option<[SharedFile; 2]>,
    /// The event's headers, if the script mentions HEADERS.
    pub(super) headers: Option<HeadersFile>,
    /// Stack records of failures.
    pub(super) trace: SharedFile,
    /// The pipe for the status records of the driver.
    pub(super) status: PipeEnd,
    /// The pipe that wakes the waiting subshell, and releases it after its event.
    pub(super) wake: PipeEnd<Arc<OwnedFd>>,
    pub(super) outputs: OutputPipes,
    /// The pipe for traced commands, if commands are traced.
    pub(super) xtrace: Option<PipeEnd>,
}

/// The response and log pipes: one pair for even and one for odd turns. The next subshell opens its own pair while the pair of
/// the previous event may still have unread data.
#[derive(Debug)]
pub(super) struct OutputPipes {
    pub(super) stdout: [PipeEnd; 2],
    pub(super) stderr: [PipeEnd; 2],
}

impl Pipes {
    /// Creates the pipes and files that `convention`, `scan` and `handler` need. `traced` says whether commands are traced.
    pub(super) fn new(
        channel: Channel,
        traced: bool,
        convention: &Convention,
        scan: &ScriptScan,
        handler: &Handler,
    ) -> io::Result<Pipes> {
        let on_stdin = handler.script().is_none() || convention.on_stdin();
        let headers = convention.globals.contains("HEADERS") && (scan.headers || scan.sources);
        let driver = channel.file("driver", b"")?;
        let PipeEnd { fd, path } = channel.writer("wake")?;
        Ok(Pipes {
            driver: driver.path,
            driver_file: Some(driver.file),
            event: channel.file("event", b"")?,
            stdins: if on_stdin { Some([channel.file("stdin0", b"")?, channel.file("stdin1", b"")?]) } else { None },
            headers: if headers { Some(HeadersFile::beside(&channel)?) } else { None },
            trace: channel.file("trace", b"")?,
            status: channel.endless_reader("status")?,
            wake: PipeEnd { fd: Arc::new(fd), path },
            outputs: OutputPipes {
                stdout: [channel.reader("stdout0")?, channel.reader("stdout1")?],
                stderr: [channel.reader("stderr0")?, channel.reader("stderr1")?],
            },
            xtrace: if traced { Some(channel.endless_reader("xtrace")?) } else { None },
            channel,
        })
    }

    /// Replaces the stdin file of `turn` by an empty file. This is called after the subshell of `turn` has ended and before the
    /// turn after next is forked. So a background process of that event cannot read a later event.
    pub(super) fn renew_stdin(&mut self, turn: u64) {
        if let Some(stdins) = &mut self.stdins {
            drop(self.channel.renew_file(&mut stdins[parity(turn)])); // if no descriptor is free, the old file stays
        }
    }

    /// The private folders to remove at the end.
    pub(super) fn folders(&self) -> Vec<PathBuf> {
        let of_headers = self.headers.as_ref().and_then(HeadersFile::folder);
        self.channel.folder().into_iter().chain(of_headers).collect()
    }

    /// Takes one of `bytes` back out of the wake-up pipe, if no subshell has read it.
    pub(super) fn take_back(&self, bytes: &[&[u8]]) -> bool {
        let mut options = OpenOptions::new();
        let reader = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&self.wake.path);
        let mut unread = [0];
        reader.is_ok_and(|mut reader| matches!(reader.read(&mut unread), Ok(1)) && bytes.contains(&&unread[..]))
    }
}

/// The index of the pipes and files of `turn`: 0 for even turns, 1 for odd turns.
pub(super) fn parity(turn: u64) -> usize {
    (turn % 2) as usize
}
