//! The developer's side: an embedded Runtime API and the commands of `coshell`.
//!
//! The runtime that runs here is the one that runs on AWS: `coshell` starts itself again as the runtime process and speaks
//! to it over the same HTTP API that Lambda offers, so that what works here works there. Everything in this folder stands
//! behind the feature `cli`; `bootstrap` links nothing of it.

// What is asked, and where it runs
pub mod event;
pub mod function;
pub mod invocation;

// What the caller makes of the answer
pub mod contract;

// The two ends of the wire: Lambda's API, and the process that calls it
mod http_server;
pub mod runtime_api;

pub mod environment;
pub mod process_tree;

// The commands, and how they speak
pub mod bundle;
pub mod check;
pub mod completions;
pub mod events;
pub mod exit;
mod failure_lines;
mod image;
pub mod init;
pub mod interruption;
pub mod invoke;
pub mod layer;
pub mod package;
pub mod progress;
pub mod sandbox;
pub mod serve;
mod terminal;
pub mod test;
mod unread_event;
pub mod variables;
