//! Nothing of one event is left for the next.

use std::fs;
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::function::{Channel, Function};

/// Whatever changes from event to event anyhow, or is the driver's own.
const CHANGES: &str = "BASHPID|BASH_ARGV|BASH_COMMAND|BASH_LINENO|EPOCH|SECONDS|RANDOM|SRANDOM|LINENO|PIPESTATUS|_=|__coshell_\
|LAMBDA_RUNTIME_|_X_AMZN|FUNCNAME|DIRSTACK|HISTCMD";

fn script() -> String {
    format!(
        r#"
global=1 list=(a b)
helper() {{ echo original; }}
alias greet='echo hello'
show() {{
  declare -p | grep -Ev '^declare -[^ ]+ ({CHANGES})'
  declare -f; alias -p; set +o; shopt -p; trap -p | sed /__coshell_/d; umask; pwd; hash 2>&1
  ulimit -a; ls /proc/self/fd; jobs
}}
spoil() {{
  global+=1; list+=(c); export NEW=1 HOME=/nowhere PATH=$PATH:/nowhere; IFS=,; declare -g POSIXLY_CORRECT=1
  readonly frozen=1
  helper() {{ echo changed; }}
  added() {{ :; }}
  unset -f show || :
  alias greet=false other=true
  cd /; umask 077
  trap 'echo exit' EXIT; trap : TERM USR1 DEBUG ERR; trap '' INT
  set +eu -f +o pipefail; shopt -s nullglob extdebug; shopt -u inherit_errexit expand_aliases
  ulimit -n 100; exec 7</dev/null 2>/dev/null
  set -- x y
}}
handler() {{ "$1"; }}
"#
    )
}

#[test]
fn an_event_leaves_no_trace_for_the_next_one() {
    for channel in Channel::BOTH {
        let function = Function::script(&script()).over(channel).start();
        let before = function.answer("show").text();
        assert!(before.contains("global=\"1\""), "{before}");
        assert_eq!(function.answer("spoil").text(), "exit");
        let after = function.answer("show").text();
        let shown =
            |text: &str| text.lines().filter(|line| !line.contains(" REQUEST_ID=")).collect::<Vec<_>>().join("\n");
        let (before, after) = (shown(&before), shown(&after));
        let changed: Vec<&str> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
        let lost: Vec<&str> = before.lines().filter(|line| !after.lines().any(|new| new == *line)).collect();
        assert!(changed.is_empty() && lost.is_empty(), "changed: {changed:#?}, lost: {lost:#?}");
    }
}

#[test]
fn what_the_script_computed_while_being_sourced_is_kept() {
    let script = "declare -A rates=([eur]=1.08); declare -r fixed=2; count=0
handler() { count=$((count + 1)); echo \"${rates[$1]} $fixed $count\"; }";
    let function = Function::script(script).start();
    for _ in 0..3 {
        function.answer("eur").responds("1.08 2 1");
    }
}

#[test]
fn files_below_tmp_are_kept_while_the_function_is_warm() {
    let script = "handler() { echo \"$1\" >>\"$LAMBDA_TASK_ROOT/seen\"; cat \"$LAMBDA_TASK_ROOT/seen\"; }";
    let function = Function::script(script).start();
    function.answer("a").responds("a");
    function.answer("b").responds("a\nb");
}

/// What the background process of the first event logs when three more have come.
fn told_late(function: Function) -> String {
    mkfifo(&function.path("go"), Mode::S_IRWXU).unwrap();
    let function = function.start();
    for event in ["first event", "second event, a longer one", "third event", "fourth"] {
        function.send(event).answer_and_next().responds("ok");
    }
    fs::write(function.path("go"), "go\n").unwrap();
    function.log_with("late")
}

#[test]
fn a_background_process_reads_no_later_event_on_the_stdin_of_its_own() {
    for channel in Channel::BOTH {
        let late = "exec 3<&0; [[ -e begun ]] || { touch begun; { read -r _ <go; echo \"late: $(cat <&3)\" >&2; } >/dev/null & }; echo ok";
        let function = Function::script(&format!("handler() {{ {late}; }}")).env("COSHELL_CONVENTION", "mparkachov");
        assert_eq!(told_late(function.over(channel)), "late: first event\n");
        let program = Function::without_script().program("run", format!("#!/bin/bash\n{late}\n")).handler("run");
        assert_eq!(told_late(program.over(channel)), "late: first event\n");
    }
}

#[test]
fn a_background_process_reads_no_later_headers() {
    for channel in Channel::BOTH {
        let script = "handler() {
          [[ -e begun ]] || { touch begun; { read -r _ <go; cat \"$HEADERS\" || echo late; } >&2 & }
          grep -c -i request-id \"$HEADERS\" | sed s/1/ok/
        }";
        let log = told_late(Function::script(script).over(channel));
        assert!(log.ends_with(": No such file or directory\nlate\n") && !log.contains("Request-Id"), "{log}");
    }
}

#[test]
fn a_handler_may_remove_its_headers_and_their_folder() {
    let script =
        "handler() { grep -ci request-id \"$HEADERS\"; rm \"$HEADERS\"; [[ $1 != all ]] || rm -r \"${HEADERS%/*}\"; }";
    let function = Function::script(script).start();
    for event in ["one", "all", "one"] {
        function.answer(event).responds("1");
    }
    for channel in Channel::BOTH {
        let function = Function::script("handler() { echo \"$HEADERS\"; }").over(channel).start();
        let headers = function.answer("").text();
        let folder = Path::new(&headers).parent().unwrap().to_owned();
        assert!(folder.is_dir());
        function.end();
        assert!(!folder.exists(), "{}", folder.display());
    }
}
