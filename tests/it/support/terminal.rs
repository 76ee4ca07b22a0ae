//! What `coshell` shows on a terminal, which script(1) makes.

use std::io::Write;
use std::process::{Command, Stdio};

use super::skip::skip;

/// Runs `coshell` with these arguments, as a shell reads them; `None` where there is no script(1).
pub fn shows(arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    shows_when_typed("", arguments, variables)
}

/// The same, with this typed by whoever sits there.
pub fn shows_when_typed(typed: &str, arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    shows_when_typed_after(|| {}, typed, arguments, variables)
}

/// The same, typed once `ready` returns. The terminal has 80 columns.
pub fn shows_when_typed_after(
    ready: impl FnOnce(),
    typed: &str,
    arguments: &str,
    variables: &[(&str, &str)],
) -> Option<String> {
    let command = format!("stty columns 80 rows 24 && exec '{}' {arguments}", env!("CARGO_BIN_EXE_coshell"));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &command, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
    terminal.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
    match terminal.spawn() {
        Ok(mut terminal) => {
            ready();
            terminal.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
            let output = terminal.wait_with_output().unwrap();
            Some(String::from_utf8_lossy(&output.stdout).replace('\r', ""))
        }
        Err(_) => {
            skip("script(1) is not installed (Debian: bsdutils)");
            None
        }
    }
}
