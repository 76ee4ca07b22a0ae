//! Runs `tests/setup` beside the script. This program creates the files that a handler needs and prints variables for the handler.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

const SETUP: &str = "tests/setup";

/// The folder and the variables of the program; dropping the value removes the folder.
#[derive(Debug)]
pub(super) struct Setup {
    _folder: TempDir,
    pub(super) variables: Vec<(OsString, OsString)>,
}

impl Setup {
    /// Runs the program in `task_root` with a new folder as its argument; `None` if there is no such program.
    ///
    /// # Errors
    /// When the program cannot be run, fails, or prints a line that is not NAME=VALUE.
    pub(super) fn run(task_root: &Path) -> Result<Option<Setup>> {
        let program = task_root.join(SETUP);
        if !program.is_file() {
            return Ok(None);
        }
        let folder = tempfile::tempdir().context("cannot make a folder for `tests/setup`")?;
        let output = Command::new(&program).arg(folder.path()).current_dir(task_root).stdin(Stdio::null()).output();
        let variables = variables(output).with_context(|| format!("cannot use `{}`", program.display()))?;
        Ok(Some(Setup { _folder: folder, variables }))
    }
}

fn variables(output: std::io::Result<Output>) -> Result<Vec<(OsString, OsString)>> {
    let output = match output {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            bail!("the file cannot be executed: give it the mode 0755 (`chmod +x`)")
        }
        output => output.context("the program cannot be started")?,
    };
    if !output.status.success() {
        bail!("the program ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(variable).collect()
}

fn variable(line: &[u8]) -> Result<(OsString, OsString)> {
    let at = line.iter().position(|byte| *byte == b'=').filter(|at| *at > 0);
    let Some(at) = at else {
        bail!("the program printed `{}`, which is not NAME=VALUE", String::from_utf8_lossy(line))
    };
    Ok((OsStr::from_bytes(&line[..at]).to_owned(), OsStr::from_bytes(&line[at + 1..]).to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn run(script: &str, mode: u32) -> Result<Option<Setup>> {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("tests")).unwrap();
        let program = root.path().join(SETUP);
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(mode)).unwrap();
        Setup::run(root.path())
    }

    #[test]
    fn its_lines_are_variables_and_its_folder_is_there() {
        let setup =
            run("#!/bin/sh\necho made >\"$1/file\"\necho \"A=b=c\"\necho \"FILE=$1/file\"\n", 0o755).unwrap().unwrap();
        assert_eq!(setup.variables[0], ("A".into(), "b=c".into()));
        assert_eq!(fs::read(&setup.variables[1].1).unwrap(), b"made\n");
        assert!(Setup::run(Path::new("/nosuch")).unwrap().is_none());
    }

    #[test]
    fn errors_of_the_program_are_reported() {
        for (script, mode, part) in [
            ("#!/bin/sh\necho the reason >&2; exit 3\n", 0o755, "ended with exit status: 3: the reason"),
            ("#!/bin/sh\necho A\n", 0o755, "the program printed `A`, which is not NAME=VALUE"),
            ("#!/bin/sh\necho =b\n", 0o755, "the program printed `=b`"),
            ("#!/bin/sh\n", 0o644, "cannot be executed"),
        ] {
            let error = format!("{:#}", run(script, mode).unwrap_err());
            assert!(error.contains("tests/setup`: ") && error.contains(part), "{error}");
        }
    }
}
