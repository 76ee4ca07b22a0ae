//! The terminal of someone who follows the guide: a folder with the handlers in it, `coshell` with its runtime and `aws` on PATH, and a
//! server on this machine in AWS's place.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::moto::Moto;
use super::venv;
use crate::package::project::Zip as Files;
use crate::support::function::BOOTSTRAP;
use crate::support::skip::{cannot, emulator};

const SOURCES: &str = env!("CARGO_MANIFEST_DIR");
const COSHELL: &str = env!("CARGO_BIN_EXE_coshell");

pub struct Terminal {
    folder: TempDir,
    aws: SocketAddr,
    /// Moto, if it is the server.
    _moto: Option<Moto>,
    /// More variables for the commands.
    variables: Vec<(&'static str, OsString)>,
    path: OsString,
}

/// A zip that was made.
pub struct Zip {
    pub bytes: usize,
    /// As Lambda tells it.
    pub code_sha256: String,
    pub files: Files,
}

impl Terminal {
    /// With moto in AWS's place. `None` where the AWS CLI, moto, the emulator or a linker's tools are missing.
    pub fn open() -> Option<Terminal> {
        if venv::lacks(&["moto_server"]) || cannot("unzip", &["-v"]) {
            return None;
        }
        let emulator = emulator()?;
        let mut terminal = Terminal::at(SocketAddr::from(([127, 0, 0, 1], 0)))?.with("COSHELL_RIE", emulator);
        let moto = Moto::start(terminal.folder.path());
        terminal.aws = moto.address;
        terminal._moto = Some(moto);
        Some(terminal)
    }

    /// With another server in AWS's place. `None` where the AWS CLI or a linker's tools are missing.
    pub fn at(aws: SocketAddr) -> Option<Terminal> {
        if venv::lacks(&["aws"]) || cannot("strip", &["--version"]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        fs::create_dir(&programs).unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        for name in ["handlers", "dist"] {
            symlink(Path::new(SOURCES).join(name), folder.path().join("work").join(name)).unwrap();
        }
        strip(Path::new(COSHELL), &programs.join("coshell"));
        put_runtime(&programs.join("bootstrap-x86_64"));
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths([programs, venv::PROGRAMS.into()].into_iter().chain(std::env::split_paths(&paths)));
        Some(Terminal { aws, _moto: None, variables: Vec::new(), path: path.unwrap(), folder })
    }

    /// With one more variable for the commands.
    pub fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Terminal {
        self.variables.push((name, value.into()));
        self
    }

    /// What is printed to stdout and stderr by a command, which succeeds.
    #[track_caller]
    pub fn run(&self, command: &str) -> String {
        let path = self.folder.path().join("printed");
        let printed = File::create(&path).unwrap();
        let status = Command::new("timeout")
            .args(["--kill-after=5", "120", "bash", "-euo", "pipefail", "-c", command])
            .current_dir(self.folder.path().join("work"))
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.aws))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_DEFAULT_REGION", "us-west-2"),
            ])
            .envs([("AWS_PAGER", ""), ("AWS_MAX_ATTEMPTS", "1"), ("AWS_EC2_METADATA_DISABLED", "true")])
            .stdin(Stdio::null())
            .stdout(printed.try_clone().unwrap())
            .stderr(printed)
            .status()
            .unwrap();
        let mut printed = self.as_in_a_clone(&String::from_utf8(fs::read(path).unwrap()).unwrap());
        assert!(status.success(), "{status}: {command}\n{printed}");
        if !printed.is_empty() && !printed.ends_with('\n') {
            printed.push('\n');
        }
        printed
    }

    /// With the paths that a reader of the guide would see, who works in a clone and has the runtime in its dist/.
    fn as_in_a_clone(&self, printed: &str) -> String {
        let folder = |name| self.folder.path().join(name).display().to_string();
        printed.replace(&folder("programs"), "/home/me/coshell/dist").replace(&folder("work"), "/home/me/coshell")
    }

    /// Puts a file into the folder.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn zip(&self, name: &str) -> Zip {
        let path = self.folder.path().join("work").join(name);
        let bytes = fs::read(&path).unwrap();
        let code_sha256 = BASE64_STANDARD.encode(Sha256::digest(&bytes));
        Zip { bytes: bytes.len(), code_sha256, files: Files::read(&path) }
    }
}

/// The one under test; for a page that is written anew the released one, so that its sizes and sums are those of a release.
fn put_runtime(to: &Path) {
    if std::env::var_os("UPDATE_GOLDEN").is_none() {
        return strip(Path::new(BOOTSTRAP), to);
    }
    let released = Path::new(SOURCES).join("dist/bootstrap-x86_64");
    assert!(released.is_file(), "no `{}`: run .ci/release x86_64 before UPDATE_GOLDEN=1", released.display());
    fs::copy(released, to).unwrap();
}

/// A copy without debug information, which would take long to be zipped.
fn strip(from: &Path, to: &Path) {
    let ran = Command::new("strip").arg("-o").args([to, from]).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
}
