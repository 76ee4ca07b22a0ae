//! What `coshell` shows on a terminal, which script(1) makes.

use std::process::{Command, Stdio};

use super::skip::skip;

/// Runs `coshell` with these arguments, as a shell reads them; `None` where there is no script(1).
pub fn shows(arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_coshell"));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &command, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
    terminal.envs(variables.iter().copied()).stdin(Stdio::null());
    match terminal.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).replace('\r', "")),
        Err(_) => {
            skip("script(1) is not installed (Debian: bsdutils)");
            None
        }
    }
}
