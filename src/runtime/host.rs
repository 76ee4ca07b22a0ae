//! What all environments of this process share.

use std::io;
use std::num::NonZero;

use super::config::Config;
use super::logs::Log;
use super::logs::leftovers::Leftovers;
use super::logs::rate_limit::RateLimit;
use super::process_registry::ProcessRegistry;
use super::signals;

/// The log with the limits of its warnings, the thread that reads what background processes write to the log, and the list of the
/// processes that end on a signal.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) log: Log,
    /// For the warning about an invocation id that cannot be sent back.
    pub(crate) id_warnings: RateLimit,
    pub(crate) leftovers: Leftovers,
    pub(crate) processes: ProcessRegistry,
}

impl Host {
    /// Starts the threads of a process with `slots` slots.
    pub(crate) fn start(config: &Config, slots: NonZero<usize>) -> io::Result<Host> {
        let log = Log::new(config.log_format, config.log_level);
        let leftovers = Leftovers::start(&log, slots.get())?;
        let host = Host { log, id_warnings: RateLimit::default(), leftovers, processes: ProcessRegistry::default() };
        signals::watch(&host.log, &host.processes, &host.leftovers)?;
        Ok(host)
    }
}
