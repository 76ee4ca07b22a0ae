//! What each convention promises beside the bytes of a response: no state between events, failures that are told, its own names.

use crate::support::function::{Channel, Function};

const ALL: [&str; 5] = ["tutorial", "gkrizek", "ql4b", "mparkachov", "argument"];

fn under(convention: &str, script: &str) -> Function {
    Function::script(script).env("COSHELL_CONVENTION", convention)
}

#[test]
fn an_event_leaves_no_state_for_the_next_under_any_convention() {
    let script = r#"
made=0 list=(a)
report() { # all that the event before could have left
  made=$((made + 1)) list+=(b)
  cd "$PWD/../" || exit
  echo "$made ${#list[@]} $OLDPWD $- ${exported-unset} $(alias) $(type -t later) $IFS|$(umask)|$(trap -p USR1)" | tr '\n' ' '
  export exported=1; alias x=y; later() { :; }; IFS=:; umask 0; set +u -f; trap : USR1; shopt -s nocasematch; PATH=/nosuch:$PATH
}
handler() { local report; report=$(report "$@"); report >/dev/null; echo "$report$PATH"; [[ $COSHELL_CONVENTION != gkrizek ]] || echo "$report" >&2; }
"#;
    for convention in ALL {
        for channel in Channel::BOTH {
            let function = under(convention, script).over(channel).start();
            let first = function.answer("1").text();
            assert!(first.starts_with("1 2 "), "{convention}: {first}");
            assert_eq!(function.answer("1").text(), first, "{convention}");
            assert_eq!(function.answer("1").text(), first, "{convention}");
        }
    }
}

#[test]
fn a_variable_of_one_event_is_absent_where_the_next_has_none() {
    let script = "handler() { env | grep -E '^(AWS_LAMBDA|LAMBDA_RUNTIME|_X_AMZN)_TRACE_ID' | sort; :; }";
    for (convention, expected) in [
        ("gkrizek", "AWS_LAMBDA_TRACE_ID=Root=1\nLAMBDA_RUNTIME_TRACE_ID=Root=1\n_X_AMZN_TRACE_ID=Root=1"),
        ("mparkachov", "LAMBDA_RUNTIME_TRACE_ID=Root=1\n_X_AMZN_TRACE_ID=Root=1"),
    ] {
        let to_stderr = script.replace("sort;", "sort >&2;");
        let function = under(convention, if convention == "gkrizek" { &to_stderr } else { script }).start();
        let traced = function.send_with("{}", |mut invoke| {
            invoke.trace_id = Some("Root=1".to_owned());
            invoke
        });
        traced.answer().responds(expected);
        function.answer("{}").responds("");
    }
}

#[test]
fn a_failing_handler_is_reported_under_every_convention_and_the_next_event_is_served() {
    let script = "handler() { echo trouble >&2; [[ -e \"$LAMBDA_TASK_ROOT/good\" ]] || return 3; echo good; }";
    for convention in ALL {
        let function = under(convention, script).start();
        function
            .answer("{}")
            .fails("Function.ExitStatus", "status 3")
            .fails("Function.ExitStatus", "trouble")
            .logs("trouble\n");
        std::fs::write(function.path("good"), "").unwrap();
        function.answer("{}").responds(if convention == "gkrizek" { "trouble" } else { "good" });
    }
}

#[test]
fn under_gkrizek_the_log_is_stdout_and_a_failures_stderr_is_its_error_text() {
    let function = under("gkrizek", "handler() { echo to the log; echo \"$1\" >&2; (($1 < 2)); }").start();
    let log = function.answer("1").responds("1").log;
    assert_eq!(log, "to the log\n");
    function.answer("2").fails("Function.ExitStatus", "2").logs("to the log\n2\n");
    function.answer("1").responds("1");
}

#[test]
fn under_gkrizek_the_holders_of_stdout_are_waited_for_and_those_of_stderr_are_not() {
    let script = "handler() { { read -r _ <\"$LAMBDA_TASK_ROOT/gate\"; echo late >&2; } >/dev/null & echo early >&2; }";
    let function = under("gkrizek", script);
    make_gate(&function);
    let function = function.start();
    function.answer("{}").responds("early"); // nobody has opened the gate
    std::fs::write(function.path("gate"), "\n").unwrap();
}

