//! What loses its parent comes to the runtime, and goes when it ends: no zombie stays, and Bash's own status is told right.

use std::fs;

use crate::support::function::Function;
use crate::support::running::until;
use crate::support::skip::cannot;

/// Leaves 200 children whose parents end before them, counts the zombies of its world, or ends its Bash while orphans end.
const SCRIPT: &str = "
orphans() { local i; for ((i = 0; i < $1; i++)); do (sleep 0.0$((i % 10)) &) done >/dev/null 2>&1; }
handler() {
  case $1 in
    leave) orphans 200 ;;
    zombies) { grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null || :; } | wc -l ;;
    die) orphans 20; kill -9 $$; sleep 1000 ;;
    trap) orphans 20; kill -RTMIN $$; sleep 1000 ;;
    *) echo \"$1\" ;;
  esac
}";

const AS_FIRST_PROCESS: &str = "exec unshare -Urpf --mount-proc --kill-child \"$1\"";

#[test]
fn as_the_first_process_of_a_container_it_leaves_no_zombie_and_tells_how_its_bash_died() {
    if cannot("unshare", &["-Urpf", "--mount-proc", "true"]) {
        return;
    }
    let function = Function::script(SCRIPT).started_by(AS_FIRST_PROCESS).start();
    let no_zombie = || until("no zombie", || (function.answer("zombies").text() == "0").then_some(()));
    for _ in 0..3 {
        function.answer("leave").responds("");
        no_zombie();
        function.answer("die").fails("Runtime.ShellDied", "SIGKILL");
        function.answer("trap").fails("Runtime.ShellDied", "signal: 34");
        no_zombie();
    }
}

#[test]
fn elsewhere_an_orphan_comes_to_the_runtime_and_is_no_zombie_either() {
    let script = "handler() { mkfifo go; (read -r line <go &) >/dev/null 2>&1; }";
    let function = Function::script(script).start();
    function.send("").answer_and_next().responds("");
    let pid = function.pid().to_string();
    let children = || {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        children.split_whitespace().count()
    };
    until("the orphan among the runtime's children", || (children() == 2).then_some(()));
    fs::write(function.path("go"), "on\n").unwrap();
    until("its end", || (children() == 1).then_some(()));
}
