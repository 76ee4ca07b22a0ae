//! One operation of an execution, as the service keeps it.

use serde_json::{Map, Value, json};

/// Milliseconds since 1970.
pub(super) type Milliseconds = u64;

/// Where a description of an operation goes: an event has times in milliseconds, an answer of the API in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Event,
    Answer,
}

/// One operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: Option<String>,
    /// Such as `STEP`.
    pub(super) kind: String,
    pub(super) sub_type: Option<String>,
    /// Such as `STARTED`.
    pub(super) status: &'static str,
    pub(super) started: Milliseconds,
    pub(super) ended: Option<Milliseconds>,
    /// How many attempts of a step have ended.
    pub(super) attempts: u64,
    pub(super) result: Option<String>,
    pub(super) error: Option<Value>,
    /// When a wait ends, or the next attempt of a step is due.
    pub(super) due: Option<Milliseconds>,
    pub(super) callback_id: Option<String>,
    /// When a callback times out, when its heartbeat does, and how long a heartbeat is good for, in milliseconds.
    pub(super) times_out: Option<Milliseconds>,
    pub(super) heartbeat_due: Option<Milliseconds>,
    pub(super) heartbeat: Milliseconds,
    pub(super) replays_children: bool,
    /// The target and the payload of a chained invocation.
    pub(super) function: Option<String>,
    pub(super) payload: Option<String>,
    /// The change of the execution in which this operation changed last.
    pub(super) changed: u64,
}

impl Record {
    /// Whether the operation will not change any more.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.status, "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "CANCELLED" | "STOPPED")
    }

    /// When the operation changes by itself.
    pub(super) fn next_change(&self) -> Option<Milliseconds> {
        match (self.kind.as_str(), self.status) {
            ("WAIT", "STARTED") | ("STEP", "PENDING") => self.due,
            ("CALLBACK", "STARTED") => self.times_out.into_iter().chain(self.heartbeat_due).min(),
            _ => None,
        }
    }

    /// The operation as JSON.
    pub(super) fn json(&self, form: Form) -> Value {
        let time = |time: Milliseconds| match form {
            Form::Event => json!(time),
            #[expect(clippy::cast_precision_loss, reason = "exact for thousands of years")]
            Form::Answer => json!(time as f64 / 1000.0),
        };
        let mut operation = Map::new();
        let mut put = |name: &str, value: Value| drop(operation.insert(name.to_owned(), value));
        put("Id", self.id.as_str().into());
        put("Type", self.kind.as_str().into());
        put("Status", self.status.into());
        put("StartTimestamp", time(self.started));
        for (name, text) in [("ParentId", &self.parent), ("Name", &self.name), ("SubType", &self.sub_type)] {
            if let Some(text) = text {
                put(name, text.as_str().into());
            }
        }
        if let Some(ended) = self.ended {
            put("EndTimestamp", time(ended));
        }
        let mut details = Map::new();
        if let Some(result) = &self.result {
            details.insert("Result".into(), result.as_str().into());
        }
        if let Some(error) = &self.error {
            details.insert("Error".into(), error.clone());
        }
        let name = match self.kind.as_str() {
            "EXECUTION" => {
                details.clear();
                details.insert("InputPayload".into(), self.payload.as_deref().unwrap_or_default().into());
                "ExecutionDetails"
            }
            "STEP" => {
                details.insert("Attempt".into(), self.attempts.into());
                if let Some(due) = self.due.filter(|_| self.status == "PENDING") {
                    details.insert("NextAttemptTimestamp".into(), time(due));
                }
                "StepDetails"
            }
            "WAIT" => {
                details.insert("ScheduledEndTimestamp".into(), self.due.map_or(Value::Null, time));
                "WaitDetails"
            }
            "CALLBACK" => {
                details.insert("CallbackId".into(), self.callback_id.as_deref().unwrap_or_default().into());
                "CallbackDetails"
            }
            "CHAINED_INVOKE" => "ChainedInvokeDetails",
            _ => {
                details.insert("ReplayChildren".into(), self.replays_children.into());
                "ContextDetails"
            }
        };
        put(name, details.into());
        operation.into()
    }
}
