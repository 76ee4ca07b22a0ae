//! One integration crate.
#![allow(unreachable_pub)]

#[cfg(feature = "aws")]
mod aws;
mod check;
mod corpus;
mod dev;
mod failures;
mod faults;
mod invoke;
mod invoke_durable;
mod invoke_ends;
mod invoke_libraries;
mod invoke_own_runtime;
mod invoke_profile;
mod invoke_repeat;
mod invoke_sandbox;
mod invoke_shell;
mod invoke_snap_start;
mod invoke_streamed;
mod invoke_told;
mod lambda_2026;
mod logs;
mod package;
mod release;
mod release_tools;
mod resources;
mod road;
mod runtime;
mod runtime_api;
mod runtime_api_answers;
mod runtime_api_ends;
mod runtime_api_extensions;
mod runtime_api_restore;
mod sandbox;
mod security;
mod serve;
mod structure;
mod support;
mod time_limits;
mod trace;
