//! Faults of beginners that `coshell check` names.

use super::{Bundle, NOTHING};

fn told(bundle: &Bundle, arguments: &[&str], status: i32) -> String {
    String::from_utf8_lossy(&bundle.check_at("", arguments).assert_status(status).stdout).into_owned()
}

#[test]
fn an_exit_at_the_top_level_is_an_error() {
    for script in ["handler() { :; }\nexit 0\n", "handler() { :; }\nmain() { :; }\nmain; exit\n"] {
        Bundle::of(script).fails_with("`exit` at the top level ends the Bash that sources the script");
    }
    let sourced = Bundle::of("source ./lib.sh\nhandler() { :; }\n").file("lib.sh", "f() { :; }\nexit 0\n", 0o644);
    sourced.fails_with("./lib.sh:2:1: `exit` at the top level");
    for script in [
        "[[ ${TMPDIR-} != x ]] || exit 1\nhandler() { exit 0; }\n",
        "handler() { :; }\n[[ ${BASH_SOURCE[0]} == \"$0\" ]] || return 0\nhandler \"$@\"\nexit\n",
        "(exit 0)\nx=$(exit 0)\nhandler() { echo \"$x\"; bash ./run.sh; }\n",
    ] {
        Bundle::of(script).file("run.sh", "exit 0\n", 0o644).check().assert_status(0).assert_stdout(NOTHING);
    }
}

#[test]
fn the_construct_that_is_open_is_named() {
    let bundle = Bundle::of("handler() {\n  if [[ $1 ]]; then\n    echo a\n  echo b\n}\n");
    bundle.fails_with(
        "unexpected token `}'; the `if` on line 2 is still open: its `fi` is missing before this `}` [syntax]",
    );
    let bundle = Bundle::of("handler() {\n  for x in a b; do\n    echo \"$x\"\n  done\n");
    bundle.fails_with("the `{` on line 1 is still open: its `}` is missing before the end of the file");
    // `bash -n` of Bash 5.2 ends with status 0 here.
    Bundle::of("handler() {\n  if [[ $1 == x]]; then :; fi\n}\n").fails_with("a blank is missing before `]]` [syntax]");
    let bundle = Bundle::of("handler() {\n  echo \"a\n}\nother() {\n  echo \"b\"\n}\n");
    bundle.fails_with("the text after `\"` on line 2 goes on to line 5: is its closing `\"` missing?");
}

#[test]
fn blanks_in_an_assignment_are_no_missing_command() {
    let told = told(&Bundle::of("handler() {\n  name = \"x\"\n  echo \"${name-}\"\n}\n"), &[], 0);
    assert!(told.contains("./function.sh:2:3: warning: Bash takes `name` for a command here"), "{told}");
    assert!(told.contains("write `name=VALUE`") && !told.contains("coshell layer"), "{told}");
}

#[test]
fn an_event_array_that_the_script_does_not_declare_is_a_warning() {
    for body in [
        "echo \"${LAMBDA_EVENT[name]}\"",
        "case ${LAMBDA_EVENT[name]-} in a) ;; esac",
        "cat <<E\n${LAMBDA_EVENT[name]}\nE\n",
    ] {
        let undeclared = Bundle::of(&format!("handler() {{\n  {body}\n}}\n"));
        let told = told(&undeclared, &[], 0);
        assert!(told.contains("add `declare -A LAMBDA_EVENT` at the top level"), "{body}: {told}");
        let declared = format!("declare -A LAMBDA_EVENT\nhandler() {{\n  {body}\n}}\n");
        Bundle::of(&declared).check().assert_status(0).assert_stdout(NOTHING);
        Bundle::of(&format!("source /opt/lib.sh\nhandler() {{\n  {body}\n}}\n"))
            .check()
            .assert_status(0)
            .assert_stdout(NOTHING);
    }
    let local = Bundle::of("handler() {\n  local -A LAMBDA_EVENT\n  echo \"${LAMBDA_EVENT[a]}\"\n}\n");
    assert!(told(&local, &[], 0).contains("[event-array]"));
}

#[test]
fn an_exit_trap_of_a_handler_is_a_warning_where_the_shell_stays() {
    let trap = Bundle::of("clean() { :; }\nhandler() {\n  trap clean EXIT\n}\n");
    trap.check().assert_status(0).assert_stdout(NOTHING);
    let found = told(&trap, &["--state", "keep"], 0);
    assert!(
        found.starts_with("./function.sh:3:3: warning: with COSHELL_STATE=keep the handler's EXIT trap"),
        "{found}"
    );
    for body in
        ["(trap clean EXIT; echo a)", "x=$(trap clean EXIT; echo a); echo \"$x\"", "trap - EXIT", "trap clean RETURN"]
    {
        let script = format!("clean() {{ :; }}\ntrap clean EXIT\nhandler() {{\n  {body}\n}}\n");
        Bundle::of(&script).check_at("", &["--state", "keep"]).assert_status(0).assert_stdout(NOTHING);
    }
}

#[test]
fn the_folder_itself_has_a_name_in_a_finding() {
    let bundle = Bundle::of("handler() { :; }\n");
    std::os::unix::fs::symlink("/etc/passwd", bundle.0.path().join("link")).unwrap();
    let ran = bundle.check_at("function.sh", &[]).assert_status(0);
    assert!(String::from_utf8_lossy(&ran.stdout).starts_with(".: warning: `coshell package` cannot"), "{ran:?}");
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let script = "{ \"$1\" check . --format sarif; echo \"status $?\" >&2; } | head -c 1 >/dev/null";
    let bundle = Bundle::of("handler() { :; }\n");
    let ran = std::process::Command::new("bash")
        .current_dir(bundle.0.path())
        .args(["-c", script, "bash", env!("CARGO_BIN_EXE_coshell")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "status 0\n");
}
