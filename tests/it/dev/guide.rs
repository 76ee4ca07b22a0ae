//! handlers/DEVELOPING.md: what it tells to type works.

use std::path::Path;
use std::process::Stdio;

use crate::support::program::{Ran, coshell};

const GUIDE: &str = include_str!("../../../handlers/DEVELOPING.md");

fn run(folder: &Path, line: &str) {
    let mut command = coshell();
    command.current_dir(folder).args(line.split_whitespace()).stdin(Stdio::null());
    Ran::from(command.output().unwrap()).assert_status(0);
}

#[test]
fn the_workflow_runs_on_a_new_function() {
    let workflow = GUIDE.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(workflow.lines().count() <= 10, "{workflow}");
    let lines: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("- run: coshell ")).collect();
    let commands: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(commands, ["check", "test", "package"]);
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "init hello");
    let function = folder.path().join("hello");
    lines.iter().for_each(|line| run(&function, line));
    assert!(function.join("report.xml").is_file() && function.join("function.zip").is_file());
}

#[test]
fn what_it_shows_of_a_queue_is_what_invoke_prints() {
    let warning = GUIDE.lines().find_map(|line| line.trim().strip_prefix("warning: ")).unwrap();
    let test = crate::support::program::InvokeTest::of_script("handler() { :; }").with_own_runtime();
    test.with(&["--sample", "sqs"]).run().assert_status(0).assert_stderr_has(&format!("warning: {warning}\n"));
}
