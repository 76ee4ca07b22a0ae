//! What a script may do while it is sourced, on purpose or not, and two events are served all the same: the rows of the table
//! in which each such script broke a naive driver.

use coshell::lambda::runtime_api::Init;

use crate::support::function::{Channel, Function};
use crate::support::running::GIVE_UP;

pub const HANDLER: &str = "handler() { echo \"<$1>\"; }";

/// Each line is a script of its own.
pub const SCRIPTS: &str = r#"
set +e
set +u +o pipefail
set +euo pipefail
trap 'echo the end' EXIT
exec >/dev/null 2>&1
exec <&- >&- 2>&-
exec 3>&1 10<&- 11>&-
exec 10</dev/null 11>/dev/null 20</dev/null
for fd in {3..60}; do eval "exec $fd</dev/null"; done
for fd in {3..60}; do eval "exec $fd<&-"; done
cd /
read -r line || :
cat >/dev/null
sleep 1000 &
{ sleep 1000 >/dev/null 2>&1 & }; disown
printf() { echo hijacked; }
read() { echo hijacked; return 1; }
mapfile() { echo hijacked; }; trap() { echo hijacked; }; set() { echo hijacked; }
exec() { echo hijacked; }; exit() { echo hijacked; }; source() { echo hijacked; }; eval() { echo hijacked; }
unset() { echo hijacked; }; export() { echo hijacked; }; declare() { echo hijacked; }; local() { echo hijacked; }
command() { echo hijacked; }; :() { echo hijacked; }; test() { echo hijacked; }; [() { return 1; }
alias printf='false' read='false' mapfile='false' trap='false' set='false' exec='false' builtin='false'
alias exit='false' case='false' while='false' eval='false' export='false' if='false' do='false'
shopt -s extdebug
shopt -s nullglob failglob extglob globstar nocasematch nocaseglob
shopt -u expand_aliases inherit_errexit
LC_ALL=C
LC_ALL=en_US.UTF-8 LANG=de_DE
set -f
set -m
set -k
set -b
set -h +h
set -B +B
set -a
set -T
POSIXLY_CORRECT=1
set -o posix
trap '' CHLD TERM
trap '' INT HUP PIPE USR1
IFS=,0123456789
IFS=
IFS='</procfd >'
readonly x=1 s=1 e=1 i=1 status=1 turn=1 pid=1 line=1 event=1 byte=1 IFS
set -o noclobber
trap 'echo chld' CHLD
set -E; trap 'echo failed >&2' ERR
trap 'echo failed >&2' ERR
declare -A m=([a]=1); declare -r r=1; declare -i n=3
set -- a b c
unset IFS
unset PATH; PATH=/usr/bin:/bin
unset PPID HOME || :
TMOUT=1
BASH_ARGV0=other
PS4='$(echo hijacked)'
umask 777
ulimit -c 0
hash -r; hash -p /bin/true printf
enable -n printf; enable printf
declare() { builtin declare "$@"; }
set -o history
return 0
wait
GLOBIGNORE='*'
EXECIGNORE='*'
BASH_COMPAT=4.2
shopt -s nocasematch
set -v
FUNCNEST=3
SECONDS=x; RANDOM=5
LINENO=7
readonly POSIXLY_CORRECT
exec() { echo hijacked; }; readonly -f exec
"#;

/// Serves two events; what is wrong, if anything.
fn fault_of(script: &str, channel: Channel) -> Option<String> {
    let function = Function::script(&format!("{HANDLER}\n{script}\n"));
    let function = if channel == Channel::Fifos { function.env("COSHELL_CHANNEL", "fifo") } else { function };
    let function = function.start();
    let seen: Vec<String> = ["first", "second"].map(|event| format!("{:?}", function.send(event).answer())).to_vec();
    let right = ["<first>", "<second>"].iter().zip(&seen).all(|(text, seen)| seen.contains(&format!("b\"{text}\"")));
    let log = function.log();
    (!right || log.contains("__coshell")).then(|| format!("{script}\n    {seen:?}\n    log: {log}"))
}

fn assert_all_serve(scripts: &[&str], channel: Channel) {
    let faults: Vec<String> = scripts.iter().filter_map(|script| fault_of(script, channel)).collect();
    assert!(faults.is_empty(), "over {channel:?} {} of {}:\n{}", faults.len(), scripts.len(), faults.join("\n"));
}

fn scripts() -> Vec<&'static str> {
    SCRIPTS.trim().lines().collect()
}

#[test]
fn whatever_a_script_does_while_it_is_sourced_two_events_are_served() {
    assert_all_serve(&scripts(), Channel::Proc);
}

#[test]
fn whatever_a_script_does_two_events_are_served_over_fifos_too() {
    assert_all_serve(&scripts(), Channel::Fifos);
}

#[test]
fn whatever_a_handler_makes_readonly_its_event_and_the_next_are_served() {
    for hostile in [
        "readonly POSIXLY_CORRECT",
        "POSIXLY_CORRECT=1; readonly POSIXLY_CORRECT; set +o posix",
        "trap : EXIT; readonly POSIXLY_CORRECT",
        "exec() { echo hijacked; }; readonly -f exec",
        "exec() { echo hijacked; }; readonly -f exec; readonly POSIXLY_CORRECT",
        "trap 'readonly POSIXLY_CORRECT' USR1; exec() { echo hijacked; }; readonly -f exec",
    ] {
        for state in ["fresh", "keep"] {
            let script = format!("handler() {{ {hostile}; echo \"$1\"; }}");
            let function = Function::script(&script).env("COSHELL_STATE", state).start();
            for event in ["first", "second"] {
                let answer = function.answer(event);
                assert_eq!(answer.text(), event, "{state}: {hostile}: {}", answer.log);
            }
        }
    }
}

#[test]
fn a_script_may_unset_bashpid() {
    assert_all_serve(&["unset BASHPID"], Channel::Proc);
}

/// The driver cannot do without `builtin`; a script that replaces it must at least not make anybody wait for ever.
#[test]
fn a_script_that_replaces_builtin_is_served_or_fails_at_once() {
    for script in ["builtin() { echo hijacked; }", "builtin() { return 1; }", "builtin() { command builtin \"$@\"; }"] {
        let function = Function::script(&format!("{HANDLER}\n{script}")).start();
        match function.environment().wait_for_init(GIVE_UP) {
            Init::TimedOut => panic!("{script}: init hangs; log: {}", function.log()),
            Init::Ready(_) => drop(function.answer("first").responds("<first>")),
            Init::Failed(_) | Init::RuntimeExited(_) => {}
        }
    }
}
