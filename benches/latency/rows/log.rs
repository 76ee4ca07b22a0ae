//! A large log: 10 MB of stderr in one event, in lines of 100 bytes, which end in /dev/null everywhere.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use coshell::lambda::invocation::Bytes;

use super::measured::Measured;
use super::reference;
use crate::arrival::Arrival;
use crate::peer::Peer;
use crate::report::goals::PLAIN_CAT;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::stats::{median, quantile};
use crate::subject::Bench;

const LINE_BYTES: usize = 100;
const LINES: usize = 100_000;
const ROUNDS: usize = 4;
const EVENTS: usize = 5;
const ARRIVAL: Arrival = Arrival::Every(Duration::from_millis(10));

/// Alternates the peers and the references.
pub(crate) fn run(bench: &Bench) -> Result<Row> {
    let folder = tempfile::tempdir().context("cannot make a folder for the file")?;
    let file = folder.path().join("log");
    let line = format!("{}\n", "x".repeat(LINE_BYTES - 1));
    fs::write(&file, line.repeat(LINES)).with_context(|| format!("cannot write `{}`", file.display()))?;
    let event = Bytes::from(format!("\"{}\"", file.display()));
    let start = |peer: Peer| Ok(Measured::new(bench.start(peer, "log_file", Conditions::default())?));
    let mut all: Vec<Measured> = bench.bootstraps.peers().into_iter().map(start).collect::<Result<_>>()?;
    let mut piped = Vec::new();
    let mut plain = Vec::new();
    for round in 0..ROUNDS {
        for turn in 0..all.len() {
            let at = (round + turn) % all.len();
            all[at].block(ARRIVAL, &event, bench.scaled(EVENTS))?;
        }
        piped.extend(reference::time(r#"cat -- "$2" | cat >/dev/null"#, &file, bench.scaled(EVENTS))?);
        plain.extend(reference::time(r#"cat -- "$2" >/dev/null"#, &file, bench.scaled(EVENTS))?);
    }
    let mut cells: Vec<Cell> = all.iter().map(cell).collect();
    cells.push(alone(PLAIN_CAT, &piped));
    cells.push(alone("`cat FILE >/dev/null`", &plain));
    Ok(Row {
        name: "log",
        title: "10 MB of log in one event".to_owned(),
        how: "The handler is `cat FILE >&2`. coshell reads the log from a pipe, as `cat FILE | cat >/dev/null` does; the others let \
              the handler write to /dev/null itself."
            .to_owned(),
        columns: ["p50", "p99", "processor"].map(|title| (title.to_owned(), Unit::Time)).into(),
        cells,
    })
}

fn cell(measured: &Measured) -> Cell {
    let values = measured.values();
    Cell { who: measured.subject.peer.name().to_owned(), values: vec![values[0], values[1], values[3]] }
}

fn alone(who: &str, times: &[f64]) -> Cell {
    Cell { who: who.to_owned(), values: vec![median(times), quantile(times, 0.99), None] }
}
