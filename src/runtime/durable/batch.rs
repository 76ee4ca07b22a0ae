//! Runs the branches of `durable parallel` and `durable map`: each is a strand with a context of its own.

use serde_json::Value;

use super::Surroundings;
use super::body::{Body, unique};
use super::items::{Batch, EXCEEDED, Item};
use super::operation::{ErrorObject, Identity, Operation, Status};
use super::pending::{Pending, Progress, Stage, Then};
use super::session::Session;
use super::strand::{BranchStart, Strand};
use super::verb::Verb;
use crate::runtime::processes::Process;

/// How many branches run at once at most: each is a process, and takes six descriptors of the runtime.
const MAX_BRANCHES: usize = 60;
impl Session {
    /// Begins parallel work, or repeats it.
    pub(super) fn begin_batch(&mut self, number: usize, pending: &Pending, known: Option<&Operation>) {
        if known.is_none() {
            self.journal.record_start(&pending.identity);
        }
        let is_repeated = known.is_some_and(|known| known.replays_children);
        let pending = Pending { stage: Stage::Branches, ..pending.clone() };
        self.set_stage(number, Stage::Branches);
        self.batches.insert(number, Batch { pending, is_repeated, items: Vec::new() });
    }

    /// Bash has started the branch that it was told to, and asks for the next one.
    pub(super) fn next_branch(&mut self, number: usize, pid: Option<i32>) {
        let Some(batch) = self.batches.get(&number) else { return };
        let started = match batch.items.last() {
            Some(Item::Started { strand }) => *strand,
            _ => None,
        };
        let pending = batch.pending.clone();
        if let Some(branch) = started.and_then(|started| self.strands[started].as_mut()?.branch.as_mut()) {
            branch.pid = pid;
        }
        if let Some(strand) = &mut self.strands[number] {
            strand.pending = Some(pending);
        }
    }

    /// Starts the next branch, or ends the work; `None` if the stage has changed.
    pub(super) fn advance_batch(
        &mut self,
        number: usize,
        pending: &Pending,
        surroundings: &mut dyn Surroundings,
    ) -> Option<Progress> {
        loop {
            let Some(batch) = self.batches.get(&number) else { return Some(Progress::Blocked) };
            if let Some(reason) = batch.reason().filter(|_| !batch.is_repeated || self.is_collected(batch)) {
                self.end_batch(number, pending, reason);
                return None;
            }
            let (settings, count, ..) = batch.settings();
            let running = batch.count(|item| matches!(item, Item::Started { .. }));
            let most = settings.max.unwrap_or(MAX_BRANCHES).min(MAX_BRANCHES);
            let index = batch.items.len();
            let others = self.strands.iter().flatten().count().saturating_sub(1);
            if index >= count || running >= most || (running > 0 && others >= MAX_BRANCHES) {
                return Some(Progress::Blocked);
            }
            let (branch, is_flat, is_repeated) = (batch.branch(index), settings.flat, batch.is_repeated);
            if !is_flat && !self.check(&branch, &pending.identity.id) {
                return Some(Progress::Blocked);
            }
            let known = self.journal.operation(&branch.id).filter(|_| !is_flat).cloned();
            let ended = match &known {
                Some(known) if known.status == Status::Succeeded && !known.replays_children => {
                    Some(Item::Succeeded(known.result.clone().unwrap_or_default()))
                }
                Some(known) if known.status == Status::Failed => {
                    Some(Item::Failed(known.error.clone().unwrap_or_default()))
                }
                Some(known) if is_repeated && !known.has_ended() => Some(Item::Started { strand: None }),
                _ => None,
            };
            match ended {
                Some(item) => self.batches.get_mut(&number)?.items.push(item),
                None => return Some(self.start_branch(number, index, branch, known.as_ref(), surroundings)),
            }
        }
    }

    /// Whether repeated parallel work has every branch that the first run began, and none of them runs any more.
    fn is_collected(&self, batch: &Batch) -> bool {
        let (settings, count, ..) = batch.settings();
        let next = batch.items.len();
        let is_last = next >= count || settings.flat || self.journal.operation(&batch.branch(next).id).is_none();
        is_last && batch.count(|item| matches!(item, Item::Started { strand: Some(_) })) == 0
    }

