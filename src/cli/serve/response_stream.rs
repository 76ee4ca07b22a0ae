//! Streams a response to a client while the handler writes it.
//!
//! The client sets the pace: coshell reads the next part from the runtime when the client has taken the part before.

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

/// The number of parts that may wait for the client.
pub(super) const MAX_WAITING: usize = 16;

/// Makes the end of the body from the answer: the last bytes, or an error that breaks the connection.
type End = Box<dyn FnOnce(Answer) -> Result<Vec<Bytes>, FunctionError> + Send>;

/// An HTTP body that sends the parts of a response when they arrive.
pub(super) struct StreamedBody {
    /// Bytes to send before the next part.
    pub(super) pending: VecDeque<Bytes>,
    parts: mpsc::Receiver<Part>,
    answer: Option<oneshot::Receiver<Answer>>,
    encode: fn(Bytes) -> Bytes,
    end: Option<End>,
}

impl StreamedBody {
    /// A body of the `parts`, each encoded by `encode`, followed by the bytes that `end` makes from the answer.
    pub(super) fn new(
        parts: mpsc::Receiver<Part>,
        answer: oneshot::Receiver<Answer>,
        encode: fn(Bytes) -> Bytes,
        end: impl FnOnce(Answer) -> Result<Vec<Bytes>, FunctionError> + Send + 'static,
    ) -> StreamedBody {
        StreamedBody { pending: VecDeque::new(), parts, answer: Some(answer), encode, end: Some(Box::new(end)) }
    }

    pub(super) fn into_body(self) -> Body {
        Body::new(self)
    }

    /// An empty body without a Content-Length.
    pub(super) fn empty() -> StreamedBody {
        let ((_, parts), (_, answer)) = (mpsc::channel(1), oneshot::channel());
        StreamedBody::new(parts, answer, std::convert::identity, |_| Ok(Vec::new()))
    }

    /// Reads the whole response for a client that gets no body.
    pub(super) async fn drain(mut self) {
        while poll_fn(|task| Pin::new(&mut self).poll_frame(task)).await.is_some_and(|frame| frame.is_ok()) {}
    }

    /// Queues the bytes that follow the last part.
    fn finish(&mut self, answer: Answer) -> Result<(), FunctionError> {
        if let Some(end) = self.end.take() {
            self.pending.extend(end(answer)?);
        }
        Ok(())
    }
}

impl HttpBody for StreamedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if let Some(bytes) = self.pending.pop_front() {
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
            if let Err(error) = self.finish(answer) {
                return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other(error.error_type)))));
            }
        }
    }
}

impl Debug for StreamedBody {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.debug_struct("StreamedBody").finish_non_exhaustive()
    }
}
