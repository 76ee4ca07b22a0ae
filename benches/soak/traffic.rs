//! The events: what each does, how large it and its answer are, and whether the answer is right.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use coshell::lambda::environment::Environment;
use coshell::lambda::invocation::{Invoke, Outcome};

const EVENT_LIMIT: Duration = Duration::from_secs(60);
/// Sizes are spread evenly over their orders of magnitude: half of them are below its root.
const MOST_BYTES: f64 = 256.0 * 1024.0;
/// One event of so many kills the persistent Bash.
const BASH_DIES: u64 = 2000;

/// What an event does, the error type that must come of it, and in how many of 100 events.
const KINDS: [(&str, &str, u64); 9] = [
    ("plain", "", 62),
    ("log", "", 8),
    ("holder", "", 5),
    ("daemon", "", 5),
    ("fail", "Function.ExitStatus", 8),
    ("missing", "Function.CommandNotFound", 3),
    ("exit", "Function.ExitStatus", 4),
    ("unbound", "Function.ExitStatus", 3),
    ("kill", "Function.KilledBySignal", 2),
];
const BASH: (&str, &str) = ("bash", "Runtime.ShellDied");

/// What was sent so far.
#[derive(Debug)]
pub(crate) struct Traffic {
    random: u64,
    sent: u64,
    /// How many of each kind, and what comes of it.
    pub(crate) kinds: BTreeMap<(&'static str, &'static str), u64>,
    /// The bytes of all events, and of all responses.
    pub(crate) bytes: (u64, u64),
}

impl Traffic {
    pub(crate) fn new(seed: u64) -> Traffic {
        Traffic { random: seed, sent: 0, kinds: BTreeMap::new(), bytes: (0, 0) }
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends one event, checks the answer, and returns the time from delivery to it.
    pub(crate) fn send_one(&mut self, environment: &Environment, bash_may_die: bool) -> Result<Duration> {
        let (kind, error_type) = self.kind(bash_may_die);
        let (event_bytes, response_bytes) = (self.size(), self.size());
        self.sent += 1;
        let mark = format!("mark-{}.", self.sent);
        let event = format!("{kind} {response_bytes} {mark} {}", "x".repeat(event_bytes));
        self.bytes.0 += event.len() as u64;
        let invocation = environment.api().submit(Invoke {
            payload: event.into_bytes().into(),
            request_id: format!("soak-{}", self.sent),
            timeout: EVENT_LIMIT,
            ..Invoke::default()
        })?;
        let completion = invocation.wait();
        let late = if kind == "holder" { format!("\nlate {mark}") } else { String::new() };
        let expected = format!("{mark}{}.{late}", " ".repeat(response_bytes));
        match &completion.outcome {
            Outcome::Response(response) if error_type.is_empty() && response.bytes == expected => {
                self.bytes.1 += expected.len() as u64;
            }
            Outcome::Error(error) if !error_type.is_empty() && error.error_type == error_type => {}
            outcome => bail!("event {} ({kind}, {response_bytes} bytes): {}", self.sent, told(outcome)),
        }
        *self.kinds.entry((kind, error_type)).or_default() += 1;
        invocation.wait_for_next(EVENT_LIMIT).context("the runtime called no `next`")?;
        let (delivered, answered) =
            completion.delivered.zip(completion.answered).context("an event without its moments")?;
        Ok(answered - delivered)
    }

    fn kind(&mut self, bash_may_die: bool) -> (&'static str, &'static str) {
        if self.below(BASH_DIES) == 0 && bash_may_die {
            return BASH;
        }
        let mut left = self.below(KINDS.iter().map(|(_, _, share)| share).sum());
        let kind = KINDS.iter().find(|(_, _, share)| {
            let here = left < *share;
            left = left.saturating_sub(*share);
            here
        });
        kind.map_or((KINDS[0].0, KINDS[0].1), |(kind, error_type, _)| (kind, error_type))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn size(&mut self) -> usize {
        let exponent = self.below(1 << 20) as f64 / f64::from(1 << 20);
        MOST_BYTES.powf(exponent) as usize
    }

    /// Marsaglia's xorshift.
    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= 0x9E37_79B9_7F4A_7C15;
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % limit
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Response(response) => {
            format!("a response of {} bytes that is not the right one", response.bytes.len())
        }
        Outcome::Error(error) => format!("{}: {}", error.error_type, String::from_utf8_lossy(&error.body)),
        Outcome::TimedOut => format!("no answer within {EVENT_LIMIT:?}"),
        Outcome::RuntimeExited(how) => format!("the runtime ended: {how}"),
    }
}
