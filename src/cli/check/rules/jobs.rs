//! Background jobs whose failure `wait` hides.

use super::{Found, Shell, warning};
use crate::cli::check::code::Code;

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    for (file, _, wait) in shell.commands().filter(|(_, _, command)| command.name() == Some("wait")) {
        let beside = || file.script.commands.iter().filter(|command| command.function == wait.function);
        let has_jobs = beside().any(|command| command.background);
        let is_watched = beside().any(|command| command.name() == Some("wait") && command.words.len() > 1);
        if wait.words.len() == 1 && has_jobs && !is_watched && !wait.handled {
            let message = "`wait` without a pid succeeds even if a background job failed: keep the pid of each job (`job & pids+=(\"$!\")`), and \
                           wait for each (`for pid in \"${pids[@]}\"; do wait \"$pid\"; done`)";
            found.push(warning(&file.path, wait.position, Code::UnwatchedJob, message.to_owned()));
        }
    }
}
