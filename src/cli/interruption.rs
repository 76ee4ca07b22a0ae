//! Ends all execution environments on Ctrl-C and other signals that stop the program, and sets the exit status to the signal's.
//!
//! The handler runs in its own process group and gets no signal from the terminal. A thread that waits for the handler wakes because the
//! runtime exits. One thread receives the signals as long as the program runs.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::lambda::environment::{Environment, Terminator};

/// Watches for the signals that stop the program.
#[derive(Clone, Debug, Default)]
pub struct Interruption(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    signal: Option<i32>,
    /// Whether the environments that were registered when the signal came have ended.
    ended: bool,
    environments: Vec<Terminator>,
}

impl Interruption {
    /// Starts watching: from now on SIGINT, SIGQUIT, SIGTERM and SIGHUP end the environments instead of the program.
    ///
    /// # Errors
    /// When the signals cannot be watched.
    pub fn watch() -> Result<Interruption> {
        let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP]).context("cannot watch for Ctrl-C")?;
        let interruption = Interruption::default();
        let watcher = interruption.clone();
        std::thread::spawn(move || signals.forever().for_each(|signal| watcher.interrupt(signal)));
        Ok(interruption)
    }

    /// Registers an environment, which is ended when a signal comes, or at once if a signal has come already.
    pub fn register(&self, environment: &Environment) {
        let mut state = self.state();
        state.environments.retain(|environment| !environment.has_terminated()); // a server can start thousands of environments
        state.environments.push(environment.terminator());
        if state.signal.is_some() {
            environment.terminator().terminate();
        }
    }

    /// The exit status of a program that a signal has stopped: 128 plus the signal's number.
    #[must_use]
    pub fn exit_status(&self) -> Option<u8> {
        self.state().signal.and_then(|signal| u8::try_from(128 + signal).ok())
    }

    /// Waits until a signal has come and all registered environments have ended. An environment that is registered later is ended at once.
    pub fn wait(&self) {
        let state = self.state();
        drop(self.0.ended.wait_while(state, |state| !state.ended).unwrap_or_else(PoisonError::into_inner));
    }

    fn interrupt(&self, signal: i32) {
        let environments = {
            let mut state = self.state();
            state.signal.get_or_insert(signal);
            state.environments.clone()
        };
        std::thread::scope(|scope| {
            for environment in &environments {
                scope.spawn(|| environment.terminate()); // in parallel, because each can take some time to end
            }
        });
        self.state().ended = true;
        self.0.ended.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
