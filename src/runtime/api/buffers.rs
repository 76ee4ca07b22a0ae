//! What a connection reads into and writes from. ureq's own buffers are filled with zeros at the first request, which takes 256 kB
//! of memory and their page faults before the first `next`; these are zero by themselves, and cost the pages that an event needs.

use ureq::unversioned::transport::Buffers;

/// Each holds at least the header of a message: an X-Ray cause is one of up to 64 KiB.
const BYTES: usize = 128 * 1024;
/// What ureq asks for at least when it copies a body.
const LEAST_SPARE_BYTES: usize = 10 * 1024;

/// The two buffers of a connection.
#[derive(Debug)]
pub(super) struct Room {
    input: Vec<u8>,
    /// `input[consumed..filled]` was read, and not used yet.
    consumed: usize,
    filled: usize,
    output: Vec<u8>,
    progress: bool,
}

impl Room {
    pub(super) fn new() -> Room {
        Room { input: vec![0; BYTES], consumed: 0, filled: 0, output: vec![0; BYTES], progress: false }
    }

    fn spare(&mut self) -> &mut [u8] {
        if self.consumed == self.filled {
            (self.consumed, self.filled) = (0, 0);
        } else if self.filled > self.input.len() / 2 {
            self.input.copy_within(self.consumed..self.filled, 0);
            (self.consumed, self.filled) = (0, self.filled - self.consumed);
        }
        &mut self.input[self.filled..]
    }
}

impl Buffers for Room {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        &self.input[self.consumed..self.filled]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.spare()
    }

    fn input_appended(&mut self, amount: usize) {
        self.filled = (self.filled + amount).min(self.input.len());
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed = (self.consumed + amount).min(self.filled);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        if self.spare().len() < LEAST_SPARE_BYTES {
            self.input.resize(self.filled + LEAST_SPARE_BYTES, 0);
        }
        (&mut self.input[self.filled..], &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.consumed < self.filled && self.progress
    }
}
