//! Starts the runtime. AWS Lambda runs this program.

use std::process::ExitCode;

fn main() -> ExitCode {
    coshell::runtime::main()
}
