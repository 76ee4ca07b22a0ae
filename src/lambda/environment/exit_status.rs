//! When and how the runtime process has ended. It is not reaped here, so that its pid stays its own.

use std::sync::mpsc;

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

/// Whether it has; also when it has been reaped.
pub(super) fn has_exited(leader: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    !matches!(waitid(Id::Pid(leader), flags), Ok(WaitStatus::StillAlive))
}

/// A thread that tells the runtime's end, without reaping it. The receiver wakes at the same moment.
pub(super) fn watch(leader: Pid, tell: impl Fn(&str) + Send + 'static) -> mpsc::Receiver<()> {
    let (gone, exited) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        tell(&wait_for_end(leader));
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
            Err(error) => return format!("cannot wait for it: {error}"),
        }
    }
}
