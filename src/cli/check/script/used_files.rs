//! Names the files that a script sources, starts, and gives to another Bash.

use super::{Call, Word};
use crate::lambda::base_image::command_at;

/// Files, as the script writes their names.
#[derive(Debug, Default)]
pub(in crate::cli::check) struct UsedFiles {
    pub(in crate::cli::check) sources: Vec<Word>,
    /// The programs that it starts by a path.
    pub(in crate::cli::check) programs: Vec<Word>,
    /// The scripts that it has `bash` or `sh` run.
    pub(in crate::cli::check) shell_scripts: Vec<Word>,
}

impl UsedFiles {
    pub(super) fn of<'a>(calls: impl Iterator<Item = Call<'a>>) -> UsedFiles {
        let mut used = UsedFiles::default();
        for Call { name, arguments, .. } in calls {
            match command_at(&name.text).unwrap_or(&name.text) {
                "." | "source" => used.sources.extend(arguments.first().cloned()),
                "bash" | "sh" => used.shell_scripts.extend(script_of_shell(arguments).cloned()),
                path if path.contains('/') => used.programs.push(name.clone()),
                _ => {}
            }
        }
        used
    }
}

/// The script among the arguments of a Bash; `None` where it gets its commands by `-c` or on stdin.
fn script_of_shell(arguments: &[Word]) -> Option<&Word> {
    let mut at = 0;
    while let Some(word) = arguments.get(at) {
        match word.text.strip_prefix(['-', '+']) {
            Some("o" | "O" | "-rcfile" | "-init-file") => at += 1,
            Some(letters) if !letters.starts_with('-') && letters.contains(['c', 's']) => return None,
            Some(_) => {}
            None => return Some(word),
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Script;
    use super::*;

    #[test]
    fn sources_programs_and_scripts_are_told_apart() {
        let text = "./a; \"$LAMBDA_TASK_ROOT/b.sh\" x; exec ./c; timeout 5 \"$X/d\"; bash -e e.sh ./no; sh -o pipefail f; bash -c ./no; g/h\n\
                    . \"$LAMBDA_TASK_ROOT/lib.sh\" x; source y; /bin/ls; x";
        let used = Script::parse(text).unwrap().used_files();
        let texts = |words: Vec<Word>| words.into_iter().map(|word| word.text).collect::<Vec<String>>().join(" ");
        assert_eq!(texts(used.programs), "./a $LAMBDA_TASK_ROOT/b.sh ./c $X/d g/h");
        assert_eq!(texts(used.shell_scripts), "e.sh f");
        assert_eq!(texts(used.sources), "$LAMBDA_TASK_ROOT/lib.sh y");
    }
}
