//! Calls Lambda's API for durable executions, on a thread of its own that keeps one connection. Sources: the service model
//! 2015-03-31 in botocore 1.44.8; the errors were tried against AWS's local runner 1.4.0.
//!
//! The calls of one execution are strictly one after another: each checkpoint uses a token up and returns the next one.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::eventfd::{EfdFlags, EventFd};
use serde_json::Value;

use crate::client::credentials::Credentials;
use crate::client::endpoint;
use crate::client::http::{Client, Connections};
use crate::client::profile::Profile;
use crate::client::request::{Body, Request, encode};
use crate::client::response::Response;
use crate::client::retry::Attempts;
use crate::client::signing::Signer;

const API: &str = "/2025-12-01/durable-executions/";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a call is sent in all if Lambda is busy or cannot be reached.
const ATTEMPTS: u32 = 4;
/// How long credentials of an endpoint are used before they are asked for again.
const CREDENTIALS_AGE: Duration = Duration::from_secs(300);
/// Server errors that another attempt does not mend: the key of the execution's data cannot be used.
const KEY_ERRORS: [&str; 4] = ["KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound"];

/// A call that has failed, by what it means for the execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallFailure {
    /// Another invocation may succeed: the network, a busy service, or a token that was used before.
    Passing(String),
    /// No invocation will ever succeed: the error code, and the sentence.
    Lasting(String, String),
}

/// One call.
#[derive(Debug)]
pub(super) enum Call {
    /// Records updates; the body is complete.
    Checkpoint { arn: String, body: Vec<u8> },
    /// Reads a page of the history.
    State { arn: String, token: String, marker: String },
}

/// The answer to one call; the number is that of the call.
type Answer = (u64, Result<Value, CallFailure>);

/// The thread that makes the calls.
#[derive(Debug)]
pub(crate) struct Caller {
    calls: Sender<(u64, Call)>,
    answers: Receiver<Answer>,
    answered: Arc<EventFd>,
    /// How many calls were begun.
    begun: u64,
}

impl Caller {
    /// Starts the thread. It ends when this is dropped.
    ///
    /// # Errors
    /// When there is no descriptor or no thread left.
    pub(super) fn start() -> std::io::Result<Caller> {
        let (calls, to_make) = channel::<(u64, Call)>();
        let (made, answers) = channel();
        let answered = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        let bell = Arc::clone(&answered);
        let make_all = move || {
            let mut connection = Connection::default();
            for (number, call) in to_make {
                let answer = connection.make(&call);
                if made.send((number, answer)).is_err() || bell.write(1).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("checkpoints".to_owned()).spawn(make_all)?;
        Ok(Caller { calls, answers, answered, begun: 0 })
    }

    /// Begins `call`, after all earlier ones, and returns its number.
    pub(super) fn begin(&mut self, call: Call) -> u64 {
        self.begun += 1;
        // If the thread is gone, the answer never comes, and `take` says so.
        let _ = self.calls.send((self.begun, call));
        self.begun
    }

    /// The answer to call `number`, if it is there. Answers to calls of earlier events are dropped.
    pub(super) fn take(&self, number: u64) -> Option<Result<Value, CallFailure>> {
        let _ = self.answered.read();
        std::iter::from_fn(|| self.answers.try_recv().ok()).find(|(of, _)| *of == number).map(|(_, answer)| answer)
    }

    /// Waits for the answer to call `number`, until `end` at most.
    pub(super) fn wait(&self, number: u64, end: Option<Instant>) -> Result<Value, CallFailure> {
        let late = || CallFailure::Passing("Lambda did not answer a checkpoint before the time limit".to_owned());
        loop {
            let left = end.map_or(READ_TIMEOUT * ATTEMPTS, |end| end.saturating_duration_since(Instant::now()));
            let (of, answer) = self.answers.recv_timeout(left).map_err(|_| late())?;
            let _ = self.answered.read();
            if of == number {
                return answer;
            }
        }
    }
}

impl AsFd for Caller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.answered.as_fd()
    }
}

/// What the thread keeps from call to call.
#[derive(Default)]
struct Connection {
    settings: Option<(Profile, Client)>,
    credentials: Option<(Instant, Credentials)>,
}

