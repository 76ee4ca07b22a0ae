//! Waits for the end of the runtime process without reaping the process, so that no other process can get its pid.

use std::sync::mpsc;

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

/// Whether the process has ended; true also if it has been reaped.
pub(super) fn has_exited(leader: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    !matches!(waitid(Id::Pid(leader), flags), Ok(WaitStatus::StillAlive))
}

/// Starts a thread that calls `report` with the exit status or signal when the runtime ends. The receiver wakes at the same moment.
pub(super) fn watch(leader: Pid, report: impl Fn(&str) + Send + 'static) -> mpsc::Receiver<()> {
    let (gone, exited) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        report(&wait_for_end(leader));
        let _ = gone.send(()); // nobody may be waiting
    });
    exited
}

fn wait_for_end(leader: Pid) -> String {
    loop {
        match waitid(Id::Pid(leader), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
            Ok(WaitStatus::Exited(_, status)) => return format!("exit status {status}"),
            Ok(WaitStatus::Signaled(_, signal, _)) => return format!("signal {signal}"),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return format!("cannot wait for the process: {error}"),
        }
    }
}
