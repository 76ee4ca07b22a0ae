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
const SHORT: usize = 40;
/// How many executions run at a time.
const AT_ONCE: usize = 16;
/// So that a broken runtime fails the test and does not hang it; never a measure.
const GIVE_UP: Duration = Duration::from_secs(1200);
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
    let count = number("COSHELL_DURABLE_CHAOS").map_or(SHORT, |count| usize::try_from(count).unwrap());
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

    let mut plans: Vec<Plan> =
        (0..count as u64).map(|index| Plan::new(&mut Rng::with_seed(seed + index), index)).collect();
    plans.reverse();
    let (mut running, mut faults, start) = (Vec::new(), Vec::new(), Instant::now());
    while !plans.is_empty() || !running.is_empty() {
        assert!(start.elapsed() < GIVE_UP, "{} executions have not ended: {faults:#?}", plans.len() + running.len());
        while running.len() < AT_ONCE {
            let Some(plan) = plans.pop() else { break };
            running.push((runner.execute(&plan), plan));
        }
        running.retain(|(arn, plan)| match runner.end_of(arn) {
            None => true,
            Some(end) => {
                faults.extend(records.faults_of(plan, &end, &runner.history(arn)));
                false
            }
        });
        std::thread::sleep(Duration::from_millis(100));
    }
    let (kills, cuts) = (killer.stop(), proxy.cuts());
    eprintln!("{count} executions in {:?}: {kills:?}, {cuts} connections cut", start.elapsed());
    assert_eq!(faults, [""; 0], "{}", serving.stderr_with(""));
    assert!(kills.bash > 0 && kills.runtimes > 0 && cuts > 0, "nothing was killed: {kills:?}, {cuts} cuts");
}
