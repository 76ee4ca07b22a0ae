//! Defines the hidden arguments with which `coshell` starts its own binary again.

/// Makes the process the runtime.
pub const RUNTIME_ARGUMENT: &str = "__runtime";
/// Makes the process build a sandbox around itself and become the program that the next arguments name.
pub const SANDBOX_ARGUMENT: &str = "__sandbox";
