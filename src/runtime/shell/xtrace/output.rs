//! Writes the traced commands of an event to the log, or to a file as one JSON object on each line.
//!
//! `coshell invoke --profile` draws its picture from that file. The file also has the commands of the driver, without their text,
//! and a last line for each event, because a command lasts until the next one begins or the event ends.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::{Step, StepReader, place};
use crate::runtime::config::Config;
use crate::runtime::host::Host;
use crate::runtime::logs::{Level, Owner};
use crate::runtime::shell::execution::Execution;
use crate::runtime::shell::io::{Read, read_once};

/// The parser of the trace, and the places to which traced commands are written.
#[derive(Debug)]
pub(crate) struct TraceOutput {
    pub(crate) steps: StepReader,
    to_log: bool,
    file: Option<File>,
}

impl TraceOutput {
    /// Opens the outputs that `config` sets. A file that cannot be opened is reported in the log.
    pub(crate) fn new(config: &Config, host: &Host) -> TraceOutput {
        let open = |path: &PathBuf| match OpenOptions::new().create(true).append(true).open(path) {
            Ok(file) => Some(file),
            Err(error) => {
                let message = format!("cannot write the trace to `{}`: {error}", path.display());
                host.log.say(Level::Warn, &Owner::default(), &message);
                None
            }
        };
        let file = config.trace_file.as_ref().and_then(open);
        TraceOutput { steps: StepReader::default(), to_log: config.trace, file }
    }
}

impl Execution<'_, '_> {
    /// Writes the new traced commands, without those of background processes of other events.
    pub(crate) fn write_steps(&mut self) {
        let Some(xtrace) = &self.shell.pipes.xtrace else { return };
        let mut steps = Vec::new();
        while read_once(xtrace, &mut |bytes| steps.extend(self.shell.trace_output.steps.read(bytes))) == Read::Some {}
        steps.retain(|step| step.turn == self.turn);
        let driver = &self.shell.pipes.driver;
        if self.shell.trace_output.to_log {
            for step in steps.iter().filter(|step| !step.is_of(driver)) {
                self.shell.host.log.trace(self.lines.owner(), &step.describe(self.since, &self.shell.task_root));
            }
        }
        if self.shell.trace_output.file.is_some() {
            let both =
                |later: &mut Step, step: &mut Step| step.pid == later.pid && step.is_of(driver) && later.is_of(driver);
            steps.dedup_by(both);
            let lines: String = steps.iter().map(|step| format!("{}\n", self.object(step, driver))).collect();
            self.write_to_file(&lines);
        }
    }

    /// Writes the line that ends the event to the file.
    pub(crate) fn end_trace(&mut self) {
        if self.shell.trace_output.file.is_some() {
            self.write_steps();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let end = json!({ "time": now.as_secs_f64(), "requestId": self.lines.owner().request_id, "end": true });
            self.write_to_file(&format!("{end}\n"));
        }
    }

    fn object(&self, step: &Step, driver: &Path) -> Value {
        let root = &self.shell.task_root;
        let mut object = Map::new();
        object.insert("time".into(), step.time.map(|time| time.as_secs_f64()).into());
        object.insert("requestId".into(), self.lines.owner().request_id.as_deref().into());
        object.insert("pid".into(), step.pid.into());
        object.insert("background".into(), step.background.into());
        object.insert("subshells".into(), step.subshells.into());
        if !step.is_of(driver) {
            let frames = step.frames.iter().filter(|frame| frame.file != *driver);
            object.insert("stack".into(), frames.map(|frame| place(frame, root)).collect());
            object.insert("command".into(), step.command.as_str().into());
        }
        Value::Object(object)
    }

    /// Writes to the file. After an error the trace is given up, and the event goes on.
    fn write_to_file(&mut self, lines: &str) {
        if let Some(file) = &mut self.shell.trace_output.file
            && file.write_all(lines.as_bytes()).is_err()
        {
            self.shell.trace_output.file = None;
        }
    }
}