fn make_gate(function: &Function) {
    let made = std::process::Command::new("mkfifo").arg(function.path("gate")).status().unwrap();
    assert!(made.success());
}

#[test]
fn under_gkrizek_what_an_event_left_running_writes_nothing_into_the_response_of_another() {
    let script = r#"
handler() {
  case $1 in
    first) { read -r _ <"$LAMBDA_TASK_ROOT/gate"; echo late >&2; echo >"$LAMBDA_TASK_ROOT/written"; } >/dev/null & ;;
    third) echo >"$LAMBDA_TASK_ROOT/gate"; until [[ -e $LAMBDA_TASK_ROOT/written ]]; do sleep 0.01; done ;;
  esac
  echo "$1" >&2
}"#;
    for channel in Channel::BOTH {
        let function = under("gkrizek", script).over(channel);
        make_gate(&function);
        let function = function.start();
        for event in ["first", "second", "third", "fourth", "fifth"] {
            function.answer(event).responds(event);
        }
        function.log_with("late\n");
    }
}

#[test]
fn under_gkrizek_the_streams_can_be_moved_and_closed() {
    for (script, response, log) in [
        ("handler() { exec 2>&1; echo to the log >&2; }", "", "to the log\n"),
        ("handler() { exec 3>&2 2>&1 1>&3; echo answer; echo to the log >&2; }", "answer", "to the log\n"),
        ("handler() { exec >&-; echo answer >&2; }", "answer", ""),
        ("handler() { echo to the log; exec 2>&-; }", "", "to the log\n"),
        (
            "handler() { printf '%0500000d' 7 >&2; printf 'x%.0s' {1..100}; }",
            &format!("{}7", "0".repeat(499_999)),
            "xxx",
        ),
    ] {
        let function = under("gkrizek", script).start();
        function.answer("").responds(response).logs(log);
        function.answer("").responds(response).logs(log);
    }
}

#[test]
fn under_gkrizek_only_a_script_that_fails_as_a_whole_fails_init() {
    under("gkrizek", "false\nnosuch_command\nhandler() { echo a >&2; }\n").answer("{}").responds("a");
    under("gkrizek", "handler() { :; }\nfalse\n").start().fails_init("Runtime.ScriptFailed", "status 1");
    under("gkrizek", "handler() { if }\n").start().fails_init("Runtime.UserCodeSyntaxError", "syntax error");
}

#[test]
fn the_options_of_a_convention_hold_while_the_script_is_sourced() {
    let script = "echo \"options: $- $SHELLOPTS\"\nhandler() { :; }\n";
    for (convention, on, off) in [
        ("tutorial", "eu pipefail", ""),
        ("gkrizek", "u pipefail", "e"),
        ("ql4b", "pipefail", "eu"),
        ("mparkachov", "u", "e"),
    ] {
        let function = under(convention, script).start();
        let log = function.log_with("options: ");
        let options = log.lines().find_map(|line| line.strip_prefix("options: ")).unwrap();
        let (letters, names) = options.split_once(' ').unwrap();
        let has = |letter: char| letters.contains(letter);
        let wanted = on.split_once(' ').unwrap_or((on, on));
        assert!(!off.chars().any(has), "{convention}: {options}");
        assert!(wanted.0.chars().all(|letter| has(letter) || wanted.0.len() > 2), "{convention}: {options}");
        assert_eq!(names.contains("pipefail"), on.contains("pipefail"), "{convention}: {options}");
    }
}

#[test]
fn ql4bs_handlers_are_called_where_bash_ignores_errexit() {
    let function = under("ql4b", "set -e\nhandler() { set -e; false; x=$(false; echo \"$1\"); echo \"$x\"; }").start();
    function.answer("a").responds("a");
    under("ql4b", "handler() { trap 'echo clean' EXIT; set -x; exit 4; }")
        .answer("")
        .fails("Function.ExitStatus", "status 4");
    under("ql4b", "handler() { kill -KILL \"$BASHPID\"; }").answer("").fails("Function.KilledBySignal", "SIGKILL");
}

#[test]
fn an_unknown_convention_is_an_init_error_that_lists_the_known_ones() {
    for name in ["lambda", "Tutorial", "gkrizek ", "*"] {
        let function = under(name, "handler() { :; }").start();
        function.fails_init("Runtime.UnknownConvention", "`tutorial`, `gkrizek`, `ql4b`, `mparkachov`");
    }
}
