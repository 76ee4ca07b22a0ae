//! The beginning of a streamed CGI response: its headers become the prelude, and the body follows as it is written.

use super::Reply;
use super::header_block::{self, HeaderBlock, invalid};
use super::response::{checked_body, fields, has_body};
use crate::runtime::failure::Failure;

/// The most that API Gateway takes of a prelude.
const MAX_PRELUDE_BYTES: usize = 16 * 1024;

/// The output until the stream begins.
#[derive(Debug)]
pub(crate) struct Head {
    reply: Reply,
    /// The output so far, at most one byte more than a header block may have.
    output: Vec<u8>,
    /// Where the last line in `output` begins.
    line: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The empty line has not come.
    Reading,
    /// The headers have no Content-Type, so no body may follow. The prelude is sent when the handler has ended.
    Bodyless(HeaderBlock, Vec<u8>),
    /// The headers or the body cannot be used.
    Refused(Failure),
}

/// What begins the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    /// The prelude, JSON.
    pub(crate) prelude: Vec<u8>,
    /// How many of the bytes fed last are no part of the body.
    pub(crate) used: usize,
    /// Whether HTTP allows a body.
    pub(crate) has_body: bool,
}

impl Head {
    /// The beginning of a response in the form of `reply`.
    pub(crate) fn new(reply: Reply) -> Head {
        Head { reply, output: Vec::new(), line: 0, state: State::Reading }
    }

    /// Takes what the handler wrote, up to the end of the headers.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Option<Begin> {
        match &self.state {
            State::Reading => self.read(bytes),
            State::Bodyless(headers, _) => {
                if let Err(failure) = checked_body(headers, bytes) {
                    self.state = State::Refused(failure);
                }
                None
            }
            State::Refused(_) => None,
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Option<Begin> {
        let before = self.output.len();
        let room = (header_block::MAX_BYTES + 1).saturating_sub(before).min(bytes.len());
        self.output.extend_from_slice(&bytes[..room]);
        let Some((block, body)) = header_block::end(&self.output, self.line) else {
            self.line = self.output.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            if self.output.len() > header_block::MAX_BYTES {
                self.state = State::Refused(header_block::without_end(&self.output));
            }
            return None;
        };
        let used = body.saturating_sub(before);
        match self.begin(block, used) {
            Ok(begin) => begin.filter(|_| matches!(self.state, State::Reading)).or_else(|| self.feed(&bytes[used..])),
            Err(failure) => {
                self.state = State::Refused(failure);
                None
            }
        }
    }

    fn begin(&mut self, block: usize, used: usize) -> Result<Option<Begin>, Failure> {
        let headers = HeaderBlock::parse(&self.output[..block])?;
        let prelude = serde_json::Value::from(fields(&headers, self.reply)?).to_string().into_bytes();
        if prelude.len() > MAX_PRELUDE_BYTES {
            return Err(invalid(format!(
                "its headers are more than the {MAX_PRELUDE_BYTES} bytes that a stream may begin with"
            )));
        }
        let has_body = has_body(&headers, self.reply);
        if has_body && headers.content_type.is_none() {
            self.state = State::Bodyless(headers, prelude);
            return Ok(None);
        }
        Ok(Some(Begin { prelude, used, has_body }))
    }

    /// The handler has ended: the prelude of a response without a body.
    ///
    /// # Errors
    /// When the output is not a CGI response.
    pub(crate) fn end(&mut self) -> Result<Vec<u8>, Failure> {
        match std::mem::replace(&mut self.state, State::Reading) {
            State::Reading => Err(header_block::without_end(&self.output)),
            State::Bodyless(_, prelude) => Ok(prelude),
            State::Refused(failure) => Err(failure),
        }
    }

    /// The output so far.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::cgi::Form;

    const REPLY: Reply = Reply { form: Form::Version2, is_head: false };

    fn fed(writes: &[&str]) -> (Head, Vec<Begin>) {
        let mut head = Head::new(REPLY);
        let begins = writes.iter().filter_map(|text| head.feed(text.as_bytes())).collect();
        (head, begins)
    }

    #[test]
    fn a_stream_begins_with_the_empty_line_wherever_the_writes_are_cut() {
        let prelude = br#"{"statusCode":200,"headers":{"Content-Type":"a/b"}}"#.to_vec();
        for (writes, used) in [
            (&["Content-Type: a/b\n\nbody"][..], 19),
            (&["Content-Type: a/b\n", "\nbody"], 1),
            (&["Content-Type", ": a/b\r", "\n\r", "\nbody"], 1),
            (&["Content-Type: a/b\r\n\r\n"], 21),
        ] {
            let begin = Begin { prelude: prelude.clone(), used, has_body: true };
            assert_eq!(fed(writes).1, [begin], "{writes:?}");
        }
    }

    #[test]
    fn without_a_type_there_may_be_no_body() {
        let (mut head, begins) = fed(&["Location: /a\n\n", "\n"]);
        assert_eq!(begins, []);
        assert_eq!(head.end().unwrap(), br#"{"statusCode":302,"headers":{"Location":"/a"}}"#);
        for writes in [&["Location: /a\n\nbody"][..], &["Location: /a\n", "\n", "\n", "body"]] {
            let reason = fed(writes).0.end().unwrap_err().to_string();
            assert!(reason.contains("a body and no Content-Type"), "{reason}");
        }
        let begin = &fed(&["Status: 304\n\nbody"]).1[0];
        assert!(!begin.has_body && begin.used == 13, "{begin:?}");
    }

    #[test]
    fn what_is_no_response_is_refused_and_no_more_of_it_is_kept() {
        for (writes, message) in [
            (&[""][..], "it is empty"),
            (&["hello\n"], "line 1, `hello`"),
            (&["Status: x\n\nbody"], "has no status"),
            (&[&"x".repeat(70_000), "\n\n", "y"], "is not a header"),
            (&["Content-Type: a/b\n", &"A: b\n".repeat(8000), "\n"], "more than the 16384 bytes"),
        ] {
            let (mut head, begins) = fed(writes);
            assert_eq!(begins, []);
            assert!(head.output().len() <= header_block::MAX_BYTES + 1);
            let reason = head.end().unwrap_err().to_string();
            assert!(reason.contains(message), "{message}: {reason}");
        }
    }
}
