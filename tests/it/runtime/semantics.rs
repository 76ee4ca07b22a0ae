//! How Bash treats a handler: as `$( )` of the tutorial's bootstrap did, wherever that worked.

use crate::support::function::{Channel, Function};

/// A row: what the claim is, the script, and what comes of it: a response, or after `!` the error type and, after a blank, a
/// part of the message.
const ROWS: &[(&str, &str, &str)] = &[
    // Errexit and its relatives
    (
        "a failing command ends the handler",
        "handler() { echo no; false; echo ALIVE; }",
        "!Function.ExitStatus status 1",
    ),
    ("errexit holds inside $( )", "handler() { x=$(false; echo hi); echo \"$x\"; }", "!Function.ExitStatus status 1"),
    ("and inside functions", "f() { false; echo ALIVE; }\nhandler() { f; }", "!Function.ExitStatus status 1"),
    ("and in a function in $( )", "f() { (exit 9); }\nhandler() { x=$(f); }", "!Function.ExitStatus status 9"),
    ("a condition takes a failure", "handler() { if false; then :; fi; false || ! true || echo on; }", "on"),
    ("`local x=$(false)` hides a failure", "handler() { local x=$(false); echo on; }", "on"),
    ("as an argument does", "handler() { echo \"on$(false)\"; }", "on"),
    ("a pipeline fails with its first part", "handler() { false | cat; echo ALIVE; }", "!Function.ExitStatus status 1"),
    ("((0)) is a failure", "handler() { i=0; ((i++)); echo ALIVE; }", "!Function.ExitStatus status 1"),
    (
        "an unbound variable ends the handler",
        "handler() { echo $nosuch || echo ALIVE; }",
        "!Function.ExitStatus nosuch",
    ),
    ("but not out of $( )", "handler() { x=$(echo $nosuch) || echo handled; }", "handled"),
    ("a readonly variable too", "readonly r=1; handler() { r=2 || echo ALIVE; }", "!Function.ExitStatus status 1"),
    (
        "a failing exec too",
        "handler() { exec /nonexistent || echo ALIVE; }",
        "!Function.CommandNotFound command `/nonexistent` not found",
    ),
    ("a missing file can be handled", "handler() { . /nonexistent || echo handled; }", "handled"),
    ("a failed redirection too", "handler() { : </nonexistent || echo handled; }", "handled"),
    ("a failed exec redirection too", "handler() { exec 9</nonexistent || echo handled; }", "handled"),
    ("a syntax error in eval too", "handler() { eval 'if' || echo handled; }", "handled"),
    ("a failing shift too", "handler() { shift 5 || echo handled; }", "handled"),
    // Names and expansions
    ("an alias of the script", "alias greet='echo hello'\nhandler() { greet you; }", "hello you"),
    ("any function name", "my-func() { echo a; }\na.b() { my-func; }\nns::f() { a.b; }\nhandler() { ns::f; }", "a"),
    ("a special builtin as a function", "export() { echo mine; }\nhandler() { export x; }", "mine"),
    ("V=2 before a builtin is gone after it", "handler() { V=1; V=2 :; V=3 eval true; echo $V; }", "1"),
    ("a file is sourced from the task root", "echo 'x=1' >dep\nhandler() { source dep; echo $x; }", "1"),
    ("globs are expanded", "handler() { echo *.sh; }", "function.sh"),
    ("words are split", "handler() { x='a   b'; echo $x; }", "a b"),
    ("process substitution", "handler() { cat <(echo a); }", "a"),
    ("here documents", "handler() {\ncat <<END\na $1\nEND\n}", "a event"),
    ("the function keyword", "function handler () {\n  echo a\n}", "a"),
    ("a handler that is a subshell", "handler() ( echo a; exit 0 )", "a"),
    ("arrays and regular expressions", "handler() { [[ $1 =~ (e.)e ]]; x=(${BASH_REMATCH[@]}); echo ${x[1]}; }", "ev"),
    ("$RANDOM differs from fork to fork", "RANDOM=5\nhandler() { echo $(((RANDOM+RANDOM+RANDOM) > 0)); }", "1"),
    // Ends
    ("exit 0 in the middle is a success", "handler() { echo so far; exit 0; echo ALIVE; }", "so far"),
    ("exit 3 is a failure", "handler() { echo so far; exit 3; }", "!Function.ExitStatus status 3"),
    ("return 7 is a failure", "handler() { return 7; }", "!Function.ExitStatus status 7"),
    ("return 0 is a success", "handler() { echo a; return; echo ALIVE; }", "a"),
    ("also where errexit is off", "handler() { set +e; echo a; return 7; }", "!Function.ExitStatus status 7"),
    (
        "or was switched off by the script",
        "set +e\nhandler() { false; echo on; return 7; }",
        "!Function.ExitStatus status 7",
    ),
    (
        "nocasematch turns no errexit on",
        "shopt -s nocasematch; set +e\nhandler() { false; [[ A == a ]] && echo on; }",
        "on",
    ),
    ("without errexit the last command counts", "set +e\nhandler() { false; echo on; }", "on"),
    ("exec replaces the handler", "handler() { exec echo \"by exec\"; }", "by exec"),
    ("and its status counts", "handler() { exec sh -c 'exit 6'; }", "!Function.ExitStatus status 6"),
    ("errors in deep subshells", "handler() { ( ( exit 5 ) ); }", "!Function.ExitStatus status 5"),
    // EXIT traps
    ("an EXIT trap's output is in the response", "handler() { trap 'echo clean' EXIT; echo a; }", "a\nclean"),
    ("also after exit", "handler() { trap 'echo clean' EXIT; echo a; exit 0; }", "a\nclean"),
    ("its exit status counts", "handler() { trap 'exit 4' EXIT; echo a; }", "!Function.ExitStatus status 4"),
    ("and can make a success", "handler() { trap 'exit 0' EXIT; echo a; false; }", "a"),
    ("a cleared EXIT trap", "handler() { trap - EXIT; echo a; }", "a"),
    ("one in $( ) is its own", "handler() { x=$(trap 'echo b' EXIT; echo a); echo $x; }", "a b"),
    ("one of the script is not the event's", "trap 'echo script' EXIT\nhandler() { echo a; }", "a"),
    ("an ERR trap of the handler", "handler() { trap 'echo err >&2' ERR; false; }", "!Function.ExitStatus status 1"),
    ("stdout can be closed", "handler() { echo a; exec >&-; }", "a"),
    ("stdout can be moved", "handler() { exec 3>&1 1>&2; echo to the log; echo a >&3; }", "a"),
    ("stderr into stdout", "handler() { exec 2>&1; echo a >&2; }", "a"),
    ("stdin can be anything", "handler() { exec <\"$LAMBDA_TASK_ROOT/function.sh\"; head -c 7; }", "handler"),
];

