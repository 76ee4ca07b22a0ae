//! The channel to one strand of the handler: the handler itself, or one branch of parallel work. A strand asks one question at a time.
//!
//! Bash writes its question to a pipe and then waits at another pipe; the answer is in a file. So no process is started to ask.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use nix::unistd::{read, write};
use serde_json::Value;

use super::ask::{Ask, AskReader, Garbled};
use super::body::{Body, Output, READ_BYTES, forget, unique};
use super::operation::ErrorObject;
use super::pending::Pending;
use crate::runtime::channel::{Channel, PipeEnd, SharedFile};
use crate::runtime::logs::driver_text::DriverText;
use crate::runtime::logs::lines::Lines;
use crate::runtime::logs::{Log, Owner};
use crate::runtime::processes;

/// What belongs to a branch: the handler itself uses the streams of the event.
#[derive(Debug)]
pub(super) struct Branch {
    /// The strand that waits for the branches, and the index of this one.
    pub(super) of: usize,
    pub(super) index: usize,
    stderr: Output,
    pub(super) lines: Lines,
    pub(super) trace: SharedFile,
    /// The process, after the other strand has reported it.
    pub(super) pid: Option<i32>,
}

/// One strand.
#[derive(Debug)]
pub(super) struct Strand {
    ask: PipeEnd,
    asks: AskReader,
    answer: PipeEnd,
    reply: SharedFile,
    pub(super) branch: Option<Branch>,
    /// The commands that run, the innermost last.
    pub(super) bodies: Vec<Body>,
    /// The operation whose answer the strand waits for.
    pub(super) pending: Option<Pending>,
    pub(super) last_error: Option<ErrorObject>,
    /// Whether the last operation that ended has failed.
    pub(super) has_failed: bool,
    /// What the next answer ends with.
    pub(super) key: String,
}

impl Drop for Strand {
    fn drop(&mut self) {
        let trace = self.branch.as_ref().map(|branch| &branch.trace.path);
        [&self.ask.path, &self.answer.path, &self.reply.path].into_iter().chain(trace).for_each(|path| forget(path));
    }
}

/// Where a branch is, and what its log needs.
pub(super) struct BranchStart<'a> {
    pub(super) of: usize,
    pub(super) index: usize,
    pub(super) log: &'a Log,
    pub(super) owner: Owner,
    pub(super) driver_text: &'a Arc<DriverText>,
}

impl Strand {
    /// Creates the pipes and files.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub(super) fn new(channel: &Channel, branch: Option<BranchStart>) -> io::Result<Strand> {
        let name = unique;
        let branch = match branch {
            None => None,
            Some(start) => Some(Branch {
                of: start.of,
                index: start.index,
                stderr: Output::new(channel.reader(&name("stderr"))?),
                lines: start.log.lines(start.owner).without(start.driver_text),
                trace: channel.file(&name("trace"), b"")?,
                pid: None,
            }),
        };
        Ok(Strand {
            ask: channel.endless_reader(&name("ask"))?,
            asks: AskReader::default(),
            answer: channel.writer(&name("answer"))?,
            reply: channel.file(&name("reply"), b"")?,
            branch,
            bodies: Vec::new(),
            pending: None,
            last_error: None,
            has_failed: false,
            key: String::new(),
        })
    }

    /// The paths by which Bash reaches the strand, as variables of the driver.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Path| path.display().to_string();
        vec![
            ("__coshell_durable_ask", path(&self.ask.path)),
            ("__coshell_durable_answer", path(&self.answer.path)),
            ("__coshell_durable_reply", path(&self.reply.path)),
        ]
    }

    /// The paths of a branch's stderr and stack records.
    pub(super) fn paths_of_branch(&self) -> [String; 2] {
        let of =
            |branch: &Branch| [branch.stderr.end.path.display().to_string(), branch.trace.path.display().to_string()];
        self.branch.as_ref().map(of).unwrap_or_default()
    }

    /// The pipes to wait for.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let written = self.outputs().filter(|output| !output.has_no_writer).map(|output| &output.end);
        std::iter::once(&self.ask).chain(written).map(|end| end.fd.as_fd())
    }

    fn outputs(&self) -> impl Iterator<Item = &Output> {
        let stderr = self.branch.as_ref().map(|branch| &branch.stderr);
        self.bodies.iter().filter_map(|body| body.stdout.as_ref()).chain(stderr)
    }

    /// Whether a pipe has to be looked at although nobody writes it yet.
    pub(super) fn has_unopened_output(&self) -> bool {
        self.outputs().any(|output| output.has_no_writer)
    }

    /// Reads the output of commands, and the log of a branch.
    pub(super) fn read_output(&mut self) {
        self.bodies.iter_mut().for_each(Body::read);
        let Some(branch) = &mut self.branch else { return };
        branch.stderr.read(|bytes| branch.lines.feed(bytes));
    }

    /// Reads the next question.
    ///
    /// # Errors
    /// When the bytes are no question.
    pub(super) fn next_ask(&mut self) -> Result<Option<Ask>, Garbled> {
        let mut buffer = [0; READ_BYTES];
        while let Ok(count @ 1..) = read(&self.ask.fd, &mut buffer) {
            self.asks.feed(&buffer[..count]);
        }
        self.asks.next()
    }

    /// Answers the strand's question. A strand that was killed meanwhile gets no answer.
    pub(super) fn answer(&mut self, fields: &[&str]) {
        self.pending = None;
        let mut bytes = Vec::new();
        for field in fields.iter().copied().chain([self.key.as_str()]) {
            bytes.extend(field.bytes().filter(|byte| *byte != 0));
            bytes.push(0);
        }
        let written = self.reply.file.set_len(0).and_then(|()| self.reply.file.write_all_at(&bytes, 0));
        if written.is_ok() {
            let _ = write(&self.answer.fd, b"a");
        }
    }

    /// Whether a command runs, and no answer is awaited.
    pub(super) fn runs(&self) -> bool {
        self.pending.is_none() && self.bodies.last().is_none_or(|body| body.ended.is_none())
    }

    /// Whether the process of a branch is gone, and has not reported its end so far.
    pub(super) fn has_died(&self) -> bool {
        let pid = self.branch.as_ref().and_then(|branch| branch.pid);
        let is_running = self.bodies.first().is_some_and(|body| body.ended.is_none());
        is_running && pid.is_some_and(|pid| !processes::exists(pid))
    }

    /// The context in which the strand is; `None` inside a step.
    pub(super) fn context(&self) -> Option<&str> {
        self.bodies.last().map_or(Some(""), |body| body.context.as_deref())
    }

    /// The members that log lines get from the innermost operation.
    pub(super) fn log_members(&self) -> Vec<(&'static str, Value)> {
        let Some(body) = self.bodies.last() else { return Vec::new() };
        let identity = &body.identity;
        let name = identity.name.as_ref().map(|name| ("operationName", name.as_str().into()));
        let attempt = body.attempt.map(|attempt| ("attempt", attempt.into()));
        [("operationId", identity.id.as_str().into())].into_iter().chain(name).chain(attempt).collect()
    }
}
