//! The simple way to have Bash in a Rust runtime: a new Bash for every event, which sources the script and calls the function.
//! The event is an argument, so it can have at most 128 KiB.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};

use coshell_peers::{Failure, function, serve};

const CALL: &str = r#"set -euo pipefail; source "$0"; "$1" "$2""#;

fn main() -> Result<(), Failure> {
    let (function, handler) = (function()?, std::env::var("_HANDLER")?);
    let file = handler.strip_suffix(&format!(".{function}")).ok_or("no file in _HANDLER")?;
    let script = Path::new(&std::env::var("LAMBDA_TASK_ROOT")?).join(format!("{file}.sh"));
    serve(|event| {
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(CALL).arg(&script).arg(&function).arg(OsStr::from_bytes(&event));
        let output = bash.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("the handler ended with {}", output.status).into());
        }
        let mut response = output.stdout;
        response.truncate(response.trim_ascii_end().len());
        Ok(response)
    })
}
