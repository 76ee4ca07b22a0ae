//! Splits the bytes from a pipe into lines, in bounded memory. A handler can write to the pipes of the driver, and a line without
//! end must not be kept without limit.

/// Splits bytes into lines. Keeps the beginning of an incomplete line for the next read.
#[derive(Debug)]
pub(super) struct LineSplitter {
    most: usize,
    partial: Vec<u8>,
}

impl LineSplitter {
    /// Keeps at most `most` bytes of a line, and drops the rest.
    pub(super) fn up_to(most: usize) -> LineSplitter {
        LineSplitter { most, partial: Vec::new() }
    }

    /// The lines that `bytes` complete, without their newlines.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = self.most - self.partial.len();
            self.partial.extend_from_slice(&text[..text.len().min(room)]);
            if text.len() < piece.len() {
                lines.push(std::mem::take(&mut self.partial));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_wherever_the_reads_are_cut_and_only_the_beginning_of_a_long_one_is_kept() {
        let mut lines = LineSplitter::up_to(4);
        assert_eq!(lines.read(b"ab"), [b""; 0]);
        assert_eq!(lines.read(b"c\n\nabcd\nabcdef"), [&b"abc"[..], b"", b"abcd"]);
        assert_eq!(lines.read(&[b'x'; 1_000_000]), [b""; 0]);
        assert!(lines.partial.capacity() < 100);
        assert_eq!(lines.read(b"\ny\n"), [&b"abcd"[..], b"y"]);
    }
}
