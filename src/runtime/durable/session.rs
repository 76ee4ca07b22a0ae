//! One invocation of a durable execution: takes the questions of its strands, and decides when the event ends.
//!
//! Nothing here waits. The execution of the event polls the descriptors of the session with its own, and calls
//! [`Session::serve`] when one is ready or a time has come.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::Surroundings;
use super::calls::{CallFailure, Caller};
use super::context::Contexts;
use super::event::DurableEvent;
use super::items::Batch;
use super::journal::Journal;
use super::operation::{ErrorObject, Identity, Kind};
use super::pending::Progress;
use super::strand::Strand;
use crate::runtime::channel::Channel;
use crate::runtime::invocation::Invocation;

/// How often is looked whether the process of a branch still lives.
const LIFE_CHECK: Duration = Duration::from_millis(500);
/// How often a pipe is looked at that nobody has opened yet, or that a running command has closed.
const LOOK: Duration = Duration::from_millis(20);
/// How long after its time an operation is asked for: the service needs a moment.
const DUE_MARGIN: Duration = Duration::from_millis(50);

/// Why the event ends before its handler does.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// All strands wait for something outside: Lambda invokes the function again when it has come.
    Suspended,
    /// Another invocation goes on with the execution, or it has ended.
    Closed,
    /// The execution has failed for good.
    Failed(ErrorObject),
    /// This invocation has failed, and Lambda invokes again.
    Broken(String),
}

/// The invocation of a durable execution.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) journal: Journal,
    caller: Caller,
    pub(super) contexts: Contexts,
    /// The strands; the first one is the handler itself. Those of ended branches are `None`.
    pub(super) strands: Vec<Option<Strand>>,
    /// The parallel work that a strand does, by the strand.
    pub(super) batches: HashMap<usize, Batch>,
    pub(super) verdict: Option<Verdict>,
    /// When the last poll for due operations was.
    polled: Option<SystemTime>,
    lives_checked: Instant,
}

impl Session {
    /// Reads the history of `event`, and makes the channel of the handler.
    ///
    /// # Errors
    /// Why there is no session: another invocation may do better, or not.
    pub(crate) fn begin(
        event: DurableEvent,
        invocation: &Invocation,
        caller: Option<Caller>,
        channel: &Channel,
    ) -> Result<Session, Verdict> {
        let broken =
            |error: std::io::Error| Verdict::Broken(format!("the channel of `durable` cannot be made: {error}"));
        let mut caller = match caller {
            Some(caller) => caller,
            None => Caller::start().map_err(broken)?,
        };
        let end = invocation.remaining().map(|left| Instant::now() + left);
        let journal = Journal::open(event, &invocation.request_id, &mut caller, end).map_err(Verdict::of)?;
        let mut contexts = Contexts::default();
        contexts.begin("", None, false, journal.operations());
        let root = Strand::new(channel, None).map_err(broken)?;
        Ok(Session {
            journal,
            caller,
            contexts,
            strands: vec![Some(root)],
            batches: HashMap::new(),
            verdict: None,
            polled: None,
            lives_checked: Instant::now(),
        })
    }

    /// The input of the execution, as its caller sent it.
    pub(crate) fn input(&self) -> String {
        let execution = self.journal.operations().find(|operation| operation.is_execution());
        execution.and_then(|execution| execution.input.clone()).unwrap_or_default()
    }

