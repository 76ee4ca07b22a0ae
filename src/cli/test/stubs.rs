//! The commands in `tests/bin`, which run instead of the real ones.
//!
//! Bash passes over a file on PATH that cannot be executed and takes the next command of that name. A stub without execute permission
//! would thus run the real command without a word, so that such a stub is refused.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::{AccessFlags, access};

/// The folder beside the script whose commands come first on PATH.
const FOLDER: &str = "tests/bin";

/// The folder of the stubs; `None` where there is none.
///
/// # Errors
/// When something in it could not run, or it is no folder.
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
    let details = stub.display();
    let name = stub.file_name().unwrap_or_default().display();
    let instead = format!("nothing was run, since the real `{name}` would run instead");
    match fs::metadata(stub) {
        Err(error) => {
            bail!("the command `{details}` for tests cannot be read ({error}); {instead}: remove or repair it")
        }
        Ok(kind) if kind.is_dir() => Ok(()),
        Ok(_) if access(stub, AccessFlags::X_OK).is_ok() => Ok(()),
        Ok(_) => bail!(
            "the command `{details}` for tests cannot be executed; {instead}: run `chmod +x {details}`, or move a file that is no command \
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
    fn only_files_that_can_be_executed_are_taken_and_hidden_files_and_folders_are_left_alone() {
        let (root, stubs) = stubs();
        fs::write(stubs.join(".gitkeep"), "").unwrap();
        fs::create_dir(stubs.join("data")).unwrap();
        fs::write(stubs.join("aws"), "#!/bin/sh\n").unwrap();
        let told = folder(root.path()).unwrap_err().to_string();
        assert!(told.contains("tests/bin/aws` for tests cannot be executed"), "{told}");
        assert!(told.contains("the real `aws` would run") && told.contains("`chmod +x "), "{told}");
        fs::set_permissions(stubs.join("aws"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(folder(root.path()).unwrap(), Some(stubs.clone()));
        symlink("nowhere", stubs.join("jq")).unwrap();
        assert!(folder(root.path()).unwrap_err().to_string().contains("the real `jq` would run"));
    }

    #[test]
    fn no_folder_is_well_and_a_file_in_its_place_is_not() {
        let (root, stubs) = stubs();
        fs::remove_dir(&stubs).unwrap();
        assert_eq!(folder(root.path()).unwrap(), None);
        fs::write(&stubs, "").unwrap();
        assert!(folder(root.path()).is_err());
    }
}
