//! Computes when a failed step, or a condition that is not met yet, is tried again. The settings and their defaults are those of
//! AWS's own SDKs.

use std::hash::{BuildHasher, RandomState};

/// The longest delay that Lambda takes: 366 days, in seconds.
pub(super) const MAX_DELAY_SECONDS: u32 = 31_622_400;

/// How much of a delay is left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jitter {
    /// Nothing.
    None,
    /// From half of the delay to all of it.
    Half,
    /// From nothing to all of the delay.
    Full,
}

/// When to try again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Retry {
    /// How many attempts there are in all.
    pub(super) attempts: u32,
    /// The first delay, in seconds.
    pub(super) delay: u32,
    /// What each delay is multiplied with for the next one.
    pub(super) rate: f64,
    /// The longest delay, in seconds.
    pub(super) max_delay: u32,
    pub(super) jitter: Jitter,
    /// The error types after which there is another attempt; empty for all.
    pub(super) only_types: Vec<String>,
    /// The error types after which there is none.
    pub(super) never_types: Vec<String>,
}

impl Retry {
    /// A step without settings: 6 attempts, after 5, 10, 20, 40 and 60 s at most.
    pub(super) fn of_step() -> Retry {
        Retry { attempts: 6, delay: 5, rate: 2.0, max_delay: 60, ..Retry::with_settings() }
    }

    /// A step that has a setting of its own: 3 attempts, delays of at most 5 minutes.
    pub(super) fn with_settings() -> Retry {
        let (only_types, never_types) = (Vec::new(), Vec::new());
        Retry { attempts: 3, delay: 5, rate: 2.0, max_delay: 300, jitter: Jitter::Full, only_types, never_types }
    }

    /// A condition: 60 attempts, delays from 5 s to 5 minutes.
    pub(super) fn of_condition() -> Retry {
        Retry { attempts: 60, rate: 1.5, ..Retry::with_settings() }
    }

    /// The delay in seconds after attempt number `attempt`, the first is 1; `None` if it was the last one.
    pub(super) fn delay_after(&self, attempt: u32) -> Option<u32> {
        (attempt < self.attempts).then(|| self.jittered(attempt, chance()))
    }

    /// Whether an error of this type is worth another attempt.
    pub(super) fn takes(&self, error_type: &str) -> bool {
        let listed = |types: &[String]| types.iter().any(|listed| listed == error_type);
        (self.only_types.is_empty() || listed(&self.only_types)) && !listed(&self.never_types)
    }

    fn jittered(&self, attempt: u32, chance: f64) -> u32 {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let base = (f64::from(self.delay) * self.rate.powi(exponent)).min(f64::from(self.max_delay));
        let delay = match self.jitter {
            Jitter::None => base,
            Jitter::Half => base * (0.5 + chance / 2.0),
            Jitter::Full => base * chance,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the value is between 1 and a year"
        )]
        let seconds = delay.ceil().clamp(1.0, f64::from(MAX_DELAY_SECONDS)) as u32;
        seconds
    }
}

/// A number from 0 to 1. It spreads retries, and nothing else depends on it.
fn chance() -> f64 {
    f64::from(u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_up_to_their_limit_and_the_last_attempt_has_none() {
        let retry = Retry { jitter: Jitter::None, ..Retry::of_step() };
        let delays: Vec<Option<u32>> = (1..=6).map(|attempt| retry.delay_after(attempt)).collect();
        assert_eq!(delays, [Some(5), Some(10), Some(20), Some(40), Some(60), None]);
    }

    #[test]
    fn chance_shortens_a_delay_and_never_to_nothing() {
        let retry = Retry { jitter: Jitter::Half, ..Retry::of_step() };
        assert_eq!((retry.jittered(3, 0.0), retry.jittered(3, 1.0)), (10, 20));
        let retry = Retry { jitter: Jitter::Full, ..Retry::of_step() };
        assert_eq!((retry.jittered(3, 0.0), retry.jittered(3, 0.41), retry.jittered(900_000, 1.0)), (1, 9, 60));
    }

    #[test]
    fn the_type_of_an_error_can_rule_another_attempt_out() {
        let retry = Retry { only_types: vec!["Busy".into()], ..Retry::of_step() };
        assert!(retry.takes("Busy") && !retry.takes("Gone"));
        let retry = Retry { never_types: vec!["Gone".into()], ..Retry::of_step() };
        assert!(retry.takes("Busy") && !retry.takes("Gone"));
    }
}
