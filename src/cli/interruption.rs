//! Ctrl-C and its kin: the environment in use is ended, and the program says by which signal it was stopped.
//!
//! The handler runs in a process group of its own and gets nothing from the terminal; whoever waits for it here wakes because
//! the runtime has exited. One thread reads the signals for the program's whole life.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::lambda::environment::{Ending, Environment};

/// Watches for the signals that stop the program.
#[derive(Clone, Debug, Default)]
pub struct Interruption(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    watched: Mutex<Watched>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Watched {
    signal: Option<i32>,
    /// Whether the environments of then are gone.
    ended: bool,
    environments: Vec<Ending>,
}

impl Interruption {
    /// Starts watching: from here on SIGINT, SIGQUIT, SIGTERM and SIGHUP end the environments instead of the program.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn watch() -> Result<Interruption> {
        let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP]).context("cannot watch for Ctrl-C")?;
        let interruption = Interruption::default();
        let watched = interruption.clone();
        std::thread::spawn(move || signals.forever().for_each(|signal| watched.interrupt(signal)));
        Ok(interruption)
    }

    /// Ends this environment too when a signal comes, or at once when one has come.
    pub fn covers(&self, environment: &Environment) {
        let mut watched = self.watched();
        watched.environments.retain(|environment| !environment.is_over()); // a server may have had thousands
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

    /// Waits until a signal has come and the environments of then are gone. What is covered later is ended as it comes.
    pub fn wait(&self) {
        let watched = self.watched();
        drop(self.0.ended.wait_while(watched, |watched| !watched.ended).unwrap_or_else(PoisonError::into_inner));
    }

    fn interrupt(&self, signal: i32) {
        let environments = {
            let mut watched = self.watched();
            watched.signal.get_or_insert(signal);
            watched.environments.clone()
        };
        std::thread::scope(|scope| {
            for environment in &environments {
                scope.spawn(|| environment.end()); // each may take its time to end
            }
        });
        self.watched().ended = true;
        self.0.ended.notify_all();
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
