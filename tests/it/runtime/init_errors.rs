//! Init failures: each is told at init/error with a sentence that a user can act on, and the process ends at once.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::function::{BOOTSTRAP, Channel, Function};
use crate::support::skip::no_other_user;

const GOOD: &str = "handler() { echo \"$1\"; }";

#[test]
fn a_handler_that_is_missing_or_malformed() {
    for (handler, part) in [
        ("", "_HANDLER is not set"),
        ("function.", "`function.`"),
        (".handler", "`.handler`"),
        ("lib/", "`lib/`"),
        ("a\nb.handler", "`a\\nb.handler`"),
    ] {
        Function::script(GOOD).handler(handler).start().fails_init("Runtime.MalformedHandlerName", part);
    }
    let unset = Function::script(GOOD).started_by("unset _HANDLER; exec \"$@\"").start();
    unset.fails_init("Runtime.MalformedHandlerName", "_HANDLER is not set");
}

#[test]
fn a_task_root_that_is_not_there_is_named() {
    let function = Function::script(GOOD);
    let handler = function.path("function.handler").display().to_string();
    let function = function.handler(&handler).started_by("LAMBDA_TASK_ROOT=/nosuch/task exec \"$@\"").start();
    function.fails_init("Runtime.TaskRootNotFound", "`/nosuch/task`");
}

#[test]
fn a_script_that_is_not_there_is_named_with_every_place_that_was_looked_at() {
    let function = Function::script(GOOD).handler("orders.create");
    let place = function.path("orders.sh").display().to_string();
    function.start().fails_init("Runtime.ScriptNotFound", &place);
    let function = Function::script(GOOD).handler("orders.sh.create").start();
    let places = [function.path("orders.sh"), function.path("orders.sh.sh")];
    let function = function.fails_init("Runtime.ScriptNotFound", "`orders.sh.create`");
    for place in places {
        assert!(function.log().contains(&format!("`{}`", place.display())), "{}", function.log());
    }
    Function::script(GOOD).handler("/nosuch/function.handler").start().fails_init("Runtime.ScriptNotFound", "/nosuch/");
}

#[test]
fn a_script_that_is_a_folder() {
    let function = Function::without_script().file("function.sh/a", "").start();
    function.fails_init("Runtime.ScriptUnreadable", "it is a folder");
}

