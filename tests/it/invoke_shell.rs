//! `coshell invoke --shell`: a Bash in which the handler can be called by hand.

use crate::support::program::{InvokeTest, Ran};
use crate::support::terminal;

const SCRIPT: &str = "alias greet='echo hello'
count=3
fails() { false; echo 'after false'; }
handler() { echo \"<$1>\"; greet; fails; }
";

/// What the shell does with these lines on its stdin.
fn shell(test: InvokeTest, lines: &str) -> Ran {
    test.with_own_runtime().with(&["--shell"]).stdin(lines.as_bytes()).run()
}

fn of_script(lines: &str) -> Ran {
    shell(InvokeTest::of_script(SCRIPT).with(&["{\"a\": 1}"]), lines)
}

#[test]
fn the_handler_can_be_called_with_the_event_and_a_failure_ends_nothing() {
    let ran = of_script("handler \"$EVENT\"\necho \"status $?\"\n").assert_status(0);
    ran.assert_stdout("<{\"a\": 1}>\nhello\nafter false\nstatus 0\n");
}

#[test]
fn with_errexit_it_ends_where_the_runtime_would_end_it() {
    let ran = of_script("( set -e; handler \"$EVENT\" )\necho \"status $?\"\n").assert_status(0);
    ran.assert_stdout("<{\"a\": 1}>\nhello\nstatus 1\n");
}

#[test]
fn it_fills_the_array_of_a_script_that_declares_it_and_has_the_runtimes_functions() {
    let script = "declare -A LAMBDA_EVENT\nhandler() { lambda_json name=\"${LAMBDA_EVENT[a.0]}\"; }\n";
    let test = InvokeTest::of_script(script).with(&["{\"a\": [\"x\\\"y\"]}"]);
    shell(test, "handler \"$EVENT\"\n").assert_status(0).assert_stdout("{\"name\":\"x\\\"y\"}\n");
}

#[test]
fn the_exit_status_is_that_of_the_shell() {
    of_script("exit 7\n").assert_status(7);
    let ran = of_script("kill -TERM $$\n");
    assert_eq!(ran.status, None, "{ran:?}");
}

#[test]
fn it_has_what_the_runtime_would_give_it_and_nothing_of_coshells_own() {
    let test =
        InvokeTest::of_script(SCRIPT).with(&["[]\n\n", "--env", "STAGE=test", "--request-id", "my-id", "--shell"]);
    let root = test.folder.path().canonicalize().unwrap().display().to_string();
    let lines = "printf '%s\\n' \"$PWD\" \"$LAMBDA_TASK_ROOT\" \"$STAGE\" \"$count\" \"<$EVENT>\" \"$_HANDLER\" \"$#\"
        printf '%s\\n' \"$LAMBDA_RUNTIME_AWS_REQUEST_ID\" \"${AWS_LAMBDA_RUNTIME_API-unset}\" \"${BASH_ENV-unset}\"
        shopt -q inherit_errexit && [[ $- == *u* && $- != *e* && $SHELLOPTS == *pipefail* ]] && echo options
        compgen -v | grep ^__coshell
        compgen -A function | grep coshell
        ls -l /proc/$$/fd | grep -c memfd
        export -p | grep -c EVENT\n";
    let ran = test.with_own_runtime().stdin(lines.as_bytes()).run();
    let expected = format!("{root}\n{root}\ntest\n3\n<[]>\nfunction.handler\n0\nmy-id\nunset\nunset\noptions\n0\n0\n");
    ran.assert_stdout(&expected);
}

#[test]
fn an_event_of_1_mb_comes_whole() {
    let event = format!("\"{}\"", "x".repeat(1_000_000));
    let test = InvokeTest::of_script(SCRIPT).file("event.json", &event);
    shell(test, "echo ${#EVENT}; ls >/dev/null && echo small environment\n")
        .assert_stdout("1000002\nsmall environment\n");
}

#[test]
fn a_script_that_cannot_be_sourced_ends_the_shell_and_a_missing_function_is_told() {
    let ran = shell(InvokeTest::of_script("echo top\nfalse\necho not here\n"), "echo still here\n");
    ran.assert_status(1).assert_stdout("top\n").assert_stderr_has("ended the shell with status 1");
    let ran = shell(InvokeTest::of_script("other() { :; }\n"), "other && echo called\n");
    ran.assert_status(0).assert_stdout("called\n").assert_stderr_has("defines no function handler");
}

#[test]
fn the_convention_says_which_options_are_in_force() {
    let test = InvokeTest::of_script("handler() { cat; }").with(&["--env", "COSHELL_CONVENTION=mparkachov"]);
    let ran = shell(test, "[[ $SHELLOPTS == *pipefail* ]] || handler <<<\"$EVENT\"\n");
    ran.assert_stdout("{}\n");
}

#[test]
fn a_script_that_needs_posix_mode_is_sourced_in_posix_mode() {
    let script = "handler() { echo \"Hello ${NAME:-it's me}\"; }\n";
    shell(InvokeTest::of_script(script), "handler \"$EVENT\"\n").assert_status(0).assert_stdout("Hello it's me\n");
}

#[test]
fn what_needs_the_runtime_is_refused() {
    for option in ["--json", "--repeat=2", "--trace", "--profile=x.svg"] {
        InvokeTest::of_script(SCRIPT).with_own_runtime().with(&["--shell", option]).run().assert_status(2);
    }
}

#[test]
fn a_terminal_gets_a_hint_and_a_prompt_and_no_bashrc() {
    let test = InvokeTest::of_script(SCRIPT).file(".bashrc", "echo bashrc was read\n");
    let (folder, script) = (test.folder.path().display().to_string(), test.folder.path().display());
    let Some(shown) = terminal::shows_when_typed(
        "greet\nexit\n",
        &format!("invoke {script} --shell"),
        &[("HOME", &folder), ("TERM", "dumb")],
    ) else {
        return;
    };
    for part in [
        "the event is in EVENT. To call the handler: handler \"$EVENT\"",
        "( set -e; handler \"$EVENT\" )",
        "coshell:",
        "\nhello\n",
    ] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    assert!(!shown.contains("bashrc was read"), "{shown}");
}
