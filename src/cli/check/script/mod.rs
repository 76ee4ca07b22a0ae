//! What a Bash script calls, as far as its text tells: a scan that knows quotes, substitutions, here-documents and `case`, and no more.
//!
//! It is not Bash's grammar: `bash -n` judges that. A word that is put together when the script runs is never guessed, so a finding
//! may be missed, and none should be wrong.

mod scanner;

use std::collections::BTreeSet;

pub(crate) use self::scanner::scan;

/// A word at its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) line: u32,
    pub(super) text: String,
}

/// What a script's text says.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The commands that it calls, its own functions among them.
    pub(super) commands: Vec<Word>,
    /// The functions that it defines.
    pub(super) functions: BTreeSet<String>,
    /// The commands that it looks for before it calls them, and the names of its aliases.
    pub(super) guarded: BTreeSet<String>,
    /// What it sources, as it is written.
    pub(super) sources: Vec<Word>,
    /// The programs that it calls by a path, as they are written.
    pub(super) programs: Vec<Word>,
    /// The scripts that it has `bash` or `sh` run, as they are written.
    pub(super) shell_scripts: Vec<Word>,
    /// The files that it redirects output to, as they are written.
    pub(super) writes: Vec<Word>,
    /// The lines of its process substitutions.
    pub(super) process_substitutions: Vec<u32>,
    /// Whether it sets errexit anywhere.
    pub(super) errexit: bool,
}

/// Commands whose first argument that is no option is a command as well.
const PREFIXES: [&str; 11] =
    ["builtin", "command", "env", "exec", "nice", "nohup", "setsid", "stdbuf", "sudo", "timeout", "xargs"];

