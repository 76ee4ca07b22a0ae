//! What a streamed HTTP response begins with: a prelude that the handler writes, or the headers of a CGI response.

use super::prelude::{Prelude, SEPARATOR, StreamStart};
use crate::runtime::cgi::{self, Reply};
use crate::runtime::failure::Failure;

/// The output until the stream begins.
#[derive(Debug)]
pub(super) enum Head {
    Json(Prelude),
    Cgi(Box<cgi::Head>),
}

impl Head {
    pub(super) fn json() -> Head {
        Head::Json(Prelude::new())
    }

    pub(super) fn cgi(reply: Reply) -> Head {
        Head::Cgi(Box::new(cgi::Head::new(reply)))
    }

    /// Takes what the handler wrote.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<StreamStart> {
        match self {
            Head::Json(prelude) => prelude.feed(bytes),
            Head::Cgi(head) => {
                let cgi::Begin { prelude, used, has_body } = head.feed(bytes)?;
                Some(StreamStart { head: separated(&prelude), used, has_body })
            }
        }
    }

    /// The handler has ended: what a response without a body begins with.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, Failure> {
        match self {
            Head::Json(prelude) => prelude.end().ok_or_else(|| {
                let reason = prelude.refusal().unwrap_or_default().to_owned();
                Failure::InvalidPrelude { reason }
            }),
            Head::Cgi(head) => head.end().map(|prelude| separated(&prelude)),
        }
    }

    /// What was read so far.
    pub(super) fn output(&self) -> &[u8] {
        match self {
            Head::Json(prelude) => prelude.line(),
            Head::Cgi(head) => head.output(),
        }
    }
}

fn separated(prelude: &[u8]) -> Vec<u8> {
    [prelude, &SEPARATOR].concat()
}