    /// The variables that the handler gets.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let strand = self.strands[0].iter().flat_map(Strand::variables);
        [("DURABLE_EXECUTION_ARN", self.journal.arn.clone())].into_iter().chain(strand).collect()
    }

    /// What the descriptors of this session are.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.strands.iter().flatten().flat_map(Strand::descriptors).chain([self.caller.as_fd()])
    }

    /// When [`Session::serve`] must be called even if nothing happens.
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        let life = (self.strands.len() > 1).then(|| self.lives_checked + LIFE_CHECK);
        let until = |due: SystemTime| Instant::now() + due.duration_since(SystemTime::now()).unwrap_or_default();
        let unopened = self.strands.iter().flatten().any(Strand::has_unopened_output);
        let unopened = unopened.then(|| Instant::now() + LOOK);
        [life, unopened, self.journal.due(), self.next_due().map(until)].into_iter().flatten().min()
    }

    /// Why the event must end now.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// The last error that `durable` has returned to the handler itself.
    pub(crate) fn last_error(&self) -> Option<&ErrorObject> {
        self.strands[0].as_ref().filter(|strand| strand.has_failed)?.last_error.as_ref()
    }

    /// The operation that still ran when the handler ended.
    pub(crate) fn unfinished(&self) -> Option<String> {
        let strand = self.strands[0].as_ref()?;
        let body = strand.bodies.last().map(|body| body.identity.words());
        body.or_else(|| Some(strand.pending.as_ref()?.identity.words()))
    }

    /// Takes questions, output and answers, and goes on wherever it can.
    pub(crate) fn serve(&mut self, surroundings: &mut dyn Surroundings) {
        if self.verdict.is_some() {
            return;
        }
        if let Err(failure) = self.journal.take_answer(&mut self.caller) {
            self.verdict = Some(Verdict::of(failure));
            return;
        }
        if self.journal.is_closed() {
            self.verdict = Some(Verdict::Closed);
            return;
        }
        let dead = self.dead_branches();
        self.take_questions(surroundings);
        self.note_deaths(&dead);
        while self.verdict.is_none() && self.advance_all(surroundings) {
            self.take_questions(surroundings);
        }
        self.journal.push(&mut self.caller);
        self.poll_or_suspend();
    }

    /// The branches whose process is gone. What such a process has written is read after this: it may have ended as it should.
    fn dead_branches(&mut self) -> Vec<usize> {
        if self.strands.len() == 1 || self.lives_checked.elapsed() < LIFE_CHECK {
            return Vec::new();
        }
        self.lives_checked = Instant::now();
        let strands = self.strands.iter().enumerate();
        strands.filter(|(_, strand)| strand.as_ref().is_some_and(Strand::has_died)).map(|(number, _)| number).collect()
    }

    /// Notes that these branches were killed, unless they have reported their end.
    fn note_deaths(&mut self, dead: &[usize]) {
        for number in dead {
            let Some(strand) = self.strands[*number].as_mut().filter(|strand| strand.has_died()) else { continue };
            strand.pending = None;
            strand.bodies.truncate(1);
            if let Some(body) = strand.bodies.last_mut() {
                let message = format!("the process of {} was killed", body.identity.words());
                let error = ErrorObject::new("Function.KilledBySignal", message);
                body.ended = Some((137, Some(ErrorObject { data: Some("137".into()), ..error })));
            }
        }
    }

    /// Goes on with every operation that can go on. Returns whether any strand got an answer.
    fn advance_all(&mut self, surroundings: &mut dyn Surroundings) -> bool {
        let mut answered = false;
        for number in 0..self.strands.len() {
            self.finish_body(number);
            let is_answered = self.strands[number].as_ref().is_some_and(|strand| strand.pending.is_some())
                && self.advance(number, surroundings) == Progress::Answered;
            if is_answered {
                self.label_log(number, surroundings);
            }
            answered |= is_answered;
        }
        answered
    }

    /// Gives the log of a strand the members of its innermost operation.
    pub(crate) fn label_log(&mut self, number: usize, surroundings: &mut dyn Surroundings) {
        let Some(strand) = &mut self.strands[number] else { return };
        let is_muted = strand.context().is_some_and(|context| self.contexts.is_repeated(context));
        let mut members: Vec<(&'static str, Value)> = vec![("executionArn", self.journal.arn.as_str().into())];
        members.extend(strand.log_members());
        match &mut strand.branch {
            Some(branch) => branch.lines.label(Arc::new(members), is_muted && surroundings.mutes_repeats()),
            None => surroundings.label_log(Arc::new(members), is_muted),
        }
    }

    /// When the first of the operations that strands wait for is due, if strands run meanwhile.
    fn next_due(&self) -> Option<SystemTime> {
        let runs = self.strands.iter().flatten().any(Strand::runs);
        let waiting = self.strands.iter().flatten().filter_map(|strand| strand.pending.as_ref());
        let due =
            waiting.filter_map(|pending| self.journal.operation(&pending.identity.id)?.due).map(|due| due + DUE_MARGIN);
        due.filter(|due| self.polled.is_none_or(|polled| polled < *due))
            .min()
            .filter(|_| runs && self.journal.is_quiet())
    }

    /// If no strand runs and nothing travels, the event is suspended. If something became due while others run, it is asked for.
    fn poll_or_suspend(&mut self) {
        if self.verdict.is_some() || !self.journal.is_quiet() {
            return;
        }
        let mut strands = self.strands.iter().flatten();
        if !strands.any(|strand| strand.runs() || strand.bodies.iter().any(|body| body.ended.is_some())) {
            self.verdict = Some(Verdict::Suspended);
        } else if self.next_due().is_some_and(|due| due <= SystemTime::now()) {
            self.polled = Some(SystemTime::now());
            self.journal.poll(&mut self.caller);
        }
    }

    /// Waits until everything is recorded, and gives the thread of the calls back.
    ///
    /// # Errors
    /// When a checkpoint has failed.
    pub(crate) fn close(mut self, end: Option<Instant>) -> (Caller, Result<(), Verdict>) {
        let flushed = self.journal.flush(&mut self.caller, end).map_err(Verdict::of);
        (self.caller, flushed)
    }

    /// Records the result of the whole execution, which is too large for the answer.
    ///
    /// # Errors
    /// When the checkpoint has failed.
    pub(crate) fn record_end(&mut self, action: &str, more: Value, end: Option<Instant>) -> Result<(), Verdict> {
        // As AWS's SDKs have it, this is not the id of the operation that holds the input.
        let id = "execution-result".to_owned();
        let identity = Identity { id, parent: None, name: None, kind: Kind::Execution, sub_type: "" };
        self.journal.record(&identity, action, more);
        self.journal.flush(&mut self.caller, end).map_err(Verdict::of)
    }
}

impl Verdict {
    fn of(failure: CallFailure) -> Verdict {
        match failure {
            CallFailure::Passing(sentence) => Verdict::Broken(sentence),
            CallFailure::Lasting(code, sentence) => {
                let code = if code.is_empty() { "Runtime.CheckpointFailed".to_owned() } else { code };
                Verdict::Failed(ErrorObject::new(&code, sentence))
            }
        }
    }
}
