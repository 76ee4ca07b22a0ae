//! Libraries whose names do not stand in the script: what the runtime sets for a script's text, it sets for theirs.

use crate::support::function::{Channel, Function};

/// Ways to source lib/*.sh, the last two with names that the runtime cannot guess.
const WAYS: [&str; 4] = [
    "for f in \"$LAMBDA_TASK_ROOT\"/lib/*.sh; do source \"$f\"; done",
    ". <(cat \"$LAMBDA_TASK_ROOT\"/lib/*.sh)",
    "while read -r f; do . \"$f\"; done < <(find l?b -type f)",
    "eval \"$(cat \"$(printf 'l%s' ib)\"/*)\"",
];

#[test]
fn a_library_reads_the_globals_of_the_event() {
    let library = "id() { grep -i lambda-runtime-aws-request-id \"$HEADERS\" | tr -d '[:space:]' | cut -d: -f2; }\n\
                   both() { [[ $(id) == \"$REQUEST_ID\" ]] && echo \"$EVENT_DATA\"; }\n";
    for way in WAYS {
        for channel in Channel::BOTH {
            let script = format!("{way}\nhandler() {{ both; }}\n");
            let function = Function::script(&script).file("lib/a.sh", library).over(channel).start();
            function.answer("one").responds("one");
            function.answer("two").responds("two");
        }
    }
}

#[test]
fn a_coprocess_of_a_library_can_be_spoken_to() {
    let library = "coproc UPPER { while read -r line; do echo \"${line^^}\"; done; }\n\
                   upper() { echo \"$1\" >&\"${UPPER[1]}\"; read -r line <&\"${UPPER[0]}\"; echo \"$line\"; }\n";
    for way in WAYS {
        let script = format!("{way}\nhandler() {{ upper \"$1\"; }}\n");
        let function = Function::script(&script).file("lib/a.sh", library).start();
        function.answer("one").responds("ONE");
        function.answer("two").responds("TWO");
    }
}

#[test]
fn a_library_that_a_handler_chooses_reads_the_headers() {
    let script = "handler() { . \"lib/$1\"; }\n";
    let function = Function::script(script).file("lib/a", "grep -ci aws-request-id \"$HEADERS\"\n");
    function.answer("a").responds("1");
}

#[test]
fn an_unused_coprocess_that_has_ended_and_arrays_of_the_script_do_no_harm() {
    let script = "eval 'coproc GONE { :; }'; wait; list=(1 2); list_PID=x; IFS=0123456789\nreadonly -a FIXED=(3 4)\n\
                  handler() { echo \"${list[1]}${FIXED[1]}\"; }\n";
    let function = Function::script(script).start();
    function.answer("").responds("24");
    function.answer("").responds("24");
}
