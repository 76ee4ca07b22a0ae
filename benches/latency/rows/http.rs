//! What jq costs a handler that reads three fields of an HTTP request and answers with JSON: the same handler with jq, and with
//! LAMBDA_EVENT and lambda_json, in alternating blocks.

use std::time::Duration;

use anyhow::Result;
use coshell::lambda::invocation::Bytes;

use super::measured::Measured;
use crate::arrival::Arrival;
use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::subject::Bench;

/// The line of the handler that calls jq twice.
pub(crate) const JQ_TWICE: &str = "jq reads, jq writes";
const HANDLERS: [(&str, &str); 3] =
    [(Peer::Coshell.name(), "fields.greet"), (JQ_TWICE, "function.greet"), ("one jq for all", "function.greet_once")];
const ROUNDS: usize = 10;
const EVENTS: usize = 60;
const QUOTA_EVENTS: usize = 20;
const EVENT: &str = r#"{"version":"2.0","routeKey":"$default","rawPath":"/greeting","rawQueryString":"name=Ada","headers":{"accept":"application/json","host":"abcdefghij.lambda-url.eu-west-1.on.aws","x-forwarded-proto":"https"},"queryStringParameters":{"name":"Ada"},"requestContext":{"accountId":"anonymous","apiId":"abcdefghij","http":{"method":"GET","path":"/greeting","protocol":"HTTP/1.1","sourceIp":"192.0.2.10","userAgent":"curl/8.5.0"},"requestId":"0b2f5c1a-5f0e-4c39-9f52-3e3f2f3a7b11","routeKey":"$default","stage":"$default","time":"12/Mar/2026:19:03:58 +0000","timeEpoch":1773342238000},"isBase64Encoded":false}"#;

/// Measures them with a whole processor.
pub(super) fn run(bench: &Bench) -> Result<Row> {
    measure(bench, "http", "An HTTP handler with and without jq", Conditions::default(), EVENTS)
}

/// Measures them with the processor time of 128 MB.
pub(super) fn run_128mb(bench: &Bench) -> Result<Row> {
    let conditions = Conditions { quota: true, frozen: false };
    measure(bench, "http-128mb", "An HTTP handler with and without jq, at 128 MB", conditions, QUOTA_EVENTS)
}

fn measure(bench: &Bench, name: &'static str, title: &str, conditions: Conditions, events: usize) -> Result<Row> {
    if let Err(error) = conditions.check() {
        return Ok(Row::skipped(name, title, &format!("{error:#}")));
    }
    let start = |(_, function)| Ok(Measured::new(bench.start(Peer::Coshell, function, conditions)?));
    let mut all: Vec<Measured> = HANDLERS.into_iter().map(start).collect::<Result<_>>()?;
    let event = Bytes::from_static(EVENT.as_bytes());
    for round in 0..ROUNDS {
        for turn in 0..all.len() {
            let at = (round + turn) % HANDLERS.len();
            all[at].block(Arrival::Every(Duration::from_millis(20)), &event, bench.scaled(events))?;
        }
    }
    let cells = all.iter().zip(HANDLERS).map(|(measured, (who, _))| Cell {
        who: who.to_owned(),
        values: measured.values().into_iter().take(4).collect(),
    });
    Ok(Row {
        name,
        title: title.to_owned(),
        how: "It reads three fields and answers with JSON: with LAMBDA_EVENT and `lambda_json` (coshell), or with jq. 20 ms between events."
            .to_owned(),
        columns: ["p50", "p99", "billed p50", "processor"].map(|title| (title.to_owned(), Unit::Time)).to_vec(),
        cells: cells.collect(),
    })
}
