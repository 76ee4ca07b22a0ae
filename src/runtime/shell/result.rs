//! How a turn ended: its response, or why there is none.

use std::io::{Read, Seek, SeekFrom};

use super::convention::Stream;
use super::execution::Turn;
use super::{Phase, Shell};
use crate::runtime::failure::{
    Ending, Evidence, Failure, HandlerFailure, Overdue, OwnError, Place, TimedOut, advice_on_missing_entry,
};
use crate::runtime::logs::Level;
use crate::runtime::stack::{self, Record};

/// What goes to the log of a failed handler's stdout, at most.
const STDOUT_TAIL_BYTES: usize = 4 * 1024;
/// BASH_SUBSHELL of the subshell that runs an event.
const OF_AN_EVENT: u32 = 1;

impl Turn<'_, '_> {
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.drain_stderr();
        let ended = (self.succeeded || self.done.is_some()) && !self.stdout_open;
        let answer = match (self.overdue.take(), self.done) {
            (Some(overdue), _) => Err(self.timed_out(overdue)),
            _ if !ended => Err(self.shell_died()),
            (None, Some(status)) if status != 0 && !self.succeeded => Err(self.handler_failed(status)),
            _ => self.response.complete(),
        };
        self.shell.keep_log(self.number, self.lines);
        answer
    }

    fn shell_died(&mut self) -> Failure {
        let Phase::Dead(status) = self.shell.phase else { return Failure::ShellDied { status: None } };
        Failure::ShellDied { status }
    }

    /// The error that the handler printed as its own; otherwise the end of what it printed goes to the log, since it is never sent.
    fn own_error(&self) -> Option<OwnError> {
        let printed = self.response.unsent();
        let own = OwnError::parse(printed);
        if own.is_none() && !printed.is_empty() && self.shell.convention.response == Stream::Stdout {
            let tail = String::from_utf8_lossy(&printed[printed.len().saturating_sub(STDOUT_TAIL_BYTES)..]);
            let told = format!("the failed handler's stdout, which is not sent, ends with: {}", tail.trim_end());
            self.shell.host.log.say(Level::Warn, self.lines.owner(), &told);
        }
        own
    }

    /// The end of the handler's stderr. Where that is its response, a failure makes it what it is elsewhere: lines of the log.
    fn error_text(&mut self) -> String {
        if self.shell.convention.response == Stream::Stderr {
            self.lines.feed(self.response.unsent());
            self.lines.finish();
        }
        self.lines.tail()
    }

    fn handler_failed(&mut self, status: i32) -> Failure {
        let own = self.own_error();
        let stderr = self.error_text();
        let records = self.shell.stack_records(self.number);
        let evidence = self.shell.evidence(&records, OF_AN_EVENT, &stderr);
        let place = match Ending::of_command(status) {
            Ending::Status(status) => evidence.failure().or_else(|| evidence.without_records(status)),
            Ending::Signal(_) => evidence.failure(),
        };
        let ending = Ending::of_subshell(status, place.as_ref());
        let event_advice =
            advice_on_missing_entry(&stderr, &self.invocation.event).filter(|_| self.shell.has_event_array);
        let failure = self.shell.failure(ending, place, stderr, own);
        Failure::Handler(Box::new(HandlerFailure { event_advice, ..failure }))
    }

    fn timed_out(&mut self, overdue: Overdue) -> Failure {
        let stderr = self.error_text();
        let records = self.shell.stack_records(self.number);
        let place = self.shell.evidence(&records, OF_AN_EVENT, &stderr).overdue(overdue.running.is_empty());
        let place = place.or_else(|| self.shell.evidence(&records, OF_AN_EVENT, &stderr).replaced());
        let ending = Ending::of_command(self.done.unwrap_or_default());
        let handler = self.shell.failure(ending, place, stderr, None);
        Failure::TimedOut(Box::new(TimedOut { handler, overdue }))
    }
}

impl Shell {
    /// Drops what is left of the events before: records of failures that their handlers coped with.
    pub(super) fn forget_records(&mut self) {
        let file = &self.plumbing.trace.file;
        if file.metadata().is_ok_and(|file| file.len() > 0) {
            // A record of another event is ignored anyway; what is at stake is memory.
            drop(file.set_len(0));
        }
    }

    /// The stack records so far; empties the file.
    pub(super) fn read_trace(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        let file = &mut self.plumbing.trace.file;
        // A file that cannot be read costs the report its place, nothing else.
        drop(file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut records)));
        drop(file.set_len(0));
        records
    }

    /// The stack records of turn `turn`; empties their file.
    pub(super) fn stack_records(&mut self, turn: u64) -> Vec<Record> {
        let records = self.read_trace();
        stack::records(&records, turn, &self.plumbing.driver)
    }

    /// What is known of a failure at BASH_SUBSHELL `level`.
    pub(super) fn evidence<'a>(&'a self, records: &'a [Record], level: u32, stderr: &'a str) -> Evidence<'a> {
        Evidence::new(records, level, stderr, self.handler.name(), self.handler.file())
    }

    /// A failure of the handler, or of the script.
    pub(super) fn failure(
        &self,
        ending: Ending,
        place: Option<Place>,
        stderr: String,
        own: Option<OwnError>,
    ) -> HandlerFailure {
        HandlerFailure {
            function: self.handler.name(),
            script: self.handler.file().to_owned(),
            task_root: self.task_root.clone(),
            ending,
            place,
            stderr,
            own,
            event_advice: None,
        }
    }
}
