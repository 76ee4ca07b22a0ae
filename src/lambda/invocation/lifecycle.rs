//! Holds one invocation from its submission to its outcome. Two sides share the invocation: the client, which waits for the outcome, and
//! the Runtime API's routes, which deliver the event and take the answer.
//!
//! The first outcome counts: a late answer does not replace a timeout, and a second answer does not replace the first. No timer runs. The
//! time limit counts from delivery; the waiting client or a late answer checks whether the limit has passed and then sets the timeout.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::{Completion, Invoke, Outcome, Part};

/// Why an answer of the runtime is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The runtime has already answered.
    AnsweredTwice,
    /// The time limit has passed.
    TooLate,
}

/// A handle on one invocation; a clone is a handle on the same invocation.
#[derive(Clone, Debug)]
pub struct Invocation(Arc<InFlight>);

#[derive(Debug)]
struct InFlight {
    invoke: Invoke,
    id: String,
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    delivered: Option<Instant>,
    answered: Option<Instant>,
    next: Option<Instant>,
    outcome: Option<Outcome>,
    /// Dropped when the outcome is set, so that the receiver sees the end.
    listener: Option<mpsc::Sender<Part>>,
}

impl Invocation {
    /// `id` is the invocation id, which must be unique.
    pub(crate) fn new(mut invoke: Invoke, id: String) -> Invocation {
        let progress = Mutex::new(Progress { listener: invoke.listener.take(), ..Progress::default() });
        Invocation(Arc::new(InFlight { invoke, id, progress, changed: Condvar::new() }))
    }

    /// Lambda-Runtime-Invocation-Id: identifies this attempt; a later attempt can have the same request id.
    pub(crate) fn id(&self) -> &str {
        &self.0.id
    }

    /// The receiver of the parts of a streamed response.
    pub(crate) fn listener(&self) -> Option<mpsc::Sender<Part>> {
        self.progress().listener.clone()
    }

    /// The client's request.
    #[must_use]
    pub fn invoke(&self) -> &Invoke {
        &self.0.invoke
    }

    /// Waits for the outcome, at most until the time limit. Before delivery there is no limit: an invocation waits in the queue until the
    /// runtime calls `next`, or until the runtime's end is reported to the API.
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

    /// When the runtime called `next` after its answer: Lambda bills from delivery to that moment. `None` if the runtime has not called
    /// `next` within `patience`.
    #[must_use]
    pub fn wait_for_next(&self, patience: Duration) -> Option<Instant> {
        let limit = Instant::now() + patience;
        let mut progress = self.progress();
        while progress.next.is_none() && Instant::now() < limit {
            progress = self.wait_for_change(progress, Some(limit));
        }
        progress.next
    }

    /// Records the moment of delivery and returns the deadline in epoch milliseconds.
    pub(crate) fn deliver(&self) -> u128 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.progress().delivered = Some(Instant::now());
        self.0.changed.notify_all(); // from now on the client waits only until the time limit
        (now + self.0.invoke.timeout).as_millis()
    }

    /// Checks that an answer would be accepted now.
    pub(crate) fn check_open(&self) -> Result<(), Refusal> {
        self.check(&mut self.progress())
    }

    /// Makes the runtime's answer the outcome, unless there is an outcome already.
    pub(crate) fn answer(&self, outcome: Outcome) -> Result<(), Refusal> {
        let mut progress = self.progress();
        self.check(&mut progress)?;
        progress.answered = Some(Instant::now());
        self.settle(&mut progress, outcome);
        Ok(())
    }

    /// Records that the runtime process has ended; `how` is its exit status or signal. An earlier outcome stays.
    pub(crate) fn runtime_exited(&self, how: &str) {
        let mut progress = self.progress();
        self.expire(&mut progress);
        self.settle(&mut progress, Outcome::RuntimeExited(how.to_owned()));
    }

    /// Records the moment of the runtime's following `next`.
    pub(crate) fn next_arrived(&self, moment: Instant) {
        self.progress().next = Some(moment);
        self.0.changed.notify_all();
    }

    /// Whether an answer would be accepted, or the event still waits for delivery.
    pub(crate) fn is_open(&self) -> bool {
        self.check_open().is_ok()
    }

    /// Whether there is an outcome, so that no answer is expected any more.
    pub(crate) fn is_settled(&self) -> bool {
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
            progress.listener = None;
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
