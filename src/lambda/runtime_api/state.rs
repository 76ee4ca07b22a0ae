//! Holds the state of the Runtime API: the result of init, the snapshot, the queue of waiting events, and the events in flight.
//!
//! One mutex guards the state and is never held across an await. Waiting `next` calls are not kept in a list. Each call looks into the queue
//! when it is woken, so a call whose connection has closed cannot lose an event.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use axum::http::HeaderMap;
use tokio::sync::Notify;

use super::answer::{Answer, headers_of};
use super::extensions::Extensions;
use super::{Credentials, Features, Freezer, Init};
use crate::lambda::identifiers::random_uuid;
use crate::lambda::invocation::{FunctionError, Invocation, Invoke};

/// The state behind the routes and the facade.
#[derive(Debug, Default)]
pub(super) struct State {
    inner: Mutex<Inner>,
    init_changed: Condvar,
    submitted: Notify,
    freezer: OnceLock<Arc<dyn Freezer>>,
    pub(super) extensions: Extensions,
    pub(super) metadata_token: String,
    /// The token of the credentials, and the credentials.
    pub(super) credentials: Option<(String, Credentials)>,
    pub(super) snap_start: bool,
    restored: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    init: Option<Init>,
    snapshot: Snapshot,
    exited: Option<String>,
    queue: VecDeque<Queued>,
    in_flight: Vec<InFlight>, // at most one for each slot of the runtime, so a search is fast enough
}

/// How far an environment with SnapStart is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Snapshot {
    /// The runtime has not called restore/next.
    #[default]
    NotTaken,
    /// The runtime called restore/next at this moment and waits.
    Taken(Instant),
    /// restore/next was answered.
    Restored,
}

/// An event that waits for a `next`, with its headers ready.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) invocation: Invocation,
    pub(super) headers: HeaderMap,
}

/// An event that was delivered and is not yet followed by a `next`.
#[derive(Debug)]
struct InFlight {
    invocation: Invocation,
    connection: SocketAddr,
}

impl State {
    pub(super) fn new(features: Features) -> State {
        State {
            metadata_token: random_uuid(),
            credentials: features.credentials.map(|credentials| (random_uuid(), credentials)),
            snap_start: features.snap_start,
            ..State::default()
        }
    }

    pub(super) fn submit(&self, invoke: Invoke) -> Result<Invocation> {
        let id = random_uuid();
        let headers = headers_of(&invoke, &id)?;
        let invocation = Invocation::new(invoke, id);
        let mut inner = self.inner();
        if inner.is_open(&invocation.invoke().request_id) {
            bail!("request id `{}` is in flight already: use another", invocation.invoke().request_id);
        }
        if let Some(how) = &inner.exited {
            invocation.runtime_exited(how);
        } else {
            inner.queue.push_back(Queued { invocation: invocation.clone(), headers });
            drop(inner);
            self.submitted.notify_one();
        }
        Ok(invocation)
    }

    /// Freezes the runtime between events from now on. Only the first call has an effect.
    pub(super) fn freeze_between_events(&self, freezer: Arc<dyn Freezer>) {
        let _ = self.freezer.set(freezer);
    }

