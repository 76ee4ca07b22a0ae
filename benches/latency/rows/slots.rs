//! Several events at once: what one runtime gets done with 1, 4 and 16 slots, and what each slot costs.

use std::thread::sleep;

use anyhow::Result;
use coshell::lambda::invocation::Bytes;

use super::load::EVENT;
use super::memory::{SETTLE, total};
use crate::peer::Peer;
use crate::report::{Cell, Row, Unit};
use crate::sandbox::Conditions;
use crate::stats::{mean, median, quantile, us};
use crate::subject::{Bench, Subject};

const SLOTS: [usize; 3] = [1, 4, 16];
const CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";
const STARTS: usize = 20;
const ROUNDS: usize = 3;
/// In each round, for each number of slots.
const ECHOES: usize = 800;
const WAITS: usize = 160;

/// A runtime with so many slots, and what has been measured of it.
struct Measured {
    slots: usize,
    /// Memory of the whole tree, no other runtime being there.
    pss: Option<f64>,
    init: Vec<f64>,
    /// Of each event that only echoes.
    latency: Vec<f64>,
    /// The time of a whole round, divided by its events.
    echo: Vec<f64>,
    wait: Vec<f64>,
    processor: Vec<f64>,
}

/// Memory and init one after the other, and then the load in alternating blocks.
pub(super) fn run(bench: &Bench) -> Result<Row> {
    let mut all: Vec<Measured> = SLOTS.into_iter().map(|slots| Measured::alone(bench, slots)).collect::<Result<_>>()?;
    let echo = all.iter().map(|one| start(bench, one.slots, "echo_event")).collect::<Result<Vec<_>>>()?;
    let wait = all.iter().map(|one| start(bench, one.slots, "wait_20_ms")).collect::<Result<Vec<_>>>()?;
    for round in 0..ROUNDS {
        for turn in 0..SLOTS.len() {
            let at = (round + turn) % SLOTS.len();
            all[at].round(bench, &echo[at], &wait[at])?;
        }
    }
    Ok(row(&all))
}

fn start(bench: &Bench, slots: usize, function: &str) -> Result<Subject> {
    bench.start_with(Peer::Coshell, function, &[(CONCURRENCY, &slots.to_string())], Conditions::default())
}

impl Measured {
    /// What is measured while nothing else runs.
    fn alone(bench: &Bench, slots: usize) -> Result<Measured> {
        let mut init = Vec::new();
        for _ in 0..bench.scaled(STARTS) {
            let environment = bench.spawn(Peer::Coshell, "echo_event", &[(CONCURRENCY, &slots.to_string())])?;
            init.push(us(bench.init(Peer::Coshell, &environment)?));
        }
        let subject = start(bench, slots, "echo_event")?;
        subject.all_at_once(&event(), bench.scaled(ECHOES))?;
        sleep(SETTLE);
        let pss = total(&subject.pids(), "Pss:");
        let [latency, echo, wait, processor] = [const { Vec::new() }; 4];
        Ok(Measured { slots, pss, init, latency, echo, wait, processor })
    }

    /// Events that wait in the queue, as many at once as there are slots.
    #[allow(clippy::cast_precision_loss)]
    fn round(&mut self, bench: &Bench, echo: &Subject, wait: &Subject) -> Result<()> {
        let (echoes, waits) = (bench.scaled(ECHOES), bench.scaled(WAITS));
        let before = echo.processor_time();
        let (latency, whole) = echo.all_at_once(&event(), echoes)?;
        self.latency.extend(latency.into_iter().map(us));
        self.echo.push(us(whole) / echoes as f64);
        self.processor.push(us(echo.processor_time().saturating_sub(before)) / echoes as f64);
        self.wait.push(us(wait.all_at_once(&event(), waits)?.1) / waits as f64);
        Ok(())
    }

    /// What each slot more takes than `one`, which has one.
    #[allow(clippy::cast_precision_loss)]
    fn each_more(&self, one: &Measured) -> Option<f64> {
        let more = self.slots.checked_sub(one.slots).filter(|more| *more > 0)?;
        Some((self.pss? - one.pss?) / more as f64)
    }

    fn cell(&self, one: &Measured) -> Cell {
        let slots = self.slots;
        Cell {
            who: if slots == 1 { "1 slot".to_owned() } else { format!("{slots} slots") },
            values: vec![
                median(&self.init),
                median(&self.latency),
                quantile(&self.latency, 0.99),
                mean(&self.echo),
                mean(&self.wait),
                mean(&self.processor),
                self.pss,
                self.each_more(one),
            ],
        }
    }
}

fn event() -> Bytes {
    Bytes::from_static(EVENT.as_bytes())
}

fn row(all: &[Measured]) -> Row {
    let times = ["init p50", "p50", "p99", "per event", "per 20 ms event", "processor"];
    let times = times.map(|title| (title.to_owned(), Unit::Time));
    let memory = ["PSS", "each slot more"].map(|title| (title.to_owned(), Unit::Memory));
    Row {
        name: "slots",
        title: "Several events at once".to_owned(),
        how: "One runtime with AWS_LAMBDA_MAX_CONCURRENCY, all slots busy with 100 B events: p50 and p99 from delivery to answer; the time of \
              all of them, divided by their number, for a handler that echoes and for one that sleeps 20 ms; processor time of an \
              echo; memory of the whole tree afterwards, measured alone."
            .to_owned(),
        columns: times.into_iter().chain(memory).collect(),
        cells: all.iter().zip(std::iter::repeat(&all[0])).map(|(measured, one)| measured.cell(one)).collect(),
    }
}
