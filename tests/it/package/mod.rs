//! `coshell package` and `coshell layer`: what is in the zip, and what is refused before there is one.

mod binaries;
mod contents;
mod exclusions;
mod layer;
pub mod project;
mod refused;
mod runtime;
