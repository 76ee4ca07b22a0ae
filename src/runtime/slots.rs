//! Runs the loop: next, call, respond or fail. An ordinary function has one slot, on the main thread; a managed instance has several.
//!
//! A *slot* takes one event at a time. Each slot has a Bash with its pipes and a connection of its own, so that no slot can hold up
//! another. N slots are N threads that wait in N calls of `next`. They share the log, the signals, and the files that the script opens by
//! name.
//!
//! A slot ends alone if its script cannot be sourced any more (a slot that fails quickly would draw events away from the others), and
//! if `next` fails [`NEXT_TRIES`] times in a row. The process ends when no slot is left. The only slot of an ordinary function does not try
//! again: Lambda starts a new environment sooner.

use std::convert::Infallible;
use std::num::NonZero;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Error, Result, anyhow};

use super::api::{Api, ApiFailure, Posted};
use super::config::Config;
use super::descriptors;
use super::environment::{Environment, Opening};
use super::failure::Failure;
use super::host::Host;
use super::invocation::{Invocation, InvocationId};
use super::logs::{Level, Log, Owner};
use super::response::{Delivery, Response};

/// Enough for buffers of 16 KiB and a deep call or two.
const STACK_BYTES: usize = 512 * 1024;

/// How often one of several slots calls `next` until the slot ends, and its first pause, which doubles. As Lambda's Python client does.
const NEXT_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

const UNUSABLE_ID: &str = "the Lambda-Runtime-Invocation-Id of this event is too long or not visible ASCII; the answer is sent without it, \
     and Lambda cannot tell a late answer from the answer to a retry";

/// One event at a time.
struct Slot {
    environment: Environment,
    api: Api,
    host: Host,
    delivery: Delivery,
    is_alone: bool,
}

/// How many slots there are: as many as Lambda sends events at once, COSHELL_SLOTS at most, and no more than there are descriptors for.
pub(crate) fn count(config: &Config) -> NonZero<usize> {
    let wanted = config.most_slots.map_or(config.concurrency, |most| most.min(config.concurrency));
    if wanted.get() > 1 {
        descriptors::raise_limit();
    }
    descriptors::slots(wanted)
}

/// Logs the number of slots under the name that Lambda's own runtimes use.
pub(crate) fn log_count(count: NonZero<usize>, config: &Config, log: &Log) {
    if config.concurrency.get() > 1 {
        let fields = [("workerCount", count.get()), ("executionEnvironmentMaxConcurrency", config.concurrency.get())];
        log.note(Level::Debug, "runtime_worker_pool_initializing", &fields);
    }
}

/// Starts the Bash of each of `count` slots, and does not wait for them.
///
/// # Errors
/// When one cannot be started.
pub(crate) fn begin(count: NonZero<usize>, config: &Config, host: &Host) -> Result<Vec<Opening>, Failure> {
    (0..count.get()).map(|_| Opening::begin(config, host)).collect()
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
    let (mut first, is_alone) = (Some(api), environments.len() == 1);
    let mut slots = Vec::with_capacity(environments.len());
    for environment in environments {
        let api = first.take().unwrap_or_else(|| Api::connect(&config.api));
        slots.push(Slot { environment, api, host: host.clone(), delivery: config.delivery, is_alone });
    }
    if slots.len() > 1 {
        return side_by_side(slots, host);
    }
    let only = slots.pop().ok_or_else(|| anyhow!("there is no environment"))?;
    Err(only.serve())
}

fn side_by_side(slots: Vec<Slot>, host: &Host) -> Result<Infallible> {
    let (ended, reasons) = channel();
    let count = slots.len();
    for (number, slot) in slots.into_iter().enumerate() {
        slot.start(number, ended.clone())?;
    }
    drop(ended);
    for reason in reasons {
        host.log.say(Level::Error, &Owner::default(), &format!("one of {count} slots ends: {reason:#}"));
    }
    Err(anyhow!("none of the {count} slots is left"))
}

fn thread(name: &str) -> Builder {
    Builder::new().name(name.to_owned()).stack_size(STACK_BYTES)
}

impl Slot {
    fn start(self, number: usize, ended: Sender<Error>) -> std::io::Result<()> {
        // If nobody receives any more, the process is ending.
        thread(&format!("slot {number}")).spawn(move || drop(ended.send(self.serve()))).map(drop)
    }

    /// Serves events until the slot must end, and returns the reason.
    fn serve(mut self) -> Error {
        loop {
            if let Err(reason) = self.serve_next() {
                return reason;
            }
        }
    }

    fn serve_next(&mut self) -> Result<()> {
        let log = &self.host.log;
        let invocation = self.next()?;
        let owner = Owner::of(&invocation);
        if invocation.invocation_id == InvocationId::Unusable && self.host.id_warnings.is_due() {
            log.say(Level::Warn, &owner, UNUSABLE_ID);
        }
        let mut response = Response::to(&invocation, self.delivery, &self.api);
        let called = self.environment.call(&invocation, &mut response);
        if let Some(sentence) = response.overflow() {
            log.say(Level::Error, &owner, &sentence);
        }
        let posted = match called {
            Ok(()) => response.post(),
            Err(failure) => {
                self.host.processes.wait_if_ending();
                log.fail(Level::Error, &owner, &failure);
                response.fail(&failure)
            }
        };
        self.note_answer(posted, &owner)?;
        self.environment.settle()
    }

    /// Waits for the next event.
    fn next(&self) -> Result<Invocation> {
        let mut tries = (1..=NEXT_TRIES).zip(std::iter::successors(Some(FIRST_PAUSE), |pause| Some(*pause * 2)));
        loop {
            match (self.api.next(), tries.next()) {
                (Ok(invocation), _) => return Ok(invocation),
                (Err(failure), Some((number, pause))) if number < NEXT_TRIES && !self.is_alone => {
                    let sentence = format!("{failure}; trying again ({number} of {NEXT_TRIES} tries failed)");
                    self.host.log.say(Level::Warn, &Owner::default(), &sentence);
                    std::thread::sleep(pause);
                }
                (Err(failure), _) => return Err(self.ending(&failure)),
            }
        }
    }

    /// Logs what the Runtime API answered to the response or error of `owner`. No answer is sent a second time: it may have arrived.
    fn note_answer(&self, posted: Result<Posted, ApiFailure>, owner: &Owner) -> Result<()> {
        let log = &self.host.log;
        match posted {
            Ok(Posted::Accepted) => {}
            Ok(Posted::Refused(answer)) => {
                let sentence = format!("the Runtime API refused the answer: {answer}; the client does not get it");
                log.say(Level::Warn, owner, &sentence);
            }
            Err(failure) if self.is_alone => return Err(self.ending(&failure)),
            Err(failure) => log.say(Level::Error, owner, &format!("{failure}; the client may not get the answer")),
        }
        Ok(())
    }

    fn ending(&self, failure: &ApiFailure) -> Error {
        if self.is_alone {
            anyhow!("{failure}; this environment ends, and Lambda starts another")
        } else {
            anyhow!("{failure}")
        }
    }
}
