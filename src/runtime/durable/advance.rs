//! Goes on with the operations that strands have asked for, as far as the history and the recorded updates allow.

use serde_json::{Value, json};

use super::Surroundings;
use super::context::below;
use super::journal::Ticket;
use super::operation::{ErrorObject, Identity, Kind, Operation, Status};
use super::pending::{Pending, Progress, Stage, Then};
use super::retry::Retry;
use super::session::{Session, Verdict};
use super::verb::{Limits, Verb};

impl Session {
    /// Goes on with the operation that strand `number` waits for.
    pub(super) fn advance(&mut self, number: usize, surroundings: &mut dyn Surroundings) -> Progress {
        loop {
            let Some(pending) = self.strands[number].as_ref().and_then(|strand| strand.pending.clone()) else {
                return Progress::Blocked;
            };
            match pending.stage {
                Stage::Look => {}
                Stage::Branches => match self.advance_batch(number, &pending, surroundings) {
                    Some(progress) => return progress,
                    None => continue,
                },
                Stage::Recording(ticket, _) if !self.journal.is_recorded(ticket) => return Progress::Waiting,
                Stage::Recording(_, Then::Look) => {
                    self.set_stage(number, Stage::Look);
                    continue;
                }
                Stage::Recording(_, Then::Run) => return self.run_attempt(number, &pending, surroundings),
                Stage::Recording(_, Then::Return(text)) => return self.succeed(number, &text),
                Stage::Recording(_, Then::Fail(error)) => return self.fail(number, error),
                Stage::Recording(_, Then::FailBatch(text)) => return self.return_batch(number, &text),
            }
            if let Some(progress) = self.look(number, &pending, surroundings) {
                return progress;
            }
        }
    }

    /// Does what the history says; `None` if the stage has changed.
    fn look(&mut self, number: usize, pending: &Pending, surroundings: &mut dyn Surroundings) -> Option<Progress> {
        let identity = &pending.identity;
        let known = match &pending.verb {
            Verb::Await { callback_id } => {
                self.journal.operations().find(|operation| operation.callback_id.as_ref() == Some(callback_id)).cloned()
            }
            _ => self.journal.operation(&identity.id).cloned(),
        };
        match (&pending.verb, known) {
            (Verb::Callback { .. }, Some(known)) => match &known.callback_id {
                Some(id) => Some(self.succeed(number, id)),
                None => Some(self.break_off("Lambda has given no id for a callback")),
            },
            (Verb::Batch { .. }, Some(known)) if known.status == Status::Succeeded && !known.replays_children => {
                Some(self.return_batch(number, &known.result.unwrap_or_default()))
            }
            (_, Some(known)) if known.status == Status::Succeeded && !known.replays_children => {
                Some(self.succeed(number, &known.result.unwrap_or_default()))
            }
            (_, Some(Operation { status: Status::Failed, error, .. })) => {
                Some(self.fail(number, error.unwrap_or_default()))
            }
            (Verb::Step { at_most_once, .. }, known) => {
                self.look_at_attempts(number, pending, known.as_ref(), *at_most_once, surroundings)
            }
            (Verb::Until { .. }, known) => self.look_at_attempts(number, pending, known.as_ref(), false, surroundings),
            (Verb::WaitForCallback { limits, .. }, known) => {
                self.look_at_callback(number, pending, known.as_ref(), *limits, surroundings)
            }
            (Verb::Child { .. }, known) => {
                if known.is_none() {
                    self.journal.record_start(identity);
                }
                let is_repeated = known.is_some_and(|known| known.replays_children);
                Some(self.run_context(number, pending, is_repeated, surroundings))
            }
            (Verb::Batch { .. }, known) => {
                self.begin_batch(number, pending, known.as_ref());
                None
            }
            (_, Some(_)) => Some(Progress::Blocked),
            (verb, None) => {
                let ticket = self.journal.record(identity, "START", start_members(verb));
                self.set_stage(number, Stage::Recording(ticket, Then::Look));
                None
            }
        }
    }

