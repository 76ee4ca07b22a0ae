//! Decides when a request is sent again: the standard retry mode of AWS.

use std::time::Duration;

use super::profile::{Profile, variable};
use super::response::Response;

/// Reads the code of the error in an answer with a status of 400 or more.
pub type ErrorCode = fn(&Response) -> String;

/// How often a request is sent.
#[derive(Debug, Clone, Copy)]
pub struct Attempts {
    /// The first attempt counts.
    pub most: u32,
}

const MOST: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Error codes after which another attempt can succeed.
const TRANSIENT: [&str; 17] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
    "InternalError",
];

impl Attempts {
    /// AWS_MAX_ATTEMPTS, the profile's `max_attempts`, else 3.
    #[must_use]
    pub fn find(profile: &Profile) -> Attempts {
        let text = variable("AWS_MAX_ATTEMPTS").or_else(|| profile.setting("max_attempts").map(str::to_owned));
        Attempts { most: text.and_then(|text| text.parse().ok()).filter(|most| *most > 0).unwrap_or(MOST) }
    }

    /// Whether another attempt can help, by the status or the code of the error.
    #[must_use]
    pub fn helps(response: &Response, error_code: ErrorCode) -> bool {
        matches!(response.status, 429 | 500 | 502 | 503 | 504)
            || (response.status >= 400 && TRANSIENT.contains(&error_code(response).as_str()))
    }

    /// Waits before the next attempt: a random part of 1, 2, 4, … s.
    pub fn wait(attempt: u32) {
        let longest = Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(LONGEST_WAIT);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let part = f64::from(now.subsec_nanos() % 1_000_003) / 1_000_003.0;
        std::thread::sleep(longest.mul_f64(part));
    }
}
