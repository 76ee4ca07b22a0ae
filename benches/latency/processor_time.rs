//! Reads processor time from /proc/PID/stat, on machines whose control groups cannot be used: in ticks of 10 ms, with waited-for children.

use std::fs;
use std::time::Duration;

use crate::cgroup::Control;

const TICK: Duration = Duration::from_millis(10); // USER_HZ is 100 on every Linux that Rust runs on

/// The user and system time of `pids` and of their ended children.
pub(crate) fn of(pids: &[u32]) -> Duration {
    pids.iter().map(|pid| TICK * ticks(*pid).unwrap_or_default()).sum()
}

/// proc(5): utime, stime, cutime and cstime are the fields 14 to 17; the process name before them can contain any character.
fn ticks(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(4);
    fields.map(|field| field.parse::<u32>().ok()).sum()
}

/// Which of the two sources this machine has, as text for the report.
pub(crate) fn source() -> &'static str {
    match Control::Accounting.hierarchy().and_then(|hierarchy| hierarchy.group()) {
        Ok(_) => "control groups: user and system time of the whole tree, ended children included",
        Err(_) => "/proc/PID/stat in ticks of 10 ms: user and system time of the tree and of waited-for children",
    }
}
