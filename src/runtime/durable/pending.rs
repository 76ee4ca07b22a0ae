//! What a strand waits for.

use super::journal::Ticket;
use super::operation::{ErrorObject, Identity};
use super::verb::Verb;

/// An operation that a strand has asked for and that has not ended yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) verb: Verb,
    pub(super) identity: Identity,
    pub(super) stage: Stage,
}

/// How far the operation is in this invocation.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// The history says what to do next.
    Look,
    /// An update travels, and then something is to be done.
    Recording(Ticket, Then),
    /// Branches run. The strand waits for the next one to begin, or for the end of the work.
    Branches,
}

/// What to do when an update is recorded.
#[derive(Debug, Clone)]
pub(super) enum Then {
    /// Look at the history again.
    Look,
    /// Run the command.
    Run,
    /// Return this result.
    Return(String),
    /// Return this error.
    Fail(ErrorObject),
    /// Return this result of parallel work in which too many branches have failed.
    FailBatch(String),
}

/// Where an operation is after it was advanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The strand has its answer.
    Answered,
    /// A checkpoint is under way.
    Waiting,
    /// Nothing that this invocation does will end it, unless it is worth waiting for what becomes due.
    Blocked,
}
