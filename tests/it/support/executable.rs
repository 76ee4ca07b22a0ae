//! Files that tests make and then execute.
//!
//! Each is written by a process of its own. If this process had it open for writing while another test forks here, that child would have it
//! open too, up to its `exec`; and what anybody has open for writing cannot be executed ("Text file busy").

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a file that can be executed.
pub fn write_executable(path: &Path, content: impl AsRef<[u8]>) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writer.stdin.take().unwrap().write_all(content.as_ref()).unwrap();
    assert!(writer.wait().unwrap().success(), "cannot write {}", path.display());
}

/// Copies a file that can be executed.
pub fn copy_executable(from: impl AsRef<Path>, to: &Path) {
    let copied = Command::new("cp").arg("--").arg(from.as_ref()).arg(to).status().unwrap();
    assert!(copied.success(), "cannot copy {}", from.as_ref().display());
}
