//! Keeps the history of one execution, and the chain of checkpoints that adds to it.
//!
//! Updates are queued, and each call takes all that are queued by then. The START of a step or context is not waited for: it stays a moment
//! in the queue, so that a quick step needs a single call, and travels while a slow step runs. Parallel branches share calls.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::calls::{Call, CallFailure, Caller};
use super::event::{self, DurableEvent};
use super::operation::{Identity, Operation};

/// The most updates, and bytes of updates, in one call, as AWS's Python SDK sends them.
const MAX_UPDATES: usize = 250;
const MAX_BYTES: usize = 750 * 1024;

/// How long an update that nothing waits for stays in the queue.
const LINGER: Duration = Duration::from_millis(20);

/// The place of an update in the chain. It is recorded when that many updates are.
pub(super) type Ticket = u64;

/// The history and the chain of checkpoints.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) arn: String,
    /// `None` after an answer without a token: the execution has ended, or another invocation goes on with it.
    token: Option<String>,
    operations: HashMap<String, Operation>,
    /// Updates that were not sent yet, each with its place in the chain.
    queue: Vec<(Ticket, Map<String, Value>)>,
    /// How many updates were queued in all, and how many of them are recorded.
    queued: Ticket,
    recorded: Ticket,
    /// When the queue must be sent at the latest; `None` while it is empty.
    due: Option<Instant>,
    /// The number of the call under way, and how many updates will be recorded after it.
    under_way: Option<(u64, Ticket)>,
    /// Numbers the calls, for their tokens of idempotency.
    calls: u32,
    client_token: String,
}

