//! Turns the end of an execution into a response or a failure.

use std::io::{Read, Seek, SeekFrom};

use super::convention::Stream;
use super::execution::Execution;
use super::{Phase, Shell};
use crate::runtime::failure::{
    CustomError, Ending, Evidence, Failure, HandlerFailure, Place, TimedOut, Timeout, advice_on_missing_entry,
    advice_on_undeclared_array,
};
use crate::runtime::logs::Level;
use crate::runtime::stack::{self, Record};

/// How much of a failed handler's stdout is logged.
const STDOUT_TAIL_BYTES: usize = 4 * 1024;
/// BASH_SUBSHELL of the subshell that runs an event.
const EVENT_SUBSHELL: u32 = 1;

impl Execution<'_, '_> {
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.drain_stderr();
        let ended = (self.succeeded || self.done.is_some()) && !self.stdout_open;
        let answer = match (self.timeout.take(), self.done) {
            _ if self.has_verdict() => Ok(()),
            (Some(timeout), _) => Err(self.timed_out(timeout)),
            _ if !ended => Err(self.shell_died()),
            (None, Some(status)) if status != 0 && !self.succeeded => Err(self.handler_failed(status)),
            _ => self.response.complete(),
        };
        self.shell.keep_log(self.turn, self.lines);
        answer
    }

    fn shell_died(&mut self) -> Failure {
        let Phase::Dead(status) = self.shell.phase else { return Failure::ShellDied { status: None } };
        Failure::ShellDied { status }
    }

    /// The error that the handler printed to stdout. If it printed other text, the end of that text is logged, because it is
    /// never sent.
    fn custom_error(&self) -> Option<CustomError> {
        let printed = self.response.unsent();
        let custom_error = CustomError::parse(printed);
        if custom_error.is_none() && !printed.is_empty() && self.shell.convention.response == Stream::Stdout {
            let tail = String::from_utf8_lossy(&printed[printed.len().saturating_sub(STDOUT_TAIL_BYTES)..]);
            let message = format!("the failed handler's stdout, which is not sent, ends with: {}", tail.trim_end());
            self.shell.host.log.say(Level::Warn, self.lines.owner(), &message);
        }
        custom_error
    }

    /// The end of the handler's stderr. If stderr is the response, a failed handler's stderr is logged like that of any other
    /// handler.
    fn error_text(&mut self) -> String {
        if self.shell.convention.response == Stream::Stderr {
            self.lines.feed(self.response.unsent());
            self.lines.finish();
        }
        self.lines.tail()
    }

    fn handler_failed(&mut self, status: i32) -> Failure {
        let custom_error = self.custom_error();
        let stderr = self.error_text();
        let records = self.shell.stack_records(self.turn);
        let evidence = self.shell.evidence(&records, EVENT_SUBSHELL, &stderr);
        let place = match Ending::of_command(status) {
            Ending::Status(status) => evidence.failure().or_else(|| evidence.without_records(status)),
            Ending::Signal(_) => evidence.failure(),
        };
        let ending = Ending::of_subshell(status, place.as_ref());
        let advice = if self.shell.has_event_array {
            advice_on_missing_entry(&stderr, &self.invocation.event)
        } else {
            place.as_ref().and_then(|place| advice_on_undeclared_array(&place.command, &stderr))
        };
        let failure = self.shell.failure(ending, place, stderr, custom_error);
        Failure::Handler(Box::new(HandlerFailure { event_advice: advice, ..failure }))
    }

    fn timed_out(&mut self, timeout: Timeout) -> Failure {
        let stderr = self.error_text();
        let records = self.shell.stack_records(self.turn);
        let place = self.shell.evidence(&records, EVENT_SUBSHELL, &stderr).at_timeout(timeout.running.is_empty());
        let place = place.or_else(|| self.shell.evidence(&records, EVENT_SUBSHELL, &stderr).place_of_exec());
        let ending = Ending::of_command(self.done.unwrap_or_default());
        let handler = self.shell.failure(ending, place, stderr, None);
        Failure::TimedOut(Box::new(TimedOut { handler, timeout }))
    }
}

impl Shell {
    /// Drops the records of earlier events, which are of failures that their handlers handled.
    pub(super) fn forget_records(&mut self) {
        let file = &self.pipes.trace.file;
        if file.metadata().is_ok_and(|file| file.len() > 0) {
            // Records of other events are ignored anyway; this saves memory.
            drop(file.set_len(0));
        }
    }

    /// Reads the stack records and empties their file.
    pub(super) fn read_trace(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        let file = &mut self.pipes.trace.file;
        // If the file cannot be read, the report has no location; everything else still works.
        drop(file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut records)));
        drop(file.set_len(0));
        records
    }

    /// Parses the stack records of turn `turn` and empties their file.
    pub(super) fn stack_records(&mut self, turn: u64) -> Vec<Record> {
        let records = self.read_trace();
        stack::records(&records, turn, &self.pipes.driver)
    }

    /// Collects the evidence about a failure at BASH_SUBSHELL `level`.
    pub(super) fn evidence<'a>(&'a self, records: &'a [Record], level: u32, stderr: &'a str) -> Evidence<'a> {
        Evidence::new(records, level, stderr, self.handler.name(), self.handler.file())
    }

    /// Makes the failure of the handler or the script.
    pub(super) fn failure(
        &self,
        ending: Ending,
        place: Option<Place>,
        stderr: String,
        custom_error: Option<CustomError>,
    ) -> HandlerFailure {
        HandlerFailure {
            function: self.handler.name(),
            script: self.handler.file().to_owned(),
            task_root: self.task_root.clone(),
            ending,
            place,
            stderr,
            custom_error,
            event_source: self.convention.event,
            event_advice: None,
        }
    }
}