#[test]
fn a_script_that_its_user_may_not_read() {
    if no_other_user() {
        return;
    }
    let function = Function::script(GOOD).started_by("exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"");
    fs::set_permissions(function.path("function.sh"), Permissions::from_mode(0o600)).unwrap();
    function.start().fails_init("Runtime.ScriptUnreadable", "Permission denied");
}

#[test]
fn a_syntax_error_is_quoted_as_bash_tells_it() {
    for (script, part) in [
        ("handler() {\n  if true; then\n}\n", "line 3: syntax error near unexpected token `}'"),
        ("handler() { echo 'a\n}\n", "unexpected EOF while looking for matching"),
        ("handler() { echo a )\n", "line 1: syntax error near unexpected token `)'"),
        ("handler() {\n", "line 2: syntax error: unexpected end of file"),
    ] {
        let function = Function::script(script).start().fails_init("Runtime.UserCodeSyntaxError", part);
        assert!(function.log().contains("function.sh"), "{}", function.log());
    }
}

#[test]
fn a_script_that_ends_by_a_failing_command_or_by_itself() {
    for (script, parts) in [
        ("x=1\nfalse\n", &["function.sh:2", "`false`", "status 1"][..]),
        ("f() {\n  ls /nosuch/folder\n}\nf\n", &["function.sh:2", "ls /nosuch/folder", "status 2", "No such file"]),
        ("nosuch_command\n", &["nosuch_command", "not found"]),
        ("echo $nosuch_variable\n", &["nosuch_variable: unbound variable"]),
        ("x=$(exit 4)\n", &["function.sh:1", "status 4"]),
        ("exit 0\n", &["status 0", "must not exit"]),
        ("exit 7\n", &["status 7"]),
        ("return 5\n", &["status 5"]),
        ("kill -9 $$\n", &["SIGKILL"]),
        ("kill -TERM $$\n", &["SIGTERM"]),
        ("exec true\n", &["status 0"]),
        ("trap 'echo bye' EXIT; exit 3\n", &["status 3"]),
    ] {
        for channel in Channel::BOTH {
            eprintln!("{script}");
            let function = Function::script(&format!("{script}\n{GOOD}")).over(channel).start();
            let function = function.fails_init("Runtime.ScriptFailed", "function.sh");
            for part in parts {
                assert!(function.log().contains(part), "no {part:?} in {}", function.log());
            }
        }
    }
}

#[test]
fn a_script_that_ends_with_127_is_sourced_once_and_told_as_such() {
    for end in ["exit 127", "exit 126", "exec /nosuch/program"] {
        let script = format!("echo sourced\n{end}\n");
        let function = Function::script(&script).start().fails_init("Runtime.ScriptFailed", "function.sh");
        assert_eq!(function.log().lines().filter(|line| *line == "sourced").count(), 1, "{}", function.log());
    }
}

#[test]
fn an_exit_of_the_script_is_told_as_the_scripts() {
    let function = Function::script("x=1\nexit 0\n").start().fails_init("Runtime.ScriptFailed", "status 0");
    assert!(!function.log().contains("__coshell"), "{}", function.log());
}

#[test]
fn what_a_failing_script_said_stands_in_the_log() {
    let function = Function::script("echo connecting; echo 'no route' >&2; exit 1").start();
    let function = function.fails_init("Runtime.ScriptFailed", "no route");
    assert!(function.log().starts_with("connecting\nno route\n"), "{}", function.log());
}

#[test]
fn a_script_without_the_function_names_those_that_it_has() {
    let script = "create() { :; }\nremove-all() { :; }\nhandle=1\n";
    for channel in Channel::BOTH {
        let function = Function::script(script).over(channel).start();
        let function = function.fails_init("Runtime.HandlerNotFound", "`create`, `remove-all`");
        assert!(!function.log().contains("__coshell"), "{}", function.log());
    }
}

#[test]
fn a_script_without_any_function() {
    Function::script("").start().fails_init("Runtime.HandlerNotFound", "none");
    // A command of that name is no function.
    Function::script("").handler("function.echo").start().fails_init("Runtime.HandlerNotFound", "`echo`");
}

#[test]
fn a_failing_init_hangs_nowhere_though_the_script_left_children() {
    let script = "sleep 1000 & sleep 1000 >/dev/null 2>&1 & exit 3";
    Function::script(script).start().fails_init("Runtime.ScriptFailed", "status 3");
}

#[test]
fn without_a_runtime_api_it_says_what_it_is() {
    let ran = Command::new(BOOTSTRAP).env_remove("AWS_LAMBDA_RUNTIME_API").output().unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && stderr.contains("AWS_LAMBDA_RUNTIME_API is not set"), "{stderr}");
}

#[test]
fn every_form_of_handler_is_found() {
    let script = "handler() { echo handled; }\norders() { echo ordered; }\n";
    for (handler, response) in [
        ("function.handler", "handled"),
        ("function.sh.handler", "handled"),
        ("./function.handler", "handled"),
        ("lib/deep.d/orders.handler", "handled"),
        ("orders", "ordered"),
        ("orders.sh", "ordered"),
    ] {
        let function =
            Function::script(script).file("orders.sh", script).file("lib/deep.d/orders.sh", script).handler(handler);
        function.answer("").responds(response);
    }
    let function = Function::script(script);
    let absolute = function.path("function.handler").display().to_string();
    function.handler(&absolute).answer("").responds("handled");
}

#[test]
fn sourcing_that_takes_over_5_seconds_is_a_warning_with_its_time() {
    let function = Function::script(&format!("sleep 5.1\n{GOOD}")).start();
    function.answer("a").responds("a").logs("[WARN] ").logs("function.sh").logs("5 s").logs("took 5.");
}
