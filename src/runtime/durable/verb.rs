//! What a call of `durable` asks for: which operation, its name and its settings.

use super::operation::{Identity, Kind};
use super::retry::Retry;

/// What a call of `durable` asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verb {
    Step {
        name: Option<String>,
        retry: Retry,
        at_most_once: bool,
    },
    Until {
        name: Option<String>,
        initial: String,
        retry: Retry,
    },
    Wait {
        name: Option<String>,
        seconds: u32,
    },
    Callback {
        name: Option<String>,
        limits: Limits,
    },
    Await {
        callback_id: String,
    },
    WaitForCallback {
        name: Option<String>,
        limits: Limits,
        retry: Retry,
    },
    Invoke {
        name: Option<String>,
        function: String,
        payload: String,
        tenant: Option<String>,
    },
    Child {
        name: Option<String>,
    },
    Batch {
        name: Option<String>,
        is_map: bool,
        command: String,
        count: usize,
        branch_names: Vec<String>,
        batch: BatchSettings,
    },
    /// Whether the handler repeats what it did before.
    Replaying,
    /// The last error that `durable` has returned.
    Error,
}

/// The time limits of a callback, in seconds; 0 for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) timeout: u32,
    pub(super) heartbeat: u32,
}

/// When parallel work ends, and how it is recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BatchSettings {
    /// How many branches run at once.
    pub(super) max: Option<usize>,
    /// After how many successes the work has ended.
    pub(super) min_successes: Option<usize>,
    /// How many failures are tolerated.
    pub(super) tolerate: Option<usize>,
    /// The share of failures that is tolerated, in percent.
    pub(super) tolerate_percent: Option<f64>,
    /// Whether the branches have no contexts of their own in the history.
    pub(super) flat: bool,
}

impl Verb {
    /// The operation that this asks for, at the place `id`.
    pub(super) fn identity(&self, id: String, parent: Option<String>) -> Identity {
        let (kind, sub_type, name) = match self {
            Verb::Step { name, .. } => (Kind::Step, "Step", name),
            Verb::Until { name, .. } => (Kind::Step, "WaitForCondition", name),
            Verb::Wait { name, .. } => (Kind::Wait, "Wait", name),
            Verb::Callback { name, .. } => (Kind::Callback, "Callback", name),
            Verb::WaitForCallback { name, .. } => (Kind::Context, "WaitForCallback", name),
            Verb::Invoke { name, .. } => (Kind::ChainedInvoke, "ChainedInvoke", name),
            Verb::Child { name } => (Kind::Context, "RunInChildContext", name),
            Verb::Batch { name, is_map, .. } => (Kind::Context, if *is_map { "Map" } else { "Parallel" }, name),
            Verb::Await { .. } | Verb::Replaying | Verb::Error => (Kind::Callback, "Callback", &None),
        };
        Identity { id, parent, name: name.clone(), kind, sub_type }
    }
}

impl BatchSettings {
    pub(super) const NONE: BatchSettings =
        BatchSettings { max: None, min_successes: None, tolerate: None, tolerate_percent: None, flat: false };

    /// Whether so many failures are too many. Without any setting one failure is.
    pub(super) fn is_exceeded_by(&self, failed: usize, count: usize) -> bool {
        if self.min_successes.is_none() && self.tolerate.is_none() && self.tolerate_percent.is_none() {
            return failed > 0;
        }
        #[expect(clippy::cast_precision_loss, reason = "there are not that many branches")]
        let percent = || failed as f64 * 100.0 / count.max(1) as f64;
        self.tolerate.is_some_and(|most| failed > most) || self.tolerate_percent.is_some_and(|most| percent() > most)
    }
}
