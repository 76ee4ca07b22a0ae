//! Starts Bash once more in another way: in POSIX mode, or over FIFOs.

use std::process::ExitStatus;

use super::{ShellStart, Step, no_channel};
use crate::runtime::channel::Channel;
use crate::runtime::config::Config;
use crate::runtime::failure::Failure;
use crate::runtime::host::Host;
use crate::runtime::logs::{Level, Owner};
use crate::runtime::shell::Shell;

impl ShellStart {
    /// Whether POSIX mode is off, but may be turned on if the script turns out to need it.
    pub(super) fn may_need_posix_mode(&self) -> bool {
        self.config.posix.is_empty() && self.shell.convention.posix && self.scan.apostrophe.is_none()
    }

    /// Ends this Bash and starts a new one that sources the script in POSIX mode. The `reason` is logged.
    pub(super) fn again_in_posix_mode(mut self, reason: &str) -> Result<Step, Failure> {
        self.lines.finish();
        let script = self.shell.handler.file().display();
        let message = format!(
            "script `{script}` is sourced once more, in POSIX mode: {reason}; set COSHELL_POSIX=1 to start in POSIX mode"
        );
        self.shell.host.log.say(Level::Warn, &Owner::default(), &message);
        self.shell.end();
        let config = Config { posix: "1".to_owned(), ..self.config.clone() };
        let Shell { handler, host, pipes, turn, .. } = &self.shell;
        let channel = match pipes.channel {
            Channel::Proc(_) => Channel::proc(),
            Channel::Fifos(_) => Channel::fifos().map_err(no_channel)?,
        };
        let start = ShellStart::over(channel, &config, handler, host, *turn)?;
        Ok(Step::Again(Box::new(start)))
    }

    /// Starts Bash again with FIFOs below /tmp if Bash could not open its driver below /proc.
    pub(super) fn again_over_fifos(self, status: ExitStatus) -> Result<Step, Failure> {
        let could_not_open = matches!(status.code(), Some(126 | 127));
        if matches!(self.shell.pipes.channel, Channel::Fifos(_)) || !could_not_open {
            let bash = self.config.bash.to_string_lossy().into_owned();
            return Err(Failure::BashUnusable { bash, status, output: self.lines.tail() });
        }
        let Shell { handler, host, .. } = &self.shell;
        warn_of_fifos(host);
        let channel = Channel::fifos().map_err(no_channel)?;
        let start = ShellStart::over(channel, &self.config, handler, host, self.shell.turn)?;
        Ok(Step::Again(Box::new(start)))
    }
}

/// Says in the log that FIFOs are used because /proc does not serve.
pub(super) fn warn_of_fifos(host: &Host) {
    let message =
        "Bash cannot open /proc/PID/fd of this process; FIFOs in a private folder below /tmp are used instead";
    host.log.say(Level::Warn, &Owner::default(), message);
}
