//! The runtime: the real `bootstrap`, from the outside.

mod bash_versions;
mod bytes;
mod children;
mod context;
mod deaths;
mod failures;
mod hostile_scripts;
mod init_errors;
mod isolation;
mod log_lines;
mod semantics;
