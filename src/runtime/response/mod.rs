//! Collects a response until the handler has ended, or streams it while the handler writes.
//!
//! COSHELL_RESPONSE selects one of the two. The default works like the tutorial's bootstrap: the response is sent in one piece,
//! without its trailing newlines, and not at all if the handler fails. A stream keeps every byte. After the first byte was sent,
//! a failure can only break the stream off.

mod buffer;
mod head;
pub(crate) mod prelude;
mod stream;

use std::os::fd::BorrowedFd;

use self::buffer::ResponseBuffer;
use self::stream::ResponseStream;
use super::api::{Api, ApiFailure, MAX_RESPONSE_BYTES, Posted};
use super::cgi::{self, Form, Reply};
use super::failure::Failure;
use super::invocation::Invocation;
use super::payload::Payload;

/// How responses are delivered: COSHELL_RESPONSE.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// `buffered`: in one piece, after the handler has ended.
    #[default]
    Buffered,
    /// `stream`: while the handler writes.
    Stream,
    /// `http-stream`: like `stream`; the first line is the prelude of an HTTP response.
    HttpStream,
}

impl Delivery {
    /// The delivery that is called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Delivery> {
        match name {
            "buffered" => Some(Delivery::Buffered),
            "stream" => Some(Delivery::Stream),
            "http-stream" => Some(Delivery::HttpStream),
            _ => None,
        }
    }
}

/// The response of the handler to one event.
#[derive(Debug)]
pub(crate) enum Response<'a> {
    /// The response is kept until the handler has ended.
    Buffered { api: &'a Api, invocation: &'a Invocation, bytes: ResponseBuffer, cgi: Option<Reply> },
    /// The response is sent at once.
    Streamed(ResponseStream<'a>),
}

impl<'a> Response<'a> {
    /// An empty response to the event `invocation`.
    pub(crate) fn to(invocation: &'a Invocation, delivery: Delivery, api: &'a Api) -> Response<'a> {
        match delivery {
            Delivery::Buffered => {
                Response::Buffered { api, invocation, bytes: ResponseBuffer::up_to(MAX_RESPONSE_BYTES), cgi: None }
            }
            Delivery::Stream => Response::Streamed(ResponseStream::plain(api, invocation)),
            Delivery::HttpStream => Response::Streamed(ResponseStream::http(api, invocation)),
        }
    }

    /// Expects a CGI response, which becomes a response in the form of `reply`. A stream then begins with a prelude. A load balancer takes
    /// no stream, so that its response is sent in one piece.
    pub(crate) fn expect_cgi(&mut self, reply: Reply) {
        if let Form::LoadBalancer { .. } = reply.form {
            self.buffer();
        }
        match self {
            Response::Buffered { cgi, .. } => *cgi = Some(reply),
            Response::Streamed(streamed) => streamed.expect_cgi(reply),
        }
    }

    /// Keeps the response until the handler has ended, even if responses are streamed.
    pub(crate) fn buffer(&mut self) {
        if let Response::Streamed(streamed) = &*self {
            *self = Response::to(streamed.invocation(), Delivery::Buffered, streamed.api());
        }
    }

    /// Replaces what the handler wrote by the whole response.
    pub(crate) fn replace(&mut self, response: Payload) {
        if let Response::Buffered { bytes, .. } = self {
            bytes.replace(response);
        }
    }

    /// Adds bytes that the handler wrote.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        match self {
            Response::Buffered { bytes: buffer, .. } => buffer.feed(bytes),
            Response::Streamed(streamed) => streamed.feed(bytes),
        }
    }

    /// Sends as many bytes as possible without waiting.
    pub(crate) fn push(&mut self) {
        match self {
            Response::Buffered { .. } => {}
            Response::Streamed(streamed) => streamed.push(),
        }
    }

    /// The connection that must send the pending bytes before more are added; `None` if more may be added now.
    pub(crate) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Response::Buffered { .. } => None,
            Response::Streamed(streamed) => streamed.waits_for(),
        }
    }

    /// Whether the handler has written nothing so far.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Response::Buffered { bytes, .. } => bytes.kept().is_empty(),
            Response::Streamed(streamed) => streamed.total() == 0,
        }
    }

    /// The bytes that the handler wrote and that were not sent.
    pub(crate) fn unsent(&self) -> &[u8] {
        match self {
            Response::Buffered { bytes, .. } => bytes.kept(),
            Response::Streamed(streamed) => streamed.unsent(),
        }
    }

    /// Completes the response after the handler has succeeded.
    ///
    /// # Errors
    ///
    /// When the output of the handler cannot be the response.
    pub(crate) fn complete(&mut self) -> Result<(), Failure> {
        match self {
            Response::Buffered { bytes, cgi: None, .. } => bytes.complete(),
            Response::Buffered { bytes, cgi: Some(reply), .. } => {
                let response = cgi::lambda_response(bytes.kept(), bytes.total(), *reply)?;
                bytes.replace(response);
            }
            Response::Streamed(streamed) => streamed.complete()?,
        }
        Ok(())
    }

    /// A message for the log if the response is larger than Lambda accepts.
    pub(crate) fn overflow(&self) -> Option<String> {
        match self {
            Response::Buffered { bytes, .. } => bytes.overflow(),
            Response::Streamed(streamed) => streamed.overflow(),
        }
    }

    /// Posts the response, or the rest of a stream.
    ///
    /// # Errors
    /// When the API fails.
    pub(crate) fn post(self) -> Result<Posted, ApiFailure> {
        match self {
            Response::Buffered { api, invocation, bytes, .. } => api.respond(invocation, bytes.kept()),
            Response::Streamed(streamed) => streamed.post(),
        }
    }

    /// Posts `failure` instead of the response, or as the end of a stream that has begun.
    ///
    /// # Errors
    /// When the API fails.
    pub(crate) fn fail(self, failure: &Failure) -> Result<Posted, ApiFailure> {
        match self {
            Response::Buffered { api, invocation, .. } => api.fail(invocation, failure),
            Response::Streamed(streamed) => streamed.fail(failure),
        }
    }
}
