//! What a handler writes as its response: kept up to what Lambda takes plus one byte, so that the API itself refuses what is too much,
//! and the rest counted and dropped, so that the handler neither blocks nor gets SIGPIPE.

use crate::runtime::payload::Payload;

/// A response while it is being written.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    kept: Payload,
    most: usize,
    total: u64,
    /// Whether something other than newlines was dropped; those alone would have been stripped anyway.
    dropped: bool,
    complete: bool,
}

impl Collected {
    /// For a response of which Lambda takes at most `most` bytes.
    pub(crate) fn up_to(most: usize) -> Collected {
        Collected { most, ..Collected::default() }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = (self.most + 1).saturating_sub(self.kept.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at(room);
        self.kept.extend_from_slice(kept);
        self.dropped |= dropped.iter().any(|byte| *byte != b'\n');
    }

    /// What is kept, as it was written.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// How many bytes were written.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The handler has succeeded, and `response` is what its output means.
    pub(crate) fn replace(&mut self, response: Payload) {
        *self = Collected { kept: response, complete: true, ..Collected::up_to(self.most) };
    }

    /// The handler has succeeded: strips the trailing newlines, as command substitution does.
    pub(crate) fn complete(&mut self) {
        self.complete = true;
        if !self.dropped {
            let end = self.kept.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
            self.kept.truncate(end);
        }
    }

    /// A sentence where a complete response is more than Lambda takes.
    pub(crate) fn overflow(&self) -> Option<String> {
        let told = || format!("the response has {} bytes, and Lambda takes at most 6 MiB and 100 bytes", self.total);
        (self.complete && self.kept.len() > self.most).then(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(writes: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut response = Collected::up_to(4);
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
