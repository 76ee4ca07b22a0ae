//! Computes when an event's time limit is near: when to warn, and when to end the event. This module does no I/O;
//! shell/timeout.rs acts on the result.
//!
//! By default, the runtime only writes a log line shortly before the deadline, with the processes that still run. With
//! COSHELL_TIMEOUT_MARGIN_MS, the runtime ends the event that long before its deadline.
//!
//! Lambda gives the deadline as wall clock time. The runtime reads the wall clock once, when the event arrives, to compute how
//! much time is left. From then on it uses the monotonic clock, so a correction of the wall clock moves no deadline. Both clocks
//! go on while processes are stopped by SIGSTOP or a control group: an event that was stopped past its deadline is ended as soon
//! as it runs again. While the whole machine is suspended, the monotonic clock stands still, and so does the wall clock until it
//! is corrected. Lambda's own limit still holds then.

use std::time::{Duration, Instant};

/// How long before the deadline the warning is written, but never in the first half of the time.
const WARNING: Duration = Duration::from_millis(100);
/// Lambda's longest time limit. The emulator of managed instances sends deadlines that are weeks ahead.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The points in time of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// When the event arrived.
    pub(crate) started: Instant,
    /// When to log which processes still run; reset after the warning.
    pub(crate) warn_at: Option<Instant>,
    /// When to end the event, and how long that is before its deadline.
    pub(crate) end_at: Option<(Instant, Duration)>,
}

impl Deadline {
    /// The deadline of an event that arrived at `started` and may take `remaining`; the event is ended `margin` before the
    /// deadline.
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

    /// The next point in time at which the runtime must act.
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
