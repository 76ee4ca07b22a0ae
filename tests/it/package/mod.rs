//! `coshell package` and `coshell layer`: the content of the zips, and the errors that prevent one.

mod binaries;
mod contents;
mod exclusions;
mod layer;
pub mod project;
mod refused;
mod runtime;
