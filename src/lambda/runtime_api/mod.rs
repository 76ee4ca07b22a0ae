//! An embedded Lambda Runtime API: the HTTP server that a runtime asks for events, with a synchronous facade.
//!
//! One `RuntimeApi` serves the life of one runtime process, as Lambda has one per execution environment; it may have any
//! number of `next` calls parked at once. What serves several environments starts several. The server has a
//! thread of its own and listens on 127.0.0.1 only. `coshell invoke`, the tests and the benches all use it, so the path from
//! `submit` to the runtime is short: the event's headers are built before it is queued, TCP_NODELAY is on, no lock is held
//! across an await, and no body is copied.
//!
//! The rules are those of the real API and its emulator (see `routes`). It cannot see the runtime process: whoever started
//! it must say when it has ended (`runtime_exited`), or clients would wait for it.

mod answer;
pub(crate) mod body;
mod extension_routes;
mod extensions;
mod result;
mod routes;
mod state;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::state::State;
use super::http_server::{HttpServer, Peers};
use super::invocation::{FunctionError, Invocation, Invoke};

/// How the runtime's start went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init {
    /// It called `next` for the first time, at this moment.
    Ready(Instant),
    /// It reported an init error.
    Failed(FunctionError),
    /// Its process ended before either; how, in words.
    RuntimeExited(String),
    /// Nothing of the above happened in time.
    TimedOut,
}

/// Stops a runtime's processes between events, as Lambda does. Both are called on the Runtime API's own thread.
pub trait Freezer: Debug + Send + Sync {
    /// Stops them: `next` was called, no event waits, and none is in flight.
    fn freeze(&self);
    /// Lets them go on: an event is about to be delivered. Also called when they run.
    fn thaw(&self);
}

/// The embedded Runtime API; dropping it closes every connection and waits for its thread.
#[derive(Debug)]
pub struct RuntimeApi {
    state: Arc<State>,
    address: SocketAddr,
    _server: HttpServer, // its end closes the connections
}

impl RuntimeApi {
    /// Starts the server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be opened or no thread started.
    pub fn start() -> Result<RuntimeApi> {
        let state = Arc::new(State::default());
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr().context("cannot read the Runtime API's own address")?;
        let places = vec![(listener, routes::router(Arc::clone(&state)))];
        let server = HttpServer::start("Runtime API", Peers::Runtimes, places)?;
        Ok(RuntimeApi { state, address, _server: server })
    }

    /// Where it listens: `AWS_LAMBDA_RUNTIME_API` for the runtime.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Queues an event for the next `next`. Once the runtime is known to have ended, the outcome is there at once.
    ///
    /// # Errors
    /// When a text of `invoke` cannot stand in an HTTP header, or its request id is in flight already.
    pub fn submit(&self, invoke: Invoke) -> Result<Invocation> {
        self.state.submit(invoke)
    }

    /// Waits until the runtime calls `next` for the first time, reports an init error, or is said to have exited.
    #[must_use]
    pub fn wait_for_init(&self, timeout: Duration) -> Init {
        self.state.wait_for_init(timeout)
    }

    /// The names of the extensions that the runtime has registered.
    #[must_use]
    pub fn extensions(&self) -> Vec<String> {
        self.state.extensions.names()
    }

    /// From now on the runtime is frozen between events. Whoever gave the freezer must thaw the runtime to end it.
    pub fn freeze_between_events(&self, freezer: Arc<dyn Freezer>) {
        self.state.freeze_between_events(freezer);
    }

    /// Tells that the runtime process has ended; how, in words. Whatever is queued or in flight ends with it.
    pub fn runtime_exited(&self, how: &str) {
        self.state.runtime_exited(how);
    }

    /// What tells the runtime's end from another thread, for as long as this API lives.
    pub fn exit_notice(&self) -> impl Fn(&str) + Send + 'static {
        let state = Arc::clone(&self.state);
        move |how| state.runtime_exited(how)
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.state.runtime_exited("the Runtime API was closed");
    }
}
