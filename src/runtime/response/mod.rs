//! The response on its way: collected until the handler has ended, or streamed as it is written.
//!
//! Which of the two is COSHELL_RESPONSE's to say. The default is what the tutorial's bootstrap does: all of it in one piece, without
//! its trailing newlines, and nothing of it when the handler fails. A stream keeps every byte, and once one is out a failure can
//! only break it off.

mod collected;
mod head;
pub(crate) mod prelude;
mod streamed;

use std::os::fd::BorrowedFd;

use self::collected::Collected;
use self::streamed::Streamed;
use super::api::{Api, ApiFailure, MOST_RESPONSE_BYTES, Posted};
use super::cgi::{self, Reply};
use super::failure::Failure;
use super::invocation::Invocation;

/// How responses are delivered: COSHELL_RESPONSE.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// `buffered`: in one piece, when the handler has ended.
    #[default]
    Buffered,
    /// `stream`: as it is written.
    Stream,
    /// `http-stream`: the same, the first line being the prelude of an HTTP response.
    HttpStream,
}

impl Delivery {
    /// The one that is called `name`.
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

/// What the handler writes as its response to one event.
#[derive(Debug)]
pub(crate) enum Response<'a> {
    /// Kept here until the handler has ended.
    Collected { api: &'a Api, invocation: &'a Invocation, bytes: Collected, cgi: Option<Reply> },
    /// Sent on at once.
    Streamed(Streamed<'a>),
}

impl<'a> Response<'a> {
    /// A response to the event `invocation`, nothing being written or sent yet.
    pub(crate) fn to(invocation: &'a Invocation, delivery: Delivery, api: &'a Api) -> Response<'a> {
        match delivery {
            Delivery::Buffered => {
                Response::Collected { api, invocation, bytes: Collected::up_to(MOST_RESPONSE_BYTES), cgi: None }
            }
            Delivery::Stream => Response::Streamed(Streamed::plain(api, invocation)),
            Delivery::HttpStream => Response::Streamed(Streamed::http(api, invocation)),
        }
    }

    /// The handler writes a CGI response: `reply` says what becomes of it. A stream is one with a prelude then.
    pub(crate) fn expect_cgi(&mut self, reply: Reply) {
        match self {
            Response::Collected { cgi, .. } => *cgi = Some(reply),
            Response::Streamed(streamed) => streamed.expect_cgi(reply),
        }
    }

    /// Takes what the handler wrote.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        match self {
            Response::Collected { bytes: collected, .. } => collected.feed(bytes),
            Response::Streamed(streamed) => streamed.feed(bytes),
        }
    }

    /// Sends what can be sent without waiting.
    pub(crate) fn push(&mut self) {
        match self {
            Response::Collected { .. } => {}
            Response::Streamed(streamed) => streamed.push(),
        }
    }

    /// The connection that must take what was fed before more is; `None` where more may come now.
    pub(crate) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Response::Collected { .. } => None,
            Response::Streamed(streamed) => streamed.waits_for(),
        }
    }

    /// Whether the handler has written nothing so far.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Response::Collected { bytes, .. } => bytes.kept().is_empty(),
            Response::Streamed(streamed) => streamed.total() == 0,
        }
    }

    /// What the handler wrote and nobody was sent.
    pub(crate) fn unsent(&self) -> &[u8] {
        match self {
            Response::Collected { bytes, .. } => bytes.kept(),
            Response::Streamed(streamed) => streamed.unsent(),
        }
    }

    /// The handler has succeeded, and nothing will follow.
    ///
    /// # Errors
    /// When what it wrote cannot be the response.
    pub(crate) fn complete(&mut self) -> Result<(), Failure> {
        match self {
            Response::Collected { bytes, cgi: None, .. } => bytes.complete(),
            Response::Collected { bytes, cgi: Some(reply), .. } => {
                let response = cgi::lambda_response(bytes.kept(), bytes.total(), *reply)?;
                bytes.replace(response);
            }
            Response::Streamed(streamed) => streamed.complete()?,
        }
        Ok(())
    }

    /// A sentence for the log where it is more than Lambda takes.
    pub(crate) fn overflow(&self) -> Option<String> {
        match self {
            Response::Collected { bytes, .. } => bytes.overflow(),
            Response::Streamed(streamed) => streamed.overflow(),
        }
    }

    /// Posts it, or the rest of it.
    ///
    /// # Errors
    /// When the API fails.
    pub(crate) fn post(self) -> Result<Posted, ApiFailure> {
        match self {
            Response::Collected { api, invocation, bytes, .. } => api.respond(invocation, bytes.kept()),
            Response::Streamed(streamed) => streamed.post(),
        }
    }

    /// Posts `failure` in its place, or as its end where some of it is out.
    ///
    /// # Errors
    /// When the API fails.
    pub(crate) fn fail(self, failure: &Failure) -> Result<Posted, ApiFailure> {
        match self {
            Response::Collected { api, invocation, .. } => api.fail(invocation, failure),
            Response::Streamed(streamed) => streamed.fail(failure),
        }
    }
}
