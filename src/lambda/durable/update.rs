//! One update of a checkpoint.

use serde_json::{Value, json};

use super::record::{Milliseconds, Record};
use super::refusal::Refusal;

/// One update.
#[derive(Clone, Debug, Default)]
pub(super) struct Update {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) sub_type: Option<String>,
    pub(super) action: String,
    pub(super) payload: Option<String>,
    pub(super) error: Option<Value>,
    /// The members of the options, whichever they are.
    pub(super) options: Value,
}

/// The name of the options of each type.
const OPTIONS: [&str; 5] = ["StepOptions", "WaitOptions", "CallbackOptions", "ChainedInvokeOptions", "ContextOptions"];

impl Update {
    /// Reads an update.
    ///
    /// # Errors
    /// When a member that every update has is missing.
    pub(super) fn read(value: &Value) -> Result<Update, Refusal> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let needed = |name: &str| text(name).ok_or_else(|| Refusal::parameter(&format!("Missing {name}")));
        let options = OPTIONS.into_iter().map(|name| &value[name]).find(|options| options.is_object());
        Ok(Update {
            id: needed("Id")?,
            parent: text("ParentId"),
            name: text("Name"),
            kind: needed("Type")?,
            sub_type: text("SubType"),
            action: needed("Action")?,
            payload: text("Payload"),
            error: Some(value["Error"].clone()).filter(Value::is_object),
            options: options.cloned().unwrap_or_default(),
        })
    }

    /// A number of the options; 0 if it is absent.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.options[name].as_u64().unwrap_or_default()
    }

    /// The operation that this begins.
    pub(super) fn new_record(&self, now: Milliseconds) -> Record {
        Record {
            id: self.id.clone(),
            parent: self.parent.clone(),
            name: self.name.clone(),
            kind: self.kind.clone(),
            sub_type: self.sub_type.clone(),
            status: "STARTED",
            started: now,
            ..Record::default()
        }
    }

    /// Changes the operation.
    pub(super) fn change(&self, record: &mut Record, now: Milliseconds) {
        match self.action.as_str() {
            "START" => {
                record.status = "STARTED";
                record.due = (self.kind == "WAIT").then(|| now + self.number("WaitSeconds") * 1000);
                let limit = |name: &str| Some(self.number(name)).filter(|limit| *limit > 0).map(|limit| limit * 1000);
                record.times_out = limit("TimeoutSeconds").map(|limit| now + limit);
                record.heartbeat = limit("HeartbeatTimeoutSeconds").unwrap_or_default();
                record.heartbeat_due = limit("HeartbeatTimeoutSeconds").map(|limit| now + limit);
                record.function = self.options["FunctionName"].as_str().map(str::to_owned);
                if self.kind == "CHAINED_INVOKE" {
                    record.payload.clone_from(&self.payload);
                }
            }
            "RETRY" => {
                record.status = "PENDING";
                record.attempts += 1;
                record.due = Some(now + self.number("NextAttemptDelaySeconds") * 1000);
                record.result.clone_from(&self.payload);
                record.error.clone_from(&self.error);
            }
            action => {
                record.status = match action {
                    "SUCCEED" => "SUCCEEDED",
                    "CANCEL" => "CANCELLED",
                    _ => "FAILED",
                };
                record.ended = Some(now);
                record.attempts += u64::from(self.kind == "STEP");
                record.result.clone_from(&self.payload);
                record.error.clone_from(&self.error);
                record.replays_children = self.options["ReplayChildren"] == json!(true);
            }
        }
    }
}