    /// A step, a condition, or the step that sends a callback's id.
    fn look_at_attempts(
        &mut self,
        number: usize,
        pending: &Pending,
        known: Option<&Operation>,
        at_most_once: bool,
        surroundings: &mut dyn Surroundings,
    ) -> Option<Progress> {
        match known.map(|known| known.status) {
            None | Some(Status::Ready) => {
                let attempted = self.attempted(pending);
                if at_most_once {
                    let ticket = self.journal.record(&attempted, "START", Value::Null);
                    self.set_stage(number, Stage::Recording(ticket, Then::Run));
                    return None;
                }
                self.journal.record_start(&attempted);
                Some(self.run_attempt(number, pending, surroundings))
            }
            Some(Status::Started) if at_most_once => {
                let message = format!("{} was interrupted, and it may run only once", pending.identity.words());
                let error = ErrorObject::new("Function.StepInterrupted", message);
                let attempt = known.map_or(1, |known| known.attempts + 1);
                self.fail_attempt(number, pending, attempt, error);
                None
            }
            Some(Status::Started) => Some(self.run_attempt(number, pending, surroundings)),
            Some(Status::Pending | Status::Succeeded | Status::Failed) => Some(Progress::Blocked),
        }
    }

    /// A context that holds a callback, and a step that sends its id to somebody.
    fn look_at_callback(
        &mut self,
        number: usize,
        pending: &Pending,
        known: Option<&Operation>,
        limits: Limits,
        surroundings: &mut dyn Surroundings,
    ) -> Option<Progress> {
        let context = &pending.identity;
        if known.is_none() {
            self.journal.record_start(context);
        }
        let callback = part(context, 1, Kind::Callback, "Callback", "create callback id");
        let Some(created) = self.journal.operation(&callback.id).cloned() else {
            let ticket = self.journal.record(&callback, "START", callback_members(limits));
            self.set_stage(number, Stage::Recording(ticket, Then::Look));
            return None;
        };
        let submitter = self.journal.operation(&self.attempted(pending).id).cloned();
        match submitter.as_ref().map(|submitter| (submitter.status, submitter.error.clone())) {
            Some((Status::Failed, error)) => self.end_context(number, pending, Err(error.unwrap_or_default())),
            Some((Status::Succeeded, _)) => match (created.status, created.error) {
                (Status::Succeeded, _) => self.end_context(number, pending, Ok(created.result.unwrap_or_default())),
                (Status::Failed, error) => self.end_context(number, pending, Err(error.unwrap_or_default())),
                _ => return Some(Progress::Blocked),
            },
            _ => return self.look_at_attempts(number, pending, submitter.as_ref(), false, surroundings),
        }
        None
    }

    /// The operation whose attempts a command is: of a wait for a callback, the step inside.
    pub(super) fn attempted(&self, pending: &Pending) -> Identity {
        let of = &pending.identity;
        if of.sub_type == "WaitForCallback" { part(of, 2, Kind::Step, "Step", "submitter") } else { of.clone() }
    }

    /// Records the end of a context: an error, or a result.
    pub(super) fn end_context(&mut self, number: usize, pending: &Pending, result: Result<String, ErrorObject>) {
        let identity = &pending.identity;
        let (ticket, then) = match result {
            Ok(text) => (self.record_success(identity, &text), Then::Return(text)),
            Err(error) => (self.journal.record(identity, "FAIL", json!({"Error": error.json()})), Then::Fail(error)),
        };
        self.set_stage(number, Stage::Recording(ticket, then));
    }

    /// Records the result of a context. A large result is not kept: the context runs again for it. So does a context with an open callback,
    /// which is not in later histories otherwise.
    pub(super) fn record_success(&mut self, identity: &Identity, text: &str) -> Ticket {
        let more = if text.len() > super::MAX_CONTEXT_BYTES || self.has_open_callback(&identity.id) {
            json!({"Payload": "", "ContextOptions": {"ReplayChildren": true}})
        } else {
            json!({"Payload": text})
        };
        self.journal.record(identity, "SUCCEED", more)
    }

