//! One durable execution: its operations, its history, and the tokens of its checkpoints.

use serde_json::{Value, json};

use super::history::{self, History};
use super::record::{Form, Milliseconds, Record};
use super::refusal::Refusal;
use super::update::Update;
use super::validation;

/// The most operations in an event; further ones come by pages.
const PAGE: usize = 100;

/// How an execution has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// With this result; `None` if there is none.
    Succeeded(Option<String>),
    /// With an error: an object with ErrorType, ErrorMessage, ErrorData and StackTrace, all optional.
    Failed(Value),
}

impl End {
    /// The result, or the error.
    ///
    /// # Errors
    /// The error object of a failed execution.
    pub fn into_result(self) -> Result<Option<String>, Value> {
        match self {
            End::Succeeded(result) => Ok(result),
            End::Failed(error) => Err(error),
        }
    }
}

/// One execution.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) records: Vec<Record>,
    pub(super) history: History,
    pub(super) end: Option<End>,
    /// Numbers the changes.
    change: u64,
    /// The change up to which the function knows everything.
    told: u64,
    token: u64,
    /// The last checkpoint, in case it comes again: its tokens and its answer.
    last: Option<(String, String, Value)>,
    callbacks: u64,
}

impl Execution {
    pub(super) fn begin(arn: String, input: &str, now: Milliseconds) -> Execution {
        let id = arn.rsplit('/').next().unwrap_or(&arn).to_owned();
        let record = Record {
            id,
            kind: "EXECUTION".into(),
            status: "STARTED",
            started: now,
            payload: Some(input.to_owned()),
            ..Record::default()
        };
        let mut history = History::default();
        history.add(now, "ExecutionStarted", &record, json!({"Input": {"Payload": input, "Truncated": false}}));
        Execution {
            arn,
            records: vec![record],
            history,
            end: None,
            change: 0,
            told: 0,
            token: 0,
            last: None,
            callbacks: 0,
        }
    }

    fn token(&self) -> String {
        format!("{}-{}", self.records[0].id, self.token)
    }

    /// The event of the next invocation. Its token is new: an invocation that still runs can record nothing more.
    pub(super) fn event(&mut self, now: Milliseconds) -> Vec<u8> {
        self.pass_time(now);
        self.token += 1;
        let updated: Vec<&str> =
            self.records.iter().filter(|record| record.changed > self.told).map(|record| record.id.as_str()).collect();
        let (page, marker) = self.page(0, PAGE, Form::Event);
        let event = json!({
            "DurableExecutionArn": self.arn,
            "CheckpointToken": self.token(),
            "UpdatedOperationIds": updated,
            "InitialExecutionState": {"Operations": page, "NextMarker": marker.unwrap_or_default()},
        });
        self.told = self.change;
        event.to_string().into_bytes()
    }

    fn page(&self, from: usize, most: usize, form: Form) -> (Vec<Value>, Option<String>) {
        let visible: Vec<&Record> = self.records.iter().filter(|record| self.is_visible(record)).collect();
        let page = visible.iter().skip(from).take(most).map(|record| record.json(form)).collect();
        (page, Some(from + most).filter(|next| *next < visible.len()).map(|next| next.to_string()))
    }

    /// The operations of an ended context are left out, unless the context runs again for its result.
    fn is_visible(&self, record: &Record) -> bool {
        let parent = record.parent.as_ref().and_then(|id| self.records.iter().find(|parent| parent.id == *id));
        parent.is_none_or(|parent| (!parent.has_ended() || parent.replays_children) && self.is_visible(parent))
    }

    /// A page of the operations, for `GET …/state`.
    pub(super) fn state(&self, token: &str, marker: &str, most: usize) -> Result<Value, Refusal> {
        self.check_token(token)?;
        let from =
            if marker.is_empty() { 0 } else { marker.parse().map_err(|_| Refusal::parameter("Invalid marker"))? };
        let (page, marker) = self.page(from, most.clamp(1, 1000), Form::Answer);
        Ok(json!({"Operations": page, "NextMarker": marker}))
    }

    fn check_token(&self, token: &str) -> Result<(), Refusal> {
        if token == self.token() && self.end.is_none() {
            return Ok(());
        }
        Err(Refusal::parameter("Invalid checkpoint token: it was used before, or the execution has ended"))
    }

