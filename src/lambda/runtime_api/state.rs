//! What the Runtime API knows: how init went, which events wait, and which are in flight.
//!
//! One short mutex, never held across an await. Waiting `next` calls do not sit in a list: each looks into the queue
//! when it is woken, so that one whose connection died cannot take an event with it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use axum::http::HeaderMap;
use tokio::sync::Notify;

use super::answer::{Answer, headers_of};
use super::extensions::Extensions;
use super::{Freezer, Init};
use crate::lambda::identifiers::random_uuid;
use crate::lambda::invocation::{FunctionError, Invocation, Invoke};

/// The state behind the routes and the facade.
#[derive(Debug, Default)]
pub(super) struct State {
    life: Mutex<Life>,
    init_changed: Condvar,
    submitted: Notify,
    freezer: OnceLock<Arc<dyn Freezer>>,
    pub(super) extensions: Extensions,
}

#[derive(Debug, Default)]
struct Life {
    init: Option<Init>,
    exited: Option<String>,
    queue: VecDeque<Queued>,
    in_flight: Vec<InFlight>, // as many as the runtime has slots: searched, not indexed
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
    pub(super) fn submit(&self, invoke: Invoke) -> Result<Invocation> {
        let id = random_uuid();
        let headers = headers_of(&invoke, &id)?;
        let invocation = Invocation::new(invoke, id);
        let mut life = self.life();
        if life.is_open(&invocation.invoke().request_id) {
            bail!("request id `{}` is in flight already: use another", invocation.invoke().request_id);
        }
        if let Some(how) = &life.exited {
            invocation.runtime_exited(how);
        } else {
            life.queue.push_back(Queued { invocation: invocation.clone(), headers });
            drop(life);
            self.submitted.notify_one();
        }
        Ok(invocation)
    }

    /// From now on the runtime is frozen between events. The first freezer stays.
    pub(super) fn freeze_between_events(&self, freezer: Arc<dyn Freezer>) {
        let _ = self.freezer.set(freezer);
    }

    pub(super) fn wait_for_init(&self, timeout: Duration) -> Init {
        let life = self.life();
        let (life, _) = self
            .init_changed
            .wait_timeout_while(life, timeout, |life| life.init.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        life.init.clone().unwrap_or(Init::TimedOut)
    }

    pub(super) fn runtime_exited(&self, how: &str) {
        let mut life = self.life();
        life.exited.get_or_insert_with(|| how.to_owned());
        life.init.get_or_insert_with(|| Init::RuntimeExited(how.to_owned()));
        life.queue.drain(..).for_each(|queued| queued.invocation.runtime_exited(how));
        life.in_flight.drain(..).for_each(|in_flight| in_flight.invocation.runtime_exited(how));
        self.init_changed.notify_all();
    }

    /// Takes an init error; false when the runtime has called `next` already, or has failed before.
    pub(super) fn init_failed(&self, error: FunctionError) -> bool {
        let mut life = self.life();
        if life.init.is_some() {
            return false;
        }
        life.init = Some(Init::Failed(error));
        self.init_changed.notify_all();
        true
    }

    /// Marks the moment at which a `next` arrived: the end of init, or of what was answered before it.
    pub(super) fn next_arrived(&self, connection: SocketAddr) {
        let now = Instant::now();
        let mut life = self.life();
        if life.init.is_none() {
            life.init = Some(Init::Ready(now));
            self.init_changed.notify_all();
        }
        if let Some(at) = life.followed_by(connection) {
            life.in_flight.remove(at).invocation.next_arrived(now);
        }
        let idle = life.in_flight.is_empty() && life.queue.is_empty();
        drop(life);
        if let Some(freezer) = self.freezer.get().filter(|_| idle) {
            freezer.freeze();
        }
    }

    /// Waits for an event and takes it for the runtime. Its deadline, in epoch milliseconds, counts from here.
    pub(super) async fn deliver(&self, connection: SocketAddr) -> (Queued, u128) {
        loop {
            if let Some(freezer) = self.freezer.get().filter(|_| self.is_event_queued()) {
                freezer.thaw(); // before the moment of delivery, from which Lambda bills
            }
            if let Some(delivery) = self.life().deliver(connection) {
                return delivery;
            }
            self.submitted.notified().await;
        }
    }

    /// The invocation that an answer with this request id and invocation id is for. An invocation that was not answered in time
    /// stays in flight until the runtime calls `next`, and a later one can have the same request id by then: the invocation id
    /// tells them apart. Without one the answer counts for the invocation that is open.
    ///
    /// # Errors
    /// What the runtime is told when there is no such invocation, or the invocation takes no answer.
    pub(super) fn answered(&self, request_id: &str, id: Option<&str>) -> Result<Invocation, Answer> {
        let life = self.life();
        let in_flight = life.in_flight.iter().map(|in_flight| &in_flight.invocation);
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
        !self.life().queue.is_empty()
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Life {
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

    /// Which settled invocation a `next` on this connection follows. A runtime with several slots has a connection for
    /// each; one that opens a connection for each call has one slot, so the oldest settled one is meant. (So a slot that
    /// joins late can be taken for another's `next`, once.)
    fn followed_by(&self, connection: SocketAddr) -> Option<usize> {
        let settled = |in_flight: &InFlight| in_flight.invocation.is_settled();
        let same = |in_flight: &InFlight| in_flight.connection == connection && settled(in_flight);
        self.in_flight.iter().position(same).or_else(|| self.in_flight.iter().position(settled))
    }
}
