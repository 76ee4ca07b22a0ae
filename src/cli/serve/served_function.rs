//! A served function: its queue, and the values that Lambda's API reports about it.

use std::time::{Duration, SystemTime};

use super::log_prefix::LogPrefix;
use super::queue::Queue;
use crate::lambda::environment::Settings;
use crate::lambda::identifiers::{random_trace_id, random_uuid, region};
use crate::lambda::invocation::{Bytes, Invoke};

/// A function with its queue.
#[derive(Debug)]
pub(super) struct ServedFunction {
    pub(super) name: String,
    /// The function's name inside its template, by which it can be invoked too.
    pub(super) logical_id: Option<String>,
    pub(super) queue: Queue,
    pub(super) timeout: Duration,
    pub(super) description: Description,
    pub(super) log_prefix: LogPrefix,
}

impl ServedFunction {
    /// An event for the function, with a new request id.
    pub(super) fn invoke(&self, payload: Bytes) -> Invoke {
        let (request_id, trace_id) = (random_uuid(), Some(random_trace_id()));
        let function_arn = Some(self.arn());
        Invoke { payload, request_id, timeout: self.timeout, function_arn, trace_id, ..Invoke::default() }
    }

    pub(super) fn arn(&self) -> String {
        arn_of(&self.name)
    }
}

/// The ARN of a function without a qualifier, with the account id that AWS uses in its examples.
pub(super) fn arn_of(name: &str) -> String {
    format!("arn:aws:lambda:{}:123456789012:function:{name}", region())
}

/// The values that the API reports about the function.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub(super) handler: String,
    pub(super) memory_mb: u32,
    pub(super) since: SystemTime,
    pub(super) revision_id: String,
}

impl Description {
    /// Describes the function of `settings`.
    pub(super) fn of(settings: &Settings) -> Description {
        let handler = settings.function.handler.clone();
        Description { handler, memory_mb: settings.memory_mb, since: SystemTime::now(), revision_id: random_uuid() }
    }
}
