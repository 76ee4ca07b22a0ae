//! What a handler and its children can see of the runtime: as little as SECURITY.md says.

use std::collections::BTreeSet;

use crate::support::function::{Channel, Function};
use crate::support::running::until;

/// Nothing that the test's own parents left open.
const CLOSE_ALL: &str =
    "for fd in /proc/self/fd/*; do fd=${fd##*/}; ((fd < 3)) || eval \"exec $fd>&-\"; done; exec \"$@\"";

#[test]
fn a_childs_environment_is_the_functions_and_the_events_context() {
    for channel in Channel::BOTH {
        let clean = "exec env -i PATH=\"$PATH\" AWS_LAMBDA_RUNTIME_API=\"$AWS_LAMBDA_RUNTIME_API\" \
                     _HANDLER=\"$_HANDLER\" LAMBDA_TASK_ROOT=\"$LAMBDA_TASK_ROOT\" \
                     COSHELL_CHANNEL=\"${COSHELL_CHANNEL-}\" \"$@\"";
        let function = Function::script("handler() { env; }").over(channel).started_by(clean).start();
        let text = function.answer("").text();
        let names: BTreeSet<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        let lambdas = ["AWS_LAMBDA_RUNTIME_API", "COSHELL_CHANNEL", "LAMBDA_TASK_ROOT", "PATH", "_HANDLER"];
        let bashs = ["OLDPWD", "PWD", "SHLVL", "_"];
        let ours = ["HOME"];
        let events = |name: &&str| name.starts_with("LAMBDA_RUNTIME_") || *name == "_X_AMZN_TRACE_ID";
        let more: Vec<&str> =
            names.into_iter().filter(|name| ![&lambdas[..], &bashs, &ours].concat().contains(name)).collect();
        assert!(more.iter().all(events), "{more:?}");
    }
}

#[test]
fn the_runtimes_own_descriptors_are_closed_in_bash_and_in_children() {
    let script =
        "handler() { for pid in $$ self; do echo $(ls -l /proc/$pid/fd | grep -c 'socket:\\|memfd:event'); done; }";
    let function = Function::script(script).started_by(CLOSE_ALL).start();
    function.answer("").responds("0\n0");
}

#[test]
fn no_file_of_the_runtimes_lies_where_others_could_read_it() {
    let script = "handler() { dirname \"${BASH_SOURCE[-1]}\"; }";
    let folder = Function::script(script).over(Channel::Proc).start().answer("").text();
    assert!(folder.starts_with("/proc/"), "{folder}");

    let script = "handler() { folder=$(dirname \"${BASH_SOURCE[-1]}\"); stat -c %a \"$folder\" \"$folder\"/*; }";
    let function = Function::script(script).over(Channel::Fifos).start();
    let modes = function.answer("").text();
    assert!(modes.starts_with("700\n"), "{modes}");
    assert!(modes.lines().skip(1).all(|mode| mode == "600"), "{modes}");
}

#[test]
fn the_folder_of_fifos_is_gone_with_the_runtime() {
    let function = Function::script("handler() { dirname \"${BASH_SOURCE[-1]}\"; }").over(Channel::Fifos).start();
    let folder = function.answer("").text();
    let pid = nix::unistd::Pid::from_raw(function.pid());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    until("the end of the folder", || (!std::fs::exists(&folder).unwrap()).then_some(()));
}
