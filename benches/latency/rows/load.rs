//! Rows in which all peers get the same events: in alternating blocks, so that what the machine does besides falls on all alike.

use std::time::Duration;

use anyhow::Result;
use coshell::lambda::invocation::Bytes;

use super::measured::Measured;
use crate::arrival::Arrival;
use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::subject::Bench;

/// The events of a row.
pub(crate) struct Load {
    /// For `--only`.
    pub(crate) name: &'static str,
    title: &'static str,
    how: &'static str,
    function: &'static str,
    event: &'static str,
    arrival: Arrival,
    conditions: Conditions,
    rounds: usize,
    events: usize,
}

/// 100 bytes.
pub(super) const EVENT: &str =
    r#"{"id":"7c0e1f9a-2b64-4d0f-9b1e-5a1c0d3e8f42","action":"create","customer":"Ada Lovelace","amount":42}"#;
const CITY: &str = r#"{"city":"Reykjavik","units":"metric"}"#;
pub(super) const GAP: Arrival = Arrival::Every(Duration::from_millis(20));
const FREE: Conditions = Conditions { quota: false, frozen: false };
const QUOTA: Conditions = Conditions { quota: true, frozen: false };
const FROZEN: Conditions = Conditions { quota: false, frozen: true };

/// All of them.
pub(crate) const LOADS: [Load; 7] = [
    Load {
        name: "back-to-back",
        title: "100 B events back to back",
        how: "An event always waits; the latency is the time from answer to answer.",
        function: "echo_event",
        event: EVENT,
        arrival: Arrival::BackToBack,
        conditions: FREE,
        rounds: 10,
        events: 200,
    },
    Load {
        name: "gap",
        title: "100 B events, 20 ms between them",
        how: "A processor for itself, as with 1 GB and more; the latency is the time from delivery to the answer.",
        function: "echo_event",
        event: EVENT,
        arrival: GAP,
        conditions: FREE,
        rounds: 10,
        events: 80,
    },
    Load {
        name: "128mb",
        title: "The same at 128 MB",
        how: "A quota of 1.447 ms of processor time in each 20 ms, as a function with 128 MB has.",
        function: "echo_event",
        event: EVENT,
        arrival: GAP,
        conditions: QUOTA,
        rounds: 10,
        events: 80,
    },
    Load {
        name: "frozen",
        title: "The same, frozen between events",
        how: "All processes are frozen when `next` arrives and thawed just before delivery, as on Lambda.",
        function: "echo_event",
        event: EVENT,
        arrival: GAP,
        conditions: FROZEN,
        rounds: 10,
        events: 80,
    },
    Load {
        name: "random",
        title: "100 B events at random gaps of 0 to 50 ms",
        how: "A minute or so of them for each fast peer.",
        function: "echo_event",
        event: EVENT,
        arrival: Arrival::UpTo(Duration::from_millis(50)),
        conditions: FREE,
        rounds: 10,
        events: 230,
    },
    Load {
        name: "realistic",
        title: "A handler that calls jq and curl",
        how: "It takes a name out of the event and asks a small server on 127.0.0.1; in Rust: serde_json and ureq. 20 ms between events.",
        function: "look_up",
        event: CITY,
        arrival: GAP,
        conditions: FREE,
        rounds: 5,
        events: 30,
    },
    Load {
        name: "realistic-128mb",
        title: "A handler that calls jq and curl, at 128 MB",
        how: "The same under the quota of 128 MB.",
        function: "look_up",
        event: CITY,
        arrival: GAP,
        conditions: QUOTA,
        rounds: 5,
        events: 10,
    },
];

impl Load {
    /// Runs it for all peers.
    pub(crate) fn run(&self, bench: &Bench) -> Result<Row> {
        if let Err(error) = self.conditions.check() {
            return Ok(Row::skipped(self.name, self.title, &format!("{error:#}")));
        }
        let start = |peer: Peer| Ok(Measured::new(bench.start(peer, self.function, self.conditions)?));
        let mut all: Vec<Measured> = bench.bootstraps.peers().into_iter().map(start).collect::<Result<_>>()?;
        let event = Bytes::from_static(self.event.as_bytes());
        for round in 0..self.rounds {
            for turn in 0..all.len() {
                let at = (round + turn) % all.len();
                all[at].block(self.arrival, &event, bench.scaled(self.events))?;
            }
        }
        Ok(self.row(&all))
    }

    fn row(&self, all: &[Measured]) -> Row {
        let times = ["p50", "p99", "billed p50", "processor"].map(|title| (title.to_owned(), Unit::Time));
        let mut columns = times.to_vec();
        if self.conditions.quota {
            columns.push(("a million calls".to_owned(), Unit::Dollars));
        }
        let cells = all.iter().map(|measured| Cell {
            who: measured.subject.peer.name().to_owned(),
            values: measured.values().into_iter().take(columns.len()).collect(),
        });
        let cells = cells.collect();
        Row { name: self.name, title: self.title.to_owned(), how: self.how.to_owned(), columns, cells }
    }
}
