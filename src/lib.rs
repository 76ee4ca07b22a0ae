//! coshell: an AWS Lambda custom runtime for Bash handlers.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

// The developer's side; `bootstrap` links nothing of it.
#[cfg(feature = "cli")]
pub mod local;
