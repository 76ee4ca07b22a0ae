//! CGI/1.1: an HTTP event becomes a CGI request, and the handler's output, a CGI response, becomes the response that Lambda expects.
//!
//! `request` reads the event: variables for the handler's environment, and the body for its stdin. `response` turns the output into JSON,
//! and `stream` turns the beginning of the output into the prelude of a streamed response.
//!
//! Source: RFC 3875. What the RFC leaves to the server: Location without Status gives status 302, also where it is a path; the status line
//! of a `nph-` program is an error; a path with a `..` segment, a NUL, a CR or an LF is answered with status 400.

mod event;
mod header_block;
mod identity;
mod request;
mod response;
mod stream;
mod variables;

pub(crate) use self::request::Request;
pub(crate) use self::response::{bad_request, lambda_response};
pub(crate) use self::stream::{Begin, Head};

/// What the response must look like, which the request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) form: Form,
    /// A response to HEAD has no body.
    pub(crate) is_head: bool,
}

/// The three formats of HTTP events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Payload format 2.0: function URLs and HTTP APIs.
    Version2,
    /// Payload format 1.0: REST APIs.
    Version1,
    /// An Application Load Balancer; `multi_value` where its target group sends and takes lists of values.
    LoadBalancer { multi_value: bool },
}
