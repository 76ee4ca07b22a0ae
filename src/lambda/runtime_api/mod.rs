//! Serves the Lambda Runtime API: the HTTP server that a runtime asks for events, with a synchronous interface for clients.
//!
//! One `RuntimeApi` serves one runtime process, as on Lambda; any number of `next` calls can wait at once. The server has its own thread and
//! listens on 127.0.0.1 only. `coshell invoke`, the tests and the benches all use this server, so the path from `submit` to the runtime is
//! short: the event's headers are built before the event is queued, TCP_NODELAY is on, no lock is held across an await, and no body is
//! copied.
//!
//! The rules are those of the real API and its emulator (see `routes`). The server cannot see the runtime process. The code that started the
//! process must report its end (`runtime_exited`); otherwise clients would wait forever.

mod answer;
pub(crate) mod body;
mod credentials;
mod extension_routes;
mod extensions;
mod metadata;
mod restore_routes;
mod result;
mod routes;
mod state;

use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::state::State;
use super::http_server::{HttpServer, Peers};
use super::invocation::{FunctionError, Invocation, Invoke};

/// The result of the runtime's init.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init {
    /// The runtime called `next` for the first time, at this moment.
    Ready(Instant),
    /// The runtime reported an init error, or after a restore a restore error.
    Failed(FunctionError),
    /// The runtime process ended before that; the text is its exit status or signal.
    RuntimeExited(String),
    /// None of these happened in time.
    TimedOut,
}

/// The parts of the API that not every environment has.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// SnapStart: restore/next and restore/error exist. Without it, both answer 404.
    pub snap_start: bool,
    /// The credentials that AWS_CONTAINER_CREDENTIALS_FULL_URI serves.
    pub credentials: Option<Credentials>,
}

/// The developer's credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// AWS_ACCESS_KEY_ID
    pub access_key_id: String,
    /// AWS_SECRET_ACCESS_KEY
    pub secret_access_key: String,
    /// AWS_SESSION_TOKEN; empty for a user's own keys.
    pub session_token: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("Credentials(***)") // no secret gets into a log
    }
}

/// Stops a runtime's processes between events, as Lambda does. Both methods are called on the Runtime API's own thread.
pub trait Freezer: Debug + Send + Sync {
    /// Stops the processes: `next` was called, no event waits, and none is in flight.
    fn freeze(&self);
    /// Continues the processes before an event is delivered. Also called if they are running.
    fn thaw(&self);
}

/// The embedded Runtime API; dropping it closes every connection and waits for its thread.
#[derive(Debug)]
pub struct RuntimeApi {
    state: Arc<State>,
    address: SocketAddr,
    _server: HttpServer, // closes the connections when it is dropped
}

impl RuntimeApi {
    /// Starts the server on a free port of 127.0.0.1, without any of the [`Features`].
    ///
    /// # Errors
    /// When no port can be opened or no thread started.
    pub fn start() -> Result<RuntimeApi> {
        RuntimeApi::start_with(Features::default())
    }

    /// Starts the server with these features.
    ///
    /// # Errors
    /// When no port can be opened or no thread started.
    pub fn start_with(features: Features) -> Result<RuntimeApi> {
        let state = Arc::new(State::new(features));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr().context("cannot read the Runtime API's own address")?;
        let listeners = vec![(listener, routes::router(Arc::clone(&state)))];
        let server = HttpServer::start("Runtime API", Peers::Runtimes, listeners)?;
        Ok(RuntimeApi { state, address, _server: server })
    }

    /// The server's address: `AWS_LAMBDA_RUNTIME_API` for the runtime.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// AWS_LAMBDA_METADATA_TOKEN: no other server has the same.
    #[must_use]
    pub fn metadata_token(&self) -> &str {
        &self.state.metadata_token
    }

    /// The values of AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN, if there are credentials.
    #[must_use]
    pub fn credentials_endpoint(&self) -> Option<(String, &str)> {
        let (token, _) = self.state.credentials.as_ref()?;
        Some((format!("http://{}{}", self.address, credentials::PATH), token))
    }

    /// Whether the environment is restored from a snapshot.
    #[must_use]
    pub fn has_snap_start(&self) -> bool {
        self.state.snap_start
    }

    /// Waits until the runtime calls restore/next, and returns the moment of the call.
    ///
    /// # Errors
    /// The result of init if the runtime has called `next` instead, has failed, has exited, or has done nothing in time.
    pub fn wait_for_snapshot(&self, timeout: Duration) -> Result<Instant, Init> {
        self.state.wait_for_snapshot(timeout)
    }

    /// Answers the call of restore/next. Afterwards `wait_for_init` waits for the first `next`, or for a restore error.
    pub fn restore(&self) {
        self.state.restore();
    }

    /// Queues an event for the next `next` call. If the runtime has ended, the invocation has its outcome at once.
    ///
    /// # Errors
    /// When a value of `invoke` cannot be sent in an HTTP header, or its request id is already in flight.
    pub fn submit(&self, invoke: Invoke) -> Result<Invocation> {
        self.state.submit(invoke)
    }

    /// Waits until the runtime calls `next` for the first time, reports an init error, or is reported to have exited.
    #[must_use]
    pub fn wait_for_init(&self, timeout: Duration) -> Init {
        self.state.wait_for_init(timeout)
    }

    /// The names of the extensions that the runtime has registered.
    #[must_use]
    pub fn extensions(&self) -> Vec<String> {
        self.state.extensions.names()
    }

    /// Freezes the runtime between events from now on. The caller must thaw the runtime before ending it.
    pub fn freeze_between_events(&self, freezer: Arc<dyn Freezer>) {
        self.state.freeze_between_events(freezer);
    }

    /// Reports that the runtime process has ended; `how` is its exit status or signal. Every queued or delivered invocation ends with it.
    pub fn runtime_exited(&self, how: &str) {
        self.state.runtime_exited(how);
    }

    /// A function that reports the runtime's end from another thread.
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
