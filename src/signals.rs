//! Signals: SIGTERM from Lambda and SIGINT from a terminal end the process; SIGCHLD tells of orphans that want to be reaped.
//!
//! One thread waits for them, and it alone may end the process on one. The script's own top-level traps (TERM, EXIT) run first, and
//! what they write is in the log; see [`Roster::end`].

use nix::sys::prctl;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::logs::leftovers::Leftovers;
use crate::roster::Roster;

/// Starts the thread.
pub(crate) fn watch(roster: &Roster, leftovers: &Leftovers) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGCHLD])?;
    // Whoever else would get our orphans may not reap them. It fails on no kernel that has memfd_create.
    let _ = prctl::set_child_subreaper(true);
    let (roster, leftovers) = (roster.clone(), leftovers.clone());
    let wait = move || {
        for signal in signals.forever() {
            match signal {
                SIGCHLD => roster.reap(),
                _ => {
                    roster.end();
                    leftovers.drain();
                    std::process::exit(0);
                }
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).stack_size(128 * 1024).spawn(wait)?;
    Ok(())
}
