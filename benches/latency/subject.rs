//! One peer that is running: it is sent blocks of events, and each event's moments are taken by the Runtime API itself.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use coshell::lambda::environment::{Bootstrap, Environment, Settings};
use coshell::lambda::function::Function;
use coshell::lambda::identifiers::random_uuid;
use coshell::lambda::invocation::{Bytes, Completion, Invocation, Invoke, Outcome, Part};
use coshell::lambda::runtime_api::Init;
use tokio::sync::mpsc::{Receiver, Sender};

use crate::arrival::{Arrival, Gaps};
use crate::peer::{Bootstraps, Peer, folder};
use crate::processor_time;
use crate::rows::stream::channel;
use crate::sandbox::{Conditions, Sandbox};

const INIT_LIMIT: Duration = Duration::from_secs(10);
const EVENT_LIMIT: Duration = Duration::from_secs(60);

/// What every row needs to start peers.
#[derive(Debug)]
pub(crate) struct Bench {
    /// The peers' files.
    pub(crate) bootstraps: Bootstraps,
    /// Set by SIGINT, SIGTERM and SIGHUP.
    pub(crate) interrupted: Arc<AtomicBool>,
    /// The numbers of events are multiplied by it.
    pub(crate) scale: f64,
    /// BENCH_SERVICE for the handler that asks a service.
    pub(crate) service: String,
}

/// One event as it was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// From delivery to the answer; back to back: from the answer before.
    pub(crate) latency: Duration,
    /// From delivery to the following `next`: what Lambda bills.
    pub(crate) billed: Duration,
}

/// A running peer.
#[derive(Debug)]
pub(crate) struct Subject {
    /// Which one.
    pub(crate) peer: Peer,
    environment: Option<Environment>,
    sandbox: Sandbox,
    interrupted: Arc<AtomicBool>,
}

impl Bench {
    /// Starts a peer without waiting for its init. `function` is one of benches/handlers/function.sh, or names its file as well;
    /// `more` are variables.
    pub(crate) fn spawn(&self, peer: Peer, function: &str, more: &[(&str, &str)]) -> Result<Environment> {
        if self.interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        let log = File::options().write(true).open("/dev/null").context("cannot open /dev/null")?;
        let variables =
            [("BENCH_SERVICE", self.service.as_str()), ("no_proxy", "127.0.0.1"), ("NO_PROXY", "127.0.0.1")];
        Environment::start(&Settings {
            function: Function { task_root: folder().join("handlers"), handler: handler(function) },
            bootstrap: Bootstrap::Executable(self.bootstraps.of(peer).to_owned()),
            memory_mb: 128,
            snap_start: false,
            variables: variables.iter().chain(more).map(|(name, value)| (name.into(), value.into())).collect(),
            log: Some(Arc::new(log)),
        })
    }

    /// Starts a peer and puts it under `conditions` once it is ready.
    pub(crate) fn start(&self, peer: Peer, function: &str, conditions: Conditions) -> Result<Subject> {
        self.ready(peer, self.spawn(peer, function, &[])?, conditions)
    }

    /// Starts a peer with more variables, and puts it under `conditions` once it is ready.
    pub(crate) fn start_with(
        &self,
        peer: Peer,
        function: &str,
        more: &[(&str, &str)],
        conditions: Conditions,
    ) -> Result<Subject> {
        self.ready(peer, self.spawn(peer, function, more)?, conditions)
    }

    fn ready(&self, peer: Peer, environment: Environment, conditions: Conditions) -> Result<Subject> {
        self.init(peer, &environment)?;
        let sandbox = Sandbox::around(&environment, conditions)?;
        Ok(Subject { peer, environment: Some(environment), sandbox, interrupted: Arc::clone(&self.interrupted) })
    }

    /// Waits for the end of init and returns how long it took from the start of the process.
    pub(crate) fn init(&self, peer: Peer, environment: &Environment) -> Result<Duration> {
        match environment.wait_for_init(INIT_LIMIT) {
            Init::Ready(at) => Ok(at.duration_since(environment.started())),
            init @ (Init::Failed(_) | Init::RuntimeExited(_) | Init::TimedOut) => {
                bail!("the init of {} failed: {init:?}", peer.name())
            }
        }
    }

    /// A number of events, scaled.
    pub(crate) fn scaled(&self, events: usize) -> usize {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let scaled = (events as f64 * self.scale).round() as usize;
        scaled.max(1)
    }
}

impl Subject {
    /// Sends one event more than `count` and measures all but the first, which finds cold caches.
    pub(crate) fn block(
        &mut self,
        arrival: Arrival,
        event: &Bytes,
        count: usize,
        gaps: &mut Gaps,
    ) -> Result<Vec<Sample>> {
        match arrival {
            Arrival::BackToBack => self.back_to_back(event, count),
            Arrival::Every(_) | Arrival::UpTo(_) => {
                let mut samples = Vec::with_capacity(count);
                for number in 0..=count {
                    sleep(gaps.next(arrival));
                    let invocation = self.submit(event)?;
                    let completion = self.answer(&invocation)?;
                    let (delivered, answered) = moments(&completion)?;
                    let next = self.next(&invocation)?;
                    if number > 0 {
                        let (latency, billed) = (answered - delivered, next - delivered);
                        samples.push(Sample { latency, billed });
                    }
                }
                Ok(samples)
            }
        }
    }

