//! The pipes and files of one persistent Bash. They are dropped with it, so that a subshell that outlives its Bash reads
//! end-of-file and ends, and can never take what is meant for the successor.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use super::channel::{Channel, End, Shared};

const DRIVER: &str = include_str!("driver.bash");

/// All that connects the supervisor with one Bash.
#[derive(Debug)]
pub(super) struct Plumbing {
    pub(super) channel: Channel,
    /// The driver's own text.
    pub(super) driver: Shared,
    /// The event for the waiting subshell.
    pub(super) event: Shared,
    /// Stack records of failures.
    pub(super) trace: Shared,
    /// What the driver says.
    pub(super) status: End,
    /// Held so that the status pipe has no end-of-file while nobody writes.
    _status_writer: OwnedFd,
    /// Wakes the waiting subshell, and lets a lingering one go.
    pub(super) wake: End,
    pub(super) lanes: Lanes,
    /// Where Bash traces commands to, if it is to, with a writer held as for the status pipe.
    pub(super) xtrace: Option<(End, OwnedFd)>,
}

/// The response and log pipes. There are two of each, for odd and even turns: the next subshell opens its own while those of the
/// event before may not have been read to their end.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) stdout: [End; 2],
    pub(super) stderr: [End; 2],
}

impl Plumbing {
    /// Makes all of it; `traced` says whether commands are to be traced.
    pub(super) fn new(channel: Channel, traced: bool) -> io::Result<Plumbing> {
        let (status, status_writer) = without_end(&channel, "status")?;
        Ok(Plumbing {
            driver: channel.file("driver", DRIVER.as_bytes())?,
            event: channel.file("event", b"")?,
            trace: channel.file("trace", b"")?,
            status,
            _status_writer: status_writer,
            wake: channel.writer("wake")?,
            lanes: Lanes {
                stdout: [channel.reader("stdout0")?, channel.reader("stdout1")?],
                stderr: [channel.reader("stderr0")?, channel.reader("stderr1")?],
            },
            xtrace: if traced { Some(without_end(&channel, "xtrace")?) } else { None },
            channel,
        })
    }

    /// Where the driver's own frames come from.
    pub(super) fn driver_path(&self) -> PathBuf {
        self.driver.path.clone()
    }
}

/// A pipe that has no end-of-file while nobody writes.
fn without_end(channel: &Channel, name: &str) -> io::Result<(End, OwnedFd)> {
    let reader = channel.reader(name)?;
    let writer = open(&reader.path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    Ok((reader, writer))
}

/// Which of the two lanes `turn` has.
pub(super) fn lane(turn: u64) -> usize {
    (turn % 2) as usize
}
