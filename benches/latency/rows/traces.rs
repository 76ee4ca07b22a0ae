//! What stack traces cost an event that succeeds: the same handler with and without them, in alternating blocks.

use std::time::Duration;

use anyhow::Result;
use coshell::lambda::invocation::Bytes;

use super::load::EVENT;
use super::measured::Measured;
use crate::arrival::Arrival;
use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::subject::Bench;

/// The line of the handler whose script keeps ERR traps to itself.
pub(crate) const UNTRACED: &str = "without stack traces";
const ROUNDS: usize = 20;
const EVENTS: usize = 100;

/// Measures both.
pub(super) fn run(bench: &Bench) -> Result<Row> {
    let conditions = Conditions { quota: false, frozen: false };
    let start =
        |function: &str| -> Result<Measured> { Ok(Measured::new(bench.start(Peer::Coshell, function, conditions)?)) };
    let mut both: [Measured; 2] = [start("function.echo_event")?, start("untraced.echo_event")?];
    let event = Bytes::from_static(EVENT.as_bytes());
    for round in 0..ROUNDS {
        for turn in 0..2 {
            both[(round + turn) % 2].block(Arrival::Every(Duration::from_millis(1)), &event, bench.scaled(EVENTS))?;
        }
    }
    let names = [Peer::Coshell.name(), UNTRACED];
    let cells = both
        .iter()
        .zip(names)
        .map(|(measured, name)| Cell { who: name.to_owned(), values: measured.values().into_iter().take(4).collect() });
    Ok(Row {
        name: "traces",
        title: "Stack traces on the way of an event that succeeds".to_owned(),
        how: "The second script speaks of an ERR trap, so coshell sets none. 1 ms between events.".to_owned(),
        columns: ["p50", "p99", "billed p50", "processor"].map(|title| (title.to_owned(), Unit::Time)).to_vec(),
        cells: cells.collect(),
    })
}
