//! Handles signals: SIGTERM from Lambda and SIGINT from a terminal end the process; after SIGCHLD, orphans are reaped.
//!
//! One thread waits for the signals, and only this thread ends the process on a signal. The script's own top-level traps (TERM,
//! EXIT) run first, and their output is logged; see [`ProcessRegistry::end`].
//!
//! A handler that runs `kill 0` signals its whole process group, which includes this process. This process ignores a signal from
//! a handler. The signal ends the Bash that runs the handlers, the event fails, and a new Bash takes the next event.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;

use super::logs::leftovers::Leftovers;
use super::logs::{Level, Log, Owner};
use super::process_registry::ProcessRegistry;

/// For how long after a handler's signal further signals are expected.
const REPEAT_WINDOW: Duration = Duration::from_secs(1);

/// Starts the thread that waits for signals.
pub(crate) fn watch(log: &Log, processes: &ProcessRegistry, leftovers: &Leftovers) -> std::io::Result<()> {
    let mut signals = SignalsInfo::<WithOrigin>::new([SIGTERM, SIGINT, SIGCHLD])?;
    // Without this, orphans go to another process, which may not reap them. The call fails on no kernel that has memfd_create.
    let _ = prctl::set_child_subreaper(true);
    let (log, processes, leftovers) = (log.clone(), processes.clone(), leftovers.clone());
    let wait = move || {
        let mut last_ignored: Option<Instant> = None;
        for origin in signals.forever() {
            let sender = sender(&origin);
            match (origin.signal, sender.filter(|sender| processes.is_handler_process(*sender))) {
                (SIGCHLD, _) => processes.reap(),
                (_, Some(sender)) => {
                    last_ignored = Some(Instant::now());
                    log.say(Level::Warn, &Owner::default(), &warning(sender));
                }
                // Another process of the same handler, which has ended meanwhile: the handler's EXIT trap runs in its children
                // too.
                (_, None)
                    if sender.is_some_and(is_gone)
                        && last_ignored.is_some_and(|last| last.elapsed() < REPEAT_WINDOW) => {}
                (_, None) => {
                    processes.end();
                    leftovers.drain();
                    std::process::exit(0);
                }
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).stack_size(128 * 1024).spawn(wait)?;
    Ok(())
}

/// The process that sent a signal; the kernel sends the signals of a terminal.
fn sender(origin: &Origin) -> Option<i32> {
    origin.process.as_ref().map(|process| process.pid)
}

fn is_gone(pid: i32) -> bool {
    !Path::new(&format!("/proc/{pid}")).exists()
}

fn warning(sender: i32) -> String {
    format!(
        "process {sender} of a handler sent a signal to the runtime, as `kill 0` does, and the runtime ignores it; to end the processes \
         that a handler has started, name them: `kill $(jobs -p)`"
    )
}
