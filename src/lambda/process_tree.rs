//! Finds all processes of one execution environment in /proc, to kill them and to add up their memory.
//!
//! A handler can leave any process behind: children of children, process groups and sessions of their own, orphans. A process belongs to
//! the environment if one of three marks is true: the process descends from the leader, or is in the leader's process group, or was
//! started with the environment's own AWS_LAMBDA_METADATA_TOKEN, whose random value no other process has. One kind of process escapes:
//! an orphan that cleared its environment and left the group, unless the orphan was seen while its parents lived.
//!
//! A pid is only signalled together with its start time, and the leader is not reaped before its tree is gone. So neither the leader's
//! pid nor the number of its group can belong to another process.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::{Process, Stat};

/// The processes that descend from one leader.
#[derive(Debug)]
pub struct ProcessTree {
    leader: i32,
    mark: Vec<u8>,
    /// The processes that were found last. The start time tells a process from a later process with the same pid.
    known: Vec<Stat>,
}

impl ProcessTree {
    /// The tree of `leader`, whose processes carry `mark` (`NAME=VALUE`) in their environment.
    #[must_use]
    pub fn new(leader: u32, mark: &str) -> ProcessTree {
        let leader = i32::try_from(leader).unwrap_or(0); // no process has the pid 0: the tree is empty
        ProcessTree { leader, mark: mark.as_bytes().to_vec(), known: Vec::new() }
    }

    /// Sends SIGKILL to every living process of the tree; false if no process lives.
    pub fn kill(&mut self) -> bool {
        let living = self.living();
        for process in &living {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL); // it may have ended by itself
        }
        !living.is_empty()
    }

    /// The memory of the living processes in bytes. For each process: its proportional set size now (a page that n processes share counts
    /// 1/n in each), plus the difference between its peak resident set and its resident set now. Children that have ended are not counted,
    /// because /proc does not show them any more.
    #[must_use]
    pub fn memory_bytes(&mut self) -> u64 {
        self.living().iter().filter_map(|process| peak_bytes(process.pid)).sum()
    }

    /// The pids of the living processes.
    #[must_use]
    pub fn pids(&mut self) -> Vec<u32> {
        self.living().iter().map(|process| process.pid.unsigned_abs()).collect()
    }

    /// Finds the living processes and remembers them: a process that was found once stays a member, even if its parents end.
    pub(crate) fn refresh(&mut self) {
        let _ = self.living();
    }

    fn living(&mut self) -> Vec<Stat> {
        let (mut members, mut others): (Vec<Stat>, Vec<Stat>) =
            all_processes().into_iter().partition(|process| self.is_marked(process));
        while let Some(at) = others.iter().position(|other| members.iter().any(|member| member.pid == other.ppid)) {
            members.push(others.swap_remove(at));
        }
        members.retain(|process| !matches!(process.state, 'Z' | 'X'));
        self.known.clone_from(&members);
        members
    }

    fn is_marked(&self, process: &Stat) -> bool {
        self.leader != 0
            && (process.pid == self.leader
                || process.pgrp == self.leader
                || self.known.iter().any(|known| known.pid == process.pid && known.starttime == process.starttime)
                || self.carries_mark(process.pid))
    }

    fn carries_mark(&self, pid: i32) -> bool {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default(); // unreadable: another user's process
        environment.split(|byte| *byte == 0).any(|variable| variable == self.mark)
    }
}

fn all_processes() -> Vec<Stat> {
    let processes = procfs::process::all_processes().into_iter().flatten();
    processes.filter_map(|process| process.ok()?.stat().ok()).collect()
}

fn peak_bytes(pid: i32) -> Option<u64> {
    let process = Process::new(pid).ok()?;
    let status = process.status().ok()?;
    let resident_kib = status.vmrss.unwrap_or(0);
    let peak_kib = status.vmhwm.unwrap_or(resident_kib);
    let rollup = process.smaps_rollup().ok();
    let proportional = rollup.and_then(|rollup| rollup.memory_map_rollup.0.first()?.extension.map.get("Pss").copied());
    Some(proportional.unwrap_or(resident_kib * 1024) + peak_kib.saturating_sub(resident_kib) * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_has_memory() {
        let mut own = ProcessTree::new(std::process::id(), "COSHELL_NOBODY=1");
        assert!(own.memory_bytes() > 0);
    }

    #[test]
    fn the_kernel_gives_the_proportional_set_size() {
        let Ok(rollup) = Process::myself().unwrap().smaps_rollup() else { return }; // a kernel without the file
        assert!(rollup.memory_map_rollup.0[0].extension.map["Pss"] > 0);
    }
}