impl Connection {
    fn make(&mut self, call: &Call) -> Result<Value, CallFailure> {
        let (response, what) = match call {
            Call::Checkpoint { arn, body } => {
                let path = format!("{API}{}/checkpoint", encode(arn, false));
                let body = Body::Bytes(Arc::new(body.clone()));
                let send = |endpoint: &str| {
                    Request::new("POST", endpoint, path.clone())
                        .header("content-type", "application/json")
                        .body(body.clone())
                };
                (self.send(arn, send)?, "CheckpointDurableExecution")
            }
            Call::State { arn, token, marker } => {
                let path = format!("{API}{}/state", encode(arn, false));
                let send = |endpoint: &str| {
                    let request = Request::new("GET", endpoint, path.clone()).parameter("CheckpointToken", token);
                    request.parameter("Marker", marker).parameter("MaxItems", "1000")
                };
                (self.send(arn, send)?, "GetDurableExecutionState")
            }
        };
        if response.status >= 300 {
            return Err(refusal(&response, what));
        }
        let bytes = response.bytes().map_err(|error| CallFailure::Passing(format!("{what}: {error}")))?;
        serde_json::from_slice(&bytes).map_err(|_| CallFailure::Passing(format!("{what}: the answer is not JSON")))
    }

    fn send(&mut self, arn: &str, request: impl Fn(&str) -> Request) -> Result<Response, CallFailure> {
        let failed = |failure: crate::client::failure::Failure| CallFailure::Passing(failure.to_string());
        let (profile, client) = match &self.settings {
            Some(settings) => settings,
            None => {
                let profile = Profile::read(None).map_err(failed)?;
                let client = Client::new(&connections(), Attempts { most: ATTEMPTS }, error_code).map_err(failed)?;
                self.settings.insert((profile, client))
            }
        };
        let of_arn = || arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned);
        let region = endpoint::region(None, profile).or_else(of_arn);
        let region = region.ok_or_else(|| CallFailure::Passing("AWS_REGION is not set".to_owned()))?;
        let endpoint = match endpoint::configured(None, "LAMBDA", profile) {
            Some(endpoint) => endpoint,
            None => format!("https://lambda.{region}.{}", endpoint::domain(&region).map_err(failed)?),
        };
        let fresh = self.credentials.take().filter(|(since, _)| since.elapsed() < CREDENTIALS_AGE);
        let (since, credentials) = match fresh {
            Some(known) => known,
            None => (Instant::now(), Credentials::find(profile).map_err(failed)?),
        };
        let signer = Signer { credentials: Some(credentials.clone()), region, service: "lambda".to_owned() };
        self.credentials = Some((since, credentials));
        client.send(&request(&endpoint), &signer).map_err(failed)
    }
}

fn connections() -> Connections {
    Connections {
        user_agent: concat!("coshell/", env!("CARGO_PKG_VERSION"), " durable-execution-bash"),
        verifies: true,
        authorities: crate::client::profile::variable("AWS_CA_BUNDLE"),
        connect_timeout: Some(CONNECT_TIMEOUT),
        read_timeout: Some(READ_TIMEOUT),
    }
}

/// The code of an error: in the header, or in a member of the body.
fn error_code(response: &Response) -> String {
    let body: Value = serde_json::from_slice(response.error_body()).unwrap_or_default();
    let of_body = || ["__type", "Type", "code"].into_iter().find_map(|name| body[name].as_str().map(str::to_owned));
    let code = response.header("x-amzn-errortype").or_else(of_body).unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().to_owned()
}

fn refusal(response: &Response, what: &str) -> CallFailure {
    let code = error_code(response);
    let body: Value = serde_json::from_slice(response.error_body()).unwrap_or_default();
    let message = body["message"].as_str().or_else(|| body["Message"].as_str()).unwrap_or(response.reason());
    let sentence = format!("Lambda refused {what} with status {}: {code}: {message}", response.status);
    // The letters' case of this message has changed before.
    let is_stale = message.to_ascii_lowercase().starts_with("invalid checkpoint token");
    let is_key = KEY_ERRORS.iter().any(|error| code.starts_with(error));
    match response.status {
        400..=499 if response.status != 429 && !is_stale => CallFailure::Lasting(code, sentence),
        502 if is_key => CallFailure::Lasting(code, sentence),
        _ => CallFailure::Passing(sentence),
    }
}
