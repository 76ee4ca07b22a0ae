//! The operations of an execution, as Lambda records them. Source: the service model 2015-03-31 in botocore 1.44.8.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::runtime::failure::shortened;

/// Numbers above this are milliseconds since 1970, those below are seconds: events have the former, answers of the API the latter.
const MOST_SECONDS: f64 = 1e11;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Execution,
    Context,
    Step,
    Wait,
    Callback,
    ChainedInvoke,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Kind::Execution => "EXECUTION",
            Kind::Context => "CONTEXT",
            Kind::Step => "STEP",
            Kind::Wait => "WAIT",
            Kind::Callback => "CALLBACK",
            Kind::ChainedInvoke => "CHAINED_INVOKE",
        }
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Started,
    /// A failed attempt of a step: the next attempt is not due yet.
    Pending,
    /// The next attempt of a step is due.
    Ready,
    Succeeded,
    /// Failed, timed out, cancelled or stopped.
    Failed,
}

/// The error of an operation or execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ErrorObject {
    pub(crate) error_type: String,
    pub(crate) message: String,
    /// The exit status that `durable` returns for it, in digits.
    pub(crate) data: Option<String>,
    pub(crate) stack: Vec<String>,
}

/// The most bytes of an error's message. The fields of one error may have 1 MB together; AWS's local runner takes 32 KiB.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;

impl ErrorObject {
    /// An error without exit status and stack.
    pub(crate) fn new(error_type: &str, message: impl Into<String>) -> ErrorObject {
        ErrorObject { error_type: error_type.to_owned(), message: message.into(), ..ErrorObject::default() }
    }

    fn of(value: &Value) -> ErrorObject {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let stack = value["StackTrace"].as_array().into_iter().flatten();
        ErrorObject {
            error_type: text("ErrorType").unwrap_or_default(),
            message: text("ErrorMessage").unwrap_or_default(),
            data: text("ErrorData"),
            stack: stack.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// The exit status that `durable` returns.
    pub(super) fn status(&self) -> u8 {
        self.data.as_ref().and_then(|data| data.parse().ok()).filter(|status| *status > 0).unwrap_or(1)
    }

    pub(crate) fn json(&self) -> Value {
        let message = shortened(&self.message, MAX_MESSAGE_BYTES);
        let mut error = json!({"ErrorType": self.error_type, "ErrorMessage": message});
        if let Some(data) = &self.data {
            error["ErrorData"] = data.as_str().into();
        }
        if !self.stack.is_empty() {
            error["StackTrace"] = self.stack.clone().into();
        }
        error
    }

    /// The error as a handler prints its own: `{"errorType": …, "errorMessage": …}`.
    pub(super) fn own_json(&self) -> String {
        json!({"errorType": self.error_type, "errorMessage": self.message}).to_string()
    }
}

/// What must not change when the handler runs again: an operation at the same place must be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
    /// What AWS's SDKs call the operation; empty for the execution itself.
    pub(super) sub_type: &'static str,
}

impl Identity {
    /// An update of this operation with an action such as `START`.
    pub(super) fn update(&self, action: &str) -> Map<String, Value> {
        let mut update = Map::new();
        update.insert("Id".into(), self.id.as_str().into());
        if let Some(parent) = &self.parent {
            update.insert("ParentId".into(), parent.as_str().into());
        }
        if let Some(name) = &self.name {
            update.insert("Name".into(), name.as_str().into());
        }
        update.insert("Type".into(), self.kind.word().into());
        if !self.sub_type.is_empty() {
            update.insert("SubType".into(), self.sub_type.into());
        }
        update.insert("Action".into(), action.into());
        update
    }

