//! Reads pipes without blocking, and converts wait times for `poll`.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::PollTimeout;
use nix::unistd::read;
use signal_hook::SigId;
use signal_hook::consts::SIGCHLD;
use signal_hook::low_level::{pipe, unregister};

use crate::runtime::channel::PipeEnd;

/// The size of the buffer, which is zeroed for each read.
const READ_BYTES: usize = 16 * 1024;

/// The result of a read that does not block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Some,
    NothingYet,
    End,
}

/// Reads the available bytes, up to [`READ_BYTES`].
pub(super) fn read_once(end: &PipeEnd, take: &mut impl FnMut(&[u8])) -> Read {
    let mut buffer = [0; READ_BYTES];
    match read(&end.fd, &mut buffer).map_err(io::Error::from) {
        Ok(0) => Read::End,
        Ok(count) => {
            take(&buffer[..count]);
            Read::Some
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock || error.kind() == ErrorKind::Interrupted => {
            Read::NothingYet
        }
        Err(_) => Read::End,
    }
}

/// Converts a wait time, rounded up so that the wait never ends too early.
pub(super) fn poll_timeout(wait: Duration) -> PollTimeout {
    PollTimeout::try_from(wait + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX)
}

/// Becomes readable with every SIGCHLD. This uses a signal handler, because Bash would inherit a blocked signal mask.
#[derive(Debug)]
pub(super) struct ChildSignals {
    reader: UnixStream,
    id: SigId,
}

impl ChildSignals {
    pub(super) fn watch() -> io::Result<ChildSignals> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        Ok(ChildSignals { reader, id: pipe::register(SIGCHLD, writer)? })
    }

    /// Whether a SIGCHLD has come since the last call.
    pub(super) fn have_come(&self) -> bool {
        matches!(read(&self.reader, &mut [0; 64]), Ok(1..))
    }
}

impl AsFd for ChildSignals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

impl Drop for ChildSignals {
    fn drop(&mut self) {
        unregister(self.id);
    }
}
