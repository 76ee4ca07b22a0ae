//! Sends events and reads the bodies of answers.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use http_body::Frame;

use crate::lambda::invocation::{Invocation, Part};

/// Larger events are sent in chunks, without Content-Length, as Lambda sends them.
const WITH_LENGTH_BYTES: usize = 2048;
/// The size of the chunks, as the emulator sends them.
const CHUNK_BYTES: usize = 32 * 1024;

/// The body that carries an event.
pub(super) fn of_event(payload: Bytes) -> Body {
    if payload.len() > WITH_LENGTH_BYTES { Body::new(Chunked(payload)) } else { Body::from(payload) }
}

/// A body of unknown length, which HTTP/1.1 sends in chunks.
struct Chunked(Bytes);

impl HttpBody for Chunked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let size = self.0.len().min(CHUNK_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.0.split_to(size)))))
    }
}

/// A request's body as it was read.
#[derive(Default)]
pub(crate) struct Received {
    /// The body; empty when it was larger than the limit.
    pub(crate) bytes: Vec<u8>,
    /// The size in bytes, also if it is over the limit.
    pub(crate) size: u64,
    /// The trailers after the last chunk.
    pub(super) trailers: HeaderMap,
    /// The invocation whose listener gets the bytes.
    streamed_to: Option<Invocation>,
}

/// Reads a body to its end, so that the connection stays usable, and keeps the bytes if there are at most `limit`.
pub(crate) async fn receive(body: Body, limit: u64) -> Result<Received, axum::Error> {
    receive_for(None, body, limit).await
}

/// Like [`receive`], but if an invocation is given, its listener gets the bytes up to `limit`, and they are not kept.
pub(super) async fn receive_for(
    streamed_to: Option<Invocation>,
    mut body: Body,
    limit: u64,
) -> Result<Received, axum::Error> {
    let mut received = Received { streamed_to, ..Received::default() };
    if let Some(size) = body.size_hint().exact().filter(|size| *size <= limit) {
        received.bytes.reserve_exact(usize::try_from(size).unwrap_or_default());
    }
    while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
        received.take(frame?, limit).await;
    }
    Ok(received)
}

impl Received {
    async fn take(&mut self, frame: Frame<Bytes>, limit: u64) {
        match frame.into_data() {
            Ok(data) => {
                self.size += data.len() as u64;
                if let Some(invocation) = &self.streamed_to {
                    // No listener is left after the time limit or after the client has gone; the runtime does not notice.
                    if let Some(listener) = invocation.listener().filter(|_| self.size <= limit) {
                        let _ = listener.send(Part::Data(data)).await;
                    }
                } else if self.size <= limit {
                    self.bytes.extend_from_slice(&data);
                } else {
                    self.bytes = Vec::new();
                }
            }
            Err(frame) => self.trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
}
