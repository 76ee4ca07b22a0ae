//! Scans the text of a script, before it is sourced, for features that the driver must take into account.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::sources::{sourced_files, sources_files};
use crate::runtime::functions;
use crate::runtime::syntax::line_read_differently;

/// The tutorial's globals that are only set if the script seems to read them.
const GLOBALS: [&str; 2] = ["EVENT_DATA", "REQUEST_ID"];
/// The keywords of Bash that the traps of the driver use.
const KEYWORDS: [&str; 8] = ["case", "do", "done", "esac", "for", "in", "while", "time"];
/// How many files are scanned.
const MAX_FILES: usize = 32;

/// The features that the text of the script mentions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ScriptScan {
    /// ERR traps or errtrace. An ERR trap of the driver, with errtrace, would change when the script's own trap runs.
    pub(super) err_traps: bool,
    /// `kill`, or a listing of the traps. An EXIT trap of the driver would appear in the listing, and could make a child miss a
    /// signal.
    pub(super) lists_traps: bool,
    /// An alias for a keyword of Bash. It would change the traps of the driver, which are parsed when they run.
    pub(super) keyword_aliases: bool,
    /// DEBUG traps. They would run for each command of the traps of the driver.
    pub(super) debug_traps: bool,
    /// Traps of any kind, or sourced files and `eval`, which may set a trap: the handler's own EXIT trap may be pending when the
    /// handler returns.
    pub(super) may_trap: bool,
    /// EXIT traps. They may use variables that are local to the function that sets the trap.
    pub(super) exit_traps: bool,
    /// xtrace or DEBUG traps. They would show the commands of the driver after the call of the handler.
    pub(super) traces: bool,
    /// RETURN traps or functrace. A RETURN trap of the driver would conflict with them.
    pub(super) return_traps: bool,
    /// Sourced files. The driver must also search the functions for ERR traps and xtrace, after the files were sourced.
    pub(super) sources: bool,
    /// The globals EVENT_DATA and REQUEST_ID of the tutorial, if the script mentions them; both if it sources files. Copying a
    /// large event that nobody reads would take as long as passing the event to Bash.
    pub(super) globals: Vec<&'static str>,
    /// Coprocesses, or sourced files. Bash closes the descriptors of a coprocess in a subshell, but not in the `$( )` of the
    /// tutorial's bootstrap.
    pub(super) coprocs: bool,
    /// A function named `builtin`. The driver cannot work without the real `builtin`.
    pub(super) redefines_builtin: bool,
    /// The array LAMBDA_EVENT. The driver fills it if the script declares it.
    pub(super) event_array: bool,
    /// The functions of the runtime that the script calls.
    pub(super) functions: Vec<&'static str>,
    /// The global HEADERS of the tutorial. The file of the headers is only written for a script that mentions it.
    pub(super) headers: bool,
    /// The file and line of the first expansion that POSIX mode reads differently.
    pub(super) apostrophe: Option<(PathBuf, u32)>,
}

impl ScriptScan {
    /// Scans `script`, and the files in its own folder or in `root` that it seems to source.
    pub(super) fn of(script: &Path, root: &Path) -> io::Result<ScriptScan> {
        let text = String::from_utf8_lossy(&fs::read(script)?).into_owned();
        let mut scan = ScriptScan::default();
        scan.scan_text(&text, script);
        let folder = script.parent().unwrap_or(root);
        let (mut files, mut to_read) = (BTreeSet::from([script.to_owned()]), sourced_files(&text, [root, folder]));
        while let Some(file) = to_read.pop().filter(|_| files.len() < MAX_FILES) {
            if files.insert(file.clone())
                && let Ok(bytes) = fs::read(&file)
            {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                scan.scan_text(&text, &file);
                to_read.extend(sourced_files(&text, [root, file.parent().unwrap_or(root)]));
            }
        }
        scan.coprocs |= scan.sources;
        scan.may_trap |= scan.sources;
        scan.exit_traps &= !scan.return_traps;
        scan.globals = GLOBALS.into_iter().filter(|name| scan.sources || scan.globals.contains(name)).collect();
        Ok(scan)
    }

    /// Whether traps of the driver would be visible to the script, or would fail.
    pub(super) fn rules_out_driver_traps(&self) -> bool {
        self.keyword_aliases || self.debug_traps
    }

