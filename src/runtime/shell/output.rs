//! What the handler writes: its response and its log.

use super::convention::Stream;
use super::execution::{Turn, lost};
use super::{Read, lane, read_once};
use crate::runtime::failure::Failure;

/// Enough for all that a pipe holds: what was written to it before we learnt of the handler's end.
const MOST_DRAINING_READS: usize = 64;

/// So many reads of stdout in a row at most, 1 MiB.
const MOST_READS: usize = 64;

impl Turn<'_, '_> {
    /// Reads what there is, but not without end: somebody must look at the time when a handler writes faster than this.
    pub(super) fn read_stdout(&mut self) {
        self.response.push();
        let mut reads = 0;
        while self.stdout_open && reads < MOST_READS && self.has_room(Stream::Stdout) {
            match self.read_stream(Stream::Stdout) {
                Read::Some => reads += 1,
                Read::NothingYet => break,
                Read::End => self.stdout_open = false,
            }
        }
    }

    /// Whether `stream` may be read now: a response that is sent as it is written is read no faster than it can be sent.
    pub(super) fn has_room(&self, stream: Stream) -> bool {
        stream != self.shell.convention.response || self.response.waits_for().is_none()
    }

    /// Reads what there is of one stream: the response, or the log, as the convention has it.
    pub(super) fn read_stream(&mut self, stream: Stream) -> Read {
        let lanes = &self.shell.plumbing.lanes;
        let end = match stream {
            Stream::Stdout => &lanes.stdout[lane(self.number)],
            Stream::Stderr => &lanes.stderr[lane(self.number)],
        };
        if stream == self.shell.convention.response {
            read_once(end, &mut |bytes| self.response.feed(bytes))
        } else {
            read_once(end, &mut |bytes| self.lines.feed(bytes))
        }
    }

    /// Gives up what may still come on stdout: the turn after next gets a new pipe.
    pub(super) fn close_stdout(&mut self) -> Result<(), Failure> {
        if self.stdout_open {
            let end = &mut self.shell.plumbing.lanes.stdout[lane(self.number)];
            self.shell.plumbing.channel.renew(end).map_err(lost)?;
            self.stdout_open = false;
        }
        Ok(())
    }

    /// The event's lines are out before its answer is posted: those that were written before the handler ended. A background
    /// process that goes on writing to stderr is not waited for, and a JSON line that it has begun is written when it is whole.
    pub(super) fn drain_stderr(&mut self) {
        let mut reads = 0;
        while self.stderr_open && reads < MOST_DRAINING_READS {
            match self.read_stream(Stream::Stderr) {
                Read::Some => reads += 1,
                Read::NothingYet => break,
                Read::End => self.stderr_open = false,
            }
        }
        if self.succeeded && self.stderr_open {
            self.lines.pause();
        } else {
            self.lines.finish();
        }
    }
}
