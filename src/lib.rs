//! coshell: an AWS Lambda custom runtime for Bash handlers.
//!
//! The way of an event:
//!
//! ```text
//! Runtime API ──next──▶ bootstrap ──event──▶ waiting subshell of the persistent Bash ──▶ handler "$event"
//!     ▲                   │  ▲  ▲                       │ stdout           │ stderr        │ status, stack
//!     └──response/error───┘  │  └──── response pipe ◀───┘                  │               │
//!                            └─────── log pipe ◀───────────────────────────┘               │
//!                            └─────── status pipe, stack records ◀─────────────────────────┘
//! ```
//!
//! `bootstrap` is [`runtime`]; `coshell`, the developer's program, runs the same code against an embedded Runtime API.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))] // they panic where that is closed or full

// The loop, and what it is told at start.
pub mod config;
mod environment;
pub mod handler;
mod host;
mod roster;
pub mod runtime;
mod secrets;
mod signals;
mod slots;

// An event comes, ...
mod api;
pub mod invocation;
pub mod payload;

// ... is run, ...
mod deadline;
mod processes;
mod shell;
mod stack;

// ... and leaves a response, lines in the log, and perhaps a failure.
pub mod failure;
pub mod logs;
pub mod response;
mod script;

// A way in for tests/fuzz.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;

// The developer's side; `bootstrap` links nothing of it.
#[cfg(feature = "cli")]
pub mod local;
