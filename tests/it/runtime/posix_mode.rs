//! POSIX mode: which scripts run in it, and that they give the bytes that they gave under AWS's tutorial, whose `sh` is Bash in POSIX
//! mode. The expected bytes are what POSIX's "Parameter Expansion" asks for: inside double quotes and here-documents an apostrophe
//! in the word of an expansion is a character.

use std::time::Duration;

use coshell::lambda::invocation::Invoke;

use crate::support::function::{Channel, Function};

/// Answers with the mode that it runs in.
const MODE: &str = "handler() { if [[ -o posix ]]; then echo posix; else echo ordinary; fi; }\n";

#[track_caller]
fn gives(script: &str, expected: &str) {
    Function::script(script).answer("{}").responds(expected);
}

#[test]
fn an_apostrophe_in_the_word_of_an_expansion_is_a_character() {
    for (expansion, expected) in [
        ("${x:-it's me}", "it's me"),
        ("${x-it's me}", "it's me"),
        ("${x:=it's me}", "it's me"),
        ("${x=it's me}", "it's me"),
        ("${set:+it's me}", "it's me"),
        ("${set+it's me}", "it's me"),
        ("${set:?isn't set}", "1"),
        ("${set?isn't set}", "1"),
        ("${x:-'}", "'"),
        ("${x:-'}'}", "''}"),
        ("${x:-${y:-it's}}", "it's"),
        ("${x:-$(printf '%s' \"${y:-it's}\")}", "it's"),
        ("${list[3]:-it's}", "it's"),
    ] {
        gives(&format!("handler() {{ set=1; list=(); echo \"[{expansion}]\"; }}"), &format!("[{expected}]"));
    }
}

#[test]
fn the_message_of_an_unset_variable_may_have_an_apostrophe() {
    gives("handler() { : \"${LAMBDA_TASK_ROOT:?isn't set}\"; echo ok; }", "ok");
    let function = Function::script("handler() { : \"${NOSUCH:?isn't set}\"; echo ok; }").start();
    // Bash drops the apostrophe of the message that it prints, in POSIX mode too.
    function.answer("{}").fails("Function.ExitStatus", "NOSUCH: isnt set");
}

#[test]
fn several_such_expansions_on_different_lines_do_not_swallow_the_code_between_them() {
    let script = "handler() {\n  echo \"Hello ${NAME:-it's me}\"\n  echo between\n  echo \"${OTHER:-don't}\"\n}\n";
    gives(script, "Hello it's me\nbetween\ndon't");
}

#[test]
fn a_here_document_may_have_such_an_expansion() {
    let script =
        "handler() {\n  cat <<END\n<p>${USER_NAME:-we don't know you}</p>\nit's ${1:+here, isn't it}\nEND\n}\n";
    gives(script, "<p>we don't know you</p>\nit's here, isn't it");
}

#[test]
fn pairs_of_apostrophes_are_kept_and_need_no_posix_mode() {
    gives("handler() { echo \"[${x:-'a b'}]\"; [[ -o posix ]] || echo ordinary; }", "['a b']\nordinary");
}

#[test]
fn a_library_may_have_such_an_expansion() {
    let library = "greet() { echo \"Hello ${NAME:-it's me}\"; }\n";
    for line in [
        "source \"$LAMBDA_TASK_ROOT/lib/greet.sh\"",
        ". ./lib/greet.sh",
        "for f in \"$LAMBDA_TASK_ROOT\"/lib/*.sh; do source \"$f\"; done",
        "for name in greet; do . \"$LAMBDA_TASK_ROOT/lib/$name.sh\"; done",
        ". <(cat \"$LAMBDA_TASK_ROOT\"/lib/*.sh)",
    ] {
        let script = format!("{line}\nhandler() {{ greet; }}\n");
        Function::script(&script).file("lib/greet.sh", library).answer("{}").responds("Hello it's me");
    }
}

#[test]
fn a_library_that_nobody_could_name_is_sourced_once_more_in_posix_mode() {
    let script = "file=$(printf 'l%s/greet' ib); source \"$file\"\nhandler() { greet; }\n";
    let parsed_otherwise = "greet() {\n  echo \"${NAME:-it's me}\"\n  echo \"${NAME:-don't}\"\n}\n";
    let not_parsed = "greet() { echo \"${NAME:-it's me}\"; }\n";
    for (library, expected) in [(parsed_otherwise, "it's me\ndon't"), (not_parsed, "it's me")] {
        for channel in Channel::BOTH {
            let function = Function::script(script).file("lib/greet", library).over(channel).start();
            function.answer("{}").responds(expected);
            function.answer("{}").responds(expected);
            assert_eq!(function.log().matches("sourced once more, in POSIX mode").count(), 1, "{}", function.log());
        }
    }
}