    fn scan_text(&mut self, text: &str, file: &Path) {
        let speaks_of = |words: &[&str]| words.iter().any(|word| text.contains(word));
        self.sources |= sources_files(text);
        self.headers |= speaks_of(&["HEADERS"]);
        self.event_array |= speaks_of(&["LAMBDA_EVENT"]);
        self.functions.extend(functions::mentioned(text));
        let in_background = || text.split("&&").any(|part| part.replace(">&", "").replace("<&", "").contains('&'));
        self.lists_traps |= speaks_of(&["trap -p", "$(trap)", "trap |", "trap >"]);
        self.lists_traps |= speaks_of(&["kill "]) && in_background();
        self.may_trap |= speaks_of(&["trap"]);
        self.exit_traps |= speaks_of(&["trap"]) && speaks_of(&["EXIT", " 0"]);
        self.return_traps |= speaks_of(&["RETURN", "functrace"]);
        self.redefines_builtin |= speaks_of(&["builtin()", "builtin ()", "function builtin"]);
        self.globals.extend(GLOBALS.into_iter().filter(|name| speaks_of(&[*name])));
        self.coprocs |= speaks_of(&["coproc"]);
        if self.apostrophe.is_none() {
            self.apostrophe = line_read_differently(text).map(|line| (file.to_owned(), line));
        }
        text.lines().for_each(|line| self.scan_line(line));
    }

    fn scan_line(&mut self, line: &str) {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '+'));
        let (mut after_set, mut after_alias) = (false, false);
        for word in words {
            after_set |= word == "set";
            after_alias |= word == "alias";
            self.sources |= matches!(word, "source" | "eval");
            self.debug_traps |= word == "DEBUG";
            self.keyword_aliases |= after_alias && KEYWORDS.contains(&word);
            let option = after_set && word.starts_with(['-', '+']);
            self.err_traps |= matches!(word, "ERR" | "errtrace" | "extdebug") || (option && word.contains('E'));
            self.traces |=
                matches!(word, "DEBUG" | "xtrace" | "verbose" | "extdebug") || (option && word.contains(['v', 'x']));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_own_traps_and_traces_are_seen_in_its_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, err_traps, traces, sources) in [
            ("handler() { echo; }", false, false, false),
            ("trap 'oops' ERR\n", true, false, false),
            ("set -Eeuo pipefail", true, false, false),
            ("set -o errtrace; set -o xtrace", true, true, false),
            ("echo PERR DEBUGGING; grep -E -x x; set -e", false, false, false),
            ("set -x; trap x DEBUG", false, true, false),
            ("source lib.sh", false, false, true),
            ("f() { \\source \"$x\"; }", false, false, true),
            ("case x in x). lib.sh ;; esac", false, false, true),
            ("\t. \"$file\"", false, false, true),
            ("builtin eval x", false, false, true),
            ("# The evaluation of resources. It is late. Done", false, false, false),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let scan = ScriptScan::of(file.path(), Path::new("/nosuch")).unwrap();
            assert_eq!((scan.err_traps, scan.traces, scan.sources), (err_traps, traces, sources), "{text}");
            assert_eq!(scan.globals.len(), if sources { 2 } else { 0 }, "{text}");
        }
    }

    #[test]
    fn habits_of_sourced_files_count() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("lib")).unwrap();
        fs::write(root.path().join("lib/a.sh"), ". \"${BASH_SOURCE[0]%/*}/b.sh\"\n").unwrap();
        fs::write(root.path().join("lib/b.sh"), "trap oops ERR; f() { cat \"$HEADERS\"; }\n. lib/a.sh\n").unwrap();
        let script = root.path().join("function.sh");
        for line in [
            "source lib/a.sh",
            ". ./lib/a.sh; x",
            "source \"$LAMBDA_TASK_ROOT/lib/a.sh\"",
            "[[ $x ]] && . \"${LAMBDA_TASK_ROOT}\"/lib/a.sh || :",
            "source \"$(dirname \"${BASH_SOURCE[0]}\")/lib/a.sh\" # the library",
        ] {
            fs::write(&script, line).unwrap();
            let scan = ScriptScan::of(&script, root.path()).unwrap();
            assert!(scan.err_traps && scan.headers, "{line}");
        }
        fs::write(&script, "echo source lib/c.sh; source /nosuch; resource lib/a.sh").unwrap();
        assert!(!ScriptScan::of(&script, root.path()).unwrap().err_traps);
    }
}
