//! Runs the commands of steps and contexts, and records what came of them.

use serde_json::json;

use super::body::{Body, unique};
use super::operation::{ErrorObject, Identity};
use super::pending::{Pending, Progress, Stage, Then};
use super::retry::Retry;
use super::session::Session;
use super::verb::Verb;
use super::{MAX_PAYLOAD_BYTES, Surroundings};

/// The exit status of a condition's command that asks for another attempt.
const NOT_YET: i32 = 1;
/// The type of the error of a result that cannot be kept. Another attempt would not help.
pub(super) const UNFIT: &str = "Function.UnfitResult";

impl Session {
    /// Lets the strand run the command of an attempt.
    pub(super) fn run_attempt(
        &mut self,
        number: usize,
        pending: &Pending,
        surroundings: &mut dyn Surroundings,
    ) -> Progress {
        let identity = self.attempted(pending);
        let known = self.journal.operation(&identity.id);
        let attempt = known.map_or(1, |known| known.attempts + 1);
        let mut variables = vec![format!("DURABLE_ATTEMPT={attempt}")];
        match &pending.verb {
            Verb::Until { initial, .. } => {
                let state = known.and_then(|known| known.result.clone()).unwrap_or_else(|| initial.clone());
                variables.push(format!("DURABLE_STATE={state}"));
            }
            Verb::WaitForCallback { .. } => {
                let callback = self.journal.operation(&super::context::below(&pending.identity.id, 1));
                let id = callback.and_then(|callback| callback.callback_id.clone()).unwrap_or_default();
                variables.push(format!("DURABLE_CALLBACK_ID={id}"));
            }
            _ => {}
        }
        self.run(number, pending, identity, None, Some(attempt), &variables, surroundings)
    }

    /// Lets the strand run the command of a context.
    pub(super) fn run_context(
        &mut self,
        number: usize,
        pending: &Pending,
        is_repeated: bool,
        surroundings: &mut dyn Surroundings,
    ) -> Progress {
        let identity = pending.identity.clone();
        let id = identity.id.clone();
        self.contexts.begin(&id, Some(id.clone()), is_repeated, self.journal.operations());
        self.run(number, pending, identity, Some(id), None, &[], surroundings)
    }

    #[expect(clippy::too_many_arguments, reason = "each of them is another thing, and there are two callers")]
    fn run(
        &mut self,
        number: usize,
        pending: &Pending,
        identity: Identity,
        context: Option<String>,
        attempt: Option<u32>,
        variables: &[String],
        surroundings: &mut dyn Surroundings,
    ) -> Progress {
        let stdout = match surroundings.channel().reader(&unique("stdout")) {
            Ok(stdout) => stdout,
            Err(error) => return self.break_off(&format!("no pipe can be made for {}: {error}", identity.words())),
        };
        let Some(strand) = &mut self.strands[number] else { return Progress::Blocked };
        let trace_start = match &mut strand.branch {
            Some(branch) => {
                branch.lines.forget_tail();
                branch.trace.file.metadata().map_or(0, |file| file.len())
            }
            None => surroundings.mark(),
        };
        let path = stdout.path.display().to_string();
        let inner = context.clone().unwrap_or_else(|| super::IN_STEP.to_owned());
        let mut fields = vec!["run", &path, &inner];
        fields.extend(variables.iter().map(String::as_str));
        strand.answer(&fields);
        let pending = Pending { stage: Stage::Look, ..pending.clone() };
        let mut body = Body::new(pending, identity, context, attempt, stdout, trace_start);
        body.error_before = strand.last_error.take();
        strand.bodies.push(body);
        Progress::Answered
    }

    /// Records a failed attempt for each step that runs, because the time limit has come. Returns whether another attempt follows.
    pub(crate) fn fail_running(&mut self, error: &ErrorObject) -> bool {
        let mut follows = false;
        for number in 0..self.strands.len() {
            let Some(strand) = &mut self.strands[number] else { continue };
            if let Some(body) = strand.bodies.last_mut().filter(|body| body.ended.is_some()) {
                body.close(); // the command has ended; only processes that it left behind hold its output
                self.finish_body(number);
                continue;
            }
            let Some(body) = strand.bodies.pop_if(|body| body.attempt.is_some()) else { continue };
            strand.pending = Some(body.pending.clone());
            let message = format!("{}: {}", body.identity.words(), error.message);
            let error = ErrorObject { message, ..error.clone() };
            follows |= self.fail_attempt(number, &body.pending, body.attempt.unwrap_or(1), error);
        }
        follows
    }

