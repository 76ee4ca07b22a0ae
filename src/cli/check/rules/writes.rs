//! Files that a script writes: on Lambda only /tmp can be written.

use super::{Found, Parsed, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::position::Position;
use crate::cli::check::script::{Call, Direction, Word};

/// Absolute paths that can be written, or that are no files.
const WRITABLE: [&str; 3] = ["/tmp", "/dev", "/proc"];
const ROOTS: [&str; 2] = ["$LAMBDA_TASK_ROOT/", "${LAMBDA_TASK_ROOT}/"];

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    for file in shell.files {
        let moves = file.script.commands.iter().any(|command| matches!(command.name(), Some("cd" | "pushd")));
        for (position, target) in targets(file) {
            if let Some(message) = fault(&target, moves) {
                found.push(warning(&file.path, position, Code::WriteOutsideTmp, message));
            }
        }
    }
}

/// The files that the script writes by redirections, and by the arguments of commands, each with its line.
fn targets(file: &Parsed) -> Vec<(Position, String)> {
    let redirections = file.script.commands.iter().flat_map(|command| &command.redirections);
    let written =
        redirections.filter(|redirection| matches!(redirection.direction, Direction::Write | Direction::Append));
    let mut targets: Vec<(Position, String)> =
        written.map(|redirection| (redirection.target.position, redirection.target.text.clone())).collect();
    for (_, call) in file.script.calls() {
        let words = written_by(&call).into_iter().filter(|word| word.text != "-" && !word.text.starts_with("$("));
        targets.extend(words.map(|word| (word.position, word.text)));
    }
    targets
}

/// The words of a call that name what it writes.
fn written_by(call: &Call) -> Vec<Word> {
    let words = call.arguments;
    match call.name.text.as_str() {
        "mkdir" => operands(words, &["-m", "--mode"]),
        "mkfifo" | "tee" => operands(words, &["-m"]),
        "touch" => operands(words, &["-d", "-r", "-t"]),
        "cp" | "mv" | "ln" | "install" => match value_of(words, &["-t", "--target-directory"]) {
            Some(folder) => vec![folder],
            None => operands(words, &["-m", "-o", "-g", "-S"]).into_iter().skip(1).next_back().into_iter().collect(),
        },
        "mktemp" => match value_of(words, &["-p", "--tmpdir"]) {
            Some(folder) => vec![folder],
            None if has(words, &["-t", "--tmpdir"]) => Vec::new(),
            None => operands(words, &["--suffix"]),
        },
        "sed" if words.iter().any(|word| word.text.starts_with("-i") || word.text.starts_with("--in-place")) => {
            let has_script = has(words, &["-e", "-f", "--expression", "--file"]);
            operands(words, &["-e", "-f", "--expression", "--file"])
                .into_iter()
                .skip(usize::from(!has_script))
                .collect()
        }
        "curl" => value_of(words, &["-o", "--output"]).into_iter().collect(),
        "wget" => value_of(words, &["-O", "--output-document"]).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The arguments that are no options, nor the value of one of the options `with_value`.
fn operands(words: &[Word], with_value: &[&str]) -> Vec<Word> {
    let (mut operands, mut only_operands, mut at) = (Vec::new(), false, 0);
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "--" if !only_operands => only_operands = true,
            option if !only_operands && with_value.contains(&option) => at += 1,
            option if !only_operands && option.starts_with('-') && option.len() > 1 => {}
            _ => operands.push(word.clone()),
        }
        at += 1;
    }
    operands
}

/// The value of the first of `options`: the next word, or what follows `=`.
fn value_of(words: &[Word], options: &[&str]) -> Option<Word> {
    words.iter().enumerate().find_map(|(at, word)| {
        let value = options.iter().find_map(|option| word.text.strip_prefix(option)?.strip_prefix('='));
        match value {
            Some(value) => Some(Word { text: value.to_owned(), ..word.clone() }),
            None if options.contains(&word.text.as_str()) && word.text != "--tmpdir" => words.get(at + 1).cloned(),
            None => None,
        }
    })
}

fn has(words: &[Word], options: &[&str]) -> bool {
    words
        .iter()
        .any(|word| options.iter().any(|option| word.text == *option || word.text.starts_with(&format!("{option}="))))
}

/// What is wrong with the target of a redirection, as it is written. `moves` says that the script changes its folder, so that a relative
/// path may lead anywhere.
fn fault(target: &str, moves: bool) -> Option<String> {
    let in_root = ROOTS.iter().any(|root| target.starts_with(root));
    let is_below =
        |folder: &str| target.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let fails = match target.chars().next()? {
        '/' => !WRITABLE.iter().any(|folder| is_below(folder)),
        '$' => in_root,
        '~' | '`' => false,
        _ => !moves && !target.contains(['$', '`', '*', '{']),
    };
    fails.then(|| format!("it writes to `{target}`, and on Lambda only /tmp can be written: use a path below /tmp, as `mktemp` makes one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::script::Script;

    #[test]
    fn the_files_that_commands_write_are_known() {
        for (text, expected) in [
            ("mkdir -p -m 700 a /b; touch -d now c", "a /b c"),
            ("cp a b; mv -f a b/ c; cp -t d a; ln -s a e; cp \"$x\"", "b c d e"),
            ("x | tee -a a >b; sed -i s/a/b/ c; sed -i.bak -e x d; sed x e", "b a c d"),
            ("mktemp; mktemp -d; mktemp -p a; mktemp b.XXX; mktemp -t c.XXX; mktemp --tmpdir=d", "a b.XXX d"),
            ("curl -sS -o a x; curl --output=b x; curl -o - x; wget -O c x", "a b c"),
            ("a >$b; timeout 5 touch c; xargs mkdir d", "$b c d"),
        ] {
            let file = Parsed { path: "x".into(), script: Script::parse(text).unwrap() };
            let written: Vec<String> = targets(&file).into_iter().map(|(_, target)| target).collect();
            assert_eq!(written.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn only_tmp_can_be_written() {
        for target in
            ["/tmp/a", "/tmp", "/dev/null", "/dev/stderr", "/proc/self/fd/1", "$file", "$HOME/a", "~/a", "$(mktemp)"]
        {
            assert_eq!(fault(target, false), None, "{target}");
        }
        for target in ["/var/log/a", "/tmpfile", "/etc/$name", "$LAMBDA_TASK_ROOT/a", "out.txt", "./a/b"] {
            assert!(fault(target, false).unwrap().contains(&format!("`{target}`")), "{target}");
        }
        assert_eq!(fault("out.txt", true), None);
        assert!(fault("/var/a", true).is_some());
    }
}
