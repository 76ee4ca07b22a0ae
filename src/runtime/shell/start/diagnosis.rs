//! Finds out why Bash ended before it had sourced the script.

use std::process::ExitStatus;

use super::{ShellStart, Step};
use crate::runtime::failure::{Ending, Failure};
use crate::runtime::shell::status::Status;
use crate::runtime::shell::{Phase, posix};

/// The turn in which the script is sourced.
const SOURCING_TURN: u64 = 0;
/// BASH_SUBSHELL while the script is sourced.
const SOURCING_SUBSHELL: u32 = 0;

impl ShellStart {
    /// Finds the failure of a Bash that has ended too early.
    pub(super) fn explain(mut self) -> Result<Step, Failure> {
        self.lines.finish();
        let Phase::Dead(Some(status)) = self.shell.phase else {
            return Err(Failure::ShellDied { status: None });
        };
        if let Some(Status::TooOld(version)) = self.statuses.iter().find(|status| matches!(status, Status::TooOld(_))) {
            return Err(Failure::BashTooOld { version: version.clone() });
        }
        if self.statuses.contains(&Status::NoFunction) {
            return Err(self.function_missing());
        }
        if !self.statuses.contains(&Status::DriverStarted) {
            return self.again_over_fifos(status);
        }
        if self.shell.failed_forks > 0 {
            return Err(Failure::NoSubshell { status: status.code().unwrap_or_default() });
        }
        if self.may_need_posix_mode()
            && let Some(file) = posix::parsed_in_posix_mode_only(&self.lines.tail(), &self.config)
        {
            return self.again_in_posix_mode(&format!("Bash can parse `{}` in POSIX mode only", file.display()));
        }
        Err(self.script_failed(status))
    }

    fn function_missing(&mut self) -> Failure {
        // `declare -F` prints a line each: declare -f NAME
        let text = String::from_utf8_lossy(&self.shell.read_trace()).into_owned();
        let declared = text.lines().filter_map(|line| line.trim_start_matches('\0').strip_prefix("declare -f"));
        let names = declared.filter_map(|line| line.split_whitespace().last());
        let defined = names.filter(|name| !self.scan.functions.contains(name)).map(str::to_owned).collect();
        let handler = &self.shell.handler;
        let script = handler.file().strip_prefix(&self.shell.task_root).unwrap_or(handler.file()).to_owned();
        Failure::FunctionMissing { function: handler.name(), script, defined }
    }

    fn script_failed(&mut self, status: ExitStatus) -> Failure {
        use std::os::unix::process::ExitStatusExt;
        let stderr = self.lines.tail();
        let records = self.shell.stack_records(SOURCING_TURN);
        let place = self.shell.evidence(&records, SOURCING_SUBSHELL, &stderr).failure();
        let ending = match status.signal() {
            Some(signal) => Ending::of_command(128 + signal),
            None => Ending::Status(status.code().unwrap_or_default()),
        };
        let failure = Box::new(self.shell.failure(ending, place, stderr, None));
        if self.prepared {
            Failure::AfterRestore(failure)
        } else if self.statuses.contains(&Status::Sourced) {
            Failure::BeforeSnapshot(failure)
        } else {
            Failure::ScriptFailed(failure)
        }
    }
}
