//! Which cases stand on the page, in which order.

pub struct Chapter {
    pub title: &'static str,
    pub text: &'static str,
    pub cases: &'static [&'static str],
}

pub const CHAPTERS: &[Chapter] = &[
    Chapter {
        title: "A command fails",
        text: "The report names the command that failed, where Bash tells it: inside of `$( )` and functions too. What follows the colon is the last line of stderr.",
        cases: &["nested", "silent", "substitution", "deep-substitution", "exit-in-substitution", "subshell", "multi-line", "here-document", "dashes", "sourced-file", "source-in-handler", "quiet-background", "deep", "long-command", "not-utf8", "partial-output"],
    },
    Chapter {
        title: "A pipeline fails",
        text: "With `pipefail` a pipeline has the status of its last member that failed. Bash names the last member only, so the report says which one it was by its number.",
        cases: &["pipeline-member", "pipeline-last", "pipeline-function", "broken-pipe"],
    },
    Chapter {
        title: "A status that surprises",
        text: "`set -e` ends a handler at these, since their status is not 0.",
        cases: &["arithmetic", "negated-test", "grep", "timeout-command"],
    },
    Chapter {
        title: "The handler ends itself",
        text: "`exit` and `return` with a status other than 0.",
        cases: &["exit", "exit-twice", "return", "return-deeper", "return-later", "errexit-off", "errexit-off-last", "return-errexit-off", "exec"],
    },
    Chapter {
        title: "Bash refuses a line",
        text: "Bash's own message follows the colon.",
        cases: &["unbound", "unbound-in-substitution", "unset-parameter", "readonly", "bad-substitution", "division", "eval-syntax", "redirection", "dev-fd"],
    },
    Chapter {
        title: "A command is not there, or cannot run",
        text: "Status 127 and 126.",
        cases: &["not-found", "not-found-in-pipeline", "not-found-handled", "not-found-inside", "not-found-in-script", "not-found-file", "no-interpreter", "not-executable"],
    },
    Chapter {
        title: "A signal ends it",
        text: "Bash tells of a death by signal N as status 128 + N.",
        cases: &["killed", "crashed", "aborted", "broken-pipe-kill", "terminated", "handler-killed", "handler-terminated", "status-137"],
    },
    Chapter {
        title: "Traps of the handler's own",
        text: "Traps of the script and the handler stay theirs. Where they take the place of ours, the report knows less.",
        cases: &["own-err-trap", "own-exit-trap", "own-exit-trap-exit", "own-exit-trap-fails", "own-debug-trap"],
    },
    Chapter {
        title: "An error type of the handler's own",
        text: "If the whole stdout of a failing handler is one JSON object with the strings `errorType` and `errorMessage`, that is the report. Step Functions' Catch and Retry match that type.",
        cases: &["own-error"],
    },
    Chapter {
        title: "The script cannot be sourced",
        text: "Reported at init. Lambda starts the environment anew for the next event.",
        cases: &["init-command", "init-not-found", "init-unbound", "init-exit", "init-exit-3", "init-return", "init-source", "init-source-syntax", "init-syntax", "init-syntax-eof", "init-crlf", "init-function"],
    },
    Chapter {
        title: "The time limit",
        text: "With `COSHELL_TIMEOUT_MARGIN_MS=N` an event is ended N ms before its deadline, and the report says where it was. The environment stays warm.",
        cases: &["time-sleep", "time-curl", "time-pipeline", "time-substitution", "time-subshell", "time-script", "time-wait", "time-read", "time-spin", "time-spin-in-substitution", "time-own-trap", "time-ignored", "time-handled"],
    },
];
