//! Reads what `durable` in Bash asks: a number of fields, then the fields, each ended by a NUL.

/// The most bytes of one question. The largest payload that Lambda takes has 6 MB.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// The context that the asking shell is in: the id of its operation, empty for the handler itself.
    pub(super) context: String,
    /// BASH_SUBSHELL of the asking shell.
    pub(super) level: u32,
    /// How many words follow `--`, which Bash keeps; `None` without a `--`.
    pub(super) after: Option<usize>,
    /// What the answer must end with; empty if none is awaited.
    pub(super) key: String,
    /// The verb and its words.
    pub(super) words: Vec<String>,
}

/// Collects questions that come in pieces.
#[derive(Debug, Default)]
pub(super) struct AskReader {
    bytes: Vec<u8>,
}

/// Several processes wrote at once, or something else than `durable` wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Garbled;

impl AskReader {
    /// Adds bytes that were read.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole question.
    ///
    /// # Errors
    /// When the bytes are no question.
    pub(super) fn next(&mut self) -> Result<Option<Ask>, Garbled> {
        if self.bytes.len() > MAX_BYTES {
            return Err(Garbled);
        }
        let mut ends = memchr::memchr_iter(0, &self.bytes);
        let Some(first) = ends.next() else { return Ok(None) };
        let count = number(&self.bytes[..first]).filter(|count| *count >= 4).ok_or(Garbled)?;
        let Some(last) = ends.nth(count - 1) else { return Ok(None) };
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        let mut fields = self.bytes[first + 1..last].split(|byte| *byte == 0).map(text);
        let mut next = || fields.next().ok_or(Garbled);
        let (context, level, after, key) = (next()?, next()?, next()?, next()?);
        let ask = Ask {
            context,
            level: level.parse().map_err(|_| Garbled)?,
            after: if after.is_empty() { None } else { Some(after.parse().map_err(|_| Garbled)?) },
            key,
            words: fields.collect(),
        };
        self.bytes.drain(..=last);
        Ok(Some(ask))
    }
}

fn number(field: &[u8]) -> Option<usize> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_in_pieces_and_keep_empty_and_odd_fields() {
        let mut reader = AskReader::default();
        reader.feed(b"7\x002-1\x001\x003\x009.1\0step\0");
        assert_eq!(reader.next(), Ok(None));
        reader.feed(b"\0a\nb\x004\0\x000\0\x009.2\0");
        let words = ["step", "", "a\nb"].map(str::to_owned).to_vec();
        assert_eq!(
            reader.next(),
            Ok(Some(Ask { context: "2-1".into(), level: 1, after: Some(3), key: "9.1".into(), words }))
        );
        let words = Vec::new();
        assert_eq!(
            reader.next(),
            Ok(Some(Ask { context: String::new(), level: 0, after: None, key: "9.2".into(), words }))
        );
        assert_eq!(reader.next(), Ok(None));
    }

    #[test]
    fn anything_else_is_garbled() {
        for bytes in [&b"x\0"[..], b"\0", b"3\0a\0b\0c\0", b"4\0a\0x\0\0d\0"] {
            let mut reader = AskReader::default();
            reader.feed(bytes);
            assert_eq!(reader.next(), Err(Garbled), "{bytes:?}");
        }
    }
}
