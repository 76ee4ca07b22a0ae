//! Streams a response while the handler writes.

use std::os::fd::{AsFd, BorrowedFd};

use super::prelude::Prelude;
use crate::runtime::api::{Api, ApiFailure, Posted, Upload};
use crate::runtime::failure::{CustomError, Failure};
use crate::runtime::invocation::Invocation;

/// The size of the largest response that Lambda streams.
const MAX_BYTES: u64 = 200 * 1024 * 1024;
/// How many bytes are gathered for one write to the connection.
const PUSH_BYTES: u64 = 64 * 1024;
/// The size of the largest custom error that is held back.
const MAX_HELD_BYTES: usize = 64 * 1024;
const PLAIN: &str = "application/octet-stream";
/// The content type of a stream that begins with a prelude.
const HTTP: &str = "application/vnd.awslambda.http-integration-response";

/// A streamed response to one event.
#[derive(Debug)]
pub(crate) struct ResponseStream<'a> {
    api: &'a Api,
    invocation: &'a Invocation,
    content_type: &'static str,
    /// The first line, until it is complete and sent.
    prelude: Option<Prelude>,
    /// The output so far, if it is a custom error as failing handlers print it. Only the end of the handler shows whether it is
    /// an error or the response.
    held: Vec<u8>,
    /// The upload, opened with the first byte.
    upload: Option<Result<Upload, ApiFailure>>,
    total: u64,
    unpushed: u64,
}

impl<'a> ResponseStream<'a> {
    pub(super) fn plain(api: &'a Api, invocation: &'a Invocation) -> ResponseStream<'a> {
        let (prelude, held, upload) = (None, Vec::new(), None);
        ResponseStream { api, invocation, content_type: PLAIN, prelude, held, upload, total: 0, unpushed: 0 }
    }

    pub(super) fn http(api: &'a Api, invocation: &'a Invocation) -> ResponseStream<'a> {
        ResponseStream { content_type: HTTP, prelude: Some(Prelude::new()), ..ResponseStream::plain(api, invocation) }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        match &mut self.prelude {
            None => self.send_or_hold(bytes),
            Some(prelude) => {
                let Some(begin) = prelude.feed(bytes) else { return };
                self.prelude = None;
                self.send(&begin.head);
                self.send(&bytes[begin.used..]);
            }
        }
    }

    fn send_or_hold(&mut self, bytes: &[u8]) {
        if self.upload.is_none() {
            self.held.extend_from_slice(bytes);
            if self.held.len() > MAX_HELD_BYTES || CustomError::parse(&self.held).is_none() {
                self.send_held();
            }
        } else {
            self.send(bytes);
        }
    }

    fn send_held(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.send(&held);
    }

    fn send(&mut self, bytes: &[u8]) {
        let upload = self.upload.get_or_insert_with(|| self.api.stream(self.invocation, self.content_type));
        let Ok(upload) = upload else { return };
        upload.feed(bytes);
        self.unpushed += bytes.len() as u64;
        if self.unpushed >= PUSH_BYTES {
            self.push();
        }
    }

    pub(super) fn push(&mut self) {
        self.unpushed = 0;
        if let Some(Ok(upload)) = &mut self.upload {
            upload.push();
        }
    }

    pub(super) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        match &self.upload {
            // Bytes that were only added are about to be pushed.
            Some(Ok(upload)) if upload.is_behind() && self.unpushed == 0 => Some(upload.as_fd()),
            _ => None,
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn unsent(&self) -> &[u8] {
        self.prelude.as_ref().map_or(&self.held, Prelude::line)
    }

    /// Completes the stream after the handler has succeeded: a prelude may have no newline, and a response may be empty.
    pub(super) fn complete(&mut self) -> Result<(), Failure> {
        if let Some(prelude) = &mut self.prelude {
            match (prelude.end(), &prelude) {
                (Some(head), _) => {
                    self.prelude = None;
                    self.send(&head);
                }
                (None, Prelude::Refused { reason, .. }) => {
                    return Err(Failure::InvalidPrelude { reason: reason.clone() });
                }
                (None, Prelude::Reading(_)) => {}
            }
        }
        self.send_held(); // an empty response is a stream too
        Ok(())
    }

    pub(super) fn overflow(&self) -> Option<String> {
        let overflow = || format!("the response has {} bytes, and Lambda streams at most 200 MiB of it", self.total);
        (self.total > MAX_BYTES).then(overflow)
    }

    pub(super) fn post(self) -> Result<Posted, ApiFailure> {
        match self.upload {
            Some(upload) => upload?.end(),
            None => self.api.stream(self.invocation, self.content_type)?.end(),
        }
    }

    pub(super) fn fail(self, failure: &Failure) -> Result<Posted, ApiFailure> {
        match self.upload {
            Some(upload) => upload?.fail(failure),
            None => self.api.fail(self.invocation, failure),
        }
    }
}
