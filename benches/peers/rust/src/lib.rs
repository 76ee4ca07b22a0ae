//! The Runtime API as coshell calls it (src/runtime/api): same client, same settings, the same calls in the same order.

use std::error::Error;
use std::io::Read;
use std::time::Duration;

use ureq::Agent;

/// What ends a peer.
pub type Failure = Box<dyn Error>;

/// Answers events with `handler` until the Runtime API goes away.
///
/// # Errors
/// When the Runtime API, or the way to it, fails; or when the handler does: none of the bench's handlers may.
pub fn serve(handler: impl Fn(Vec<u8>) -> Result<Vec<u8>, Failure>) -> Result<(), Failure> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let base = format!("http://{api}/2018-06-01/runtime/invocation");
    let agent = agent();
    loop {
        let mut answer = agent.get(format!("{base}/next")).call()?;
        let mut event = Vec::new();
        answer.body_mut().as_reader().read_to_end(&mut event)?;
        let id = answer.headers().get("Lambda-Runtime-Aws-Request-Id").ok_or("no request id")?.to_str()?;
        let request = agent.post(format!("{base}/{id}/response"));
        let mut posted = request.content_type("application/json").send(&handler(event)?[..])?;
        posted.body_mut().as_reader().read_to_end(&mut Vec::new())?;
    }
}

/// The client that coshell has.
pub fn agent() -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_age(Duration::from_secs(365 * 24 * 60 * 60))
        .user_agent("coshell-peer")
        .build();
    config.new_agent()
}

/// The function's name in `_HANDLER`.
///
/// # Errors
/// When it is not set.
pub fn function() -> Result<String, Failure> {
    let handler = std::env::var("_HANDLER")?;
    Ok(handler.rsplit('.').next().unwrap_or_default().to_owned())
}
