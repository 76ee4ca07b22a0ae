//! `coshell invoke --profile`: the time is on the line that took it.

use std::fs;
use std::path::PathBuf;

use crate::support::executable::write_executable;
use crate::support::program::{InvokeTest, Ran};

const SCRIPT: &str = "quick() {
  local i
  for i in 1 2 3; do printf -v x %s \"$i\"; done
}
known() {
  quick
  sleep 1
  quick
  echo done
}
substituted() {
  x=$(quick; slow; quick)
}
slow() { sleep 1; }
background() {
  (for i in 1 2 3 4 5; do sleep 0.01; done) &
  sleep 1
  wait
}
waits() {
  slow &
  quick
  wait
}
hidden() {
  set +x
  slow
  set -x
  quick
}
own_ps4() {
  PS4='mine '
  slow
}
becomes_a_program() {
  exec sleep 0.1
}
recursive() {
  (($1 == 0)) || recursive $(($1 - 1))
}
fails() {
  slow
  ls /nosuch
}
";

/// Runs `function`, and gives back what came of it and the profile.
fn profiled(function: &str, ending: &str, arguments: &[&str]) -> (Ran, String) {
    let test = InvokeTest::of_script(SCRIPT).with_own_runtime().path(&format!("function.{function}"));
    let file: PathBuf = test.folder.path().join(format!("profile.{ending}"));
    let test = test.with(&["--profile", file.to_str().unwrap()]).with(arguments);
    let ran = test.run();
    (ran, fs::read_to_string(file).unwrap_or_default())
}

/// The part of all time that the stacks with `part` have, in percent.
fn percent(folded: &str, part: &str) -> f64 {
    let stacks = folded.lines().map(|line| line.rsplit_once(' ').unwrap());
    let stacks: Vec<(&str, f64)> = stacks.map(|(stack, us)| (stack, us.parse().unwrap())).collect();
    let sum = |part: &str| stacks.iter().filter(|(stack, _)| stack.contains(part)).map(|(_, us)| us).sum::<f64>();
    100.0 * sum(part) / sum("")
}

fn assert_hot(function: &str, stack: &str) {
    let (ran, folded) = profiled(function, "folded", &["7"]);
    ran.assert_status(0);
    assert!(percent(&folded, stack) >= 90.0, "{function}: {stack} has {:.1} % of\n{folded}", percent(&folded, stack));
}

#[test]
fn a_known_slow_line_has_its_time() {
    assert_hot("known", "known;function.sh:7 sleep 1");
}

#[test]
fn the_time_of_a_command_substitution_stands_above_the_line_that_started_it() {
    assert_hot("substituted", "substituted;function.sh:12 x=$(quick, slow, quick);slow;function.sh:14 ");
}

#[test]
fn what_runs_in_the_background_takes_time_only_where_it_is_waited_for() {
    assert_hot("background", "background;function.sh:17 sleep 1");
    assert_hot("waits", "waits;function.sh:23 wait");
}

#[test]
fn a_handler_that_hides_commands_from_the_trace_is_told_so() {
    for (function, sentence) in [
        ("hidden", "the trace was switched off or redirected by `set +x` in hidden (function.sh:26)"),
        ("own_ps4", "the trace was switched off or redirected by `PS4='mine '` in own_ps4 (function.sh:32)"),
        ("becomes_a_program", "the trace ends at `exec sleep 0.1` in becomes_a_program (function.sh:36)"),
    ] {
        let (ran, table) = profiled(function, "txt", &[]);
        ran.assert_status(0).assert_stderr_has(sentence);
        assert!(table.lines().count() > 3, "{table}");
    }
}

#[test]
fn a_recursion_is_a_tower_and_counts_once_in_the_table() {
    let (ran, folded) = profiled("recursive", "folded", &["3"]);
    ran.assert_status(0);
    let tower = "recursive;function.sh:39 (($1 == 0)) || recursive $(($1 - 1));".repeat(4);
    assert!(folded.lines().any(|line| line.starts_with(tower.trim_end_matches(';'))), "{folded}");
    let (_, table) = profiled("recursive", "txt", &["3"]);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.ends_with(" 100.0        7  function.sh:39 (($1 == 0)) || recursive $(($1 - 1))\n"), "{table}");
}

#[test]
fn a_failure_and_a_time_limit_have_a_profile_too() {
    let (ran, table) = profiled("fails", "txt", &[]);
    ran.assert_status(1).assert_stderr_has("profile: `");
    assert!(table.contains("function.sh:43 ls /nosuch"), "{table}");
    let (ran, folded) = profiled("known", "folded", &["--timeout", "0.1"]);
    ran.assert_status(124);
    assert!(percent(&folded, "function.sh:7 sleep 1") >= 90.0, "{folded}");
}

#[test]
fn a_repetition_adds_up_and_the_log_stays_as_it_is() {
    let (ran, table) = profiled("known", "txt", &["--repeat", "3"]);
    let ran = ran.assert_status(0).assert_stdout("done").assert_stderr_has(" % of it in function.sh:7 sleep 1\n");
    assert!(table.starts_with("3 events, "), "{table}");
    assert!(!ran.stderr.contains("TRACE"), "{}", ran.stderr);
}

#[test]
fn a_flame_graph_names_functions_and_lines() {
    let (ran, svg) = profiled("substituted", "svg", &[]);
    ran.assert_status(0);
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for part in ["function.substituted", ">slow (", "function.sh:12 x=$(quick, slow, quick)"] {
        assert!(svg.contains(part), "no {part} in {svg}");
    }
}

#[test]
fn what_cannot_be_profiled_is_a_sentence() {
    for file in ["profile.png", "profile", "nosuch/profile.svg"] {
        let test = InvokeTest::of_script(SCRIPT).with_own_runtime();
        let file = test.folder.path().join(file);
        test.with(&["--profile", file.to_str().unwrap()]).run().assert_status(2);
    }
    let test = InvokeTest::of_script("").with_own_runtime().path("program");
    let (program, profile) = (test.folder.path().join("program"), test.folder.path().join("profile.txt"));
    write_executable(&program, "#!/bin/sh\ncat\n");
    let ran = test.with(&["--profile", profile.to_str().unwrap()]).run();
    ran.assert_stderr_has("no profile was written: the handler is a program");
    assert!(!profile.exists());
}

#[test]
fn a_handler_that_ends_before_its_first_command_has_no_profile_and_a_sentence_says_why() {
    let script = "handler() {\n  echo \"${nosuch?}\"\n}\n";
    let test = InvokeTest::of_script(script).with_own_runtime();
    let profile = test.folder.path().join("profile.txt");
    let ran = test.with(&["--profile", profile.to_str().unwrap()]).run();
    ran.assert_stderr_has("no profile was written: the handler ended before its first command ran");
    assert!(!profile.exists());
}