impl Journal {
    /// The history of `event`. Further pages are read before this returns.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub(super) fn open(
        event: DurableEvent,
        request_id: &str,
        caller: &mut Caller,
        end: Option<Instant>,
    ) -> Result<Journal, CallFailure> {
        let DurableEvent { arn, token, mut operations, marker } = event;
        operations.extend(more_pages(&arn, &token, marker, caller, end)?);
        let operations = operations.into_iter().map(|operation| (operation.id.clone(), operation)).collect();
        let client_token: String = request_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        Ok(Journal {
            arn,
            token: Some(token),
            operations,
            queue: Vec::new(),
            queued: 0,
            recorded: 0,
            due: None,
            under_way: None,
            calls: 0,
            client_token,
        })
    }

    pub(super) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.get(id)
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// Whether this invocation may write no more.
    pub(super) fn is_closed(&self) -> bool {
        self.token.is_none()
    }

    /// Queues an update of `identity` with `action` and more members, to be sent at once.
    pub(super) fn record(&mut self, identity: &Identity, action: &str, more: Value) -> Ticket {
        self.due = Some(Instant::now());
        self.queue(identity, action, more)
    }

    /// Queues the START of a step or context that begins without waiting for it.
    pub(super) fn record_start(&mut self, identity: &Identity) -> Ticket {
        self.due.get_or_insert_with(|| Instant::now() + LINGER);
        self.queue(identity, "START", Value::Null)
    }

    fn queue(&mut self, identity: &Identity, action: &str, more: Value) -> Ticket {
        let mut update = identity.update(action);
        if let Value::Object(more) = more {
            update.extend(more);
        }
        self.queued += 1;
        self.queue.push((self.queued, update));
        self.queued
    }

    /// Drops the queued updates of the operation `id` and of those below it.
    pub(super) fn forget(&mut self, id: &str) {
        let below = format!("{id}-");
        let is_of =
            |update: &Map<String, Value>| update["Id"].as_str().is_some_and(|of| of == id || of.starts_with(&below));
        self.queue.retain(|(_, update)| !is_of(update));
        self.due = self.due.filter(|_| !self.queue.is_empty());
    }

    pub(super) fn is_recorded(&self, ticket: Ticket) -> bool {
        self.recorded >= ticket
    }

    /// Whether every update is recorded, and no call is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.under_way.is_none()
    }

    /// When the queue must be sent, if no call is under way.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| self.under_way.is_none())
    }

    /// Begins the next call if it is time and none is under way.
    pub(super) fn push(&mut self, caller: &mut Caller) {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            self.call(caller);
        }
    }

    /// Asks for what has become due meanwhile, by a call without updates.
    pub(super) fn poll(&mut self, caller: &mut Caller) {
        if self.under_way.is_none() {
            self.call(caller);
        }
    }

    fn call(&mut self, caller: &mut Caller) {
        let Some(token) = &self.token else { return };
        let mut bytes = 0;
        let fits = |(_, update): &&(Ticket, Map<String, Value>)| {
            bytes += size(update);
            bytes <= MAX_BYTES
        };
        let count = self.queue.iter().take(MAX_UPDATES).take_while(fits).count().max(1).min(self.queue.len());
        let updates: Vec<Value> = self.queue.drain(..count).map(|(_, update)| Value::Object(update)).collect();
        self.calls += 1;
        let client_token = format!("{}-{}", self.client_token, self.calls);
        let body = json!({"CheckpointToken": token, "Updates": updates, "ClientToken": client_token});
        let call = Call::Checkpoint { arn: self.arn.clone(), body: body.to_string().into_bytes() };
        let recorded = self.queue.first().map_or(self.queued, |(next, _)| next - 1);
        self.due = self.due.filter(|_| !self.queue.is_empty());
        self.under_way = Some((caller.begin(call), recorded));
    }

    /// Takes the answer to the call under way, if it is there, and begins the next call.
    ///
    /// # Errors
    /// When the call has failed.
    pub(super) fn take_answer(&mut self, caller: &mut Caller) -> Result<bool, CallFailure> {
        let Some((number, recorded)) = self.under_way else { return Ok(false) };
        let Some(answer) = caller.take(number) else { return Ok(false) };
        self.note(answer, recorded, caller, None)?;
        self.push(caller);
        Ok(true)
    }

    /// Waits until all that is queued is recorded, until `end` at most.
    ///
    /// # Errors
    /// When a call fails, or the time is over.
    pub(super) fn flush(&mut self, caller: &mut Caller, end: Option<Instant>) -> Result<(), CallFailure> {
        loop {
            self.due = self.due.map(|due| due.min(Instant::now()));
            self.push(caller);
            let Some((number, recorded)) = self.under_way else { return Ok(()) };
            let answer = caller.wait(number, end);
            self.note(answer, recorded, caller, end)?;
        }
    }

    fn note(
        &mut self,
        answer: Result<Value, CallFailure>,
        recorded: Ticket,
        caller: &mut Caller,
        end: Option<Instant>,
    ) -> Result<(), CallFailure> {
        self.under_way = None;
        let answer = answer?;
        self.recorded = recorded;
        self.token = answer["CheckpointToken"].as_str().map(str::to_owned);
        let Some(token) = &self.token else {
            self.queue.clear();
            self.due = None;
            return Ok(());
        };
        let changed = &answer["NewExecutionState"];
        let mut operations = event::operations(changed);
        operations.extend(more_pages(&self.arn, token, event::marker(changed), caller, end)?);
        for operation in operations {
            self.operations.insert(operation.id.clone(), operation);
        }
        Ok(())
    }
}

/// Reads the pages of the history from `marker` on.
fn more_pages(
    arn: &str,
    token: &str,
    mut marker: Option<String>,
    caller: &mut Caller,
    end: Option<Instant>,
) -> Result<Vec<Operation>, CallFailure> {
    let mut operations = Vec::new();
    while let Some(next) = marker {
        let number = caller.begin(Call::State { arn: arn.to_owned(), token: token.to_owned(), marker: next });
        let page = caller.wait(number, end)?;
        operations.extend(event::operations(&page));
        marker = event::marker(&page);
    }
    Ok(operations)
}

/// Roughly the size of an update as JSON. Only the payload and the error can be large.
fn size(update: &Map<String, Value>) -> usize {
    let large = ["Payload", "Error"].into_iter().filter_map(|name| update.get(name));
    256 + large
        .map(|value| value.as_str().map_or_else(|| value.to_string().len(), |text| text.len() + text.len() / 8))
        .sum::<usize>()
}
