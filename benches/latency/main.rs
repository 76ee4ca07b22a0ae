//! `cargo bench`: coshell side by side with a Rust function without Bash, a new Bash per event, and a shell bootstrap.
//!
//! benches/README.md says what each row is and how it is measured.

// What is asked, and of whom
mod options;
mod peer;

// One running peer and what surrounds it
mod arrival;
mod cgroup;
mod sandbox;
mod service;
mod subject;
mod ticks;

// The rows
mod rows;

// What comes of it
mod machine;
mod price;
mod report;
mod stats;

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use clap::Parser;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use machine::Machine;
use options::Options;
use peer::Bootstraps;
use report::Row;
use rows::Experiment;
use service::Service;
use subject::Bench;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let chosen = choose(options)?;
    if options.list {
        chosen.iter().for_each(|experiment| println!("{}", experiment.name));
        return Ok(());
    }
    let service = Service::start()?;
    let bench = Bench {
        bootstraps: Bootstraps::build(options.bootstrap.as_deref())?,
        interrupted: interruption()?,
        scale: options.factor(),
        service: service.url(),
    };
    let machine = Machine::describe(ticks::source());
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

/// Ctrl-C ends the run at the next event, so that processes and control groups are left by nobody.
fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("cannot watch for Ctrl-C")?;
    }
    Ok(interrupted)
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
    let folder = options.folder();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let json = report::json::write(machine, runs.len(), &rows, &goals);
    let mut files = vec![("latest.md", text), ("latest.json", json)];
    files.extend(report::chart::draw(&rows).map(|chart| ("latency.svg", chart)));
    for (name, content) in files {
        let file = folder.join(name);
        fs::write(&file, content).with_context(|| format!("cannot write `{}`", file.display()))?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}
