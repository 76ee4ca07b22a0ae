//! A function told piece by piece, and started as Lambda starts it: the real `bootstrap`, under the embedded Runtime API.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use coshell::lambda::environment::{Bootstrap, Environment, Settings};
use coshell::lambda::function;
use tempfile::TempDir;

use super::answer::Answer;
use super::executable::{copy_executable, write_executable};
use super::running::Running;

/// The runtime under test.
pub const BOOTSTRAP: &str = env!("CARGO_BIN_EXE_bootstrap");

/// By which of its two ways the runtime speaks to Bash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Proc,
    Fifos,
}

impl Channel {
    pub const BOTH: [Channel; 2] = [Channel::Proc, Channel::Fifos];
}

/// A function that is not started yet.
pub struct Function {
    /// The task root.
    pub folder: TempDir,
    handler: String,
    variables: Vec<(OsString, OsString)>,
    prelude: Option<String>,
    /// Another runtime, as `bash` takes it.
    other: Option<String>,
}

impl Function {
    /// `script` is its function.sh, and its handler is `handler`.
    pub fn script(script: &str) -> Function {
        Function::without_script().file("function.sh", script)
    }

    /// An empty task root.
    pub fn without_script() -> Function {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Function { folder, handler: "function.handler".to_owned(), variables: Vec::new(), prelude: None, other: None }
    }

    /// A file in the task root.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Function {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// A file that can be executed.
    pub fn program(self, name: &str, content: impl AsRef<[u8]>) -> Function {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        write_executable(&self.path(name), content);
        self
    }

    /// The value of `_HANDLER`.
    pub fn handler(mut self, handler: &str) -> Function {
        handler.clone_into(&mut self.handler);
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Function {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn over(self, channel: Channel) -> Function {
        eprintln!("over {channel:?}"); // shown where the test fails
        match channel {
            Channel::Proc => self,
            Channel::Fifos => self.env("COSHELL_CHANNEL", "fifo"),
        }
    }

    /// Shell commands that run before the runtime, and end by starting it: `"$@"` is its command.
    pub fn started_by(mut self, commands: &str) -> Function {
        self.prelude = Some(commands.to_owned());
        self
    }

    /// Under this shell bootstrap instead of ours.
    pub fn under(mut self, options: &str, bootstrap: &Path) -> Function {
        self.other = Some(format!("{options} '{}'", bootstrap.display()));
        self
    }

    /// A path in the task root.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it; does not wait for its init.
    pub fn start(self) -> Running {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        let log_path = place.path().join("log");
        let log = File::options().create(true).append(true).open(&log_path).unwrap();
        let settings = Settings {
            function: function::Function { task_root: self.folder.path().to_owned(), handler: self.handler.clone() },
            bootstrap: Bootstrap::Executable(self.bootstrap(place.path())),
            memory_mb: 128,
            snap_start: false,
            variables: self.variables.clone(),
            log: Some(Arc::new(log)),
        };
        let environment = Environment::start(&settings).unwrap();
        Running {
            environment: Some(environment),
            folder: self.folder,
            _place: place,
            log_path,
            submitted: AtomicU32::new(0),
        }
    }

    /// Starts it and gives it one event.
    pub fn answer(self, event: impl AsRef<[u8]>) -> Answer {
        self.start().answer(event)
    }

    fn bootstrap(&self, place: &Path) -> PathBuf {
        let script = match (&self.prelude, &self.other) {
            (None, None) => return BOOTSTRAP.into(),
            (_, Some(other)) => format!("#!/usr/bin/env bash\nexec \"${{COSHELL_BASH:-bash}}\" {other}\n"),
            (Some(prelude), None) => {
                // A copy, since another user may not be able to reach the build's folder.
                let bootstrap = place.join("bootstrap");
                copy_executable(BOOTSTRAP, &bootstrap);
                format!("#!/usr/bin/env bash\nset -eu\nset -- '{}'\n{prelude}\n", bootstrap.display())
            }
        };
        let wrapper = place.join("wrapper");
        write_executable(&wrapper, script);
        wrapper
    }
}
