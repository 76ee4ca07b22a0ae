//! `cargo bench --bench soak`: sends very many events of random sizes to one environment; some of the events fail. Checks all the time that
//! memory, descriptors, processes and the time per event do not grow.
//!
//! benches/README.md says how to run the bench, and shows its graph.

mod chart;
#[path = "../common.rs"]
mod common;
mod report;
mod sample;
mod traffic;
mod verdict;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use coshell::lambda::environment::{Bootstrap, Environment, Settings};
use coshell::lambda::function::Function;
use coshell::lambda::runtime_api::Init;

use sample::{Probe, Sample};
use traffic::Traffic;

const INIT_LIMIT: Duration = Duration::from_secs(30);
const MINUTE: f64 = 60.0;

/// Sends very many events of random sizes to one environment, and checks whether memory, descriptors or processes grow
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo bench --bench soak --")]
struct Options {
    /// The largest number of events
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,

    /// The longest duration
    #[arg(long, value_name = "MINUTES", default_value = "60")]
    minutes: f64,

    /// How often memory, descriptors and processes are measured
    #[arg(long, value_name = "N", default_value = "240", value_parser = clap::value_parser!(u32).range(8..))]
    samples: u32,

    /// The seed of the random sizes: the same seed gives the same events
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,

    /// Another executable in place of the bootstrap that was just built, such as that of a release
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,

    /// Where soak.md and soak.svg go
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    common::exit_code(run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let (environment, mut traffic) = (start(options)?, Traffic::new(options.seed));
    let samples = soak(options, &environment, &mut traffic)?;
    drop(environment);
    let verdicts = verdict::all(&samples);
    let text = report::write(&samples, &traffic, &verdicts);
    println!("{text}");
    let folder = options.out.clone().unwrap_or_else(|| benches().join("results"));
    common::publish(&folder, vec![("soak.md", text), ("soak.svg", chart::draw(&samples))])?;
    match verdicts.iter().filter(|verdict| !verdict.holds()).map(|verdict| verdict.name).collect::<Vec<_>>() {
        grown if grown.is_empty() => Ok(()),
        grown => bail!("not flat: {}", grown.join(", ")),
    }
}

fn start(options: &Options) -> Result<Environment> {
    let bootstrap = options.bootstrap.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_bootstrap").into());
    let bootstrap = fs::canonicalize(&bootstrap).with_context(|| format!("cannot start `{}`", bootstrap.display()))?;
    let log = File::options().write(true).open("/dev/null").context("cannot open /dev/null")?;
    let environment = Environment::start(&Settings {
        function: Function { task_root: benches().join("handlers"), handler: "soak.soak".to_owned() },
        bootstrap: Bootstrap::Executable(bootstrap),
        memory_mb: 128,
        snap_start: false,
        variables: Vec::new(),
        log: Some(Arc::new(log)),
    })?;
    match environment.wait_for_init(INIT_LIMIT) {
        Init::Ready(_) => Ok(environment),
        init @ (Init::Failed(_) | Init::RuntimeExited(_) | Init::TimedOut) => bail!("the init failed: {init:?}"),
    }
}

/// Sends events until there were enough of them or the time is up, with a look at the processes at even distances of time or of
/// events, whichever end is nearer.
fn soak(options: &Options, environment: &Environment, traffic: &mut Traffic) -> Result<Vec<Sample>> {
    let interrupted = common::interruption()?;
    let began = Instant::now();
    let done = |traffic: &Traffic| {
        let by_time = began.elapsed().as_secs_f64() / (options.minutes * MINUTE);
        by_time.max(share(traffic.sent(), options.events))
    };
    let mut probe = Probe::new(environment);
    let mut samples = Vec::new();
    while done(traffic) < 1.0 && !interrupted.load(Ordering::Relaxed) {
        // Bash dies in the first half only: a new one would hide what the old one had kept.
        probe.add(traffic.send_one(environment, done(traffic) < 0.5)?);
        if done(traffic) * f64::from(options.samples) >= share(samples.len() as u64 + 1, 1) {
            samples.push(probe.look(began.elapsed(), traffic.sent()));
        }
    }
    if samples.len() < verdict::LEAST_SAMPLES {
        bail!("{} looks are too few to tell whether anything grows: send more events", samples.len());
    }
    Ok(samples)
}

#[allow(clippy::cast_precision_loss)]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn benches() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches")
}
