//! The history of an execution, event by event, as GetDurableExecutionHistory shows it.

use serde_json::{Map, Value, json};

use super::record::{Milliseconds, Record};
use super::update::Update;

/// The events in order.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) events: Vec<Value>,
}

impl History {
    /// Adds an event about an operation.
    pub(super) fn add(&mut self, at: Milliseconds, kind: &str, record: &Record, details: Value) {
        let mut event = self.begin(at, kind);
        event.insert("Id".into(), record.id.as_str().into());
        for (name, text) in [("ParentId", &record.parent), ("Name", &record.name), ("SubType", &record.sub_type)] {
            if let Some(text) = text {
                event.insert(name.into(), text.as_str().into());
            }
        }
        event.insert(format!("{kind}Details"), details);
        self.events.push(event.into());
    }

    /// Adds the end of an invocation.
    pub(super) fn add_invocation(
        &mut self,
        at: Milliseconds,
        begun: Milliseconds,
        request_id: &str,
        error: Option<Value>,
    ) {
        let mut event = self.begin(at, "InvocationCompleted");
        let mut details =
            json!({"RequestId": request_id, "StartTimestamp": seconds(begun), "EndTimestamp": seconds(at)});
        if let Some(error) = error {
            details["Error"] = json!({"Payload": error});
        }
        event.insert("InvocationCompletedDetails".into(), details);
        self.events.push(event.into());
    }

    fn begin(&self, at: Milliseconds, kind: &str) -> Map<String, Value> {
        let mut event = Map::new();
        event.insert("EventId".into(), (self.events.len() + 1).into());
        event.insert("EventType".into(), kind.into());
        event.insert("EventTimestamp".into(), seconds(at));
        event
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for thousands of years")]
fn seconds(time: Milliseconds) -> Value {
    json!(time as f64 / 1000.0)
}

/// The event that an update makes, and its details. A condition that is not met yet counts as a success of its attempt.
pub(super) fn of_update(update: &Update, record: &Record) -> (&'static str, Value) {
    let result = || json!({"Payload": update.payload});
    let error = || json!({"Payload": update.error});
    let retry = |delay: Option<u64>| {
        let mut retry = json!({"CurrentAttempt": record.attempts});
        if let Some(delay) = delay {
            retry["NextAttemptDelaySeconds"] = delay.into();
        }
        retry
    };
    let delay = || retry(Some(update.number("NextAttemptDelaySeconds")));
    match (update.kind.as_str(), update.action.as_str()) {
        ("STEP", "START") => ("StepStarted", json!({})),
        ("STEP", "SUCCEED") => ("StepSucceeded", json!({"Result": result(), "RetryDetails": retry(None)})),
        ("STEP", "RETRY") if update.error.is_none() => {
            ("StepSucceeded", json!({"Result": result(), "RetryDetails": delay()}))
        }
        ("STEP", "RETRY") => ("StepFailed", json!({"Error": error(), "RetryDetails": delay()})),
        ("STEP", _) => ("StepFailed", json!({"Error": error(), "RetryDetails": retry(None)})),
        ("WAIT", "CANCEL") => ("WaitCancelled", json!({})),
        ("WAIT", _) => (
            "WaitStarted",
            json!({"Duration": update.number("WaitSeconds"), "ScheduledEndTimestamp": record.due.map(seconds)}),
        ),
        ("CALLBACK", _) => (
            "CallbackStarted",
            json!({
                "CallbackId": record.callback_id,
                "Timeout": update.number("TimeoutSeconds"),
                "HeartbeatTimeout": update.number("HeartbeatTimeoutSeconds"),
            }),
        ),
        ("CHAINED_INVOKE", _) => {
            ("ChainedInvokeStarted", json!({"FunctionName": record.function, "Input": {"Payload": record.payload}}))
        }
        (_, "START") => ("ContextStarted", json!({})),
        (_, "SUCCEED") => ("ContextSucceeded", json!({"Result": result()})),
        _ => ("ContextFailed", json!({"Error": error()})),
    }
}
