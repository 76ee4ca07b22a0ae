//! What a handler writes as its response: kept up to what Lambda takes plus one byte, so that the API itself refuses what is too much,
//! and the rest counted and dropped, so that the handler neither blocks nor gets SIGPIPE.

/// A response while it is being written.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    kept: Vec<u8>,
    most: usize,
    total: u64,
    /// Whether something other than newlines was dropped; those alone would have been stripped anyway.
    dropped: bool,
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

    /// The bytes to be posted, trailing newlines stripped as command substitution does; and how much the handler wrote, if
    /// that is more than Lambda takes.
    pub(crate) fn into_response(mut self) -> (Vec<u8>, Option<u64>) {
        if !self.dropped {
            super::event::strip_newlines(&mut self.kept);
        }
        let overflow = (self.kept.len() > self.most).then_some(self.total);
        (self.kept, overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(writes: &[&[u8]]) -> (Vec<u8>, Option<u64>) {
        let mut response = Collected::up_to(4);
        writes.iter().for_each(|bytes| response.feed(bytes));
        response.into_response()
    }

    #[test]
    fn what_is_too_much_is_counted_and_one_byte_of_it_is_kept() {
        assert_eq!(response(&[b"ab\n", b"\ncdef"]), (b"ab\n\nc".to_vec(), Some(8)));
        assert_eq!(response(&[b"abcde"]), (b"abcde".to_vec(), Some(5)));
    }

    #[test]
    fn all_trailing_newlines_and_no_other_bytes_are_stripped() {
        assert_eq!(response(&[b"\na\0", b"\xff\n\n", b"\n"]), (b"\na\0\xff".to_vec(), None));
        assert_eq!(response(&[b"\n\n\n\n\n\n\n"]), (b"".to_vec(), None));
    }
}
