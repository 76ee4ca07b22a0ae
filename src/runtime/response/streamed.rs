//! A response that is sent as it is written.

use std::os::fd::{AsFd, BorrowedFd};

use super::head::Head;
use crate::runtime::api::{Api, ApiFailure, Posted, Upload};
use crate::runtime::cgi::Reply;
use crate::runtime::failure::{Failure, OwnError};
use crate::runtime::invocation::Invocation;

/// What Lambda streams of one response, at most.
const MOST_BYTES: u64 = 200 * 1024 * 1024;
/// So much is gathered for one write to the connection.
const PUSH_BYTES: u64 = 64 * 1024;
/// No error is longer that a handler prints as its own.
const MOST_HELD_BYTES: usize = 64 * 1024;
const PLAIN: &str = "application/octet-stream";
/// Tells Lambda that a prelude comes first.
const HTTP: &str = "application/vnd.awslambda.http-integration-response";

/// A streamed response to one event.
#[derive(Debug)]
pub(crate) struct Streamed<'a> {
    api: &'a Api,
    invocation: &'a Invocation,
    content_type: &'static str,
    /// What the stream begins with, until it has.
    head: Option<Head>,
    /// Whether the response may have no body.
    is_bodyless: bool,
    /// All that was written, where that is an error as failing handlers print it: whether it is one, only the handler's end tells.
    held: Vec<u8>,
    /// Opened with the first byte.
    upload: Option<Result<Upload, ApiFailure>>,
    total: u64,
    unpushed: u64,
}

impl<'a> Streamed<'a> {
    pub(super) fn plain(api: &'a Api, invocation: &'a Invocation) -> Streamed<'a> {
        let (head, held, upload) = (None, Vec::new(), None);
        let is_bodyless = false;
        Streamed { api, invocation, content_type: PLAIN, head, is_bodyless, held, upload, total: 0, unpushed: 0 }
    }

    pub(super) fn http(api: &'a Api, invocation: &'a Invocation) -> Streamed<'a> {
        Streamed { content_type: HTTP, head: Some(Head::json()), ..Streamed::plain(api, invocation) }
    }

    pub(super) fn expect_cgi(&mut self, reply: Reply) {
        self.content_type = HTTP;
        self.head = Some(Head::cgi(reply));
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        match &mut self.head {
            None if self.is_bodyless => {}
            None => self.send_or_hold(bytes),
            Some(head) => {
                let Some(begin) = head.feed(bytes) else { return };
                self.head = None;
                self.is_bodyless = !begin.has_body;
                self.send(&begin.head);
                if begin.has_body {
                    self.send(&bytes[begin.used..]);
                }
            }
        }
    }

    fn send_or_hold(&mut self, bytes: &[u8]) {
        if self.upload.is_none() {
            self.held.extend_from_slice(bytes);
            if self.held.len() > MOST_HELD_BYTES || OwnError::parse(&self.held).is_none() {
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
            // What was only fed is about to be pushed.
            Some(Ok(upload)) if upload.is_behind() && self.unpushed == 0 => Some(upload.as_fd()),
            _ => None,
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn unsent(&self) -> &[u8] {
        self.head.as_ref().map_or(&self.held, Head::output)
    }

    /// The handler has succeeded: a prelude may have no newline, and a response no byte.
    pub(super) fn complete(&mut self) -> Result<(), Failure> {
        if let Some(head) = &mut self.head {
            let begin = head.end()?;
            self.head = None;
            self.send(&begin);
        }
        self.send_held(); // a response without a byte is a stream all the same
        Ok(())
    }

    pub(super) fn overflow(&self) -> Option<String> {
        let told = || format!("the response has {} bytes, and Lambda streams at most 200 MiB of it", self.total);
        (self.total > MOST_BYTES).then(told)
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
