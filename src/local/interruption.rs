//! Ctrl-C and its kin: the environment in use is ended, and the program says by which signal it was stopped.
//!
//! The handler runs in a process group of its own and gets nothing from the terminal; whoever waits for it here wakes because
//! the runtime has exited. One thread reads the signals for the program's whole life.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::environment::{Ending, Environment};

/// Watches for the signals that stop the program.
#[derive(Clone, Debug, Default)]
pub struct Interruption(Arc<Mutex<Watched>>);

#[derive(Debug, Default)]
struct Watched {
    signal: Option<i32>,
    environments: Vec<Ending>,
}

impl Interruption {
    /// Starts watching: from here on SIGINT, SIGTERM and SIGHUP end the environments instead of the program.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn watch() -> Result<Interruption> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot watch for Ctrl-C")?;
        let interruption = Interruption::default();
        let watched = interruption.clone();
        std::thread::spawn(move || signals.forever().for_each(|signal| watched.interrupt(signal)));
        Ok(interruption)
    }

    /// Ends this environment too when a signal comes, or at once when one has come.
    pub fn covers(&self, environment: &Environment) {
        let mut watched = self.watched();
        watched.environments.push(environment.ending());
        if watched.signal.is_some() {
            environment.ending().end();
        }
    }

    /// The exit status of a program that a signal has stopped: 128 and the signal's number.
    #[must_use]
    pub fn exit_status(&self) -> Option<u8> {
        self.watched().signal.and_then(|signal| u8::try_from(128 + signal).ok())
    }

    fn interrupt(&self, signal: i32) {
        let environments = {
            let mut watched = self.watched();
            watched.signal.get_or_insert(signal);
            watched.environments.clone()
        };
        environments.iter().for_each(Ending::end);
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
