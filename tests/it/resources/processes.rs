//! No processes left.

use crate::support::function::Function;
use crate::support::skip::no_other_user;

/// As a user whom nobody else is, who may have eight processes and threads.
const FEW: &str = "uid=$((200000 + $$))
exec setpriv --reuid=$uid --regid=$uid --clear-groups bash -c 'ulimit -u 8; exec \"$@\"' bash \"$@\"";

#[test]
fn a_handler_that_takes_all_processes_fails_alone_though_it_leaves_them_behind() {
    if no_other_user() {
        return;
    }
    let script = "handler() { case $1 in
      all) perl -e 'while (defined(my $child = fork)) { $child or exec \"sleep\", \"1000\" } die \"no more: $!\\n\"' >/dev/null;;
      *) printf %s \"$1\";;
    esac; }";
    let function = Function::script(script).started_by(FEW).start();
    for _ in 0..2 {
        function.answer("one").responds("one");
        function.answer("all").fails("Function.ExitStatus", "no more: Resource temporarily unavailable");
    }
    function.answer("two").responds("two");
}

/// Bash tries for 15 s before it gives up.
#[test]
fn a_bash_that_cannot_fork_fails_one_event_with_a_sentence_and_a_new_one_takes_the_next() {
    if no_other_user() {
        return;
    }
    let script = "handler() { case $1 in
      none) prlimit --pid $$ --nproc=1:8;;
      *) printf %s \"$1\";;
    esac; }";
    let function = Function::script(script).started_by(FEW).start();
    function.answer("none").responds("");
    function.answer("one").fails("Runtime.ShellDied", "it could not fork");
    function.answer("two").responds("two");
}
