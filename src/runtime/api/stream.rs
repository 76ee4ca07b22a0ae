//! A response that is sent while it is written: POST /runtime/invocation/{id}/response in chunks, with trailers where it breaks
//! off. Source: AWS Lambda Developer Guide, "Building a custom runtime, Response streaming".
//!
//! ureq sends no trailers, so this is a small writer of its own, on a connection of its own: the one that serves all other calls
//! stays what it is. It never waits for the API before the last chunk: what the connection does not take is kept, and as long as
//! something is kept the handler's stdout is not read. That is what keeps the memory flat and holds a fast handler back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{
    Api, ApiFailure, ERROR_TYPE, INVOCATION_ID, MAX_ANSWER_BYTES, Posted, encoded, failed, judged, status_and_text,
};
use crate::runtime::failure::{self, Failure};
use crate::runtime::invocation::Invocation;

const RESPONSE_MODE: &str = "Lambda-Runtime-Function-Response-Mode";
const ERROR_BODY: &str = "Lambda-Runtime-Function-Error-Body";
const CALL: &str = "stream the response";
/// Go's HTTP server, which the Runtime API and its emulator are built on, takes trailers of 4 KiB at most. Base64 adds a third.
const MAX_TRAILING_REPORT_BYTES: usize = 2700;
const MAX_HEADERS: usize = 64;

/// One response on its way.
#[derive(Debug)]
pub(crate) struct Upload {
    stream: TcpStream,
    request_id: String,
    /// What the connection has not taken yet.
    pending: Vec<u8>,
    /// How much of `pending` it has taken.
    taken: usize,
    /// Whether the API has answered, or gone, before the end: what follows is dropped, and the answer says why.
    over: bool,
}

impl Api {
    /// Begins a streamed response to the event `invocation`.
    ///
    /// # Errors
    /// When no connection can be opened.
    pub(crate) fn stream(&self, invocation: &Invocation, content_type: &str) -> Result<Upload, ApiFailure> {
        let stream = self.open().map_err(|error| failed(CALL, error))?;
        let echo = invocation.invocation_id.echo().map(|id| format!("{INVOCATION_ID}: {id}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /{}/invocation/{}/response HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nContent-Type: {content_type}\r\n\
             {echo}{RESPONSE_MODE}: streaming\r\nTransfer-Encoding: chunked\r\nTrailer: {ERROR_TYPE}, {ERROR_BODY}\r\n\
             Connection: close\r\n\r\n",
            super::VERSION,
            encoded(&invocation.request_id),
            self.address,
            super::USER_AGENT,
        );
        Ok(Upload {
            stream,
            request_id: invocation.request_id.clone(),
            pending: head.into_bytes(),
            taken: 0,
            over: false,
        })
    }

    fn open(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

impl Upload {
    /// Takes the next bytes of the response, none of them being sent yet.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if !self.over && !bytes.is_empty() {
            self.pending.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
            self.pending.extend_from_slice(bytes);
            self.pending.extend_from_slice(b"\r\n");
        }
    }

    /// Sends what the connection takes without waiting.
    pub(crate) fn push(&mut self) {
        while self.is_behind() {
            match self.stream.write(&self.pending[self.taken..]) {
                Ok(0) => self.over = true,
                Ok(count) => self.taken += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.over = self.has_answer();
                    return;
                }
                Err(_) => self.over = true,
            }
        }
        self.pending.clear();
        self.taken = 0;
    }

    /// Whether the connection has not taken all yet.
    pub(crate) fn is_behind(&self) -> bool {
        !self.over && self.taken < self.pending.len()
    }

    /// An API that refuses a response may stop reading it: what it says then comes before the end.
    fn has_answer(&self) -> bool {
        self.stream.peek(&mut [0]).is_ok()
    }

    /// Ends the response.
    ///
    /// # Errors
    /// When the API fails on it, or the connection does.
    pub(crate) fn end(self) -> Result<Posted, ApiFailure> {
        self.close(b"0\r\n\r\n")
    }

    /// Breaks the response off with the two trailers that tell `failure` to Lambda.
    ///
    /// # Errors
    /// When the API fails on it, or the connection does.
    pub(crate) fn fail(self, failure: &Failure) -> Result<Posted, ApiFailure> {
        let report = BASE64_STANDARD.encode(failure::short_body(failure, &self.request_id, MAX_TRAILING_REPORT_BYTES));
        let trailers = format!("0\r\n{ERROR_TYPE}: {}\r\n{ERROR_BODY}: {report}\r\n\r\n", failure.error_type());
        self.close(trailers.as_bytes())
    }

    fn close(mut self, last: &[u8]) -> Result<Posted, ApiFailure> {
        let ended = self.send_rest(last).and_then(|()| self.answer());
        let (status, text) = ended.map_err(|error| failed(CALL, error))?;
        judged(CALL, status, status_and_text(status, &text))
    }

    /// Waits for a slow API, and no longer for one that has answered: it may never read the rest.
    fn send_rest(&mut self, last: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(last);
        self.push();
        while self.is_behind() {
            let mut connection = [PollFd::new(self.stream.as_fd(), PollFlags::POLLOUT | PollFlags::POLLIN)];
            match poll(&mut connection, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => self.push(),
                Err(error) => return Err(error.into()),
            }
        }
        self.stream.set_nonblocking(false)
    }

    /// Reads the answer: its status, and its body where that says why it is no success.
    fn answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let mut answer = Vec::new();
        loop {
            match Head::parse(&answer)? {
                Some(Head { status: 100..=199, bytes, .. }) => drop(answer.drain(..bytes)),
                Some(head) if head.status < 300 => return Ok((head.status, Vec::new())),
                Some(head) => {
                    self.read_up_to(head.bytes + head.body_bytes.min(MAX_ANSWER_BYTES as usize), &mut answer)?;
                    return Ok((head.status, answer.split_off(head.bytes)));
                }
                None if self.read_up_to(answer.len() + 1, &mut answer)? == 0 => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection ended before the answer"));
                }
                None => {}
            }
        }
    }

    /// Reads until `answer` has `most` bytes or the connection ends; gives back how many came.
    fn read_up_to(&mut self, most: usize, answer: &mut Vec<u8>) -> io::Result<usize> {
        (&mut self.stream).take(most.saturating_sub(answer.len()) as u64).read_to_end(answer)
    }
}

/// What the answer's head says.
struct Head {
    status: u16,
    /// Its own size.
    bytes: usize,
    /// The size of the body; without Content-Length it goes on to the end of the connection.
    body_bytes: usize,
}

impl Head {
    /// `None` while there is more to come.
    fn parse(answer: &[u8]) -> io::Result<Option<Head>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let wrong = |error| io::Error::new(ErrorKind::InvalidData, format!("the answer is no HTTP: {error}"));
        let httparse::Status::Complete(bytes) = head.parse(answer).map_err(wrong)? else { return Ok(None) };
        let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let body_bytes = length.and_then(|length| std::str::from_utf8(length.value).ok()?.trim().parse().ok());
        Ok(Some(Head { status: head.code.unwrap_or(0), bytes, body_bytes: body_bytes.unwrap_or(usize::MAX) }))
    }
}

impl AsFd for Upload {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
