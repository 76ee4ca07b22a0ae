//! The runtime: what AWS Lambda starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    coshell::runtime::main()
}
