//! The rows, in the order of the report.

pub(crate) mod http;
mod init;
pub(crate) mod keep;
pub(crate) mod load;
mod log;
mod measured;
mod memory;
mod reference;
mod size;
mod slots;
pub(crate) mod stream;
pub(crate) mod tools;
pub(crate) mod traces;

use anyhow::Result;

use crate::report::Row;
use crate::subject::Bench;
use load::Load;

/// A row's name and what measures it.
pub(crate) struct Experiment {
    /// For `--only`.
    pub(crate) name: &'static str,
    run: Run,
}

enum Run {
    Load(&'static Load),
    Other(fn(&Bench) -> Result<Row>),
}

/// All rows.
pub(crate) fn all() -> Vec<Experiment> {
    let mut all: Vec<Experiment> =
        load::LOADS.iter().map(|load| Experiment { name: load.name, run: Run::Load(load) }).collect();
    let other = |name, run| Experiment { name, run: Run::Other(run) };
    all.extend([
        other("init", init::run as fn(&Bench) -> Result<Row>),
        other("memory", memory::run),
        other("in", size::run_in),
        other("in-ignored", size::run_ignored),
        other("out", size::run_out),
        other("log", log::run),
        other("stream", stream::run),
        other("slots", slots::run),
        other("traces", traces::run),
        other("keep", keep::run),
        other("keep-128mb", keep::run_with_quota),
        other("http", http::run),
        other("http-128mb", http::run_128mb),
        other("tools", tools::run),
        other("tools-128mb", tools::run_128mb),
        other("tools-100mb", tools::run_large),
        other("tools-handler-128mb", tools::run_handler),
    ]);
    all
}

impl Experiment {
    /// Measures it.
    pub(crate) fn run(&self, bench: &Bench) -> Result<Row> {
        match self.run {
            Run::Load(load) => load.run(bench),
            Run::Other(run) => run(bench),
        }
    }
}