    /// If the innermost command of a strand has ended and all of its output is there, records its result.
    pub(super) fn finish_body(&mut self, number: usize) {
        let Some(strand) = &mut self.strands[number] else { return };
        if !strand.bodies.last().is_some_and(Body::is_over) {
            return;
        }
        let Some(mut body) = strand.bodies.pop() else { return };
        strand.last_error = body.error_before.take();
        strand.pending = Some(body.pending.clone());
        let pending = body.pending.clone();
        let (status, error) = body.ended.clone().unwrap_or_default();
        let result = match error {
            Some(error) => Err(error),
            None => result(&body),
        };
        match (&pending.verb, body.attempt) {
            (Verb::Until { retry, .. }, Some(attempt)) => {
                self.end_check(number, &pending, retry, attempt, status, &body, result)
            }
            (_, Some(attempt)) => match result {
                Ok(text) => {
                    let identity = self.attempted(&pending);
                    let ticket = self.journal.record(&identity, "SUCCEED", json!({"Payload": text}));
                    let is_part = identity.id != pending.identity.id;
                    let then = if is_part { Then::Look } else { Then::Return(text) };
                    self.set_stage(number, Stage::Recording(ticket, then));
                }
                Err(error) => {
                    self.fail_attempt(number, &pending, attempt, error);
                }
            },
            (_, None) => self.finish_context(number, &pending, result),
        }
    }

    /// A context that is repeated, or that has no operation of its own, is not recorded again.
    fn finish_context(&mut self, number: usize, pending: &Pending, result: Result<String, ErrorObject>) {
        let known = self.journal.operation(&pending.identity.id);
        let is_recorded = known.is_some_and(super::operation::Operation::has_ended);
        if is_recorded || self.is_flat_branch(number) {
            let then = result.map_or_else(Then::Fail, Then::Return);
            self.set_stage(number, Stage::Recording(0, then));
        } else {
            self.end_context(number, pending, result);
        }
    }

    /// The command of a condition: 0 is met, 1 is not yet, anything else is a failure.
    #[expect(clippy::too_many_arguments, reason = "the parts of one result")]
    fn end_check(
        &mut self,
        number: usize,
        pending: &Pending,
        retry: &Retry,
        attempt: u32,
        status: i32,
        body: &Body,
        met: Result<String, ErrorObject>,
    ) {
        let identity = &pending.identity;
        let state = if status == NOT_YET { result(body) } else { met };
        let (ticket, then) = match (state, retry.delay_after(attempt)) {
            (Ok(state), Some(delay)) if status == NOT_YET => {
                let more = json!({"Payload": state, "StepOptions": {"NextAttemptDelaySeconds": delay}});
                (self.journal.record(identity, "RETRY", more), Then::Look)
            }
            (Ok(_), None) if status == NOT_YET => {
                let message = format!("{} was not met after {attempt} attempts", identity.words());
                let error = ErrorObject::new("Function.ConditionNotMet", message);
                (self.journal.record(identity, "FAIL", json!({"Error": error.json()})), Then::Fail(error))
            }
            (Ok(text), _) => (self.journal.record(identity, "SUCCEED", json!({"Payload": text})), Then::Return(text)),
            (Err(error), _) => {
                (self.journal.record(identity, "FAIL", json!({"Error": error.json()})), Then::Fail(error))
            }
        };
        self.set_stage(number, Stage::Recording(ticket, then));
    }
}

/// The output of a command as a result: text without trailing newlines, of at most 1 MB.
fn result(body: &Body) -> Result<String, ErrorObject> {
    let words = body.identity.words();
    let unfit = |message: String| Err(ErrorObject::new(UNFIT, message));
    let end = body.output.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let limit = if body.attempt.is_some() { MAX_PAYLOAD_BYTES } else { usize::MAX };
    if end > limit || body.output_bytes > body.output.len() as u64 {
        return unfit(format!(
            "the result of {words} has {} bytes, and Lambda keeps at most {MAX_PAYLOAD_BYTES}: store it in a file or in S3, and return where it is",
            body.output_bytes
        ));
    }
    if let Some(place) = memchr::memchr(0, &body.output[..end]) {
        return unfit(format!(
            "the result of {words} has a NUL byte at {place}, which Bash cannot keep: encode it, with base64 for example"
        ));
    }
    match std::str::from_utf8(&body.output[..end]) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => unfit(format!(
            "the result of {words} is not UTF-8 at byte {}: encode it, with base64 for example",
            error.valid_up_to()
        )),
    }
}
