//! A response on its way to a client while the handler writes it.
//!
//! The client's connection sets the pace: parts are taken from the runtime as the client takes them.

use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;
use tokio::sync::{mpsc, oneshot};

use super::job::Answer;
use crate::lambda::invocation::{FunctionError, Part};

/// Parts that may wait for the client.
pub(super) const MOST_WAITING: usize = 16;

/// How a client is told that the response ends: the last bytes, or an error that breaks the connection.
type End = Box<dyn FnOnce(Answer) -> Result<Vec<Bytes>, FunctionError> + Send>;

/// The parts of a response as the body of an answer.
pub(super) struct Streamed {
    /// To be sent before anything else comes.
    pub(super) begun: VecDeque<Bytes>,
    parts: mpsc::Receiver<Part>,
    answer: Option<oneshot::Receiver<Answer>>,
    encode: fn(Bytes) -> Bytes,
    end: Option<End>,
}

impl Streamed {
    /// A body of what comes from `parts`, each through `encode`, and then of what `end` makes of the answer.
    pub(super) fn new(
        parts: mpsc::Receiver<Part>,
        answer: oneshot::Receiver<Answer>,
        encode: fn(Bytes) -> Bytes,
        end: impl FnOnce(Answer) -> Result<Vec<Bytes>, FunctionError> + Send + 'static,
    ) -> Streamed {
        Streamed { begun: VecDeque::new(), parts, answer: Some(answer), encode, end: Some(Box::new(end)) }
    }

    pub(super) fn into_body(self) -> Body {
        Body::new(self)
    }

    /// A body of nothing, whose length is not told.
    pub(super) fn nothing() -> Streamed {
        let ((_, parts), (_, answer)) = (mpsc::channel(1), oneshot::channel());
        Streamed::new(parts, answer, std::convert::identity, |_| Ok(Vec::new()))
    }

    /// Takes all of it, where the client is to have none.
    pub(super) async fn drain(mut self) {
        while poll_fn(|task| Pin::new(&mut self).poll_frame(task)).await.is_some_and(|frame| frame.is_ok()) {}
    }

    /// What is to be sent after the last part.
    fn ended(&mut self, answer: Answer) -> Result<(), FunctionError> {
        if let Some(end) = self.end.take() {
            self.begun.extend(end(answer)?);
        }
        Ok(())
    }
}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if let Some(bytes) = self.begun.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            match ready!(self.parts.poll_recv(task)) {
                Some(Part::Head(_)) => continue,
                Some(Part::Data(bytes)) => return Poll::Ready(Some(Ok(Frame::data((self.encode)(bytes))))),
                None => {}
            }
            let Some(answer) = &mut self.answer else { return Poll::Ready(None) };
            let answer = ready!(Pin::new(answer).poll(task));
            self.answer = None;
            let Ok(answer) = answer else { return Poll::Ready(None) }; // coshell is ending
            if let Err(error) = self.ended(answer) {
                return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other(error.error_type)))));
            }
        }
    }
}

impl Debug for Streamed {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.debug_struct("Streamed").finish_non_exhaustive()
    }
}
