//! Durable executions: the function `durable` in Bash, and what stands behind it.
//!
//! Lambda invokes a durable function again and again, each time with the history of the execution. The handler runs from its top, and
//! each call of `durable` either returns what the history has, or does the work and records it by a *checkpoint*. If all that is
//! left to do waits for something outside, the event ends, and Lambda invokes the function again later.
//!
//! | file | what it does |
//! | --- | --- |
//! | event, operation | what Lambda sends |
//! | journal, calls | the history, the chain of checkpoints, and the HTTPS calls |
//! | ask, parse, words, verb, strand | what Bash asks, and the pipes for it |
//! | session, questions, advance, bodies, batch | what follows from a question and the history |
//! | context, retry | the places of operations; when a failed step is tried again |
//! | outcome | the answer to the invocation |
//!
//! Source: AWS Lambda Developer Guide, "Durable functions"; the service model 2015-03-31 in botocore 1.44.8. What the official SDKs do
//! where the guide is silent was measured with the Python SDK 3.0.0 and the local runner 1.4.0.

mod advance;
mod ask;
mod batch;
mod bodies;
mod body;
mod calls;
mod context;
mod event;
mod items;
mod journal;
mod operation;
mod outcome;
mod parse;
mod pending;
mod questions;
mod retry;
mod session;
mod strand;
mod verb;
mod words;

use std::fs::File;
use std::sync::Arc;

use serde_json::Value;

pub(crate) use self::calls::Caller;
pub(crate) use self::event::DurableEvent;
pub(crate) use self::operation::ErrorObject;
pub(crate) use self::outcome::Outcome;
pub(crate) use self::session::{Session, Verdict};
use super::channel::Channel;
use super::logs::driver_text::DriverText;
use super::logs::{Log, Owner};

/// What the shell of a step says for its context: a step has none.
const IN_STEP: &str = "-";
/// The most bytes of the result of a step, as Lambda keeps it.
const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// The most bytes of the result of a context that are kept. For a larger result the context runs again, as with AWS's SDKs.
const MAX_CONTEXT_BYTES: usize = 256 * 1024;

/// A command of the handler that has failed.
#[derive(Debug)]
pub(crate) struct FailedCommand<'a> {
    pub(crate) status: i32,
    /// BASH_SUBSHELL of the process that ran the command.
    pub(crate) level: u32,
    /// The command, as text.
    pub(crate) command: String,
    /// The operation, such as "the step `charge`".
    pub(crate) what: String,
    pub(crate) stdout: &'a [u8],
    /// Where the stack records of the command begin in their file.
    pub(crate) trace_start: u64,
    /// The file of the stack records and the last lines of stderr, for the branches of parallel work.
    pub(crate) branch: Option<(File, String)>,
}

/// The execution of the event, as a session sees it.
pub(crate) trait Surroundings {
    /// Where pipes and files are made.
    fn channel(&self) -> &Channel;
    /// What the log of a branch needs.
    fn log(&self) -> (&Log, Owner, &Arc<DriverText>);
    /// Whether lines of the repeated part of a handler are left out.
    fn mutes_repeats(&self) -> bool;
    /// Reads the log lines that the handler has written so far.
    fn read_log(&mut self);
    /// Gives the log lines that follow more members, or leaves the lines out.
    fn label_log(&mut self, members: Arc<Vec<(&'static str, Value)>>, is_repeated: bool);
    /// A command begins: returns where its stack records will begin.
    fn mark(&mut self) -> u64;
    /// Describes a failed command.
    fn error(&mut self, failed: &FailedCommand) -> ErrorObject;
}
