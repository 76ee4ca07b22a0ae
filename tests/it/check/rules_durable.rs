//! What `coshell check` says of durable functions: what runs again outside of steps, and calls of `durable` that cannot work.

use super::rules::{codes, finds};
use super::{Bundle, NOTHING};

/// A handler with one step, and these lines, the first of which is line 3.
fn handler(lines: &str) -> String {
    format!("handler() {{\n  durable step first -- true\n{lines}\n}}\n")
}

#[test]
fn a_command_outside_of_steps_that_changes_or_works_again_is_a_warning_in_a_durable_function() {
    for line in [
        "echo \"$(date)\"",
        "id=$RANDOM; echo \"$id\"",
        "echo \"$((SRANDOM % 6))\"",
        "printf '%(%s)T\\n' -1",
        "((EPOCHSECONDS > 5)) || echo",
        "echo \"$LAMBDA_RUNTIME_AWS_REQUEST_ID\"",
        "mktemp",
        "uuidgen",
        "head -c 4 /dev/urandom",
        "timeout 5 curl -s a",
        "aws s3 ls",
        "git -C x pull",
        "sleep 5",
        "echo a >>/tmp/log",
        "echo a | tee -a /tmp/log",
        "durable step \"n-$RANDOM\" -- true",
        "durable child c -- curl -s a",
        "durable map m curl -- a b",
        "durable parallel p -- 'curl -s a'",
    ] {
        let have = ["--have", "uuidgen", "--have", "aws", "--have", "git"];
        assert_eq!(codes(&Bundle::of(&handler(line)), &have), ["3 warning durable-replay"], "{line}");
        // The same lines are nothing to warn about without `durable`, or in a step.
        let (plain, step) = (format!("f() {{\n{line}\n}}\nhandler() {{ f; }}\n"), "durable step s -- f");
        if !line.contains("durable") {
            assert_eq!(codes(&Bundle::of(&plain), &have), [""; 0], "{line}");
            assert_eq!(
                codes(&Bundle::of(&plain.replace("{ f; }", &format!("{{ {step}; }}"))), &have),
                [""; 0],
                "{line}"
            );
        }
    }
}

#[test]
fn functions_are_followed_to_where_they_run() {
    let called = "get() {\n  curl -s a\n}\n";
    finds(&format!("{called}{}", handler("  get")), &["2 warning durable-replay"]);
    finds(&format!("{called}{}", handler("  durable child c -- get")), &["2 warning durable-replay"]);
    finds(&format!("{called}{}", handler("  durable parallel p -- 'get'")), &["2 warning durable-replay"]);
    finds(&format!("{called}{}", handler("  durable parallel p -- 'durable step s -- get'")), &[]);
    finds(&format!("{called}{}", handler("  durable until u 0 -- get")), &[]);
    finds(&format!("{called}x=$(date)\n{}", handler("  echo \"$x\"")), &[]); // once for each environment
}

#[test]
fn what_only_the_log_or_a_step_gets_may_change() {
    for line in [
        "echo \"at $(date)\" >&2",
        "printf '%s\\n' \"$RANDOM\" >&2",
        "durable step pay -- echo \"$(date)\"",
        "date -d @12",
        "durable wait 5",
        "echo \"$DURABLE_EXECUTION_ARN\"",
        "echo a >/tmp/log",
        "echo a >>/dev/stderr",
        "x=RANDOM; echo \"$x RANDOM\"",
    ] {
        finds(&handler(line), &[]);
    }
}

#[test]
fn calls_of_durable_that_cannot_work_are_warnings() {
    for (line, code) in [
        ("durable step a -- true &", "durable-background"),
        ("{ durable step a -- true; } & wait \"$!\"", "durable-background"),
        ("f & wait \"$!\"", "durable-background"),
        ("f | f", "durable-background"),
        ("echo a | durable step s -- cat", "durable-stdin"),
        ("durable step s -- cat <<<a", "durable-stdin"),
        ("durable step s -- f", "durable-in-step"),
        ("durable step s -- durable wait 5", "durable-in-step"),
        ("echo a | xargs durable step s -- echo", "durable-in-program"),
        ("bash -c 'durable wait 5'", "durable-in-program"),
        ("timeout 5 durable wait 5", "durable-in-program"),
    ] {
        let script = format!("{}f() {{ durable step a -- true; }}\n", handler(line));
        let line_of_step = if line == "durable step s -- f" { 5 } else { 3 };
        let found = codes(&Bundle::of(&script), &["--have", "xargs"]);
        assert_eq!(found, [format!("{line_of_step} warning {code}")], "{line}");
    }
    for line in [
        "echo a | durable step s --stdin -- cat",
        "while read -r x; do durable step \"s-$x\" -- true; done <<<\"$1\"",
        "x=$(durable step s -- true | tr a b); echo \"$x\"",
        "durable step s -- true || durable error",
        "durable child c -- f",
    ] {
        finds(&format!("{}f() {{ durable step a -- true; }}\n", handler(line)), &[]);
    }
    finds("durable() { :; }\nhandler() { durable step a -- true & wait \"$!\"; date; }\n", &[]);
}

#[test]
fn a_comment_silences_a_warning_and_the_example_is_clean() {
    finds(&handler("  mktemp # coshell-ignore: durable-replay"), &[]);
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/order");
    let ran = Bundle::of("").check_at(example, &[]).assert_status(0);
    ran.assert_stdout(&NOTHING.replacen('.', example, 1));
}
