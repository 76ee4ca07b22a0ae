//! Reads the processes of this machine from /proc, and lists those below a process. Source: proc(5).

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::secrets::masked;

/// Linux counts process times in hundredths of a second towards user space.
const TICKS_PER_SECOND: u64 = 100;
const MAX_COMMAND_CHARS: usize = 200;

/// A process at the time when it was read from /proc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pid: i32,
    pub(crate) parent: i32,
    /// The start time in ticks since boot. It distinguishes this process from a later one with the same number.
    start: u64,
    /// The command line, or the name if there is none.
    pub(crate) command: String,
    /// How long the process has run.
    age: Duration,
}

impl Process {
    /// Reads the process `pid`; `None` if there is no such process.
    pub(crate) fn find(pid: i32) -> Option<Process> {
        let stat = stat(pid)?;
        // The name is in parentheses and may contain any character.
        let (head, tail) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = tail.split_whitespace().collect();
        let (state, parent, start) = (*fields.first()?, fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?);
        if matches!(state, "Z" | "X") {
            return None;
        }
        let name = head.split_once('(').map_or("", |(_, name)| name);
        Some(Process { pid, parent, start, command: command(pid, name), age: age(start) })
    }

    /// All processes below `pid`, parents before their children.
    pub(crate) fn descendants(pid: i32) -> Vec<Process> {
        let mut by_parent: HashMap<i32, Vec<Process>> = HashMap::new();
        for process in all() {
            by_parent.entry(process.parent).or_default().push(process);
        }
        let mut found: Vec<Process> = by_parent.remove(&pid).unwrap_or_default();
        let mut next = 0;
        while let Some(process) = found.get(next) {
            let children = by_parent.remove(&process.pid).unwrap_or_default();
            found.extend(children);
            next += 1;
        }
        found
    }

    /// The processes that have the file with this device and inode open.
    pub(crate) fn with_open_file(device_and_inode: (u64, u64)) -> Vec<Process> {
        let own = std::process::id();
        let holds = |process: &Process| {
            u32::try_from(process.pid) != Ok(own) && has_open_file(process.pid, device_and_inode) == Some(true)
        };
        all().filter(holds).collect()
    }

    /// The same process, for which `age` counts if it is older.
    pub(crate) fn no_older_than(self, age: Duration) -> Process {
        Process { age: self.age.min(age), ..self }
    }

    /// Kills the process.
    pub(crate) fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Sends a signal, unless the number now belongs to another process.
    pub(crate) fn signal(&self, signal: Signal) {
        if Process::find(self.pid).is_some_and(|now| now.start == self.start) {
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }
}

impl Display for Process {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        // Forks of Bash have the command line of the driver, which tells a reader nothing.
        let is_fork = [" status=/proc/", " status=/tmp/coshell-"].iter().any(|mark| self.command.contains(mark));
        let command = if is_fork { "a subshell of the handler" } else { &format!("`{}`", self.command) };
        write!(f, "{command} for {:.1} s", self.age.as_secs_f64())
    }
}

/// Whether process `pid` has the file with this device and inode open; `None` if that cannot be seen.
pub(crate) fn has_open_file(pid: i32, device_and_inode: (u64, u64)) -> Option<bool> {
    let is_it = |path: &Path| fs::metadata(path).is_ok_and(|file| (file.dev(), file.ino()) == device_and_inode);
    let mut entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    Some(entries.any(|entry| entry.is_ok_and(|entry| is_it(&entry.path()))))
}

/// Whether `pid` is a process that is neither stopped nor dead.
pub(crate) fn is_running(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| {
        stat.rsplit_once(')').is_some_and(|(_, tail)| !tail.trim_start().starts_with(['T', 't', 'Z', 'X']))
    })
}

/// Whether `pid` is a process that has not ended.
pub(crate) fn exists(pid: i32) -> bool {
    stat(pid)
        .is_some_and(|stat| stat.rsplit_once(')').is_some_and(|(_, tail)| !tail.trim_start().starts_with(['Z', 'X'])))
}

/// Whether `pid` is a process below this one. An ended process counts until it has been reaped.
pub(crate) fn is_descendant(pid: i32) -> bool {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let parent = |pid: i32| -> Option<i32> {
        let stat = stat(pid)?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    std::iter::successors(parent(pid), |pid| parent(*pid)).take_while(|pid| *pid > 0).any(|pid| pid == own)
}

/// The resident memory of a process in MB; 0 if the process is gone.
pub(crate) fn resident_mb(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    resident.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn stat(pid: i32) -> Option<String> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    Some(String::from_utf8_lossy(&stat).into_owned()) // the name may be any bytes
}

/// Describes several processes, separated by commas.
pub(crate) fn list(processes: &[Process]) -> String {
    processes.iter().map(Process::to_string).collect::<Vec<String>>().join(", ")
}

fn all() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Process::find(entry.file_name().to_str()?.parse().ok()?))
}

fn command(pid: i32, name: &str) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
    let command = if words.is_empty() { name.to_owned() } else { words };
    masked(&command).chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_COMMAND_CHARS).collect()
}

fn age(start: u64) -> Duration {
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let now: f64 = uptime.split_whitespace().next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    Duration::try_from_secs_f64(now - start as f64 / TICKS_PER_SECOND as f64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_below_its_parent_and_knows_its_command() {
        let mut child = std::process::Command::new("sleep").arg("5").spawn().unwrap();
        let below = Process::descendants(i32::try_from(std::process::id()).unwrap());
        assert!(below.iter().any(|process| process.command == "sleep 5"), "{below:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_number_that_is_nobodys_is_no_process() {
        assert_eq!(Process::find(i32::MAX), None);
    }
}