    /// Records the updates of a checkpoint, all or none, and answers what has changed.
    pub(super) fn checkpoint(&mut self, body: &Value, now: Milliseconds) -> Result<Value, Refusal> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (token, client_token) = (text("CheckpointToken"), text("ClientToken"));
        if let Some((last_token, last_client_token, answer)) = &self.last
            && (*last_token == token && *last_client_token == client_token && !client_token.is_empty())
        {
            return Ok(answer.clone());
        }
        self.check_token(&token)?;
        let updates: Vec<&Value> = body["Updates"].as_array().into_iter().flatten().collect();
        let updates = updates.into_iter().map(Update::read).collect::<Result<Vec<Update>, Refusal>>()?;
        validation::check(&updates, &self.records)?;
        self.pass_time(now);
        for update in updates {
            self.apply(update, now);
        }
        self.token += 1;
        let changed = self.records.iter().filter(|record| record.changed > self.told && self.is_visible(record));
        let changed: Vec<Value> = changed.map(|record| record.json(Form::Answer)).collect();
        let mut answer = json!({"NewExecutionState": {"Operations": changed}});
        if self.end.is_none() {
            answer["CheckpointToken"] = self.token().into();
        }
        self.told = self.change;
        self.last = Some((token, client_token, answer.clone()));
        Ok(answer)
    }

    fn apply(&mut self, update: Update, now: Milliseconds) {
        self.change += 1;
        if update.kind == "EXECUTION" {
            let end = match update.action.as_str() {
                "SUCCEED" => End::Succeeded(update.payload),
                _ => End::Failed(update.error.unwrap_or_default()),
            };
            return self.finish(end, now);
        }
        let place = self.records.iter().position(|record| record.id == update.id);
        let place = place.unwrap_or_else(|| {
            self.records.push(update.new_record(now));
            self.records.len() - 1
        });
        if update.action == "START" && update.kind == "CALLBACK" {
            self.callbacks += 1;
            self.records[place].callback_id = Some(format!("callback-{}-{}", self.callbacks, self.records[0].id));
        }
        let record = &mut self.records[place];
        record.changed = self.change;
        update.change(record, now);
        let (event, details) = history::of_update(&update, record);
        self.history.add(now, event, record, details);
    }

    /// Lets waits end, retries become due, and callbacks time out.
    pub(super) fn pass_time(&mut self, now: Milliseconds) {
        for place in 0..self.records.len() {
            let record = &mut self.records[place];
            let Some(at) = record.next_change().filter(|at| *at <= now) else { continue };
            self.change += 1;
            record.changed = self.change;
            match record.kind.as_str() {
                "STEP" => record.status = "READY",
                "WAIT" => {
                    (record.status, record.ended) = ("SUCCEEDED", Some(at));
                    let duration = at.saturating_sub(record.started) / 1000;
                    self.history.add(at, "WaitSucceeded", record, json!({"Duration": duration}));
                }
                _ => {
                    let is_heartbeat = record.heartbeat_due == Some(at);
                    let what = if is_heartbeat { "no heartbeat came in time" } else { "no answer came in time" };
                    let kind = if is_heartbeat { "Callback.Heartbeat" } else { "Callback.Timeout" };
                    let error = json!({"ErrorType": kind, "ErrorMessage": format!("Callback timed out: {what}")});
                    (record.status, record.ended, record.error) = ("TIMED_OUT", Some(at), Some(error.clone()));
                    self.history.add(at, "CallbackTimedOut", record, json!({"Error": {"Payload": error}}));
                }
            }
        }
    }

    /// When the next operation changes by itself.
    pub(super) fn next_change(&self) -> Option<Milliseconds> {
        self.records.iter().filter_map(Record::next_change).min()
    }

    /// Whether something has changed that the function does not know.
    pub(super) fn has_news(&self) -> bool {
        self.change > self.told
    }

    /// Ends operation `id` from outside: a callback, or a chained invocation.
    pub(super) fn complete(&mut self, id: &str, result: Result<Option<String>, Value>, now: Milliseconds) {
        self.change += 1;
        let Some(record) = self.records.iter_mut().find(|record| record.id == id) else { return };
        record.changed = self.change;
        record.ended = Some(now);
        let prefix = if record.kind == "CALLBACK" { "Callback" } else { "ChainedInvoke" };
        let details = match &result {
            Ok(text) => json!({"Result": {"Payload": text}}),
            Err(error) => json!({"Error": {"Payload": error}}),
        };
        match result {
            Ok(text) => (record.status, record.result) = ("SUCCEEDED", text),
            Err(error) => (record.status, record.error) = ("FAILED", Some(error)),
        }
        let event = format!("{prefix}{}", if record.status == "FAILED" { "Failed" } else { "Succeeded" });
        self.history.add(now, &event, record, details);
    }

    /// Ends the execution.
    pub(super) fn finish(&mut self, end: End, now: Milliseconds) {
        let (event, details) = match &end {
            End::Succeeded(result) => ("ExecutionSucceeded", json!({"Result": {"Payload": result}})),
            End::Failed(error) => ("ExecutionFailed", json!({"Error": {"Payload": error}})),
        };
        self.records[0].status = if matches!(end, End::Succeeded(_)) { "SUCCEEDED" } else { "FAILED" };
        self.records[0].ended = Some(now);
        self.history.add(now, event, &self.records[0], details);
        self.end = Some(end);
    }

    /// Notes a heartbeat of one of its callbacks.
    pub(super) fn beat(&mut self, callback: &str, now: Milliseconds) -> bool {
        self.pass_time(now);
        let is_it = |record: &&mut Record| record.callback_id.as_deref() == Some(callback) && !record.has_ended();
        let Some(record) = self.records.iter_mut().find(is_it) else { return false };
        if record.heartbeat > 0 {
            record.heartbeat_due = Some(now + record.heartbeat);
        }
        true
    }
}
