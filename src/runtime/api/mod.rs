//! The Runtime API's calls. Source: AWS Lambda Developer Guide, "Using the Lambda runtime API"; how it and its emulator really
//! answer was measured, and decides what each answer means here.
//!
//! One connection serves all calls, so every body is read to its end. A connection that died while idle is replaced by ureq; one
//! that fails in the middle of a request ends the process: no POST is ever repeated, since it may have arrived.

mod buffers;
pub(crate) mod extension;
mod stream;
mod wire;

use std::fmt::{self, Display, Formatter};
use std::io::Read;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::typestate::WithBody;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Body, RequestBuilder};

use self::wire::Wires;
use super::failure::{self, Failure};
use super::invocation::{Invocation, InvocationId};
use super::payload::Payload;

pub(crate) use self::stream::Upload;

const USER_AGENT: &str = concat!("coshell/", env!("CARGO_PKG_VERSION"));
const VERSION: &str = "2018-06-01/runtime";
const REQUEST_ID: &str = "Lambda-Runtime-Aws-Request-Id";
const INVOCATION_ID: &str = "Lambda-Runtime-Invocation-Id";
const DEADLINE_MS: &str = "Lambda-Runtime-Deadline-Ms";
const FUNCTION_ARN: &str = "Lambda-Runtime-Invoked-Function-Arn";
const TRACE_ID: &str = "Lambda-Runtime-Trace-Id";
const CLIENT_CONTEXT: &str = "Lambda-Runtime-Client-Context";
const COGNITO_IDENTITY: &str = "Lambda-Runtime-Cognito-Identity";
const TENANT_ID: &str = "Lambda-Runtime-Aws-Tenant-Id";
const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
const XRAY_CAUSE: &str = "Lambda-Runtime-Function-XRay-Error-Cause";
const MAX_ANSWER_BYTES: u64 = 64 * 1024;
const IDLE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The most that Lambda takes as a response: 6 MiB and 100 bytes.
pub(crate) const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

/// The Runtime API, or the way to it, failed: the process must end, and Lambda starts another.
#[derive(Debug)]
pub(crate) struct ApiFailure {
    call: &'static str,
    cause: String,
}

/// What became of an answer that the API did not fail on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// 202.
    Accepted,
    /// The event is over for the API, for the reason given; the next one is not affected.
    Refused(String),
}

/// What came after the call for a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restore {
    /// The environment was restored from a snapshot.
    Restored,
    /// SnapStart is off, as in the emulator.
    Off,
}

/// A client of the Runtime API.
#[derive(Debug)]
pub(crate) struct Api {
    agent: Agent,
    /// Host and port.
    address: String,
    base: String,
}

impl Api {
    /// A client for the API at `address` (host and port). It connects, and sends nothing yet.
    pub(crate) fn connect(address: &str) -> Api {
        let agent = agent(address);
        Api { agent, address: address.to_owned(), base: format!("http://{address}/{VERSION}") }
    }

    /// GET /runtime/invocation/next: waits for the next event, without a limit.
    pub(crate) fn next(&self) -> Result<Invocation, ApiFailure> {
        const CALL: &str = "read the next invocation";
        let answer = self.agent.get(format!("{}/invocation/next", self.base)).call();
        let mut answer = answer.map_err(|error| failed(CALL, error))?;
        let mut event = Payload::default();
        let read = answer.body_mut().as_reader().read_to_end(&mut event);
        read.map_err(|error| failed(CALL, error))?;
        if answer.status() != 200 {
            return Err(failed(CALL, status_and_text(answer.status().as_u16(), &event)));
        }
        invocation(answer.headers(), event)
            .ok_or_else(|| failed(CALL, format!("the answer has no {REQUEST_ID} header")))
    }

    /// POST /runtime/invocation/{id}/response.
    pub(crate) fn respond(&self, invocation: &Invocation, response: &[u8]) -> Result<Posted, ApiFailure> {
        const CALL: &str = "post the response";
        let request = self.post(&format!("invocation/{}/response", encoded(&invocation.request_id)), invocation);
        let answer = request.send(response);
        posted(CALL, answer.map_err(|error| failed(CALL, error))?)
    }

    /// POST /runtime/invocation/{id}/error.
    pub(crate) fn fail(&self, invocation: &Invocation, failure: &Failure) -> Result<Posted, ApiFailure> {
        let request = self.post(&format!("invocation/{}/error", encoded(&invocation.request_id)), invocation);
        report("post the error report", request, failure, &invocation.request_id)
    }