fn fault_of(&(claim, script, expected): &(&str, &str, &str), channel: Channel) -> Option<String> {
    let function = Function::script(script);
    let function = if channel == Channel::Fifos { function.env("COSHELL_CHANNEL", "fifo") } else { function };
    let function = function.start();
    let fault = |event| {
        let answer = function.send(event).answer();
        let seen = format!("{answer:?}");
        let right = match expected.strip_prefix('!') {
            None => seen.contains(&format!("bytes: b{expected:?}")),
            Some(error) => {
                let (error_type, part) = error.split_once(' ').unwrap();
                seen.contains(&format!("error_type: {error_type:?}")) && seen.contains(part)
            }
        };
        (!right).then(|| format!("{claim}: {script}\n    {seen}"))
    };
    fault("event").or_else(|| fault("event"))
}

fn assert_all(channel: Channel) {
    let faults: Vec<String> = ROWS.iter().filter_map(|row| fault_of(row, channel)).collect();
    assert!(faults.is_empty(), "over {channel:?} {} of {}:\n{}", faults.len(), ROWS.len(), faults.join("\n"));
}

#[test]
fn a_handler_runs_as_it_did_under_the_tutorials_bootstrap() {
    assert_all(Channel::Proc);
}

#[test]
fn a_handler_runs_the_same_over_fifos() {
    assert_all(Channel::Fifos);
}

#[test]
fn an_err_trap_with_errtrace_of_a_sourced_library_runs_in_the_handler() {
    let library = "set -E; trap 'echo \"caught $BASH_COMMAND\"' ERR\n";
    let script = ". \"$LAMBDA_TASK_ROOT/lib.sh\"\ninner() { false; }\nhandler() { set +e; inner; echo alive; }\n";
    let function = Function::script(script).file("lib.sh", library).start();
    function.answer("").responds("caught false\ncaught false\nalive");
}

#[test]
fn headers_of_which_a_library_speaks_are_there() {
    let script = "source lib.sh\nhandler() { hid; }\n";
    Function::script(script).file("lib.sh", "hid() { grep -ci request-id \"$HEADERS\"; }\n").answer("").responds("1");
}

#[test]
fn every_exit_status_is_the_handlers_own() {
    let function = Function::script("handler() { exit \"$1\"; }").start();
    for status in [47, 124, 158, 255] {
        function.answer(status.to_string()).fails("Function.ExitStatus", &format!("with status {status}"));
    }
    function.answer("0").responds("");
    assert!(!function.log().contains("Bash has ended"), "{}", function.log());
}

#[test]
fn with_posixly_correct_bash_is_in_posix_mode_as_the_tutorials() {
    let script = "handler() { f='a b'; echo \"$1\" >$f; cat \"$f\"; rm \"$f\"; }";
    Function::script(script).env("POSIXLY_CORRECT", "1").answer("x").responds("x");
}
