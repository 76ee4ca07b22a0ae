//! Durable executions on this machine: Lambda's API for checkpoints, and the callbacks of others.
//!
//! `coshell invoke --durable` invokes a function again and again, as Lambda does, until its execution has ended. The function calls
//! this API. Time is the machine's, or it is skipped: then the clock jumps to the moment at which the next operation is due.
//!
//! Sources: the service model 2015-03-31 in botocore 1.44.8, and AWS's local runner 1.4.0.

mod execution;
mod history;
mod record;
mod refusal;
mod routes;
mod update;
mod validation;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::Value;

pub use self::execution::End;
use self::execution::Execution;
use self::record::Milliseconds;
use super::http_server::{HttpServer, Peers};

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// The API of all executions.
#[derive(Debug)]
pub struct DurableApi {
    state: Arc<State>,
    address: SocketAddr,
    _server: HttpServer, // closes the connections when it is dropped
}

#[derive(Debug, Default)]
struct State {
    executions: Mutex<Vec<Execution>>,
    changed: Condvar,
    /// How far the clock is ahead of the machine's, in milliseconds.
    ahead: Mutex<Milliseconds>,
}

/// What an execution waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The callbacks without an answer: name and id.
    pub callbacks: Vec<(Option<String>, String)>,
    /// The chained invocations: the operation's id, the function and the payload.
    pub invocations: Vec<(String, String, String)>,
    /// How long until the next operation changes by itself; `None` if none does.
    pub next_change: Option<Duration>,
}

impl State {
    fn executions(&self) -> MutexGuard<'_, Vec<Execution>> {
        self.executions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Milliseconds {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ahead = *self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(ahead)
    }

    /// Runs `change` on the execution `arn`, and wakes those that wait.
    fn with<T>(&self, arn: &str, change: impl FnOnce(&mut Execution, Milliseconds) -> T) -> Option<T> {
        let now = self.now();
        let mut executions = self.executions();
        let execution = executions.iter_mut().find(|execution| execution.arn == arn)?;
        let changed = change(execution, now);
        self.changed.notify_all();
        Some(changed)
    }
}

impl DurableApi {
    /// Starts the API on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be opened or no thread started.
    pub fn start() -> Result<DurableApi> {
        let state = Arc::new(State::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr().context("cannot read the address of the API for durable executions")?;
        let listeners = vec![(listener, routes::router(Arc::clone(&state)))];
        let server = HttpServer::start("API for durable executions", Peers::Clients { patience: PATIENCE }, listeners)?;
        Ok(DurableApi { state, address, _server: server })
    }

    /// The address: AWS_ENDPOINT_URL_LAMBDA for the function.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Begins an execution.
    pub fn begin(&self, arn: &str, input: &str) {
        let now = self.state.now();
        self.state.executions().push(Execution::begin(arn.to_owned(), input, now));
    }

    /// The event of the next invocation of the execution.
    #[must_use]
    pub fn event(&self, arn: &str) -> Vec<u8> {
        self.state.with(arn, Execution::event).unwrap_or_default()
    }

    /// Notes the end of an invocation that began `duration` ago, and the end of the execution if the answer says so.
    pub fn note_invocation(
        &self,
        arn: &str,
        request_id: &str,
        duration: Duration,
        error: Option<Value>,
        end: Option<End>,
    ) {
        self.state.with(arn, |execution, now| {
            let begun = now.saturating_sub(u64::try_from(duration.as_millis()).unwrap_or_default());
            execution.history.add_invocation(now, begun, request_id, error);
            if let Some(end) = end.filter(|_| execution.end.is_none()) {
                execution.finish(end, now);
            }
        });
    }

    /// How the execution has ended, if it has.
    #[must_use]
    pub fn end(&self, arn: &str) -> Option<End> {
        self.state.with(arn, |execution, _| execution.end.clone()).flatten()
    }

    /// What the execution waits for; `None` if something has changed that the function does not know yet.
    #[must_use]
    pub fn wait(&self, arn: &str) -> Option<Wait> {
        let wait = self.state.with(arn, |execution, now| {
            execution.pass_time(now);
            if execution.has_news() { None } else { Some(execution.wait(now)) }
        });
        wait.flatten()
    }

    /// Waits until something changes, `patience` at most.
    pub fn sleep(&self, patience: Duration) {
        let executions = self.state.executions();
        drop(self.state.changed.wait_timeout(executions, patience));
    }

    /// Lets the clock jump.
    pub fn skip(&self, time: Duration) {
        let mut ahead = self.state.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(u64::try_from(time.as_millis()).unwrap_or_default() + 1);
    }

    /// Ends an operation that waits for somebody else, with a result or an error object.
    pub fn complete(&self, arn: &str, operation: &str, result: Result<Option<String>, Value>) {
        self.state.with(arn, |execution, now| execution.complete(operation, result, now));
    }

    /// Answers a callback, by its id.
    pub fn answer(&self, callback: &str, result: Result<Option<String>, Value>) -> bool {
        let now = self.state.now();
        let mut executions = self.state.executions();
        let answered = executions.iter_mut().any(|execution| execution.answer(callback, &result, now));
        self.state.changed.notify_all();
        answered
    }

    /// The events of the execution, in the form of GetDurableExecutionHistory.
    #[must_use]
    pub fn history(&self, arn: &str) -> Vec<Value> {
        self.state.with(arn, |execution, _| execution.history.events.clone()).unwrap_or_default()
    }
}

impl Execution {
    fn wait(&self, now: Milliseconds) -> Wait {
        let open = |kind: &str| {
            let kind = kind.to_owned();
            self.records.iter().filter(move |record| record.kind == kind && record.status == "STARTED")
        };
        let callback = |record: &record::Record| Some((record.name.clone(), record.callback_id.clone()?));
        let invocation = |record: &record::Record| {
            Some((record.id.clone(), record.function.clone()?, record.payload.clone().unwrap_or_default()))
        };
        Wait {
            callbacks: open("CALLBACK").filter_map(callback).collect(),
            invocations: open("CHAINED_INVOKE").filter_map(invocation).collect(),
            next_change: self.next_change().map(|at| Duration::from_millis(at.saturating_sub(now))),
        }
    }

    /// Answers one of its callbacks, if `callback` is its id and it has no answer yet.
    fn answer(&mut self, callback: &str, result: &Result<Option<String>, Value>, now: Milliseconds) -> bool {
        self.pass_time(now);
        let is_it = |record: &&record::Record| record.callback_id.as_deref() == Some(callback) && !record.has_ended();
        let Some(id) = self.records.iter().find(is_it).map(|record| record.id.clone()) else { return false };
        self.complete(&id, result.clone(), now);
        true
    }
}
