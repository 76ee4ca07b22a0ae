//! Reads the output of the handler: its response and its log.

use super::convention::Stream;
use super::execution::{Execution, lost};
use super::{Read, parity, read_once};
use crate::runtime::failure::Failure;

/// How many reads drain stderr after the handler has ended: enough for all data that a pipe can hold.
const MAX_DRAINING_READS: usize = 64;

/// How many reads of stdout are done in a row: 1 MiB.
const MAX_READS: usize = 64;

impl Execution<'_, '_> {
    /// Reads the available output, up to a limit: if a handler writes faster than this thread reads, the time limit must still be
    /// checked.
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

    /// Whether `stream` may be read now. A streamed response is read no faster than it can be sent.
    pub(super) fn has_room(&self, stream: Stream) -> bool {
        stream != self.shell.convention.response || self.response.waits_for().is_none()
    }

    /// Reads the available bytes of one stream. The convention decides whether they are the response or the log.
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

    /// Ignores any further output on stdout: the turn after next gets a new pipe.
    pub(super) fn close_stdout(&mut self) -> Result<(), Failure> {
        if self.stdout_open {
            let end = &mut self.shell.pipes.outputs.stdout[parity(self.turn)];
            self.shell.pipes.channel.renew(end).map_err(lost)?;
            self.stdout_open = false;
        }
        Ok(())
    }

    /// Reads and writes the log lines of the event that were written before the handler ended, so that they appear before the
    /// answer is posted. The runtime does not wait for a background process that still writes to stderr. A JSON line that such a
    /// process has begun is written when the line is complete.
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
