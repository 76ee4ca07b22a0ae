//! One invocation as its client sees it: what is sent, what comes of it, and when.
//!
//! An `Invocation` is shared by its client, who waits, and by the Runtime API's routes, which deliver and settle it. The
//! first outcome wins: a time limit that has passed cannot be undone by a late answer, and an answer cannot be
//! given twice. Nobody runs a clock: the limit counts from delivery, and whoever looks after it has passed (the waiting
//! client, or a late answer) settles it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Shared bytes: a clone costs nothing, so that 6 MB events and responses are never copied here. `Vec<u8>` turns into it.
pub use axum::body::Bytes;

/// What a client asks of a function. `None` means that the header is not sent.
#[derive(Clone, Debug, Default)]
pub struct Invoke {
    /// The event, byte for byte as the runtime gets it.
    pub payload: Bytes,
    /// Lambda-Runtime-Aws-Request-Id; must differ from that of every other invocation in flight.
    pub request_id: String,
    /// The function's time limit, counted from delivery; Lambda-Runtime-Deadline-Ms is computed from it.
    pub timeout: Duration,
    /// Lambda-Runtime-Invoked-Function-Arn.
    pub function_arn: Option<String>,
    /// Lambda-Runtime-Trace-Id, X-Ray's.
    pub trace_id: Option<String>,
    /// Lambda-Runtime-Client-Context, JSON.
    pub client_context: Option<String>,
    /// Lambda-Runtime-Cognito-Identity, JSON.
    pub cognito_identity: Option<String>,
    /// Lambda-Runtime-Aws-Tenant-Id.
    pub tenant_id: Option<String>,
}

/// What came of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The runtime posted a response.
    Response(Response),
    /// The runtime posted an error, or the API made one of a response that it refused.
    Error(FunctionError),
    /// The time limit passed before the answer.
    TimedOut,
    /// The runtime process ended before the answer; how, in words, such as `exit status: 1`.
    RuntimeExited(String),
}

/// A response as the runtime posted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The body.
    pub bytes: Bytes,
    /// Content-Type, where the runtime sent one.
    pub content_type: Option<String>,
    /// Whether the runtime streamed it. It is buffered here, as for a client that does not stream.
    pub streaming: bool,
    /// The error that a streamed response ended with, from its trailers; the body is decoded by whoever needs it (base64).
    pub trailing_error: Option<FunctionError>,
}

/// An error as the runtime reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionError {
    /// Lambda-Runtime-Function-Error-Type, or `Runtime.Unknown` or `Function.Unknown` where it is absent or malformed.
    pub error_type: String,
    /// The body as it came, normally JSON with errorMessage, errorType and stackTrace.
    pub body: Bytes,
    /// Content-Type, where the runtime sent one.
    pub content_type: Option<String>,
    /// Lambda-Runtime-Function-XRay-Error-Cause, where the runtime sent it.
    pub xray_error_cause: Option<String>,
}

impl FunctionError {
    /// An error in Lambda's own JSON, for failures that Lambda itself reports.
    #[must_use]
    pub fn by_lambda(error_type: &str, message: &str) -> FunctionError {
        let body = serde_json::json!({ "errorType": error_type, "errorMessage": message });
        FunctionError {
            error_type: error_type.to_owned(),
            body: body.to_string().into(),
            content_type: Some("application/json".to_owned()),
            xray_error_cause: None,
        }
    }
}

/// An outcome and its moments. `None` where that moment never came.
#[derive(Clone, Debug)]
pub struct Completion {
    /// What came of it.
    pub outcome: Outcome,
    /// When the event was handed to the runtime, as the answer to its `next`.
    pub delivered: Option<Instant>,
    /// When the runtime's answer had been read to its end.
    pub answered: Option<Instant>,
}

/// Why an answer of the runtime is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has been answered before.
    AnsweredTwice,
    /// The time limit has passed.
    TooLate,
}

/// A handle on one invocation in flight; clones mean the same one.
#[derive(Clone, Debug)]
pub struct Invocation(Arc<InFlight>);

#[derive(Debug)]
struct InFlight {
    invoke: Invoke,
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    delivered: Option<Instant>,
    answered: Option<Instant>,
    next: Option<Instant>,
    outcome: Option<Outcome>,
}