    /// Events that wait in the queue already: from answer to answer is what one of them takes.
    fn back_to_back(&mut self, event: &Bytes, count: usize) -> Result<Vec<Sample>> {
        let queued = (0..=count).map(|_| self.submit(event)).collect::<Result<Vec<_>>>()?;
        let (_, mut before) = moments(&self.answer(&queued[0])?)?;
        let mut samples = Vec::with_capacity(count);
        for invocation in &queued[1..] {
            let (delivered, answered) = moments(&self.answer(invocation)?)?;
            let billed = self.next(invocation)? - delivered;
            samples.push(Sample { latency: answered - before, billed });
            before = answered;
        }
        Ok(samples)
    }

    /// Sends `count` events at once, for a peer that takes several of them; returns how long each took from delivery to answer, and
    /// all of them from the first delivery to the last answer.
    pub(crate) fn all_at_once(&self, event: &Bytes, count: usize) -> Result<(Vec<Duration>, Duration)> {
        let queued = (0..count).map(|_| self.submit(event)).collect::<Result<Vec<_>>>()?;
        let took = queued.iter().map(|invocation| moments(&self.answer(invocation)?)).collect::<Result<Vec<_>>>()?;
        let first = took.iter().map(|(delivered, _)| *delivered).min().context("no event")?;
        let last = took.iter().map(|(_, answered)| *answered).max().context("no event")?;
        Ok((took.iter().map(|(delivered, answered)| *answered - *delivered).collect(), last - first))
    }

    /// The processor time of the whole tree since its start or since init; ended children count.
    pub(crate) fn processor_time(&self) -> Duration {
        let ticks =
            || self.environment.as_ref().map(|environment| processor_time::of(&environment.pids())).unwrap_or_default();
        self.sandbox.processor_time().unwrap_or_else(ticks)
    }

    /// All processes that live.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.environment.as_ref().map(Environment::pids).unwrap_or_default()
    }

    /// Sends one event and returns the response.
    pub(crate) fn call(&mut self, event: &Bytes) -> Result<Bytes> {
        let invocation = self.submit(event)?;
        let completion = self.answer(&invocation)?;
        self.next(&invocation)?;
        match completion.outcome {
            Outcome::Response(response) => Ok(response.bytes),
            Outcome::Error(_) | Outcome::TimedOut | Outcome::RuntimeExited(_) => bail!("no response"),
        }
    }

    /// Sends one event whose response is streamed, lets `take` have the parts, and returns the time from delivery to the last one.
    pub(crate) fn listen(&mut self, event: &Bytes, take: impl FnOnce(&mut Receiver<Part>)) -> Result<Duration> {
        let (sender, mut parts) = channel();
        let invocation = self.submit_to(event, Some(sender))?;
        take(&mut parts);
        let (delivered, answered) = moments(&self.answer(&invocation)?)?;
        self.next(&invocation)?;
        Ok(answered - delivered)
    }

    /// The process of the runtime itself.
    pub(crate) fn runtime_pid(&self) -> u32 {
        self.environment.as_ref().map(Environment::runtime_pid).unwrap_or_default()
    }

    fn submit(&self, event: &Bytes) -> Result<Invocation> {
        self.submit_to(event, None)
    }

    fn submit_to(&self, event: &Bytes, listener: Option<Sender<Part>>) -> Result<Invocation> {
        if self.interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        let environment = self.environment.as_ref().context("the peer has ended")?;
        environment.api().submit(Invoke {
            payload: event.clone(),
            request_id: random_uuid(),
            timeout: EVENT_LIMIT,
            function_arn: Some("arn:aws:lambda:us-east-1:123456789012:function:bench".to_owned()),
            trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".to_owned()),
            listener,
            ..Invoke::default()
        })
    }

    fn answer(&self, invocation: &Invocation) -> Result<Completion> {
        let completion = invocation.wait();
        match &completion.outcome {
            Outcome::Response(_) => Ok(completion),
            Outcome::Error(error) => bail!("{}: {}", self.peer.name(), String::from_utf8_lossy(&error.body)),
            Outcome::TimedOut => bail!("{}: no answer within {EVENT_LIMIT:?}", self.peer.name()),
            Outcome::RuntimeExited(how) => bail!("{} ended in mid-event: {how}", self.peer.name()),
        }
    }

    fn next(&self, invocation: &Invocation) -> Result<Instant> {
        invocation.wait_for_next(EVENT_LIMIT).with_context(|| format!("{} called no `next`", self.peer.name()))
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.sandbox.open();
        drop(self.environment.take()); // before the groups: they can only be removed when they are empty
    }
}

fn moments(completion: &Completion) -> Result<(Instant, Instant)> {
    completion.delivered.zip(completion.answered).context("an event without its moments")
}

/// `_HANDLER` for a function of benches/handlers.
fn handler(function: &str) -> String {
    if function.contains('.') { function.to_owned() } else { format!("function.{function}") }
}
