//! The runtime: the real `bootstrap`, from the outside.

mod api_bytes;
mod api_faults;
mod bash_versions;
mod bytes;
mod children;
mod context;
mod deaths;
mod emulator;
mod endurance;
mod examples;
mod failures;
mod fifos;
mod freeze;
mod hostile_scripts;
mod init_errors;
mod isolation;
mod libraries;
mod log_lines;
mod managed;
mod orphans;
mod posix_mode;
mod sandbox;
mod semantics;
mod shutdown;
mod slots;
mod streaming;
