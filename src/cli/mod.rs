//! The commands of `coshell`: run, debug, check and package Bash handlers on the developer's machine.
//!
//! There is one module for each command, and then the modules that several commands share. Only the feature `cli` builds this folder.

// Run a handler: one event, a server, a folder of tests
pub mod invoke;
pub mod serve;
pub mod test;

// Before deployment
pub mod check;
pub mod layer;
pub mod package;

// A new function
pub mod events;
mod handler_hints;
pub mod init;

// Help for the shell and for `man`
pub mod completions;
pub mod manual;

// Shared by several commands
pub mod bundle;
pub mod event;
pub mod exit_status;
mod failure_lines;
pub mod interruption;
pub mod progress;
mod startup;
mod terminal;
pub mod variables;
