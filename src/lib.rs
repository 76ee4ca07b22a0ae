//! coshell: an AWS Lambda custom runtime for Bash handlers.
//!
//! Three programs are built from the five folders of this library. An event passes the first three folders in this order:
//!
//! | folder | what it does | linked by |
//! | --- | --- | --- |
//! | [`cli`] | the commands of `coshell`: `invoke`, `serve`, `test`, `check`, `package`, … | `coshell` |
//! | [`lambda`] | Lambda on this machine: the Runtime API, the execution environment, the sandbox, what callers accept | `coshell` |
//! | [`runtime`] | the runtime: calls `next`, runs the handler in Bash, posts the response or the failure | `bootstrap`, `coshell` |
//! | `aws` | the small AWS CLI that handlers call: its arguments, S3 and the services of its tables | `aws` |
//! | [`client`] | calls of AWS: credentials, signing, HTTPS, retries | `aws`, `bootstrap`, `coshell` |
//!
//! `client` imports nothing from the other folders, `runtime` and `aws` import only `client`, and `lambda` imports nothing from `cli`. No folder
//! imports `aws`. No two files import each other, except that a module may use items of the module that contains it. The test
//! `structure` (tests/it/structure.rs) checks these rules.
//!
//! # The path of an event
//!
//! ```text
//!  coshell invoke, serve, test          AWS Lambda
//!        │ cli::invoke, cli::serve          │
//!        ▼                                  │
//!  lambda::invocation                       │
//!        │ waits in lambda::runtime_api     │
//!        ▼                                  ▼
//!  GET /runtime/invocation/next ◀── runtime::api ◀── runtime::slots (the loop)
//!        │
//!        │ runtime::invocation: id, deadline, event
//!        ▼
//!  runtime::environment ──▶ runtime::shell ──▶ shell::execution ──▶ driver.bash: a subshell of the persistent Bash
//!                                                                       │           │            │
//!                                                                    stdout      stderr    status, stack records
//!                                                                       ▼           ▼            ▼
//!                                                              runtime::response  runtime::logs  runtime::stack
//!                                                                       │           │            │
//!  POST /runtime/invocation/ID/response ◀── runtime::api ◀──────────────┘           │            ▼
//!  POST /runtime/invocation/ID/error    ◀── runtime::api ◀───────────────────── runtime::failure
//!                                                                                   ▼
//!                                                                           stderr of the runtime
//! ```
//!
//! # Where to find what
//!
//! - a time limit: [`runtime`]`::deadline` computes it, `runtime::shell::timeout` ends the event, `runtime::failure::timeout` has the report
//! - the command that failed: `runtime::failure::location`; the advice beside it: `runtime::failure::advice`
//! - the list of a script's commands: `runtime::script`; what `coshell check` makes of them: [`cli`]`::check::rules`
//! - late output of background processes: `runtime::logs::leftovers` reads it, `runtime::logs::lines` writes it
//! - the end of a handler's processes: `runtime::shell::termination`; of a whole environment on this machine: [`lambda`]`::process_tree`
//! - how many events run at once: `runtime::slots`; SnapStart: `runtime::snap_start`; secrets in log lines: `runtime::secrets`
//! - requests from web pages: [`lambda`]`::origin_check`; an event's JSON, before it is sent: [`lambda`]`::event`
//! - the bytes of a zip: [`cli`]`::bundle::archive`
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))] // they panic where that is closed or full

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
#[cfg(feature = "cli")]
pub mod lambda;
pub mod runtime;

/// The entry points of tests/fuzz.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
