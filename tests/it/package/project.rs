//! A folder for the tests of `coshell package`, and a reader of zips.

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::ZipArchive;

use crate::support::program::{Ran, coshell};

pub const SCRIPT: &str = "handler() { echo \"$1\"; }\n";

/// A new folder: `project` in it contains the function, and `out.zip` in it is the zip.
pub struct Project(TempDir);

impl Project {
    pub fn new() -> Project {
        Project(tempfile::tempdir().unwrap()).file("function.sh", SCRIPT, 0o644)
    }

    pub fn root(&self) -> PathBuf {
        self.0.path().join("project")
    }

    pub fn output(&self) -> PathBuf {
        self.0.path().join("out.zip")
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> Project {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        self
    }

    pub fn link(self, name: &str, target: impl AsRef<Path>) -> Project {
        symlink(target, self.root().join(name)).unwrap();
        self
    }

    /// `coshell package .` in the project.
    pub fn package(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["package", "."], arguments].concat())
    }

    /// `coshell layer` in the project.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = coshell();
        command.current_dir(self.root()).args(arguments).arg("-o").arg(self.output());
        Ran::from(command.output().unwrap())
    }

    /// Packages the project and reads the zip.
    #[track_caller]
    pub fn packaged(&self, arguments: &[&str]) -> Zip {
        self.package(arguments).assert_status(0);
        Zip::read(&self.output())
    }

    /// Asserts that the project is refused with `sentence`, and that there is no zip.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], sentence: &str) {
        self.package(arguments).assert_status(1).assert_stdout("").assert_stderr_has(sentence);
        assert!(!self.output().exists());
    }
}

/// The files of a zip, in their order: name, mode and content.
#[derive(Debug)]
pub struct Zip(Vec<(String, u32, Vec<u8>)>);

impl Zip {
    pub fn read(path: &Path) -> Zip {
        let mut zip = ZipArchive::new(File::open(path).unwrap()).unwrap();
        let entry = |index| {
            let mut file = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().to_owned(), file.unix_mode().unwrap(), content)
        };
        Zip((0..zip_len(path)).map(entry).collect())
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, ..)| name.as_str()).collect()
    }

    /// The permission bits of the mode.
    pub fn mode(&self, name: &str) -> u32 {
        self.entry(name).1 & 0o7777
    }

    pub fn content(&self, name: &str) -> &[u8] {
        &self.entry(name).2
    }

    fn entry(&self, name: &str) -> &(String, u32, Vec<u8>) {
        self.0.iter().find(|(found, ..)| found == name).unwrap_or_else(|| panic!("no `{name}` in {:?}", self.names()))
    }
}

fn zip_len(path: &Path) -> usize {
    ZipArchive::new(File::open(path).unwrap()).unwrap().len()
}