    /// The operation in words, such as "the step `charge`".
    pub(super) fn words(&self) -> String {
        let kind = match self.sub_type {
            "Step" => "step",
            "Wait" => "wait",
            "Callback" => "callback",
            "ChainedInvoke" => "invocation",
            "WaitForCallback" => "wait for a callback",
            "WaitForCondition" => "condition",
            "Parallel" => "parallel work",
            "Map" => "map",
            "ParallelBranch" | "MapIteration" => "branch",
            _ => "child context",
        };
        match &self.name {
            Some(name) => format!("the {kind} `{name}`"),
            None => format!("the {kind} {}", self.id),
        }
    }
}

/// One operation of the history.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) id: String,
    parent: Option<String>,
    name: Option<String>,
    kind: String,
    sub_type: Option<String>,
    pub(super) status: Status,
    /// How many attempts of a step have ended.
    pub(super) attempts: u32,
    pub(super) result: Option<String>,
    pub(super) error: Option<ErrorObject>,
    /// When a wait ends, or when the next attempt of a step is due.
    pub(super) due: Option<SystemTime>,
    pub(super) callback_id: Option<String>,
    /// Whether the result of a context was too large to be stored, so that the context runs again.
    pub(super) replays_children: bool,
    /// The input of the execution.
    pub(super) input: Option<String>,
}

impl Operation {
    /// Reads an operation; `None` if it has no id or an unknown status.
    pub(super) fn of(value: &Value) -> Option<Operation> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let status = match value["Status"].as_str()? {
            "STARTED" => Status::Started,
            "PENDING" => Status::Pending,
            "READY" => Status::Ready,
            "SUCCEEDED" => Status::Succeeded,
            "FAILED" | "TIMED_OUT" | "CANCELLED" | "STOPPED" => Status::Failed,
            _ => return None,
        };
        let details = ["StepDetails", "WaitDetails", "CallbackDetails", "ChainedInvokeDetails", "ContextDetails"];
        let details = details.into_iter().map(|name| &value[name]).find(|details| details.is_object());
        let details = details.unwrap_or(&Value::Null);
        let error = Some(&details["Error"]).filter(|error| error.is_object()).map(ErrorObject::of);
        let ended_badly = || {
            let ended = value["Status"].as_str().unwrap_or_default();
            ErrorObject::new(&title(ended), format!("the operation has ended with the status {ended}"))
        };
        Some(Operation {
            id: text("Id")?,
            parent: text("ParentId"),
            name: text("Name"),
            kind: text("Type").unwrap_or_default(),
            sub_type: text("SubType"),
            status,
            attempts: details["Attempt"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
            result: details["Result"].as_str().map(str::to_owned),
            error: if status == Status::Failed { Some(error.unwrap_or_else(ended_badly)) } else { error },
            due: time(&details["NextAttemptTimestamp"]).or_else(|| time(&details["ScheduledEndTimestamp"])),
            callback_id: details["CallbackId"].as_str().map(str::to_owned),
            replays_children: details["ReplayChildren"] == Value::Bool(true),
            input: value["ExecutionDetails"]["InputPayload"].as_str().map(str::to_owned),
        })
    }

    pub(super) fn is_execution(&self) -> bool {
        self.kind == Kind::Execution.word()
    }

    /// The context to which the operation belongs; `None` for the handler itself.
    pub(super) fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }

    /// Whether the operation will not change any more.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.status, Status::Succeeded | Status::Failed)
    }

    /// What differs between this operation of the history and the one that the handler asks for now.
    pub(super) fn difference(&self, now: &Identity) -> Option<String> {
        let differs = |what: &str, then: Option<&str>, now: Option<&str>| {
            let shown = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), |text| format!("`{text}`"));
            (then != now).then(|| format!("its {what} was {} and is now {}", shown(then), shown(now)))
        };
        differs("type", Some(&self.kind), Some(now.kind.word()))
            .or_else(|| self.sub_type.as_deref().and_then(|then| differs("subtype", Some(then), Some(now.sub_type))))
            .or_else(|| differs("name", self.name.as_deref(), now.name.as_deref()))
            .or_else(|| differs("parent", self.parent.as_deref(), now.parent.as_deref()))
    }
}

/// `TIMED_OUT` as `TimedOut`.
fn title(status: &str) -> String {
    let word = |word: &str| word.chars().take(1).chain(word.to_lowercase().chars().skip(1)).collect::<String>();
    status.split('_').map(word).collect()
}

fn time(value: &Value) -> Option<SystemTime> {
    let number = value.as_f64().filter(|number| (0.0..1e16).contains(number))?;
    let seconds = if number > MOST_SECONDS { number / 1000.0 } else { number };
    Some(UNIX_EPOCH + Duration::from_secs_f64(seconds))
}