    /// Whether a callback in context `id` has no answer yet.
    fn has_open_callback(&self, id: &str) -> bool {
        let prefix = format!("{id}-");
        let is_open = |operation: &Operation| operation.callback_id.is_some() && !operation.has_ended();
        self.journal.operations().any(|operation| is_open(operation) && operation.id.starts_with(&prefix))
    }

    /// Records a failed attempt: another one follows, or the step has failed. Returns whether another one follows.
    pub(super) fn fail_attempt(&mut self, number: usize, pending: &Pending, attempt: u32, error: ErrorObject) -> bool {
        let retry = match &pending.verb {
            Verb::Step { retry, .. } | Verb::WaitForCallback { retry, .. } => retry.clone(),
            _ => Retry { attempts: 1, ..Retry::of_condition() },
        };
        let identity = self.attempted(pending);
        let is_worth = error.error_type != super::bodies::UNFIT && retry.takes(&error.error_type);
        let delay = retry.delay_after(attempt).filter(|_| is_worth);
        let (ticket, then) = match delay {
            Some(delay) => {
                let more = json!({"Error": error.json(), "StepOptions": {"NextAttemptDelaySeconds": delay}});
                (self.journal.record(&identity, "RETRY", more), Then::Look)
            }
            None => {
                let ticket = self.journal.record(&identity, "FAIL", json!({"Error": error.json()}));
                let is_part = identity.id != pending.identity.id;
                (ticket, if is_part { Then::Look } else { Then::Fail(error) })
            }
        };
        self.set_stage(number, Stage::Recording(ticket, then));
        delay.is_some()
    }

    pub(super) fn set_stage(&mut self, number: usize, stage: Stage) {
        if let Some(pending) = self.strands[number].as_mut().and_then(|strand| strand.pending.as_mut()) {
            pending.stage = stage;
        }
    }

    pub(super) fn succeed(&mut self, number: usize, text: &str) -> Progress {
        if let Some(strand) = &mut self.strands[number] {
            strand.answer(&["return", "0", text]);
            strand.has_failed = false;
        }
        self.note_end_of_branch(number, Ok(text.to_owned()));
        Progress::Answered
    }

    pub(super) fn fail(&mut self, number: usize, error: ErrorObject) -> Progress {
        if let Some(strand) = &mut self.strands[number] {
            strand.answer(&["return", &error.status().to_string(), ""]);
            strand.last_error = Some(error.clone());
            strand.has_failed = true;
        }
        self.note_end_of_branch(number, Err(error));
        Progress::Answered
    }

    pub(super) fn break_off(&mut self, sentence: &str) -> Progress {
        self.verdict = Some(Verdict::Broken(sentence.to_owned()));
        Progress::Blocked
    }
}

/// An operation that `durable` itself puts into a context.
fn part(of: &Identity, number: usize, kind: Kind, sub_type: &'static str, name: &str) -> Identity {
    let name = of.name.as_ref().map_or_else(|| name.to_owned(), |of| format!("{of} {name}"));
    Identity { id: below(&of.id, number), parent: Some(of.id.clone()), name: Some(name), kind, sub_type }
}

/// What the START of an operation without a command has beside its identity.
fn start_members(verb: &Verb) -> Value {
    match verb {
        Verb::Wait { seconds, .. } => json!({"WaitOptions": {"WaitSeconds": seconds}}),
        Verb::Callback { limits, .. } => callback_members(*limits),
        Verb::Invoke { function, payload, tenant, .. } => {
            let mut options = json!({"FunctionName": function});
            if let Some(tenant) = tenant {
                options["TenantId"] = tenant.as_str().into();
            }
            json!({"Payload": payload, "ChainedInvokeOptions": options})
        }
        _ => Value::Null,
    }
}

fn callback_members(limits: Limits) -> Value {
    json!({"CallbackOptions": {"TimeoutSeconds": limits.timeout, "HeartbeatTimeoutSeconds": limits.heartbeat}})
}
