//! Limits how often a warning is written that every event could cause.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time between two warnings.
const PAUSE: Duration = Duration::from_secs(60);

/// The limit of one warning; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RateLimit {
    last: Arc<Mutex<Option<Instant>>>,
}

impl RateLimit {
    /// Whether the warning may be written now. If so, it counts as written.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= PAUSE);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_due_once_a_minute_for_all_clones() {
        let (limit, begin) = (RateLimit::default(), Instant::now());
        let at = |seconds| limit.clone().is_due_at(begin + Duration::from_secs(seconds));
        assert_eq!(
            [at(0), at(0), at(59), at(60), at(61), at(119), at(120)],
            [true, false, false, true, false, false, true]
        );
    }
}