    fn start_branch(
        &mut self,
        number: usize,
        index: usize,
        branch: Identity,
        known: Option<&Operation>,
        surroundings: &mut dyn Surroundings,
    ) -> Progress {
        let Some(batch) = self.batches.get_mut(&number) else { return Progress::Blocked };
        let (is_flat, pending) = (batch.settings().0.flat, batch.pending.clone());
        let place = self.strands.len();
        let (log, owner, driver_text) = surroundings.log();
        let start = BranchStart { of: number, index, log, owner, driver_text };
        let made = Strand::new(surroundings.channel(), Some(start));
        let stdout = surroundings.channel().reader(&unique("stdout"));
        let (mut strand, stdout) = match made.and_then(|strand| Ok((strand, stdout?))) {
            Ok(made) => made,
            Err(error) => return self.break_off(&format!("no pipes can be made for {}: {error}", branch.words())),
        };
        batch.items.push(Item::Started { strand: Some(place) });
        if known.is_none() && !is_flat {
            self.journal.record_start(&branch);
        }
        let is_repeated = known.is_some_and(|known| known.replays_children);
        let parent = if is_flat { branch.parent.clone() } else { Some(branch.id.clone()) };
        self.contexts.begin(&branch.id, parent, is_repeated, self.journal.operations());
        let mut fields =
            vec!["branch".to_owned(), index.to_string(), stdout.path.display().to_string(), branch.id.clone()];
        fields.extend(strand.paths_of_branch());
        fields.extend(strand.variables().into_iter().map(|(_, path)| path));
        if let Verb::Batch { command, .. } = &pending.verb {
            fields.push(command.clone());
        }
        let context = Some(branch.id.clone());
        let verb = Verb::Child { name: branch.name.clone() };
        let of_branch = Pending { verb, identity: branch.clone(), stage: Stage::Look };
        strand.bodies.push(Body::new(of_branch, branch, context, None, stdout, 0));
        self.strands.push(Some(strand));
        self.label_log(place, surroundings);
        if let Some(strand) = &mut self.strands[number] {
            strand.answer(&fields.iter().map(String::as_str).collect::<Vec<&str>>());
        }
        Progress::Answered
    }

    /// Whether strand `number` is a branch without an operation of its own, whose outermost command has just ended.
    pub(super) fn is_flat_branch(&self, number: usize) -> bool {
        let Some(strand) = &self.strands[number] else { return false };
        let batch = strand.branch.as_ref().and_then(|branch| self.batches.get(&branch.of));
        strand.bodies.is_empty() && batch.is_some_and(|batch| batch.settings().0.flat)
    }

    /// Notes the result of a branch whose outermost command has ended.
    pub(super) fn note_end_of_branch(&mut self, number: usize, result: Result<String, ErrorObject>) {
        let Some(strand) = &mut self.strands[number] else { return };
        let Some(branch) = strand.branch.as_mut().filter(|_| strand.bodies.is_empty()) else { return };
        branch.lines.finish();
        let (of, index) = (branch.of, branch.index);
        if let Some(item) = self.batches.get_mut(&of).and_then(|batch| batch.items.get_mut(index)) {
            *item = result.map_or_else(Item::Failed, Item::Succeeded);
        }
        self.strands[number] = None;
    }

    /// Ends the branches that still run, and records the result.
    fn end_batch(&mut self, number: usize, pending: &Pending, reason: &str) {
        let Some(batch) = self.batches.remove(&number) else { return };
        let result = batch.result(reason);
        for (index, item) in batch.items.iter().enumerate() {
            if let Item::Started { strand: Some(strand) } = item {
                self.journal.forget(&batch.branch(index).id);
                self.end_strand(*strand);
            }
        }
        let text = result.to_string();
        let ticket = if batch.is_repeated { 0 } else { self.record_success(&pending.identity, &text) };
        let then = if reason == EXCEEDED { Then::FailBatch(text) } else { Then::Return(text) };
        self.set_stage(number, Stage::Recording(ticket, then));
    }

    /// Kills the processes of a strand, and of the branches that it waits for.
    fn end_strand(&mut self, number: usize) {
        for item in self.batches.remove(&number).map(|batch| batch.items).unwrap_or_default() {
            if let Item::Started { strand: Some(strand) } = item {
                self.end_strand(strand);
            }
        }
        let branch = self.strands[number].take().and_then(|mut strand| {
            strand.read_output();
            strand.branch.take()
        });
        let Some(mut branch) = branch else { return };
        branch.lines.finish();
        if let Some(pid) = branch.pid {
            let all = Process::find(pid).into_iter().chain(Process::descendants(pid));
            all.collect::<Vec<Process>>().iter().for_each(Process::kill);
        }
    }

    /// Returns the result of parallel work, with status 1 if too many branches have failed.
    pub(super) fn return_batch(&mut self, number: usize, text: &str) -> Progress {
        let result: Value = serde_json::from_str(text).unwrap_or_default();
        if result["completionReason"] != EXCEEDED {
            return self.succeed(number, text);
        }
        let failed = result["all"].as_array().into_iter().flatten().find(|item| item["status"] == "FAILED");
        let error = failed.map(|item| &item["error"]).unwrap_or(&Value::Null);
        let text_of = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        if let Some(strand) = &mut self.strands[number] {
            strand.answer(&["return", "1", text]);
            strand.has_failed = true;
            strand.last_error = Some(ErrorObject::new(&text_of("errorType"), text_of("errorMessage")));
        }
        Progress::Answered
    }
}
