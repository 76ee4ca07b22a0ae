//! The loop: next, call, respond or fail. One slot runs it, on the main thread; Lambda's managed instances ask for several.
//!
//! A *slot* takes one event at a time: it has a Bash, with its pipes, and a connection of its own, so that nothing of one can hold up
//! another. N slots are N threads with N calls of `next` parked at once. They share the log, the signals, and what a script's copies
//! share anyway: the files. A slot whose script cannot be sourced any more ends alone (if it went on, its quick failures would draw
//! events from the others); the last one, and a Runtime API that fails, end the process.

use std::convert::Infallible;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

use anyhow::{Error, Result, anyhow};

use super::api::{Api, Posted};
use super::config::Config;
use super::environment::{Environment, Opening};
use super::failure::Failure;
use super::host::Host;
use super::invocation::InvocationId;
use super::logs::{Level, Owner};
use super::response::{Delivery, Response};

/// Enough for buffers of 16 KiB and a deep call or two.
const STACK_BYTES: usize = 512 * 1024;

const UNUSABLE_ID: &str = "the Lambda-Runtime-Invocation-Id of this event is too long or not visible ASCII; the answer is sent without it, \
     and Lambda cannot tell a late answer from the answer to a retry";

/// Why a slot ends.
enum Stop {
    /// It cannot go on, and others may.
    Slot(Error),
    /// Nobody can.
    All(Error),
}

/// One event at a time.
struct Slot {
    environment: Environment,
    api: Api,
    host: Host,
    delivery: Delivery,
}

/// Starts the Bash of each slot, and does not wait for them.
///
/// # Errors
/// When one cannot be started.
pub(crate) fn begin(config: &Config, host: &Host) -> Result<Vec<Opening>, Failure> {
    (0..config.slots.get()).map(|_| Opening::begin(config, host)).collect()
}

/// Waits until each has sourced the script.
///
/// # Errors
/// The first one's that cannot, at once: others may be sourcing the script still.
pub(crate) fn finish(openings: Vec<Opening>) -> Result<Vec<Environment>, Failure> {
    if openings.len() == 1 {
        return openings.into_iter().map(Opening::finish).collect();
    }
    let (done, opened) = channel();
    for opening in openings {
        let done = done.clone();
        let finish = move || drop(done.send(opening.finish()));
        thread("init").spawn(finish).map_err(|error| Failure::NoChannel { cause: error.to_string() })?;
    }
    drop(done);
    opened.into_iter().collect()
}

/// Serves events with each of `environments` until the process must end; `api` is the first one's.
///
/// # Errors
/// Why it must end.
pub(crate) fn serve(environments: Vec<Environment>, api: Api, config: &Config, host: &Host) -> Result<Infallible> {
    let mut first = Some(api);
    let mut slots = Vec::with_capacity(environments.len());
    for environment in environments {
        let api = first.take().unwrap_or_else(|| Api::connect(&config.api));
        slots.push(Slot { environment, api, host: host.clone(), delivery: config.delivery });
    }
    if slots.len() > 1 {
        return side_by_side(slots, host);
    }
    let only = slots.pop().ok_or_else(|| anyhow!("there is no environment"))?;
    match only.serve() {
        Stop::Slot(error) | Stop::All(error) => Err(error),
    }
}

fn side_by_side(slots: Vec<Slot>, host: &Host) -> Result<Infallible> {
    let (ended, stops) = channel();
    let count = slots.len();
    for (number, slot) in slots.into_iter().enumerate() {
        slot.start(number, ended.clone())?;
    }
    drop(ended);
    for stop in stops {
        match stop {
            Stop::Slot(error) => {
                host.log.say(Level::Error, &Owner::default(), &format!("one of {count} slots: {error:#}"))
            }
            Stop::All(error) => return Err(error),
        }
    }
    Err(anyhow!("none of the {count} slots is left"))
}

fn thread(name: &str) -> Builder {
    Builder::new().name(name.to_owned()).stack_size(STACK_BYTES)
}

impl Slot {
    fn start(self, number: usize, ended: Sender<Stop>) -> std::io::Result<()> {
        // Where nobody listens any more, the process is ending.
        thread(&format!("slot {number}")).spawn(move || drop(ended.send(self.serve()))).map(drop)
    }

    fn serve(mut self) -> Stop {
        loop {
            if let Err(stop) = self.serve_next() {
                return stop;
            }
        }
    }

    fn serve_next(&mut self) -> Result<(), Stop> {
        let log = &self.host.log;
        let invocation = self.api.next().map_err(|failure| Stop::All(Error::msg(failure)))?;
        let owner = Owner::of(&invocation);
        if invocation.invocation_id == InvocationId::Unusable && self.host.id_warnings.is_due() {
            log.say(Level::Warn, &owner, UNUSABLE_ID);
        }
        let mut response = Response::to(&invocation, self.delivery, &self.api);
        let called = self.environment.call(&invocation, &mut response);
        if let Some(told) = response.overflow() {
            log.say(Level::Error, &owner, &told);
        }
        let posted = match called {
            Ok(()) => response.post(),
            Err(failure) => {
                self.host.processes.wait_if_ending();
                log.fail(Level::Error, &owner, &failure);
                response.fail(&failure)
            }
        };
        if let Posted::Refused(answer) = posted.map_err(|failure| Stop::All(Error::msg(failure)))? {
            log.say(
                Level::Warn,
                &owner,
                &format!("the Runtime API refused the answer: {answer}; the client does not get it"),
            );
        }
        self.environment.settle().map_err(Stop::Slot)
    }
}
