//! The runtime: the real `bootstrap`, from the outside.

mod bytes;
mod children;
mod context;
mod failures;
mod hostile_scripts;
mod isolation;
mod log_lines;
mod semantics;
