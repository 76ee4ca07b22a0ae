//! A CGI request: the variables for the handler's environment, and the body for its stdin.

use super::event::Event;
use super::{Reply, variables};
use crate::runtime::failure::Failure;
use crate::runtime::payload::Payload;

/// An HTTP event as a CGI request.
#[derive(Debug)]
pub(crate) struct Request {
    /// Names and values, without NUL bytes.
    pub(crate) variables: Vec<(String, Vec<u8>)>,
    pub(crate) body: Payload,
    /// What the response must look like.
    pub(crate) reply: Reply,
    /// Why the handler must not see the request: the client gets status 400.
    pub(crate) refusal: Option<&'static str>,
}

impl Request {
    /// The request in `event`.
    ///
    /// # Errors
    /// [`Failure::NotHttp`].
    pub(crate) fn of(event: &[u8]) -> Result<Request, Failure> {
        let mut event = Event::parse(event)?;
        let body = event.take_body()?;
        let (variables, refusal) = variables::of(&event, body.len());
        let reply = Reply { form: event.form, is_head: event.method() == "HEAD" };
        Ok(Request { variables, body, reply, refusal })
    }
}