impl Invocation {
    pub(super) fn new(invoke: Invoke) -> Invocation {
        Invocation(Arc::new(InFlight { invoke, progress: Mutex::default(), changed: Condvar::new() }))
    }

    /// What the client asked.
    #[must_use]
    pub fn invoke(&self) -> &Invoke {
        &self.0.invoke
    }

    /// Waits for the outcome, at most until the time limit. Before delivery there is no limit: an invocation waits in the
    /// queue until a runtime asks for it or the runtime's end is told to the API.
    #[must_use]
    pub fn wait(&self) -> Completion {
        let mut progress = self.progress();
        loop {
            self.expire(&mut progress);
            if let Some(outcome) = progress.outcome.clone() {
                return Completion { outcome, delivered: progress.delivered, answered: progress.answered };
            }
            let limit = progress.delivered.map(|delivered| delivered + self.0.invoke.timeout);
            progress = self.wait_for_change(progress, limit);
        }
    }

    /// When the runtime called `next` after its answer: Lambda bills from delivery to that moment. `None` when it has not
    /// called within `patience`.
    #[must_use]
    pub fn wait_for_next(&self, patience: Duration) -> Option<Instant> {
        let limit = Instant::now() + patience;
        let mut progress = self.progress();
        while progress.next.is_none() && Instant::now() < limit {
            progress = self.wait_for_change(progress, Some(limit));
        }
        progress.next
    }

    /// Marks the moment of delivery and returns the deadline in epoch milliseconds.
    pub(super) fn deliver(&self) -> u128 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.progress().delivered = Some(Instant::now());
        self.0.changed.notify_all(); // the client's wait has a limit from now on
        (now + self.0.invoke.timeout).as_millis()
    }

    /// Whether an answer would be taken now.
    pub(super) fn check_open(&self) -> Result<(), Refusal> {
        self.check(&mut self.progress())
    }

    /// Takes the runtime's answer as the outcome, unless there is one already.
    pub(super) fn answer(&self, outcome: Outcome) -> Result<(), Refusal> {
        let mut progress = self.progress();
        self.check(&mut progress)?;
        progress.answered = Some(Instant::now());
        self.settle(&mut progress, outcome);
        Ok(())
    }

    /// Tells that the runtime process has ended; how, in words. What has an outcome keeps it.
    pub(super) fn runtime_exited(&self, how: &str) {
        let mut progress = self.progress();
        self.expire(&mut progress);
        self.settle(&mut progress, Outcome::RuntimeExited(how.to_owned()));
    }

    /// Marks the moment of the runtime's following `next`.
    pub(super) fn next_arrived(&self, moment: Instant) {
        self.progress().next = Some(moment);
        self.0.changed.notify_all();
    }

    /// Whether there is an outcome, so that the runtime owes nothing any more.
    pub(super) fn is_settled(&self) -> bool {
        self.progress().outcome.is_some()
    }

    fn check(&self, progress: &mut Progress) -> Result<(), Refusal> {
        self.expire(progress);
        match progress.outcome {
            None => Ok(()),
            Some(Outcome::TimedOut) => Err(Refusal::TooLate),
            Some(Outcome::Response(_) | Outcome::Error(_) | Outcome::RuntimeExited(_)) => Err(Refusal::AnsweredTwice),
        }
    }

    fn settle(&self, progress: &mut Progress, outcome: Outcome) {
        if progress.outcome.is_none() {
            progress.outcome = Some(outcome);
            self.0.changed.notify_all();
        }
    }

    fn expire(&self, progress: &mut Progress) {
        let limit = progress.delivered.map(|delivered| delivered + self.0.invoke.timeout);
        if limit.is_some_and(|limit| Instant::now() >= limit) {
            self.settle(progress, Outcome::TimedOut);
        }
    }

    fn wait_for_change<'a>(
        &self,
        progress: MutexGuard<'a, Progress>,
        limit: Option<Instant>,
    ) -> MutexGuard<'a, Progress> {
        let changed = &self.0.changed;
        match limit {
            None => changed.wait(progress).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let left = limit.saturating_duration_since(Instant::now());
                changed.wait_timeout(progress, left).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
