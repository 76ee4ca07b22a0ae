//! What COSHELL_STATE=keep saves: the same handler in a subshell of its own for each event, and in one that takes event after event.

use anyhow::Result;
use coshell::lambda::invocation::Bytes;

use super::load::{EVENT, GAP};
use super::measured::Measured;
use crate::arrival::Arrival;
use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::subject::Bench;

/// The line of the handler that keeps its state.
pub(crate) const KEEP: &str = "coshell, keep";
const ROUNDS: usize = 10;

/// One line of the table: a peer and its variables.
type Line = (&'static str, Peer, &'static [(&'static str, &'static str)]);

const LINES: [Line; 3] = [
    (Peer::Coshell.name(), Peer::Coshell, &[]),
    (KEEP, Peer::Coshell, &[("COSHELL_STATE", "keep")]),
    (Peer::Rust.name(), Peer::Rust, &[]),
];

/// Measures both ways of arrival.
pub(super) fn run(bench: &Bench) -> Result<Row> {
    let free = Conditions { quota: false, frozen: false };
    let busy = measured(bench, free, Arrival::BackToBack, 200)?;
    let idle = measured(bench, free, GAP, 80)?;
    let values = |busy: &Measured, idle: &Measured| {
        let (busy, idle) = (busy.values(), idle.values());
        vec![busy[0], busy[3], idle[0], idle[2], idle[3]]
    };
    let cells = LINES.iter().zip(busy.iter().zip(&idle));
    let titles = ["back to back p50", "its processor", "20 ms gap p50", "its billed p50", "its processor "];
    Ok(Row {
        name: "keep",
        title: "COSHELL_STATE=keep, 100 B events".to_owned(),
        how: "Back to back, from answer to answer; and with 20 ms between events, from delivery to the answer and to `next`.".to_owned(),
        columns: titles.map(|title| (title.to_owned(), Unit::Time)).to_vec(),
        cells: cells.map(|((who, ..), (busy, idle))| Cell { who: (*who).to_owned(), values: values(busy, idle) }).collect(),
    })
}

/// Measures under the quota of 128 MB.
pub(super) fn run_with_quota(bench: &Bench) -> Result<Row> {
    const NAME: &str = "keep-128mb";
    const TITLE: &str = "COSHELL_STATE=keep at 128 MB";
    let quota = Conditions { quota: true, frozen: false };
    if let Err(error) = quota.check() {
        return Ok(Row::skipped(NAME, TITLE, &format!("{error:#}")));
    }
    let all = measured(bench, quota, GAP, 80)?;
    let cells = LINES.iter().zip(&all);
    Ok(Row {
        name: NAME,
        title: TITLE.to_owned(),
        how: "20 ms between events, and 1.447 ms of processor time in each 20 ms.".to_owned(),
        columns: ["p50", "p99", "billed p50", "processor"].map(|title| (title.to_owned(), Unit::Time)).to_vec(),
        cells: cells
            .map(|((who, ..), measured)| Cell {
                who: (*who).to_owned(),
                values: measured.values().into_iter().take(4).collect(),
            })
            .collect(),
    })
}

/// Sends all lines their events, in alternating blocks.
fn measured(bench: &Bench, conditions: Conditions, arrival: Arrival, events: usize) -> Result<Vec<Measured>> {
    let start = |(_, peer, variables): &Line| {
        Ok(Measured::new(bench.start_with(*peer, "function.echo_event", variables, conditions)?))
    };
    let mut all = LINES.iter().map(start).collect::<Result<Vec<Measured>>>()?;
    let event = Bytes::from_static(EVENT.as_bytes());
    for round in 0..ROUNDS {
        for turn in 0..all.len() {
            let at = (round + turn) % all.len();
            all[at].block(arrival, &event, bench.scaled(events))?;
        }
    }
    Ok(all)
}
