//! Nothing of one event is left for the next.

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
