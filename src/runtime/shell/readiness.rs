//! Waits until a subshell is ready to take the event.
//!
//! Nearly always one is ready. Otherwise Bash is still forking it, or something prevents Bash from forking, such as a CHLD trap
//! of the script or a SIGSTOP. The time of the event runs meanwhile.

use std::time::{Duration, Instant};

use super::{Phase, Shell};
use crate::runtime::deadline::Deadline;
use crate::runtime::failure::Failure;
use crate::runtime::logs::{Level, Owner};
use crate::runtime::processes::{Process, list};

/// How often the state is checked during a wait without a time limit.
const LOOK: Duration = Duration::from_secs(1);

impl Shell {
    /// Waits until the subshell is ready, at most until the event must be ended.
    ///
    /// # Errors
    /// When Bash has ended, cannot fork, or is not ready in time.
    pub(super) fn wait_until_ready(&mut self, deadline: &mut Deadline, owner: &Owner) -> Result<(), Failure> {
        while !self.is_ready()? {
            let now = Instant::now();
            let left = deadline.next().map_or(LOOK, |next| next.saturating_duration_since(now)).min(LOOK);
            self.wait(left).map_err(|error| Failure::NoChannel { cause: error.to_string() })?;
            if deadline.warn_at.is_some_and(|warn_at| warn_at <= Instant::now()) {
                deadline.warn_at = None;
                self.warn_of_delay(deadline.started, owner);
            }
            if deadline.end_at.is_some_and(|(end_at, _)| end_at <= Instant::now()) {
                self.end();
                return Err(Failure::ShellBusy { after: deadline.started.elapsed() });
            }
        }
        Ok(())
    }

    fn is_ready(&self) -> Result<bool, Failure> {
        match self.phase {
            Phase::Waiting => Ok(true),
            Phase::Dead(status) if self.failed_forks > 0 => {
                Err(Failure::NoSubshell { status: status.and_then(|status| status.code()).unwrap_or_default() })
            }
            Phase::Dead(status) => Err(Failure::ShellDied { status }),
            Phase::Forking | Phase::Running | Phase::Lingering | Phase::Ending => Ok(false),
        }
    }

    fn warn_of_delay(&self, started: Instant, owner: &Owner) {
        let below = Process::descendants(i32::try_from(self.bash.id()).unwrap_or_default());
        let what = if below.is_empty() { "nothing".to_owned() } else { list(&below) };
        let message = format!(
            "the time limit is near; after {:.1} s the event has not begun: Bash is not ready; processes below Bash: {what}",
            started.elapsed().as_secs_f64()
        );
        self.host.log.say(Level::Warn, owner, &message);
    }
}
