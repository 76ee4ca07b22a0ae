//! A function with events of its own, for `coshell test`.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::executable::write_executable;
use super::program::{Ran, coshell};

/// A folder with a function and its events.
pub struct Suite(pub TempDir);

impl Suite {
    /// A folder with this script as its `function.sh`.
    pub fn of_script(script: &str) -> Suite {
        Suite(tempfile::tempdir().unwrap()).file("function.sh", script)
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Suite {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn program(self, name: &str, content: &str) -> Suite {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_executable(&path, content);
        self
    }

    /// An event, and the response that is expected to it.
    pub fn event(self, name: &str, event: &str, response: &str) -> Suite {
        self.file(&format!("events/{name}.json"), event).file(&format!("events/{name}.response"), response)
    }

    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.0.path().join(name)).ok()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = coshell();
        command.current_dir(self.0.path()).args(["test", "."]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn test(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }
}
