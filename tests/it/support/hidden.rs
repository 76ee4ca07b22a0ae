//! Folders that a test needs and that it would hide by mounting over /mnt, /opt, /tmp or /var: the clone of this project and the test's
//! own folder may be below any of these.

use std::path::Path;

use super::function::BOOTSTRAP;

/// Bash functions, without an apostrophe. `keep FOLDER...` opens folders before anything is mounted; `restore` puts each of them back at its own path where a
/// mount has hidden it.
pub const KEEP: &str = r#"
declare -A kept=()
keep() {
  local folder descriptor
  for folder; do
    [[ ! -d $folder ]] || { exec {descriptor}<"$folder" && kept[$folder]=$descriptor; }
  done
}
restore() {
  local folder descriptor
  for folder in "${!kept[@]}"; do
    descriptor=${kept[$folder]}
    if ! [[ $folder -ef /proc/self/fd/$descriptor ]]; then
      mkdir -p "$folder"
      mount --no-canonicalize --rbind "/proc/self/fd/$descriptor" "$folder"
    fi
    exec {descriptor}<&-
  done
}
"#;

/// The folders of the clone and of the runtime under test, as words for `keep`.
pub fn of_this_project() -> String {
    let folders = [Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(BOOTSTRAP).parent().unwrap()];
    folders.map(|folder| format!("\"{}\"", folder.display())).join(" ")
}
