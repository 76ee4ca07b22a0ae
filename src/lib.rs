//! coshell: an AWS Lambda custom runtime for Bash handlers.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

// The developer's side; `bootstrap` links nothing of it.
#[cfg(feature = "cli")]
pub mod local;

// Until the runtime's own branch is merged.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod runtime {
    //! A stand-in: the runtime comes from another branch.

    /// Says that there is no runtime yet.
    #[must_use]
    pub fn main() -> std::process::ExitCode {
        eprintln!("the runtime is not part of this build");
        std::process::ExitCode::FAILURE
    }
}
