//! A /tmp that is full, and a file system that can only be read.

use crate::support::function::{Channel, Function};
use crate::support::hidden::{KEEP, of_this_project};
use crate::support::skip::no_namespaces;

/// In a mount namespace: a /tmp of 256 KiB, and the function in /mnt.
const SMALL_TMP: &str = "exec unshare -Urm bash -c '
set -eu
KEEP
mount -t tmpfs tmpfs /mnt
cp -a \"$LAMBDA_TASK_ROOT/.\" \"$1\" /mnt/
mount -t tmpfs -o size=256k,mode=1777 tmpfs /tmp
restore
COMMANDS
cd /mnt
export LAMBDA_TASK_ROOT=/mnt
unset HOME TMPDIR
exec /mnt/bootstrap' bash \"$@\"";

fn in_place(function: Function, commands: &str) -> Function {
    let keep = format!("{KEEP}\nkeep {}", of_this_project());
    function.started_by(&SMALL_TMP.replace("KEEP", &keep).replace("COMMANDS", commands))
}

const WRITER: &str = "handler() { case $1 in
  fill) dd if=/dev/zero of=/tmp/fill bs=4k status=none;;
  free) rm -f /tmp/fill; echo freed;;
  document) wc -c <<<\"$(printf '%0200000d' 0)\";;
  fail) false;;
  *) printf %s \"$1\";;
esac; }";

#[test]
fn a_full_tmp_fails_who_writes_to_it_and_nobody_else() {
    if no_namespaces() {
        return;
    }
    let function = in_place(Function::script(WRITER), "").start();
    function.answer("fill").fails("Function.ExitStatus", "No space left on device");
    let large = "x".repeat(1_000_000);
    function.answer(&large).responds(&large);
    function.answer("fail").fails("Function.ExitStatus", "function.sh:5: `false` exited with status 1");
    function.answer("document").fails("Function.ExitStatus", "No space left on device");
    function.answer("free").responds("freed");
    function.answer("document").responds("200001");
}

#[test]
fn where_the_runtime_itself_needs_tmp_the_event_says_that_it_is_full_and_a_smaller_one_works() {
    if no_namespaces() {
        return;
    }
    let function = in_place(Function::script(WRITER).over(Channel::Fifos), "").start();
    function.answer("one").responds("one");
    function.answer("fill").fails("Function.ExitStatus", "No space left on device");
    for _ in 0..2 {
        function.answer("x".repeat(1_000_000)).fails("Runtime.NoChannel", "No space left on device");
        function.answer("fail").fails("Function.ExitStatus", "status 1");
        function.answer("two").responds("two");
    }
    function.answer("free").responds("freed");
    function.answer("three").responds("three");
}

#[test]
fn a_bash_that_dies_while_tmp_is_full_is_replaced_once_there_is_room() {
    if no_namespaces() {
        return;
    }
    let script = WRITER.replace("fail)", "die) kill -9 $$; sleep 1000;; fail)");
    let function = in_place(Function::script(&script), "").start();
    function.answer("fill").fails("Function.ExitStatus", "No space left on device");
    function.answer("die").fails("Runtime.ShellDied", "");
    function.answer("two").responds("two");
}

#[test]
fn where_nothing_can_be_written_at_all_events_and_failures_are_as_elsewhere() {
    if no_namespaces() {
        return;
    }
    let read_only = "for folder in /tmp /mnt /; do mount -o remount,bind,ro $folder; done";
    let function = in_place(Function::script(WRITER), read_only).start();
    for _ in 0..2 {
        function.answer("one").responds("one");
        function.answer("fill").fails("Function.ExitStatus", "Read-only file system");
        function.answer("fail").fails("Function.ExitStatus", "function.sh:5: `false` exited with status 1");
    }
}

#[test]
fn without_room_for_its_fifos_init_fails_with_a_sentence() {
    if no_namespaces() {
        return;
    }
    for (commands, cause) in [
        ("mount -o remount,bind,ro /tmp", "Read-only file system"),
        ("dd if=/dev/zero of=/tmp/fill bs=4k status=none || :", "No space left on device"),
    ] {
        let function = in_place(Function::script(WRITER).over(Channel::Fifos), commands);
        function.start().fails_init("Runtime.NoChannel", cause);
    }
}
