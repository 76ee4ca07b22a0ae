//! Finds the stubs: the commands in `tests/bin`, which run instead of the real commands.
//!
//! Bash skips a file on PATH that cannot be executed and runs the next command with the same name. Without execute permission on a stub, Bash
//! would run the real command silently, so this module rejects such a stub.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::{AccessFlags, access};

/// The folder beside the script whose commands come first on PATH.
const FOLDER: &str = "tests/bin";

/// The folder of the stubs; `None` if it does not exist.
///
/// # Errors
/// When a stub cannot run, or the folder is not a folder.
pub(super) fn folder(task_root: &Path) -> Result<Option<PathBuf>> {
    let folder = task_root.join(FOLDER);
    if folder.symlink_metadata().is_err() {
        return Ok(None);
    }
    let context = || format!("cannot read `{}`, the folder of the commands for tests", folder.display());
    for entry in fs::read_dir(&folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b"."); // .gitkeep
        if !is_hidden {
            check(&entry.path())?;
        }
    }
    Ok(Some(folder))
}

fn check(stub: &Path) -> Result<()> {
    let path = stub.display();
    let name = stub.file_name().unwrap_or_default().display();
    let instead = format!("nothing was run, because the real `{name}` would run instead");
    match fs::metadata(stub) {
        Err(error) => {
            bail!("the command `{path}` for tests cannot be read ({error}); {instead}: remove or repair it")
        }
        Ok(kind) if kind.is_dir() => Ok(()),
        Ok(_) if access(stub, AccessFlags::X_OK).is_ok() => Ok(()),
        Ok(_) => bail!(
            "the command `{path}` for tests cannot be executed; {instead}: run `chmod +x {path}`, or move a file that is not a command \
             out of {FOLDER}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn stubs() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(FOLDER);
        fs::create_dir_all(&folder).unwrap();
        (root, folder)
    }

    #[test]
    fn a_stub_must_be_executable_and_hidden_files_and_folders_are_ignored() {
        let (root, stubs) = stubs();
        fs::write(stubs.join(".gitkeep"), "").unwrap();
        fs::create_dir(stubs.join("data")).unwrap();
        fs::write(stubs.join("aws"), "#!/bin/sh\n").unwrap();
        let error = folder(root.path()).unwrap_err().to_string();
        assert!(error.contains("tests/bin/aws` for tests cannot be executed"), "{error}");
        assert!(error.contains("the real `aws` would run") && error.contains("`chmod +x "), "{error}");
        fs::set_permissions(stubs.join("aws"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(folder(root.path()).unwrap(), Some(stubs.clone()));
        symlink("nowhere", stubs.join("jq")).unwrap();
        assert!(folder(root.path()).unwrap_err().to_string().contains("the real `jq` would run"));
    }

    #[test]
    fn the_folder_can_be_missing_but_must_not_be_a_file() {
        let (root, stubs) = stubs();
        fs::remove_dir(&stubs).unwrap();
        assert_eq!(folder(root.path()).unwrap(), None);
        fs::write(&stubs, "").unwrap();
        assert!(folder(root.path()).is_err());
    }
}