/// Their options whose value is a word of its own.
const WITH_VALUE: [(&str, &[&str]); 7] = [
    ("env", &["-u", "-C", "-S"]),
    ("exec", &["-a"]),
    ("nice", &["-n"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("sudo", &["-u", "-g"]),
    ("timeout", &["-s", "-k"]),
    ("xargs", &["-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s"]),
];

/// What one simple command is, word by word.
#[derive(Debug, Default)]
pub(super) struct Call {
    name: String,
    /// Whether the next word may be the command that a prefix calls.
    prefixed: bool,
    /// Whether it is the value of the prefix's option.
    value: bool,
}

impl Script {
    /// Takes the first word of a command.
    pub(super) fn call(&mut self, word: Word) -> Call {
        let name = word.text.rsplit('/').next().unwrap_or_default().to_owned();
        let of_system =
            ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"].iter().any(|folder| word.text == format!("{folder}{name}"));
        if of_system || !word.text.contains('/') {
            self.commands.push(Word { line: word.line, text: name.clone() });
        } else {
            self.programs.push(word);
        }
        Call { prefixed: PREFIXES.contains(&name.as_str()), name, value: false }
    }

    /// Takes the first word of a command that is known only when the script runs, but for a path below a folder that is named by a variable.
    pub(super) fn expanded(&mut self, word: Word) -> Call {
        if word.text.contains('/') {
            self.programs.push(word);
        }
        Call::default()
    }

    /// Takes a further word of `call`; one that is not `literal` is known only when the script runs.
    pub(super) fn argument(&mut self, call: &mut Call, line: u32, text: &str, literal: bool) {
        let word = || Word { line, text: text.to_owned() };
        match call.name.as_str() {
            "." | "source" => {
                self.sources.push(word());
                call.name.clear();
            }
            _ if std::mem::take(&mut call.value) => {}
            "bash" | "sh" => match text.strip_prefix(['-', '+']) {
                Some("o" | "O" | "-rcfile" | "-init-file") => call.value = true,
                Some(letters) if !letters.starts_with('-') && letters.contains(['c', 's']) => call.name.clear(),
                Some(_) => {}
                None => {
                    self.shell_scripts.push(word());
                    call.name.clear();
                }
            },
            "set" => self.errexit |= sets_errexit(text),
            "command" if matches!(text, "-v" | "-V") => (call.prefixed, call.name) = (false, "type".to_owned()),
            "type" | "hash" | "which" => drop(self.guarded.insert(text.to_owned())),
            "alias" => drop(self.guarded.insert(text.split('=').next().unwrap_or_default().to_owned())),
            name if call.prefixed => {
                call.value = WITH_VALUE.iter().any(|(prefix, options)| *prefix == name && options.contains(&text));
                let skipped =
                    text.starts_with('-') || text.contains('=') || text.starts_with(|c: char| c.is_ascii_digit());
                if !skipped {
                    *call = if literal { self.call(word()) } else { self.expanded(word()) };
                }
            }
            _ => {}
        }
    }
}

fn sets_errexit(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    word == "errexit" || letters.is_some_and(|letters| letters.contains('e'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<String> {
        scan(text).commands.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn commands_stand_where_bash_takes_them() {
        for (text, expected) in [
            ("jq . | less; (tar x) && { find; }\n", "jq less tar find"),
            ("if a; then b; elif ! c; then d; else e; fi\nwhile f; do g; done", "a b c d e f g"),
            ("x=$(a \"$(b)\") y=`c` d \"e $(f 'g') h\"", "a b c d f"),
            ("X=1 Y+=2 a b=c\nz=(d e $(f))\n[[ g == h(i|j)* && $(k) ]] && l", "a f k l"),
            ("# a\necho 'b\nc' \"d\n$(e)\" # f\n", "echo e"),
            ("cat <<END; b\njq $(find)\nEND\nc <<-'E F' 2>&1\n\td\n\tE F\nf <<<jq >g 2>h </i\n", "cat b find c f"),
            ("case $1 in a | b) c ;; (d) e ;;& *) f;; esac; g\n", "c e f g"),
            ("a() { b; }\nfunction c { d; }\nfunction e() { f; }\n", "b d f"),
            (
                "command -v jq; command less; exec find; env A=b timeout 5 tar x; xargs -n 1 zip",
                "command command less exec find env timeout tar xargs zip",
            ),
            ("for x in jq find; do a; done; ((jq = find << 2)); b; echo $((jq + 1)) ${x:-$(c)} ${#x}", "a b echo c"),
            ("/usr/bin/jq; ./find; \"$LAMBDA_TASK_ROOT/bin/jq\"; $tool; tool\"$x\"", "jq"),
            ("a && b || c & d |& e\n! f", "a b c d e f"),
            ("echo a\\\n  jq \\; find \\\n less; x", "echo x"),
            ("a | \\\n  b && X=1 \\\n\tc\n[[ a ]] && \\\n  [[ $x =~ ^(tar|zip)$ ]] && d", "a b c d"),
            ("json=${1//'\"'/'\\\"'}; a \"${x%'}'*} it's\"; b \"${x:-it's}\"; c ${x#'$(d)'}", "a b c"),
            ("for ((jq = 1; jq < 1 << 4; jq <<= 1)); do a; done; for ((;;)) { b; }; c", "a b c"),
            ("if [[ $1 == a || # it's a\n  $1 == (b) ]]; then a; fi; b", "a b"),
            ("[[ $1 == *.@(gz|xz) && $1 =~ (file|$(a))+(dir) ]]; case $1\nin\n find | @(tar|zip)) b;; esac", "a b"),
            ("cat <<E; b\n$(c \"$(d)\") `e` \\$(jq) it's\nE\ncat <<\\E\n$(jq)\nE\nf", "cat b c d e cat f"),
            (
                "xargs -I file cp file x; env -u find jq; timeout -s KILL 5 tar; env -i find",
                "xargs cp env jq timeout tar env find",
            ),
            ("coproc a; time -p b; until c; do d; done", "a b c d"),
        ] {
            assert_eq!(commands(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn process_substitutions_functions_sources_and_options_are_found() {
        let text = "set -uo pipefail\nf() { :; }\nmapfile -t x < <(a)\n. \"$LAMBDA_TASK_ROOT/lib.sh\"\necho '<(b)' >(tee c) # <(d)\n";
        let script = scan(text);
        assert_eq!(script.process_substitutions, [3, 5]);
        assert_eq!(script.functions.into_iter().collect::<Vec<String>>(), ["f"]);
        assert_eq!(script.sources[0].text, "$LAMBDA_TASK_ROOT/lib.sh");
        assert!(!script.errexit);
        let text = "a >b 2>>/c/d; e &>f >&2 2>&1 <g <>h >|i >&- >$x >\"$X/j\" <<<k; l > 'm n'; [[ a > b ]]; ((a > b)); o > >(p)";
        let written: Vec<String> = scan(text).writes.into_iter().map(|word| word.text).collect();
        assert_eq!(written, ["b", "/c/d", "f", "i", "$x", "$X/j", "m n"]);
        let text = "./a; \"$LAMBDA_TASK_ROOT/b.sh\" x; exec ./c; timeout 5 \"$X/d\"; bash -e e.sh ./no; sh -o pipefail f; bash -c ./no; g/h";
        let script = scan(text);
        let texts = |words: Vec<Word>| words.into_iter().map(|word| word.text).collect::<Vec<String>>().join(" ");
        assert_eq!(texts(script.programs), "./a $LAMBDA_TASK_ROOT/b.sh ./c $X/d g/h");
        assert_eq!(texts(script.shell_scripts), "e.sh f");
        let guarded = scan("command -v jq >/dev/null && type -P tar; hash zip; alias less=more; command find").guarded;
        assert!(["jq", "tar", "zip", "less"].iter().all(|name| guarded.contains(*name)) && !guarded.contains("find"));
        assert!(["set -e", "set -Eeuo pipefail", "f() { set -o errexit; }"].iter().all(|text| scan(text).errexit));
    }

    #[test]
    fn every_line_is_counted() {
        let script = scan("a\n\nb <<E\n1\n2\nE\nc 'x\ny' \\\n z\nd\n");
        let lines: Vec<u32> = script.commands.iter().map(|word| word.line).collect();
        assert_eq!(lines, [1, 3, 7, 10]);
    }

    #[test]
    fn what_is_no_code_comes_to_an_end_too() {
        let parts = [
            "`", "(", ")", "\"", "'", "$(", "${", "$((", "<(", "<<E", "[[", "case", "in", ";;", "x=(", "\\", "#", "\n",
            "a", "{",
        ];
        let mut number = 1_u32;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(parts[(number >> 16) as usize % parts.len()]);
                text.push_str(if number & 0x8000 == 0 { " " } else { "" });
            }
            scan(&text);
        }
    }
}
