//! The processes of one execution environment, as /proc shows them: to end them all, and to add up their memory.
//!
//! A handler may leave anything behind: children of children, process groups and sessions of their own, orphans. Three
//! marks make a process ours: it descends from the leader, it is in the leader's process group, or it was started
//! with the environment's own AWS_LAMBDA_LOG_STREAM_NAME, whose random part nobody else has. What escapes is an orphan that
//! cleared its environment and left the group, unless it was seen while its parents lived; /proc tells no more.
//!
//! A pid is only signalled together with its start time, and the leader is not reaped before its tree is gone, so that
//! neither its pid nor its group's number can have passed to somebody else.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// One process; its start time (in clock ticks since boot) tells it from a later one with the same pid.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    started: u64,
    ended: bool,
}

/// The processes that descend from one leader.
#[derive(Debug)]
pub struct ProcessTree {
    leader: i32,
    mark: Vec<u8>,
    seen: Vec<Process>,
}

impl ProcessTree {
    /// The tree of `leader`, whose processes carry `mark` (`NAME=VALUE`) in their environment.
    #[must_use]
    pub fn new(leader: u32, mark: &str) -> ProcessTree {
        let leader = i32::try_from(leader).unwrap_or(0); // 0 is nobody's pid: the tree is empty
        ProcessTree { leader, mark: mark.as_bytes().to_vec(), seen: Vec::new() }
    }

    /// Sends SIGKILL to every living process of the tree; false when there was none.
    pub fn kill(&mut self) -> bool {
        let living = self.living();
        for process in &living {
            let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL); // it may have ended by itself
        }
        !living.is_empty()
    }

    /// The memory of the living tree in bytes: for each process the proportional set size that it has now (a page shared by
    /// n processes counts 1/n in each), plus how far its resident set once stood above what it is now. Children that have
    /// ended already are not counted: /proc has forgotten them.
    #[must_use]
    pub fn memory_bytes(&mut self) -> u64 {
        self.living().iter().map(|process| peak_kib(process.pid) * 1024).sum()
    }

    /// The pids of the living processes.
    #[must_use]
    pub fn pids(&mut self) -> Vec<u32> {
        self.living().iter().map(|process| process.pid.unsigned_abs()).collect()
    }

    /// The living members. Those that were seen once stay members, whatever became of their parents.
    pub(crate) fn look(&mut self) {
        let _ = self.living();
    }

    fn living(&mut self) -> Vec<Process> {
        let all: Vec<Process> = all_processes();
        let mut members: Vec<Process> = Vec::new();
        let mut others: Vec<Process> = Vec::new();
        for process in all {
            if self.is_marked(&process) { members.push(process) } else { others.push(process) }
        }
        while let Some(at) = others.iter().position(|other| members.iter().any(|member| member.pid == other.parent)) {
            members.push(others.swap_remove(at));
        }
        members.retain(|process| !process.ended);
        self.seen.clone_from(&members);
        members
    }

    fn is_marked(&self, process: &Process) -> bool {
        self.leader != 0
            && (process.pid == self.leader
                || process.group == self.leader
                || self.seen.iter().any(|seen| seen.pid == process.pid && seen.started == process.started)
                || self.carries_mark(process.pid))
    }

    fn carries_mark(&self, pid: i32) -> bool {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default(); // another user's: not ours
        environment.split(|byte| *byte == 0).any(|variable| variable == self.mark)
    }
}

fn all_processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

fn process(pid: i32) -> Option<Process> {
    parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// /proc/PID/stat, proc(5): the name in parentheses may hold anything, so count from the last `)`.
fn parse_stat(pid: i32, stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        ended: matches!(*fields.first()?, "Z" | "X"),
    })
}

fn peak_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = kib(&status, "VmRSS:").unwrap_or(0);
    let peak = kib(&status, "VmHWM:").unwrap_or(resident);
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    kib(&rollup, "Pss:").unwrap_or(resident) + peak.saturating_sub(resident)
}

fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_spaces_and_parentheses_is_read() {
        let stat = "42 (a) S 1 (b) c) R 7 40 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9876 1000 200";
        let expected = Process { pid: 42, parent: 7, group: 40, started: 9876, ended: false };
        assert_eq!(parse_stat(42, stat), Some(expected));
    }

    #[test]
    fn memory_lines_are_read_in_kib() {
        assert_eq!(kib("Name:\tbash\nVmHWM:\t    4120 kB\n", "VmHWM:"), Some(4120));
        assert_eq!(kib("Name:\tbash\n", "VmHWM:"), None);
    }

    #[test]
    fn a_running_process_has_memory() {
        let mut own = ProcessTree::new(std::process::id(), "COSHELL_NOBODY=1");
        assert!(own.memory_bytes() > 0);
    }
}
