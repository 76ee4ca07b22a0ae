//! One integration crate.
#![allow(unreachable_pub)]

mod invoke;
mod invoke_ends;
mod invoke_own_runtime;
mod runtime;
mod runtime_api;
mod runtime_api_answers;
mod runtime_api_ends;
mod support;
