//! Collects the response of a handler. Keeps one byte more than Lambda accepts, so that the API itself rejects a response that is
//! too large. Counts and drops the rest, so that the handler neither blocks nor gets SIGPIPE.

use crate::runtime::payload::Payload;

/// A response that is being collected.
#[derive(Debug, Default)]
pub(crate) struct ResponseBuffer {
    kept: Payload,
    most: usize,
    total: u64,
    /// Whether bytes other than newlines were dropped. Dropped newlines at the end do not matter: they would be stripped anyway.
    dropped: bool,
    complete: bool,
}

impl ResponseBuffer {
    /// A buffer for a response of at most `most` bytes, the most that Lambda accepts.
    pub(crate) fn up_to(most: usize) -> ResponseBuffer {
        ResponseBuffer { most, ..ResponseBuffer::default() }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = (self.most + 1).saturating_sub(self.kept.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at(room);
        self.kept.extend_from_slice(kept);
        self.dropped |= dropped.iter().any(|byte| *byte != b'\n');
    }

    /// The bytes that are kept, as the handler wrote them.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Strips the trailing newlines, as command substitution does, after the handler has succeeded.
    pub(crate) fn complete(&mut self) {
        self.complete = true;
        if !self.dropped {
            let end = self.kept.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
            self.kept.truncate(end);
        }
    }

    /// A message for the log if a complete response is larger than Lambda accepts.
    pub(crate) fn overflow(&self) -> Option<String> {
        let overflow =
            || format!("the response has {} bytes, and Lambda accepts at most 6 MiB and 100 bytes", self.total);
        (self.complete && self.kept.len() > self.most).then(overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(writes: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut response = ResponseBuffer::up_to(4);
        writes.iter().for_each(|bytes| response.feed(bytes));
        response.complete();
        (response.kept().to_vec(), response.overflow().is_some())
    }

    #[test]
    fn what_is_too_much_is_counted_and_one_byte_of_it_is_kept() {
        assert_eq!(response(&[b"ab\n", b"\ncdef"]), (b"ab\n\nc".to_vec(), true));
        assert_eq!(response(&[b"abcde"]), (b"abcde".to_vec(), true));
    }

    #[test]
    fn all_trailing_newlines_and_no_other_bytes_are_stripped() {
        assert_eq!(response(&[b"\na\0", b"\xff\n\n", b"\n"]), (b"\na\0\xff".to_vec(), false));
        assert_eq!(response(&[b"\n\n\n\n\n\n\n"]), (b"".to_vec(), false));
    }
}
