//! What a script does that the driver has to step aside for, judged by its text before it is sourced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::apostrophes::line_read_differently;
use super::sources::sourced;
use crate::runtime::functions;

/// The tutorial's globals that are set only where the script seems to read them.
const GLOBALS: [&str; 2] = ["EVENT_DATA", "REQUEST_ID"];
/// The words of Bash's grammar that the driver's traps use.
const KEYWORDS: [&str; 8] = ["case", "do", "done", "esac", "for", "in", "while", "time"];
/// So many files are read for their habits.
const MOST_FILES: usize = 32;

/// What the script's text speaks of, where the driver has to step aside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// ERR traps or errtrace: a trap of ours, with errtrace, would change when the script's own one fires.
    pub(super) err_traps: bool,
    /// `kill`, or a list of the traps: an EXIT trap of ours would show, or cost a child a signal.
    pub(super) lists_traps: bool,
    /// An alias for a word of Bash's grammar: in a trap of ours, whose text is parsed when it runs, that word would be another.
    pub(super) keyword_aliases: bool,
    /// DEBUG traps: they would run for each command of our traps.
    pub(super) debug_traps: bool,
    /// Traps of any kind, or other files and `eval`, which may set one: an EXIT trap of the handler's own may be pending when it returns.
    pub(super) may_trap: bool,
    /// EXIT traps: they may name variables that are local to the function that sets them.
    pub(super) exit_traps: bool,
    /// xtrace or DEBUG traps: what the driver does after the handler's call would show in them.
    pub(super) traces: bool,
    /// RETURN traps or functrace: a RETURN trap of ours would be in the way.
    pub(super) returns: bool,
    /// Other files: the driver is to look at the functions for both of the above, once they are known.
    pub(super) sources: bool,
    /// Which of the tutorial's globals EVENT_DATA and REQUEST_ID it speaks of; both where it reads other files. A copy of a large
    /// event that nobody reads would cost as much as its hand-over.
    pub(super) globals: Vec<&'static str>,
    /// Coprocesses, or other files: Bash closes a coprocess's descriptors in a subshell, though not in the `$( )` of the tutorial's
    /// bootstrap.
    pub(super) coprocs: bool,
    /// A function that takes the name of `builtin`, without which the driver can do nothing.
    pub(super) builtin: bool,
    /// The array LAMBDA_EVENT, which the driver fills if the script declares it.
    pub(super) event_array: bool,
    /// The functions of the runtime that it calls.
    pub(super) functions: Vec<&'static str>,
    /// The tutorial's global HEADERS, a file that is made only then.
    pub(super) headers: bool,
    /// The first expansion that POSIX mode reads differently: its file and its line.
    pub(super) apostrophe: Option<(PathBuf, u32)>,
}

impl Habits {
    /// Of `script`, and of what it seems to source in its own folder or in `root`.
    pub(super) fn of(script: &Path, root: &Path) -> io::Result<Habits> {
        let text = String::from_utf8_lossy(&fs::read(script)?).into_owned();
        let mut habits = Habits::default();
        habits.judge(&text, script);
        let folder = script.parent().unwrap_or(root);
        let (mut files, mut to_read) = (BTreeSet::from([script.to_owned()]), sourced(&text, [root, folder]));
        while let Some(file) = to_read.pop().filter(|_| files.len() < MOST_FILES) {
            if files.insert(file.clone())
                && let Ok(bytes) = fs::read(&file)
            {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                habits.judge(&text, &file);
                to_read.extend(sourced(&text, [root, file.parent().unwrap_or(root)]));
            }
        }
        habits.coprocs |= habits.sources;
        habits.exit_traps &= !habits.returns;
        habits.globals = GLOBALS.into_iter().filter(|name| habits.sources || habits.globals.contains(name)).collect();
        Ok(habits)
    }

    /// Whether traps of ours would show, or fail.
    pub(super) fn is_hostile_to_traps(&self) -> bool {
        self.keyword_aliases || self.debug_traps
    }

    fn judge(&mut self, text: &str, file: &Path) {
        let speaks_of = |words: &[&str]| words.iter().any(|word| text.contains(word));
        self.sources |= speaks_of(&["source", ". ", "eval"]);
        self.headers |= speaks_of(&["HEADERS"]);
        self.event_array |= speaks_of(&["LAMBDA_EVENT"]);
        self.functions.extend(functions::mentioned(text));
        let in_background = || text.split("&&").any(|part| part.replace(">&", "").replace("<&", "").contains('&'));
        self.lists_traps |= speaks_of(&["trap -p", "$(trap)", "trap |", "trap >"]);
        self.lists_traps |= speaks_of(&["kill "]) && in_background();
        let dot = ["; . ", "& . ", "| . ", "{ . ", "(. ", "( . ", "then . ", "do . ", "else . ", "if . ", "! . "];
        let begins_with_dot = || text.lines().any(|line| line.trim_start().starts_with(". "));
        self.may_trap |= speaks_of(&["trap", "source", "eval"]) || speaks_of(&dot) || begins_with_dot();
        self.exit_traps |= speaks_of(&["trap"]) && speaks_of(&["EXIT", " 0"]);
        self.returns |= speaks_of(&["RETURN", "functrace"]);
        self.builtin |= speaks_of(&["builtin()", "builtin ()", "function builtin"]);
        self.globals.extend(GLOBALS.into_iter().filter(|name| speaks_of(&[*name])));
        self.coprocs |= speaks_of(&["coproc"]);
        if self.apostrophe.is_none() {
            self.apostrophe = line_read_differently(text).map(|line| (file.to_owned(), line));
        }
        text.lines().for_each(|line| self.note(line));
    }

    fn note(&mut self, line: &str) {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '+'));
        let (mut after_set, mut after_alias) = (false, false);
        for word in words {
            after_set |= word == "set";
            after_alias |= word == "alias";
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
        ] {
            std::fs::write(file.path(), text).unwrap();
            let habits = Habits::of(file.path(), Path::new("/nosuch")).unwrap();
            assert_eq!((habits.err_traps, habits.traces, habits.sources), (err_traps, traces, sources), "{text}");
            assert_eq!(habits.globals.len(), if sources { 2 } else { 0 }, "{text}");
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
            let habits = Habits::of(&script, root.path()).unwrap();
            assert!(habits.err_traps && habits.headers, "{line}");
        }
        fs::write(&script, "echo source lib/c.sh; source /nosuch; resource lib/a.sh").unwrap();
        assert!(!Habits::of(&script, root.path()).unwrap().err_traps);
    }
}
