//! In a place like Lambda's: no /dev/fd, a root that can only be read but for /tmp, and a user without rights and home. And in
//! one that is worse: without /proc.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::runtime::hostile_scripts::{HANDLER, SCRIPTS};
use crate::support::function::Function;
use crate::support::hidden::{KEEP, of_this_project};
use crate::support::skip::{no_namespaces, no_other_user};

/// In a mount namespace, as root: builds the place and then becomes nobody.
const BUILD: &str = r#"exec unshare -m bash -c '
set -eu
KEEP
mount -t tmpfs tmpfs /mnt
mkdir /mnt/dev /mnt/task
cp -a "$LAMBDA_TASK_ROOT/." "$1" /mnt/task/
for device in null zero full random urandom; do
  : >"/mnt/dev/$device"
  mount --bind "/dev/$device" "/mnt/dev/$device"
done
for stream in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${stream#*:}" "/mnt/dev/${stream%:*}"; done
mount -t tmpfs tmpfs /var
mkdir /var/task
mount --bind /mnt/task /var/task
mount --rbind /mnt/dev /dev
mount -t tmpfs -o mode=1777 tmpfs /tmp
restore
mount -o remount,bind,ro /var/task
mount -o remount,bind,ro /var
mount -o remount,bind,ro /
WORSE
cd /var/task
export LAMBDA_TASK_ROOT=/var/task
unset HOME TMPDIR
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all /var/task/bootstrap
' bash "$@""#;

fn in_place(function: Function, worse: &str) -> Function {
    let keep = format!("{KEEP}\nkeep {}", of_this_project());
    function.started_by(&BUILD.replace("KEEP", &keep).replace("WORSE", worse))
}

fn cannot_be_built() -> bool {
    no_other_user() || no_namespaces()
}

#[test]
fn the_place_is_as_it_is_meant_to_be() {
    if cannot_be_built() {
        return;
    }
    let script = "handler() {
      [[ ! -e /dev/fd && -c /dev/null ]] && echo no /dev/fd
      touch /var/task/x /x /etc/x /var/x 2>/dev/null || echo read only
      touch /tmp/x && echo but /tmp
      echo \"$UID $HOME $PWD $0\"
    }";
    let expected = "no /dev/fd\nread only\nbut /tmp\n65534 /tmp /var/task /var/task/bootstrap";
    in_place(Function::script(script), "").answer("").responds(expected);
}

#[test]
fn events_and_failures_are_as_elsewhere() {
    if cannot_be_built() {
        return;
    }
    let script = "handler() { echo log >&2; [[ $1 != bad ]] || (exit 3); [[ $1 != die ]] || kill -9 $BASHPID; printf %s \"$1\"; }";
    let function = in_place(Function::script(script), "").start();
    let large = "x".repeat(6_000_000);
    for _ in 0..2 {
        function.answer("one").responds("one").logs("log\n");
        function.answer("bad").fails("Function.ExitStatus", "status 3").logs("log\n");
        function.answer("die").fails("Function.KilledBySignal", "SIGKILL");
        function.answer(&large).responds(&large);
    }
    assert!(!function.log().contains("FIFO"), "{}", function.log());
}

#[test]
fn hostile_scripts_are_served_as_elsewhere() {
    if cannot_be_built() {
        return;
    }
    for script in SCRIPTS.trim().lines() {
        eprintln!("{script}");
        let function = in_place(Function::script(&format!("{HANDLER}\n{script}\n")), "").start();
        function.answer("first").responds("<first>");
        function.answer("second").responds("<second>");
    }
}

#[test]
fn a_program_that_its_user_may_not_read_still_reaches_bash_through_proc() {
    if no_other_user() {
        return;
    }
    let drop_root =
        "chmod 711 \"$1\"; exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'exec \"$0\"' \"$@\"";
    let function = Function::script("handler() { echo \"$1 $UID\"; }").started_by(drop_root).start();
    function.answer("one").responds("one 65534");
    function.answer("two").responds("two 65534");
    assert!(!function.log().contains("FIFO"), "{}", function.log());
}

#[test]
fn where_bash_alone_cannot_use_proc_fifos_take_its_place_and_one_line_says_so() {
    if no_namespaces() {
        return;
    }
    let blind = "#!/bin/sh\nexec unshare -Urm sh -c 'mount -t tmpfs tmpfs /proc && exec bash \"$@\"' bash \"$@\"\n";
    let script = "echo sourced >&2; handler() { [[ $1 != bad ]] || (exit 3); dirname \"${BASH_SOURCE[-1]}\"; }";
    let function = Function::script(script).program("blind-bash", blind);
    let bash = function.path("blind-bash");
    let function = function.env("COSHELL_BASH", bash).start();
    for _ in 0..3 {
        let folder = function.answer("one").text();
        assert!(folder.starts_with("/tmp/coshell-"), "{folder}");
        function.answer("bad").fails("Function.ExitStatus", "status 3");
    }
    let log = function.log();
    assert_eq!((log.matches("FIFO").count(), log.matches("sourced\n").count()), (1, 1), "{log}");
}

#[test]
fn without_proc_fifos_take_its_place_and_one_line_says_so() {
    if cannot_be_built() {
        return;
    }
    let script = "handler() { [[ $1 != bad ]] || (exit 3); dirname \"${BASH_SOURCE[-1]}\"; echo \"$1\"; }";
    let function = in_place(Function::script(script), "mount -t tmpfs tmpfs /proc").start();
    for _ in 0..3 {
        let text = function.answer("one").text();
        assert!(text.starts_with("/tmp/coshell-") && text.ends_with("\none"), "{text}");
        function.answer("bad").fails("Function.ExitStatus", "status 3");
    }
    assert_eq!(function.log().matches("FIFO").count(), 1, "{}", function.log());
}

#[test]
fn a_new_bash_after_a_death_is_reached_in_the_same_way() {
    if cannot_be_built() {
        return;
    }
    let script = "handler() { [[ $1 != die ]] || { kill -9 $$; sleep 1000; }; echo \"$1\"; }";
    let function = in_place(Function::script(script), "").start();
    for _ in 0..2 {
        function.answer("die").fails("Runtime.ShellDied", "");
        function.answer("one").responds("one");
    }
}

#[test]
fn a_script_that_nobody_but_root_may_read_is_named() {
    if cannot_be_built() {
        return;
    }
    let function = Function::script("handler() { :; }");
    fs::set_permissions(function.path("function.sh"), Permissions::from_mode(0o600)).unwrap();
    in_place(function, "").start().fails_init("Runtime.ScriptUnreadable", "/var/task/function.sh");
}
