//! The runtime: the real `bootstrap`, from the outside.

mod bytes;
mod context;
mod hostile_scripts;
mod isolation;
