//! Imitates Lambda on this machine, so that the same runtime runs here as on AWS.
//!
//! `coshell` starts its own binary again as the runtime process and talks to that process over the same HTTP API that Lambda
//! offers. A handler that works here therefore works on Lambda. Only the feature `cli` builds this folder.

// One invocation, from the client's request to its outcome
pub mod contract;
pub mod event;
pub mod function;
pub mod identifiers;
pub mod invocation;
pub(crate) mod template;

// The API that the runtime calls
pub(crate) mod http_server;
pub(crate) mod origin_check;
pub mod runtime_api;

// The API of durable executions
pub mod durable;

// The process that calls the API, and its surroundings
pub(crate) mod base_image;
pub mod environment;
pub mod hidden_arguments;
pub mod process_tree;
pub mod sandbox;
