//! When an event's time is nearly up: what to do then, and when. Pure arithmetic; shell/timeout.rs acts on it.
//!
//! By default nothing but a log line, shortly before the deadline, that says what is still running. With
//! COSHELL_TIMEOUT_MARGIN_MS the event is ended that long before its deadline.
//!
//! Lambda tells the deadline by the wall clock. That clock is read once, when the event comes, to learn how much time is left; from
//! then on the monotonic clock counts, so that a correction of the wall clock moves no deadline. Both clocks go on while processes
//! are stopped by SIGSTOP or a control group: an event that was stopped past its deadline is ended as soon as it runs again. Neither
//! the wall clock (until it is corrected) nor the monotonic one counts while the whole machine stands still; whoever stops it knows,
//! and Lambda's own limit holds anyway.

use std::time::{Duration, Instant};

/// The warning comes so long before the deadline, but never in the first half of the time.
const WARNING: Duration = Duration::from_millis(100);
/// Lambda's longest time limit. The emulator of managed instances sends deadlines weeks ahead.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The points in time that matter to one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// When the event came.
    pub(crate) started: Instant,
    /// When the log says what is running; once.
    pub(crate) warn_at: Option<Instant>,
    /// When the event is ended, and how long that is before its deadline.
    pub(crate) end_at: Option<(Instant, Duration)>,
}

impl Deadline {
    /// For an event that came at `started` and may take `remaining` from then on, to be ended `margin` before.
    pub(crate) fn new(started: Instant, remaining: Option<Duration>, margin: Option<Duration>) -> Deadline {
        let Some(allowed) = remaining.filter(|remaining| !remaining.is_zero()).map(|remaining| remaining.min(LONGEST))
        else {
            return Deadline { started, warn_at: None, end_at: None };
        };
        let margin = margin.map(|margin| margin.min(allowed / 2));
        Deadline {
            started,
            warn_at: Some(started + (allowed.saturating_sub(WARNING)).max(allowed / 2)),
            end_at: margin.map(|margin| (started + (allowed - margin), margin)),
        }
    }

    /// The next point in time at which something is to be done.
    pub(crate) fn next(&self) -> Option<Instant> {
        let end_at = self.end_at.map(|(end_at, _)| end_at);
        [self.warn_at, end_at].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn points(allowed: Duration, margin: Option<Duration>) -> (Option<Duration>, Option<Duration>) {
        let now = Instant::now();
        let deadline = Deadline::new(now, Some(allowed), margin);
        (deadline.warn_at.map(|at| at - now), deadline.end_at.map(|(at, _)| at - now))
    }

    #[test]
    fn the_warning_comes_100_ms_before_the_deadline_and_not_in_the_first_half() {
        assert_eq!(points(3000 * MS, None), (Some(2900 * MS), None));
        assert_eq!(points(120 * MS, None), (Some(60 * MS), None));
    }

    #[test]
    fn the_margin_takes_at_most_half_of_the_time() {
        assert_eq!(points(3000 * MS, Some(200 * MS)).1, Some(2800 * MS));
        assert_eq!(points(3000 * MS, Some(9000 * MS)).1, Some(1500 * MS));
    }

    #[test]
    fn without_a_deadline_or_with_one_in_the_past_nothing_is_done() {
        let now = Instant::now();
        assert_eq!(Deadline::new(now, None, Some(MS)).next(), None);
        assert_eq!(Deadline::new(now, Some(Duration::ZERO), Some(MS)).next(), None);
        assert_eq!(points(Duration::from_secs(4_000_000), None).0, Some(LONGEST - WARNING));
    }
}
