//! Random executions, while processes are killed and connections are cut.
//!
//! Each execution runs a plan: a handler in Bash that is made from a seed. An execution must end with the result of its plan, whatever
//! was killed. COSHELL_DURABLE_CHAOS is the number of executions, and COSHELL_DURABLE_SEED the seed of the first.

mod killer;
mod plan;
mod proxy;
mod records;
mod runner;

use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::killer::Killer;
use self::plan::Plan;
use self::proxy::Proxy;
use self::records::Records;
use self::runner::Runner;
use crate::support::serving::Serve;

/// The number of executions without a setting.
const SHORT: u64 = 40;
/// How many executions run at a time.
const AT_ONCE: usize = 16;
/// So that a broken runtime fails the test and does not hang it; never a measure.
const GIVE_UP: Duration = Duration::from_secs(300);
/// If no execution has ended for so long, the runner may have forgotten some.
const QUIET: Duration = Duration::from_secs(60);
/// The runner only answers questions; it reports nothing by itself.
const POLL_PAUSE: Duration = Duration::from_millis(100);
/// Runs its event: the functions of a plan.
const FUNCTION: &str = r#"
handler() {
  eval "$(jq -r . <<<"$1")"
  main
}
# work ID FAILURES: fails in the first attempts. The record tells every run from every other; the result names the run.
work() {
  local run="$BASHPID.$EPOCHREALTIME"
  printf '%s %s %s\n' "$1" "$DURABLE_ATTEMPT" "$run" >>"$RECORDS/$execution"
  ((DURABLE_ATTEMPT > $2))
  sleep "0.0$((RANDOM % 5))"
  printf '%s:%s\n' "$1" "$run"
}
# count TO: a check of `durable until`.
count() {
  printf '%s\n' "$((DURABLE_STATE + 1))"
  ((DURABLE_STATE + 1 >= $1))
}
joined() { jq -r '.all | map(.result // "failed") | join("+")' <<<"$1"; }
"#;

#[test]
fn executions_end_with_the_results_of_their_plans_whatever_is_killed() {
    let Some([_, program]) = super::tools() else { return };
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let count = number("COSHELL_DURABLE_CHAOS").unwrap_or(SHORT);
    let seed = number("COSHELL_DURABLE_SEED").unwrap_or(1);

    let folder = tempfile::tempdir().unwrap();
    let (address, records) = (runner::free_address(), Records::new(folder.path()));
    let proxy = Proxy::start(address, seed);
    let serving = Serve::script(&format!("set -euo pipefail\n{FUNCTION}"))
        .with(&["--concurrency", "4", "--timeout", "60", "--env", "AWS_REGION=us-west-2"])
        .with(&["--env", &format!("AWS_ENDPOINT_URL_LAMBDA=http://{}", proxy.address)])
        .with(&["--env", "AWS_ACCESS_KEY_ID=x", "--env", "AWS_SECRET_ACCESS_KEY=y"])
        .with(&["--env", &format!("RECORDS={}", records.folder.display())])
        .start();
    let runner = Runner::start(&program, address, &serving.url(), folder.path());
    let killer = Killer::start(serving.pid(), seed, Arc::clone(&proxy.calls));

    let start = Instant::now();
    let plans = (0..count).map(|index| Plan::new(seed + index, format!("plan-{index}")));
    let Ends { faults, forgotten } = execute_all(plans, &runner, &records);
    let (kills, cuts) = (killer.stop(), proxy.cuts());
    let took = start.elapsed();
    eprintln!("{count} executions in {took:?}: {kills:?}, {cuts} connections cut, {forgotten} forgotten by the runner");
    assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), serving.stderr_with(""));
    assert!(forgotten * 100 <= count.max(100), "the runner has forgotten {forgotten} of {count}");
    assert!(kills.bash > 0 && kills.runtimes > 0 && cuts > 0, "nothing was killed: {kills:?}, {cuts} cuts");
}

/// How all executions have ended.
struct Ends {
    faults: Vec<String>,
    /// How many were started again, since the runner had forgotten them.
    forgotten: u64,
}

/// Executes all plans, some at a time.
fn execute_all(mut plans: impl Iterator<Item = Plan>, runner: &Runner, records: &Records) -> Ends {
    let (mut running, mut progress) = (Vec::new(), Instant::now());
    let mut ends = Ends { faults: Vec::new(), forgotten: 0 };
    loop {
        running.extend(plans.by_ref().take(AT_ONCE - running.len()).map(|plan| (runner.execute(&plan), plan)));
        if running.is_empty() {
            return ends;
        }
        let is_quiet = progress.elapsed() > QUIET;
        running.retain_mut(|(arn, plan)| match runner.end_of(arn) {
            Some(end) => {
                ends.faults.extend(records.faults_of(plan, &end, &runner.history(arn)));
                progress = Instant::now();
                false
            }
            None if is_quiet && runner::is_forgotten(&runner.history(arn)) => {
                ends.forgotten += 1;
                *plan = Plan::new(plan.seed, format!("{}-again", plan.name));
                *arn = runner.execute(plan);
                progress = Instant::now();
                true
            }
            None => true,
        });
        let names: Vec<&str> = running.iter().map(|(_, plan)| plan.name.as_str()).collect();
        assert!(progress.elapsed() < GIVE_UP, "these do not end: {names:?}; {}", ends.faults.join("\n"));
        std::thread::sleep(POLL_PAUSE);
    }
}
