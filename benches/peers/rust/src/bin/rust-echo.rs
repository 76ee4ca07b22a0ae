//! A function without Bash: what benches/handlers/function.sh does, in Rust.

use std::fs::{self, File};
use std::io::{self, Read, Write};

use coshell_peers::{Failure, agent, function, serve};

fn main() -> Result<(), Failure> {
    match function()?.as_str() {
        "measure_event" => serve(|event| Ok(event.len().to_string().into_bytes())),
        "ignore_event" => serve(|_| Ok(b"ignored".to_vec())),
        "send_file" => serve(|event| Ok(fs::read(named(&event)?)?)),
        "log_file" => serve(|event| {
            io::copy(&mut File::open(named(&event)?)?, &mut io::stderr())?;
            Ok(b"logged".to_vec())
        }),
        "look_up" => look_up(),
        _ => serve(|event| {
            io::stderr().write_all(&[&event[..], b"\n"].concat())?;
            Ok([b"Echoing request: '", &event[..], b"'"].concat())
        }),
    }
}

/// One client for all events, as a Rust function would have.
fn look_up() -> Result<(), Failure> {
    let service = std::env::var("BENCH_SERVICE")?;
    let client = agent();
    serve(|event| {
        let event: serde_json::Value = serde_json::from_slice(&event)?;
        let city = event["city"].as_str().ok_or("no city")?;
        let mut answer = client.get(format!("{service}/weather?city={city}")).call()?;
        let mut weather = Vec::new();
        answer.body_mut().as_reader().read_to_end(&mut weather)?;
        Ok(weather)
    })
}

/// The event is a file's name in quotes.
fn named(event: &[u8]) -> Result<&str, Failure> {
    Ok(std::str::from_utf8(event)?.trim_matches('"'))
}
