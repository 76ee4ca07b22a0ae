//! Runs `coshell invoke` on a script of the test's own, under the shell bootstrap of tests/bootstraps.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::executable::write_executable;
use super::skip::cannot;

const BOOTSTRAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bootstraps/curl.bash");

/// A call of `coshell invoke`, told piece by piece.
pub struct InvokeTest {
    pub folder: TempDir,
    path: PathBuf,
    bootstrap: Option<PathBuf>,
    arguments: Vec<String>,
    stdin: Vec<u8>,
}

/// What came of it.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl InvokeTest {
    /// A folder with this script as its `function.sh`.
    pub fn of_script(script: &str) -> InvokeTest {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("function.sh"), script).unwrap();
        let path = folder.path().to_path_buf();
        InvokeTest { folder, path, bootstrap: Some(BOOTSTRAP.into()), arguments: Vec::new(), stdin: Vec::new() }
    }

    pub fn file(self, name: &str, content: &str) -> InvokeTest {
        fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    /// Another PATH, below the folder.
    pub fn path(mut self, name: &str) -> InvokeTest {
        self.path = self.folder.path().join(name);
        self
    }

    pub fn bootstrap(mut self, script: &str) -> InvokeTest {
        let path = self.folder.path().join("bootstrap");
        write_executable(&path, script);
        self.bootstrap = Some(path);
        self
    }

    /// With the runtime that is built in, as users run it.
    pub fn with_own_runtime(mut self) -> InvokeTest {
        self.bootstrap = None;
        self
    }

    pub fn with(mut self, arguments: &[&str]) -> InvokeTest {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub fn stdin(mut self, bytes: &[u8]) -> InvokeTest {
        self.stdin = bytes.to_vec();
        self
    }

    pub fn command(&self) -> Command {
        let mut command = coshell();
        command.arg("invoke").arg(&self.path).args(&self.arguments);
        if let Some(bootstrap) = &self.bootstrap {
            command.arg("--bootstrap").arg(bootstrap);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub fn run(&self) -> Ran {
        let mut child = self.command().spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(&self.stdin); // it may have refused and gone
        Ran::from(child.wait_with_output().unwrap())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ran { status: output.status.code(), stdout: output.stdout, stderr }
    }
}

impl Ran {
    pub fn assert_status(self, status: i32) -> Ran {
        assert_eq!(self.status, Some(status), "{self:?}");
        self
    }

    pub fn assert_stdout(self, stdout: &str) -> Ran {
        assert_eq!(String::from_utf8_lossy(&self.stdout), stdout, "{self:?}");
        self
    }

    pub fn assert_stderr_has(self, part: &str) -> Ran {
        assert!(self.stderr.contains(part), "no {part:?} in {}", self.stderr);
        self
    }
}

pub fn coshell() -> Command {
    Command::new(env!("CARGO_BIN_EXE_coshell"))
}

/// Whether curl is there, which the shell bootstrap needs; says so where it is not.
pub fn curl_is_missing() -> bool {
    cannot("curl", &["--version"])
}

/// Whether this process runs; one that has ended and was not reaped does not.
pub fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with(['Z', 'X']))
}
