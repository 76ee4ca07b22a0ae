//! What a handler writes as its response: kept up to what Lambda takes plus one byte, so that the API itself refuses what is too much,
//! and the rest counted and dropped, so that the handler neither blocks nor gets SIGPIPE.

/// A response while it is being written.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    kept: Vec<u8>,
    most: usize,
    total: u64,
    /// Whether something other than newlines was dropped; those alone would have been stripped anyway.
    overflown: bool,
}

impl Collected {
    /// Keeps at most `most` bytes.
    pub(crate) fn up_to(most: usize) -> Collected {
        Collected { most, ..Collected::default() }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = (self.most - self.kept.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at(room);
        self.kept.extend_from_slice(kept);
        self.overflown |= dropped.iter().any(|byte| *byte != b'\n');
    }

    /// What is kept, as it was written.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// All that was written, if it was too much to be kept.
    pub(crate) fn overflow(&self) -> Option<u64> {
        self.overflown.then_some(self.total)
    }

    /// The response: trailing newlines stripped, as command substitution does.
    pub(crate) fn into_response(mut self) -> Vec<u8> {
        if !self.overflown {
            super::event::strip_newlines(&mut self.kept);
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_dropped() {
        let mut response = Collected::up_to(4);
        response.feed(b"ab\n");
        response.feed(b"\ncdef");
        assert_eq!(response.overflow(), Some(8));
        assert_eq!(response.into_response(), b"ab\n\n");
    }

    #[test]
    fn all_trailing_newlines_and_no_other_bytes_are_stripped() {
        let mut response = Collected::up_to(100);
        response.feed(b"\na\0\xff \n\n\n");
        assert_eq!(response.into_response(), b"\na\0\xff ");
    }
}
