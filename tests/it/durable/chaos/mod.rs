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
use std::time::{Duration, Instant};

use fastrand::Rng;

use self::killer::Killer;
use self::plan::Plan;
use self::proxy::Proxy;
use self::records::Records;
use self::runner::Runner;
use crate::support::serving::Serve;
use crate::support::skip::durable_tool;

/// The number of executions without a setting.
const SHORT: u64 = 40;
/// How many executions run at a time.
const AT_ONCE: usize = 16;
/// So that a broken runtime fails the test and does not hang it; never a measure.
const GIVE_UP: Duration = Duration::from_secs(300);
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
    let Some(program) = durable_tool("dex-local-runner") else { return };
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
    let killer = Killer::start(serving.pid(), seed);

    let start = Instant::now();
    let plans = (0..count).map(|index| Plan::new(&mut Rng::with_seed(seed + index), index));
    let faults = faults_of_all(plans, &runner, &records);
    let (kills, cuts) = (killer.stop(), proxy.cuts());
    eprintln!("{count} executions in {:?}: {kills:?}, {cuts} connections cut", start.elapsed());
    assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), serving.stderr_with(""));
    assert!(kills.bash > 0 && kills.runtimes > 0 && cuts > 0, "nothing was killed: {kills:?}, {cuts} cuts");
}

/// Executes all plans, some at a time, and returns what is wrong with their ends.
fn faults_of_all(mut plans: impl Iterator<Item = Plan>, runner: &Runner, records: &Records) -> Vec<String> {
    let (mut running, mut faults, mut progress) = (Vec::new(), Vec::new(), Instant::now());
    loop {
        running.extend(plans.by_ref().take(AT_ONCE - running.len()).map(|plan| (runner.execute(&plan), plan)));
        if running.is_empty() {
            return faults;
        }
        running.retain(|(arn, plan)| match runner.end_of(arn) {
            None => true,
            Some(end) => {
                faults.extend(records.faults_of(plan, &end, &runner.history(arn)));
                progress = Instant::now();
                false
            }
        });
        let names: Vec<&str> = running.iter().map(|(_, plan)| plan.name.as_str()).collect();
        assert!(progress.elapsed() < GIVE_UP, "these do not end: {names:?}; {}", faults.join("\n"));
        std::thread::sleep(POLL_PAUSE);
    }
}
