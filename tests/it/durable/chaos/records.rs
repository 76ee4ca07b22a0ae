//! What the steps of an execution have written while they ran, beside what the runner has recorded.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::plan::Plan;

/// The folder with a file for each execution.
pub(super) struct Records {
    pub(super) folder: PathBuf,
}

/// One run of a step's command.
struct StepRun<'a> {
    step: &'a str,
    attempt: &'a str,
    run: &'a str,
}

impl Records {
    pub(super) fn new(folder: &Path) -> Records {
        let folder = folder.join("records");
        fs::create_dir(&folder).unwrap();
        Records { folder }
    }

    /// What is wrong with an execution that has ended.
    pub(super) fn faults_of(&self, plan: &Plan, end: &Value, history: &[Value]) -> Vec<String> {
        let mut faults = Vec::new();
        if (end["Status"].as_str(), end["Result"].as_str()) != (Some("SUCCEEDED"), Some(&plan.result)) {
            let (status, result, error) = (&end["Status"], &end["Result"], &end["Error"]);
            faults.push(format!("it has ended with {status} {result} {error}, and not with {}", plan.result));
        }
        let text = fs::read_to_string(self.folder.join(&plan.name)).unwrap_or_default();
        let runs: Vec<StepRun> = text.lines().map(StepRun::of).collect();
        faults.extend(twice(plan, &runs));
        faults.extend(after_its_record(&runs, history));
        faults.iter().map(|fault| format!("{}: {fault}\n{}\n{text}", plan.name, plan.script)).collect()
    }
}

impl StepRun<'_> {
    fn of(line: &str) -> StepRun<'_> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [step, attempt, run] = fields[..] else { panic!("not a record: {line}") };
        StepRun { step, attempt, run }
    }
}

/// An attempt that ran twice of a step that must not.
fn twice(plan: &Plan, runs: &[StepRun]) -> Option<String> {
    let is_once = |step: &str| plan.at_most_once.iter().any(|once| step.split('.').next() == Some(once));
    let mut seen = HashSet::new();
    let twice = runs.iter().filter(|run| is_once(run.step)).find(|run| !seen.insert((run.step, run.attempt)));
    twice.map(|run| format!("attempt {} of {} ran twice, and may run once", run.attempt, run.step))
}

/// A step that ran again after the result of one of its runs was recorded.
fn after_its_record(runs: &[StepRun], history: &[Value]) -> Option<String> {
    let recorded = history.iter().filter(|event| event["EventType"] == "StepSucceeded");
    let mut results =
        recorded.filter_map(|event| event["StepSucceededDetails"]["Result"]["Payload"].as_str()?.split_once(':'));
    results.find_map(|(step, recorded)| {
        let last = runs.iter().rfind(|run| run.step == step).map(|run| run.run);
        (last != Some(recorded)).then(|| format!("{step} ran after the result of its run {recorded}: {last:?}"))
    })
}
