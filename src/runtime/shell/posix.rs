//! Decides whether Bash runs a script in POSIX mode.
//!
//! AWS's tutorial, and most public runtimes, start `#!/bin/sh`, which is Bash in POSIX mode on Amazon Linux. coshell runs
//! ordinary Bash, because POSIX mode takes features away: function names with dashes (up to Bash 5.2), `source` in the current
//! folder, and scripts that survive a failing special builtin. One feature works in POSIX mode only: an apostrophe in
//! `"${name:-it's}"` and similar expansions, see the module `runtime::syntax`. So a script with such an expansion runs in POSIX mode,
//! as it did in the tutorial's runtime.
//!
//! POSIX mode must be on for the whole script, from start to end. Bash reads the quotes of such an expansion twice: when it
//! parses the function and when it expands the word. With POSIX mode on for `source` alone, every event fails with "bad
//! substitution" (Bash 5.1 to 5.3). Here-documents are only read when they are expanded.
//!
//! These decide, in this order:
//! 1. The setting COSHELL_POSIX. (POSIXLY_CORRECT in the environment is a variable of Bash: it turns POSIX mode on for every
//!    Bash, and nothing here can change that.)
//! 2. The convention: gkrizek's bootstrap is `#!/bin/bash`, so its scripts never ran in POSIX mode.
//! 3. The text of the script and of the files that it seems to source. An unused file only matters if it has such an expansion.
//! 4. The functions that Bash knows after sourcing, and a file that Bash can parse in POSIX mode only. In both cases a new Bash
//!    starts in POSIX mode, and the script is sourced again.

use std::fmt::{self, Display, Formatter};
#[cfg(feature = "cli")]
use std::io;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::convention::Convention;
use super::script_scan::ScriptScan;
use crate::runtime::config::Config;
use crate::runtime::failure::{BashMessage, Failure};

/// The setting COSHELL_POSIX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PosixMode {
    /// Only for scripts that need it.
    #[default]
    WhereNeeded,
    /// For every script.
    On,
    /// For no script.
    Off,
}

impl PosixMode {
    /// The mode for a value of COSHELL_POSIX.
    pub(crate) fn named(value: &str) -> Option<PosixMode> {
        match value {
            "" => Some(PosixMode::WhereNeeded),
            "1" => Some(PosixMode::On),
            "0" => Some(PosixMode::Off),
            _ => None,
        }
    }

    /// The mode for a value of COSHELL_POSIX.
    ///
    /// # Errors
    ///
    /// [`Failure::UnknownPosixMode`] for an unknown value.
    pub(super) fn from_setting(value: &str) -> Result<PosixMode, Failure> {
        PosixMode::named(value).ok_or_else(|| Failure::UnknownPosixMode { value: value.to_owned() })
    }
}

/// Why a script runs in POSIX mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// COSHELL_POSIX=1.
    Setting,
    /// An expansion that POSIX mode reads differently.
    Expansion { file: PathBuf, line: u32 },
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self {
            Reason::Setting => write!(f, "COSHELL_POSIX is 1"),
            Reason::Expansion { file, line } => {
                write!(f, "{}:{line} has an apostrophe in an expansion such as \"${{name:-it's}}\"", file.display())
            }
        }
    }
}

/// Why a script with this scan runs in POSIX mode; `None` if it runs in ordinary Bash.
pub(super) fn reason(setting: PosixMode, convention: &Convention, scan: &ScriptScan) -> Option<Reason> {
    match setting {
        PosixMode::On => Some(Reason::Setting),
        PosixMode::Off => None,
        PosixMode::WhereNeeded => {
            let (file, line) = scan.apostrophe.clone().filter(|_| convention.posix)?;
            Some(Reason::Expansion { file, line })
        }
    }
}

/// Why `script` in the task root `root` runs in POSIX mode.
///
/// # Errors
/// When the script cannot be read.
#[cfg(feature = "cli")]
pub(crate) fn reason_for(
    script: &Path,
    root: &Path,
    setting: PosixMode,
    convention: &Convention,
) -> io::Result<Option<Reason>> {
    Ok(reason(setting, convention, &ScriptScan::of(script, root)?))
}

/// Finds, in the output of Bash, a file that Bash could not parse but can parse in POSIX mode.
pub(super) fn parsed_in_posix_mode_only(output: &str, config: &Config) -> Option<PathBuf> {
    let message = output.lines().filter_map(BashMessage::parse).find(|message| {
        message.line.is_some()
            && (message.text.starts_with("unexpected EOF while looking")
                || message.text.starts_with("syntax error near"))
    })?;
    let file = config.task_root.join(message.file);
    parses(config, &file).then_some(file)
}

/// Whether Bash in POSIX mode can parse `file`. Then it prints nothing. The exit status is not used, because the thread that
/// reaps orphans may take it.
fn parses(config: &Config, file: &Path) -> bool {
    let mut command = Command::new(&config.bash);
    command.args(["--posix", "-n", "--"]).arg(file).env_remove("BASH_ENV");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let Ok(mut bash) = command.spawn() else { return false };
    let mut errors = Vec::new();
    let read = bash.stderr.take().map(|mut stderr| stderr.read_to_end(&mut errors));
    drop(bash.wait());
    matches!(read, Some(Ok(0)))
}
