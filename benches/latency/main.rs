//! `cargo bench`: coshell side by side with a Rust function without Bash, a new Bash per event, and a shell bootstrap.
//!
//! benches/README.md says what each row is and how it is measured.

#[path = "../common.rs"]
mod common;

// The options, and the peers that are measured
mod options;
mod peer;

// One running peer and its surroundings
mod arrival;
mod call;
mod cgroup;
mod processor_time;
mod sandbox;
mod service;
mod store;
mod subject;

// The rows
mod rows;

// The report
mod machine;
mod price;
mod report;
mod stats;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;

use machine::Machine;
use options::Options;
use peer::Bootstraps;
use report::Row;
use rows::Experiment;
use service::Service;
use subject::Bench;

fn main() -> ExitCode {
    common::exit_code(run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let chosen = choose(options)?;
    if options.list {
        chosen.iter().for_each(|experiment| println!("{}", experiment.name));
        return Ok(());
    }
    let service = Service::start()?;
    let bench = Bench {
        bootstraps: Bootstraps::build(options.bootstrap.as_deref(), options.before.as_deref())?,
        interrupted: common::interruption()?,
        scale: options.factor(),
        service: service.url(),
    };
    let machine = Machine::describe(processor_time::source());
    let runs = (0..options.runs.max(1)).map(|_| measure(&chosen, &bench)).collect::<Result<Vec<_>>>()?;
    publish(options, &machine, &runs)
}

fn choose(options: &Options) -> Result<Vec<Experiment>> {
    let all = rows::all();
    if let Some(unknown) = options.only.iter().find(|only| !all.iter().any(|experiment| experiment.name == **only)) {
        bail!("there is no row `{unknown}`; `cargo bench -- --list` prints all");
    }
    Ok(all.into_iter().filter(|experiment| options.wants(experiment.name)).collect())
}

fn measure(chosen: &[Experiment], bench: &Bench) -> Result<Vec<Row>> {
    let row = |experiment: &Experiment| {
        eprintln!("measuring {}", experiment.name);
        experiment.run(bench).with_context(|| format!("cannot measure `{}`", experiment.name))
    };
    chosen.iter().map(row).collect()
}

fn publish(options: &Options, machine: &Machine, runs: &[Vec<Row>]) -> Result<()> {
    let rows = report::median_of(runs);
    let goals = report::goals::judge(&rows);
    let text = report::markdown::write(machine, runs.len(), &rows, &goals);
    println!("{text}");
    let json = report::json::write(machine, runs.len(), &rows, &goals);
    let mut files = vec![("latest.md", text), ("latest.json", json)];
    files.extend(report::chart::draw(&rows).map(|chart| ("latency.svg", chart)));
    common::publish(&options.folder(), files)
}
