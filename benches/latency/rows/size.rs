//! Large events and large responses. Peers that cannot have them are left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use coshell::lambda::invocation::Bytes;

use super::measured::Measured;
use super::reference;
use crate::arrival::Arrival;
use crate::peer::Peer;
use crate::report::goals::SUBSTITUTION;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::stats::{median, quantile};
use crate::subject::Bench;

const SIZES: [(&str, usize); 4] = [("1 kB", 1_000), ("100 kB", 100_000), ("1 MB", 1_000_000), ("6 MB", 6_000_000)];
const ARRIVAL: Arrival = Arrival::Every(Duration::from_millis(10));
const ROUNDS: usize = 4;
const EVENTS: usize = 10;
/// The answer of the handler that ignores its event.
const IGNORED: &str = "ignored";

/// One size: the event, and what must come back.
struct Message {
    event: Bytes,
    event_bytes: usize,
    response_bytes: usize,
}

/// Events of each size, to which the answer is their length.
pub(crate) fn run_in(bench: &Bench) -> Result<Row> {
    let messages = SIZES.map(|(_, size)| Message {
        event: format!("\"{}\"", "x".repeat(size - 2)).into(),
        event_bytes: size,
        response_bytes: size.to_string().len(),
    });
    let cells = measure(bench, "measure_event", &messages)?;
    Ok(row("in", "Large events", "The handler answers with the event's length.", cells))
}

/// Events of each size that the handler does not read.
pub(crate) fn run_ignored(bench: &Bench) -> Result<Row> {
    let messages = SIZES.map(|(_, size)| Message {
        event: format!("\"{}\"", "x".repeat(size - 2)).into(),
        event_bytes: size,
        response_bytes: IGNORED.len(),
    });
    let cells = measure(bench, "ignore_event", &messages)?;
    Ok(row("in-ignored", "Large events that the handler ignores", "The handler does not read the event.", cells))
}

/// Responses of each size, which the handler takes from a file with `cat`; beside it, Bash alone.
pub(crate) fn run_out(bench: &Bench) -> Result<Row> {
    let folder = tempfile::tempdir().context("cannot make a folder for the files")?;
    let files = SIZES.map(|(_, size)| (file(folder.path(), size), size));
    let messages = files.each_ref().map(|(path, size)| {
        let event = Bytes::from(format!("\"{}\"", path.display()));
        Message { event_bytes: event.len(), event, response_bytes: *size }
    });
    for (path, size) in &files {
        fs::write(path, "x".repeat(*size)).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    let mut cells = measure(bench, "send_file", &messages)?;
    let count = bench.scaled(ROUNDS * EVENTS);
    let alone = files.iter().map(|(path, _)| reference::time(r#"x=$(cat -- "$2")"#, path, count));
    let values = alone.map(|times| times.map(|times| summary(&times))).collect::<Result<Vec<_>>>()?;
    cells.push(Cell { who: SUBSTITUTION.to_owned(), values: values.concat() });
    Ok(row("out", "Large responses", "The handler is `cat FILE`; Bash alone is timed by its own clock.", cells))
}

fn measure(bench: &Bench, function: &str, messages: &[Message]) -> Result<Vec<Cell>> {
    let cell = |peer: Peer| Cell { who: peer.name().to_owned(), values: Vec::new() };
    let mut cells: Vec<Cell> = bench.bootstraps.peers().into_iter().map(cell).collect();
    for message in messages {
        let able = |peer: &Peer| peer.takes(message.event_bytes, message.response_bytes);
        let mut all = Vec::new();
        for peer in bench.bootstraps.peers().into_iter().filter(able) {
            let mut subject = bench.start(peer, function, Conditions::default())?;
            let response = subject.call(&message.event)?;
            let right = response.len() == message.response_bytes;
            ensure!(right, "{} answered with {} bytes", peer.name(), response.len());
            all.push(Measured::new(subject));
        }
        for round in 0..ROUNDS {
            for turn in 0..all.len() {
                let at = (round + turn) % all.len();
                all[at].block(ARRIVAL, &message.event, bench.scaled(EVENTS))?;
            }
        }
        for cell in &mut cells {
            let measured = all.iter().find(|measured| measured.subject.peer.name() == cell.who);
            cell.values.extend(measured.map_or([None, None], |measured| [measured.values()[0], measured.values()[1]]));
        }
    }
    Ok(cells)
}

fn summary(times: &[f64]) -> Vec<Option<f64>> {
    vec![median(times), quantile(times, 0.99)]
}

fn row(name: &'static str, title: &str, how: &str, cells: Vec<Cell>) -> Row {
    let columns = SIZES.iter().flat_map(|(size, _)| [(*size).to_owned(), format!("{size} p99")]);
    let columns = columns.map(|title| (title, Unit::Time)).collect();
    let how = format!("{how} p50 and p99 from delivery to answer. Linux takes no argument over 128 KiB.");
    Row { name, title: title.to_owned(), how, columns, cells }
}

fn file(folder: &Path, size: usize) -> PathBuf {
    folder.join(size.to_string())
}
