//! Starts the small AWS CLI.

use std::process::ExitCode;

fn main() -> ExitCode {
    coshell::aws::main()
}
