//! Signals: SIGTERM from Lambda and SIGINT from a terminal end the process; SIGCHLD tells of orphans that want to be reaped.
//!
//! One thread waits for them, and it alone may end the process on one. The script's own top-level traps (TERM, EXIT) run first, and
//! what they write is in the log; see [`ProcessRegistry::end`].
//!
//! A handler that runs `kill 0` signals its whole process group, and so this process. Such a signal does not end the process: it ends
//! the Bash that runs the handlers, which fails the event, and a new Bash takes the next event.

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

/// For so long after a handler's signal further ones are expected.
const REPEAT_WINDOW: Duration = Duration::from_secs(1);

/// Starts the thread.
pub(crate) fn watch(log: &Log, processes: &ProcessRegistry, leftovers: &Leftovers) -> std::io::Result<()> {
    let mut signals = SignalsInfo::<WithOrigin>::new([SIGTERM, SIGINT, SIGCHLD])?;
    // Whoever else would get our orphans may not reap them. It fails on no kernel that has memfd_create.
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
                // One more process of the same handler, which has ended meanwhile: its EXIT trap runs in its children too.
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

/// The process that sent a signal; the kernel sends that of a terminal.
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
