//! What the handler writes: its response and its log.

use super::convention::Stream;
use super::execution::{Execution, lost};
use super::{Read, parity, read_once};
use crate::runtime::failure::Failure;

/// Enough for all that a pipe holds: what was written to it before we learnt of the handler's end.
const MAX_DRAINING_READS: usize = 64;

/// So many reads of stdout in a row at most, 1 MiB.
const MAX_READS: usize = 64;

impl Execution<'_, '_> {
    /// Reads what there is, but not without end: somebody must look at the time when a handler writes faster than this.
    pub(super) fn read_stdout(&mut self) {
        self.response.push();
        let mut reads = 0;
        while self.stdout_open && reads < MAX_READS && self.has_room(Stream::Stdout) {
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
        let outputs = &self.shell.pipes.outputs;
        let end = match stream {
            Stream::Stdout => &outputs.stdout[parity(self.turn)],
            Stream::Stderr => &outputs.stderr[parity(self.turn)],
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
            let end = &mut self.shell.pipes.outputs.stdout[parity(self.turn)];
            self.shell.pipes.channel.renew(end).map_err(lost)?;
            self.stdout_open = false;
        }
        Ok(())
    }

    /// The event's lines are out before its answer is posted: those that were written before the handler ended. A background
    /// process that goes on writing to stderr is not waited for, and a JSON line that it has begun is written when it is whole.
    pub(super) fn drain_stderr(&mut self) {
        let mut reads = 0;
        while self.stderr_open && reads < MAX_DRAINING_READS {
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