    pub(super) fn wait_for_init(&self, timeout: Duration) -> Init {
        let inner = self.inner();
        let (inner, _) = self
            .init_changed
            .wait_timeout_while(inner, timeout, |inner| inner.init.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        inner.init.clone().unwrap_or(Init::TimedOut)
    }

    pub(super) fn wait_for_snapshot(&self, timeout: Duration) -> Result<Instant, Init> {
        let is_pending = |inner: &mut Inner| inner.init.is_none() && inner.snapshot == Snapshot::NotTaken;
        let (inner, _) = self
            .init_changed
            .wait_timeout_while(self.inner(), timeout, is_pending)
            .unwrap_or_else(PoisonError::into_inner);
        match (&inner.init, inner.snapshot) {
            (None, Snapshot::Taken(moment)) => Ok(moment),
            (init, _) => Err(init.clone().unwrap_or(Init::TimedOut)),
        }
    }

    /// Records a call of restore/next and waits until the environment is restored.
    ///
    /// # Errors
    /// The answer to the runtime if the call comes a second time, or after init.
    pub(super) async fn await_restore(&self) -> Result<(), Answer> {
        self.inner().take_snapshot()?;
        self.init_changed.notify_all();
        while self.inner().snapshot != Snapshot::Restored {
            self.restored.notified().await;
        }
        Ok(())
    }

    pub(super) fn restore(&self) {
        self.inner().snapshot = Snapshot::Restored;
        self.restored.notify_one();
    }

    pub(super) fn runtime_exited(&self, how: &str) {
        let mut inner = self.inner();
        inner.exited.get_or_insert_with(|| how.to_owned());
        inner.init.get_or_insert_with(|| Init::RuntimeExited(how.to_owned()));
        inner.queue.drain(..).for_each(|queued| queued.invocation.runtime_exited(how));
        inner.in_flight.drain(..).for_each(|in_flight| in_flight.invocation.runtime_exited(how));
        self.init_changed.notify_all();
    }

    /// Records an init error; false if the runtime has already called `next`, reported an init error, or was restored.
    pub(super) fn init_failed(&self, error: FunctionError) -> bool {
        self.failed(error, false)
    }

    /// Records a restore error; false if the runtime was not restored, or has already called `next` or reported an error.
    pub(super) fn restore_failed(&self, error: FunctionError) -> bool {
        self.failed(error, true)
    }

    fn failed(&self, error: FunctionError, is_restored: bool) -> bool {
        let mut inner = self.inner();
        if inner.init.is_some() || (inner.snapshot == Snapshot::Restored) != is_restored {
            return false;
        }
        inner.init = Some(Init::Failed(error));
        self.init_changed.notify_all();
        true
    }

    /// Records the moment at which a `next` call arrived: the end of init, or the end of the invocation that was answered before.
    pub(super) fn next_arrived(&self, connection: SocketAddr) {
        let now = Instant::now();
        let mut inner = self.inner();
        if inner.init.is_none() {
            inner.init = Some(Init::Ready(now));
            self.init_changed.notify_all();
        }
        if let Some(at) = inner.settled_before_next(connection) {
            inner.in_flight.remove(at).invocation.next_arrived(now);
        }
        let idle = inner.in_flight.is_empty() && inner.queue.is_empty();
        drop(inner);
        if let Some(freezer) = self.freezer.get().filter(|_| idle) {
            freezer.freeze();
        }
    }

    /// Waits for an event and delivers it to the runtime. Its deadline, in epoch milliseconds, counts from this moment.
    pub(super) async fn deliver(&self, connection: SocketAddr) -> (Queued, u128) {
        loop {
            if let Some(freezer) = self.freezer.get().filter(|_| self.is_event_queued()) {
                freezer.thaw(); // before delivery, because Lambda bills from delivery
            }
            if let Some(delivery) = self.inner().deliver(connection) {
                return delivery;
            }
            self.submitted.notified().await;
        }
    }

    /// Finds the invocation that an answer with this request id and invocation id is for. An invocation that was not answered in time
    /// stays in flight until the runtime calls `next`. A later invocation can have the same request id; the invocation id distinguishes
    /// the two. An answer without an invocation id is for the open invocation.
    ///
    /// # Errors
    /// The answer to the runtime if there is no matching invocation, or if the invocation accepts no answer.
    pub(super) fn find_answered(&self, request_id: &str, id: Option<&str>) -> Result<Invocation, Answer> {
        let inner = self.inner();
        let in_flight = inner.in_flight.iter().map(|in_flight| &in_flight.invocation);
        let attempts: Vec<&Invocation> = in_flight.filter(|other| other.invoke().request_id == request_id).collect();
        let open = attempts.iter().find(|attempt| attempt.is_open());
        let named = attempts.iter().find(|attempt| id == Some(attempt.id()));
        let chosen = match (named.or(open), id) {
            (Some(open), Some(id)) if open.id() != id => return Err(Answer::InvalidInvocationId),
            (Some(chosen), _) => chosen,
            (None, _) => attempts.last().ok_or(Answer::InvalidRequestId)?,
        };
        chosen.check_open()?;
        Ok(Invocation::clone(chosen))
    }

    fn is_event_queued(&self) -> bool {
        !self.inner().queue.is_empty()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn take_snapshot(&mut self) -> Result<(), Answer> {
        if self.init.is_some() || self.snapshot != Snapshot::NotTaken {
            return Err(Answer::InvalidStateTransition);
        }
        self.snapshot = Snapshot::Taken(Instant::now());
        Ok(())
    }

    /// Whether an invocation with this request id has no outcome yet.
    fn is_open(&self, request_id: &str) -> bool {
        let queued = self.queue.iter().map(|queued| &queued.invocation);
        let in_flight = self.in_flight.iter().map(|in_flight| &in_flight.invocation);
        queued.chain(in_flight).any(|other| other.invoke().request_id == request_id && other.is_open())
    }

    fn deliver(&mut self, connection: SocketAddr) -> Option<(Queued, u128)> {
        let queued = self.queue.pop_front()?;
        let deadline_ms = queued.invocation.deliver();
        self.in_flight.push(InFlight { invocation: queued.invocation.clone(), connection });
        Some((queued, deadline_ms))
    }

    /// The settled invocation that a `next` on this connection follows. A runtime with several slots has one connection for each slot. A
    /// runtime that opens a connection for each call has one slot, so the oldest settled invocation is the right one. (The first `next` of
    /// a slot that starts late can therefore be counted for another slot, once.)
    fn settled_before_next(&self, connection: SocketAddr) -> Option<usize> {
        let settled = |in_flight: &InFlight| in_flight.invocation.is_settled();
        let same = |in_flight: &InFlight| in_flight.connection == connection && settled(in_flight);
        self.in_flight.iter().position(same).or_else(|| self.in_flight.iter().position(settled))
    }
}
