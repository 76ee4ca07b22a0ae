//! A look at the processes of the environment, as /proc shows them, and at the events since the look before.

use std::fs;
use std::time::Duration;

use coshell::lambda::environment::Environment;

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) elapsed: Duration,
    /// All events so far.
    pub(crate) events: u64,
    /// The memory of `bootstrap` alone that nobody shares, in KiB.
    pub(crate) runtime_kib: f64,
    /// The same of all Bashes together.
    pub(crate) bash_kib: f64,
    /// The open descriptors of `bootstrap`.
    pub(crate) descriptors: f64,
    /// All living processes.
    pub(crate) processes: f64,
    /// From delivery to answer, in milliseconds, of the events since the look before.
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Collects what lies between two looks.
#[derive(Debug)]
pub(crate) struct Probe<'a> {
    environment: &'a Environment,
    latencies: Vec<f64>,
}

impl Probe<'_> {
    pub(crate) fn new(environment: &Environment) -> Probe<'_> {
        Probe { environment, latencies: Vec::new() }
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        self.latencies.push(latency.as_secs_f64() * 1e3);
    }

    pub(crate) fn look(&mut self, elapsed: Duration, events: u64) -> Sample {
        let runtime = self.environment.runtime_pid();
        let pids = self.environment.pids();
        let others = pids.iter().filter(|pid| **pid != runtime);
        let mut latencies = std::mem::take(&mut self.latencies);
        latencies.sort_by(f64::total_cmp);
        Sample {
            elapsed,
            events,
            runtime_kib: private_kib(runtime),
            bash_kib: others.map(|pid| private_kib(*pid)).sum(),
            descriptors: count(fs::read_dir(format!("/proc/{runtime}/fd")).map_or(0, Iterator::count)),
            processes: count(pids.len()),
            p50_ms: quantile(&latencies, 50),
            p99_ms: quantile(&latencies, 99),
        }
    }
}

/// Pages that a fork shares with its parent are nobody's; so the forks of one Bash count little more than it does.
fn private_kib(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default(); // it may have ended
    let lines = rollup.lines().filter_map(|line| line.strip_prefix("Pss_Anon:"));
    lines.filter_map(|size| size.trim().strip_suffix(" kB")?.parse::<f64>().ok()).sum()
}

/// By nearest rank.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
