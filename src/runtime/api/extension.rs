//! The shutdown hook: Lambda sends SIGTERM to a runtime only where an extension is registered. So we register one, an *internal*
//! extension, which lives in this process and asks for no events (an internal one cannot ask for SHUTDOWN), and park its call for the
//! next event on a thread of its own for good. What SIGTERM does then is [`crate::runtime::signals`]'s.
//!
//! Source: AWS Lambda Developer Guide, "Using the Lambda Extensions API". Without the hook none of this runs: it is one more request
//! before the first `next`, and one more connection and thread.

use std::fmt::Display;

use ureq::{Agent, Body, http::Response};

use super::{agent, status_and_text};
use crate::runtime::logs::{Level, Log, Owner};

const VERSION: &str = "2020-01-01/extension";
const NAME: &str = "Lambda-Extension-Name";
const IDENTIFIER: &str = "Lambda-Extension-Identifier";
const OWN_NAME: &str = "coshell-shutdown";
const NO_EVENTS: &str = "{\"events\":[]}";

/// Registers the extension and parks its thread. Where that fails the log says so, and events are served all the same.
pub(crate) fn start(address: &str, log: &Log) {
    if let Err(cause) = register(address, log) {
        tell(log, &cause);
    }
}

// POST /2020-01-01/extension/register
fn register(address: &str, log: &Log) -> Result<(), String> {
    let agent = agent(address);
    let base = format!("http://{address}/{VERSION}");
    let request = agent.post(format!("{base}/register")).header(NAME, OWN_NAME).content_type("application/json");
    let answer = read(request.send(NO_EVENTS))?;
    let identifier = answer.headers().get(IDENTIFIER).and_then(|value| value.to_str().ok());
    let identifier = identifier.ok_or_else(|| format!("the answer has no {IDENTIFIER} header"))?.to_owned();
    let log = log.clone();
    let park = move || {
        if let Err(cause) = wait(&agent, &base, &identifier) {
            tell(&log, &cause);
        }
    };
    let parked = std::thread::Builder::new().name("shutdown hook".into()).stack_size(256 * 1024).spawn(park);
    parked.map(drop).map_err(|error| error.to_string())
}

// GET /2020-01-01/extension/event/next
fn wait(agent: &Agent, base: &str, identifier: &str) -> Result<(), String> {
    loop {
        read(agent.get(format!("{base}/event/next")).header(IDENTIFIER, identifier).call())?;
    }
}

/// An answer of 200, its body read.
fn read(answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let text = answer.body_mut().read_to_vec().map_err(|error| error.to_string())?;
    match answer.status().as_u16() {
        200 => Ok(answer),
        status => Err(status_and_text(status, &text)),
    }
}

fn tell(log: &Log, cause: &dyn Display) {
    let told = format!("the shutdown hook does not work, and Lambda may send no SIGTERM: {cause}");
    log.say(Level::Warn, &Owner::default(), &told);
}