#[test]
fn a_script_without_such_an_expansion_runs_in_ordinary_mode() {
    gives(MODE, "ordinary");
    // What POSIX mode takes away: names with dashes (up to Bash 5.2), the current folder, and life after a failing special builtin.
    let script = "source lib.sh\nhandler() { say-it; unset -v UID 2>/dev/null || :; echo \"${x:-'a b'} ${1%'}'}\"; }\n";
    let function = Function::script(script).file("lib.sh", "say-it() { echo 'it is'; }\n");
    function.answer("{}").responds("it is\n'a b' {");
}

#[test]
fn the_setting_forces_either_mode() {
    let function = |value: &str| Function::script(MODE).env("COSHELL_POSIX", value);
    function("1").answer("{}").responds("posix");
    function("0").answer("{}").responds("ordinary");
    function("").answer("{}").responds("ordinary");
    let script = format!("{MODE}x() {{ echo \"${{x:-'}}'}}\"; }}\n");
    Function::script(&script).answer("{}").responds("posix");
    Function::script(&script).env("COSHELL_POSIX", "0").answer("{}").responds("ordinary");
    let script = "handler() { echo \"${x:-it's}\"; }";
    Function::script(script)
        .env("COSHELL_POSIX", "0")
        .start()
        .fails_init("Runtime.UserCodeSyntaxError", "unexpected EOF");
}

#[test]
fn an_unknown_value_of_the_setting_fails_init() {
    let function = Function::script(MODE).env("COSHELL_POSIX", "yes").start();
    function.fails_init("Runtime.UnknownPosixMode", "COSHELL_POSIX is `yes`");
}

#[test]
fn a_bootstrap_that_was_bash_itself_has_no_posix_mode() {
    let script = "handler() { [[ -o posix ]] && echo posix >&2; echo \"${x:-'}'}\" >&2; }";
    Function::script(script).env("COSHELL_CONVENTION", "gkrizek").answer("{}").responds("'}'");
}

#[test]
fn what_the_driver_does_for_a_script_holds_in_posix_mode_too() {
    let script = r#"
        builtin() { echo "${x:-it's mine}"; }
        trap 'echo "status $?" >&2' EXIT
        coproc ECHO { while read -r line; do echo "<$line>"; done; }
        readonly LAMBDA_LIKE=1
        handler() {
          [[ -o posix ]] || return 1
          echo "$1" >&"${ECHO[1]}"
          read -r line <&"${ECHO[0]}"
          echo "$line $REQUEST_ID" | tr -d '\n'
          grep -ci runtime-aws-request-id "$HEADERS"
          case $1 in fail) ls /nosuch ;; esac
        }
    "#;
    let function = Function::script(script).env("COSHELL_TRACE_FILE", "/dev/null").start();
    for event in ["one", "two"] {
        let answer = function.answer(event);
        assert!(answer.text().starts_with(&format!("<{event}> ")) && answer.text().ends_with('1'), "{}", answer.text());
    }
    function.answer("fail").fails("Function.ExitStatus", "ls /nosuch");
    function.answer("three");
}

#[test]
fn failures_and_time_limits_are_reported_in_posix_mode_too() {
    let script = "handler() {\n  case $1 in\n    exit) exit 3 ;;\n    trap) trap 'echo bye' EXIT; : ;;\n    \
                  hang) sleep 1000 ;;\n    special) . /nosuch ;;\n    *) echo \"$1 ${x:-it's}\" ;;\n  esac\n}\n";
    let function = Function::script(script).env("COSHELL_TIMEOUT_MARGIN_MS", "2000").start();
    function.answer("one").responds("one it's");
    function.answer("exit").fails("Function.ExitStatus", "exit 3");
    function.answer("special").fails("Function.ExitStatus", "/nosuch");
    function.answer("trap").responds("bye");
    let hanging = function.send_with("hang", |invoke| Invoke { timeout: Duration::from_millis(2800), ..invoke });
    hanging.answer().fails("Function.TimedOut", "sleep 1000");
    function.answer("two").responds("two it's");
}
