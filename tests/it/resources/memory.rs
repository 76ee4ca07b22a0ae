//! A handler that eats all memory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::function::{Channel, Function};
use crate::support::running::until;
use crate::support::skip::skip;

const EATER: &str = "handler() { case $1 in
  bash) x=x; while :; do x+=$x; done;;
  child) tail /dev/zero;;
  *) printf %s \"$1\";;
esac; }";

#[test]
fn a_handler_that_gets_no_more_memory_fails_alone() {
    for channel in Channel::BOTH {
        let function = Function::script(EATER).over(channel).started_by("ulimit -v 300000; exec \"$@\"").start();
        for _ in 0..2 {
            function.answer("bash").fails_with("the memory is used up");
            function.answer("child").fails_with("the memory is used up");
            function.answer("one").responds("one");
        }
    }
}

#[test]
fn a_handler_that_the_kernel_kills_for_its_memory_fails_alone() {
    let Some(group) = Group::with_limit(64 << 20) else { return };
    let joined = format!("echo $$ >'{}/cgroup.procs'; exec \"$@\"", group.0.display());
    let function = Function::script(EATER).started_by(&joined).start();
    for _ in 0..2 {
        for event in ["bash", "child"] {
            function.answer(event).fails("Function.KilledBySignal", "out of memory is likely");
            function.answer("one").responds("one");
        }
    }
}

/// A control group with a limit of its memory.
struct Group(PathBuf);

impl Group {
    /// `None`, and a line that says so, where none can be made.
    fn with_limit(bytes: u64) -> Option<Group> {
        let name = format!("coshell-test-memory-{}", std::process::id());
        for (folder, limit) in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")] {
            let group = Group(Path::new(folder).join(&name));
            if fs::create_dir(&group.0).is_ok() && fs::write(group.0.join(limit), bytes.to_string()).is_ok() {
                let swap = group.0.join("memory.swap.max");
                drop(fs::write(swap, "0")); // version 2 alone, and only where there is swap
                return Some(group);
            }
        }
        skip("no control group with a memory limit can be made here");
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.0.exists() {
            until("the end of the group", || fs::remove_dir(&self.0).ok());
        }
    }
}