    /// GET /runtime/restore/next: says that the snapshot can be taken, and waits until the environment is restored from it, perhaps for
    /// weeks. The connection is of no use afterwards.
    pub(crate) fn restore_next(&self) -> Result<Restore, ApiFailure> {
        const CALL: &str = "wait for the restore";
        let answer = self.agent.get(format!("{}/restore/next", self.base)).call();
        let mut answer = answer.map_err(|error| failed(CALL, error))?;
        let mut text = Vec::new();
        let read = answer.body_mut().as_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut text);
        match answer.status().as_u16() {
            200 => read.map(|_| Restore::Restored).map_err(|error| failed(CALL, error)),
            404 => Ok(Restore::Off),
            status => Err(failed(CALL, status_and_text(status, &text))),
        }
    }

    /// POST /runtime/init/error. The process must end at once afterwards.
    pub(crate) fn fail_init(&self, failure: &Failure) -> Result<Posted, ApiFailure> {
        report("post the init error", self.post("init/error", &Invocation::default()), failure, "")
    }

    /// POST /runtime/restore/error. The process must end at once afterwards.
    pub(crate) fn fail_restore(&self, failure: &Failure) -> Result<Posted, ApiFailure> {
        report("post the restore error", self.post("restore/error", &Invocation::default()), failure, "")
    }

    /// A POST of JSON that carries the invocation id of `invocation` back, where there is one.
    fn post(&self, route: &str, invocation: &Invocation) -> RequestBuilder<WithBody> {
        let request = self.agent.post(format!("{}/{route}", self.base)).content_type("application/json");
        match invocation.invocation_id.echo() {
            Some(id) => request.header(INVOCATION_ID, id),
            None => request,
        }
    }
}

fn report(
    call: &'static str,
    request: RequestBuilder<WithBody>,
    failure: &Failure,
    request_id: &str,
) -> Result<Posted, ApiFailure> {
    let request = request.header(ERROR_TYPE, failure.error_type());
    let request = match failure::xray_cause(failure) {
        Some(cause) => request.header(XRAY_CAUSE, cause),
        None => request,
    };
    let answer = request.send(&failure::body(failure, request_id)[..]);
    posted(call, answer.map_err(|error| failed(call, error))?)
}

/// A client with one connection to `address`, opened now.
fn agent(address: &str) -> Agent {
    let config = Agent::config_builder()
        .proxy(None) // else HTTP_PROXY would capture the Runtime API
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_age(IDLE) // the default of 15 s would open a connection for nearly every event
        .user_agent(USER_AGENT)
        .build();
    Agent::with_parts(config, Wires::opened(address), DefaultResolver::default())
}

fn invocation(headers: &HeaderMap, event: Payload) -> Option<Invocation> {
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    Some(Invocation {
        request_id: text(REQUEST_ID).filter(|id| !id.is_empty())?,
        invocation_id: headers
            .get(INVOCATION_ID)
            .map_or(InvocationId::Absent, |id| InvocationId::received(id.as_bytes())),
        deadline_ms: text(DEADLINE_MS).and_then(|ms| ms.parse().ok()),
        function_arn: text(FUNCTION_ARN),
        trace_id: text(TRACE_ID),
        client_context: text(CLIENT_CONTEXT),
        cognito_identity: text(COGNITO_IDENTITY),
        tenant_id: text(TENANT_ID),
        headers: dumped(headers),
        event,
        more_variables: Vec::new(),
    })
}

/// As `curl --dump-header` writes them.
fn dumped(headers: &HeaderMap) -> Vec<u8> {
    let mut dump = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in headers {
        dump.extend_from_slice(&[titled(name.as_str()).as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    dump.extend_from_slice(b"\r\n");
    dump
}

/// A header's name as Lambda spells it, each word with a capital; ureq gives it in lower case.
fn titled(name: &str) -> String {
    let words =
        name.split('-').map(|word| word[..word.len().min(1)].to_uppercase() + word.get(1..).unwrap_or_default());
    words.collect::<Vec<String>>().join("-")
}

/// Reads the answer to its end, which frees the connection, and says what it means.
fn posted(call: &'static str, mut answer: Response<Body>) -> Result<Posted, ApiFailure> {
    let mut text = Vec::new();
    let read = answer.body_mut().as_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut text);
    let told = status_and_text(answer.status().as_u16(), &text);
    match answer.status().as_u16() {
        200..=299 => read.map(|_| Posted::Accepted).map_err(|error| failed(call, error)),
        status => judged(call, status, told),
    }
}

/// What an answer's status means; `told` is what it says. 400 and 410 concern this event alone, whatever their reason: a wrong request
/// id or invocation id, or an answer that came too late. So do 413 and 403: the event has an answer already, as after a handler that
/// posts its own with curl.
fn judged(call: &'static str, status: u16, told: String) -> Result<Posted, ApiFailure> {
    match status {
        200..=299 => Ok(Posted::Accepted),
        400 | 403 | 410 | 413 => Ok(Posted::Refused(told)),
        _ => Err(failed(call, told)),
    }
}

/// A request id as a part of a path. Lambda's are UUIDs; anything else is data all the same.
fn encoded(request_id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    request_id
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn status_and_text(status: u16, text: &[u8]) -> String {
    let is_break = |c: char| c.is_control();
    let text: String = String::from_utf8_lossy(text).trim().replace(is_break, " ").chars().take(500).collect();
    if text.is_empty() { format!("status {status}") } else { format!("status {status}: {text}") }
}

fn failed(call: &'static str, cause: impl Display) -> ApiFailure {
    ApiFailure { call, cause: cause.to_string() }
}

impl Display for ApiFailure {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "cannot {}: {}", self.call, self.cause)
    }
}
