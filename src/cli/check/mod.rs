//! `coshell check`: reports before a function is deployed what would go wrong on Lambda.
//!
//! It runs nothing of the handler: it reads the files, and asks `bash -n` and shellcheck, where they are installed. A finding is an error if
//! it will fail and a warning if it may, so that CI can stop at errors only. A comment in the script can silence a finding (`ignore.rs`).

mod code;
mod commands;
mod external_tools;
mod file;
mod finding;
mod handler;
mod helper;
mod ignore;
mod position;
mod result;
mod rules;
mod sarif;
mod script;
mod sources;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use self::code::Code;
use self::finding::{Finding, Severity};
use self::handler::Checked;
pub(super) use self::sources::sources_of;
use super::bundle::Architecture;
use super::exit_status::ExitStatus;
use crate::lambda::function::Function;

const EXAMPLES: &str = "\
Examples:
  coshell check handlers/echo               the function `handler` of handlers/echo/function.sh
  coshell check src/orders.create           the function `create` of src/orders.sh
  coshell check . --have jq --have aws      with a layer that brings jq and aws
  coshell check . --json | jq -r '.findings[].message'

Looks at the script, the files that it sources and the scripts of its folder that it starts (`./run.sh`, `$LAMBDA_TASK_ROOT/run.sh`,
`bash lib/run.sh`): function, syntax, line ends, modes, process substitution (Lambda has no /dev/fd), commands that provided.al2023 lacks,
calls of `aws` that need the whole AWS CLI, failures that Bash hides, an empty stdin, files written outside of /tmp, what a durable function
repeats, and what shellcheck says where it is installed. A command in the folder bin/ beside the script counts as present if the script sets
PATH: Lambda's has only a layer's bin/, not the function's. Of all programs in the folder it says what `coshell package` says: interpreter line,
architecture, loader, libraries.

Each finding ends with its code. A comment in the script silences it:
  jq . file   # coshell-ignore: missing-command         on the line of the finding, or on the line before
  # coshell-ignore-file: missing-command, shellcheck     anywhere in the file

Codes (handlers/DEVELOPING.md explains each):
  arithmetic-status      aws-call               broken-program         byte-order-mark        command-not-on-path
  durable-background     durable-in-program     durable-in-step        durable-replay         durable-stdin
  early-exit             empty-stdin            errexit-ignored        event-array            exit-trap
  file-mode              hidden-status          large-document         last-status            line-ends
  missing-command        missing-program        missing-source         no-errexit             no-function
  not-executable         not-parsed             posix-mode             process-substitution   script-path
  shellcheck             syntax                 unknown-code           unknown-command        unpackable-folder
  unreadable             unwatched-job          write-outside-tmp

Exit status:
  0 nothing that will fail   1 something will fail   2 wrong usage";

/// The arguments of `coshell check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, `dir/file.function`, or a program
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// How the handler is called: the function's COSHELL_CONVENTION
    #[arg(long, value_name = "NAME", default_value = "tutorial",
        value_parser = ["tutorial", "gkrizek", "ql4b", "mparkachov", "argument", "cgi"])]
    pub convention: String,

    /// Whether variables and traps stay from event to event: the function's COSHELL_STATE
    #[arg(long, value_name = "STATE", default_value = "fresh", value_parser = ["fresh", "keep"])]
    pub state: String,

    /// What the function runs on
    #[arg(long, value_name = "ARCHITECTURE", default_value = "x86_64")]
    pub arch: Architecture,

    /// A command that a layer brings; can be repeated
    #[arg(long, value_name = "COMMAND")]
    pub have: Vec<String>,

    /// Prints one JSON object: `ok` and `findings`, each with file, line, column (or null), severity (`error` will fail, `warning` may, `note` will not), check, code and message
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// How to print the findings: a line each, one JSON object, or SARIF 2.1.0 for code scanners
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line each.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

/// Runs the command to its end.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let findings = Function::locate(&arguments.path).and_then(|function| {
        let mut checked = Checked::new(&function, arguments)?;
        checked.all();
        checked.programs();
        Ok(checked.into_findings())
    });
    let findings = match findings {
        Ok(findings) => findings,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    let will_fail = findings.iter().any(|finding| finding.severity == Severity::Error);
    match tell(&findings, arguments) {
        Ok(()) if will_fail => ExitStatus::Failed,
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

/// The errors in `function`, a sentence each, before it is packaged. The user called the function `path`, and a layer brings the commands `have`. A
/// zip has modes of its own, and warnings are for `coshell check`.
pub(crate) fn errors_before_packaging(function: &Function, path: &Path, have: &[String]) -> Result<Vec<String>> {
    let arguments = Arguments {
        path: path.to_owned(),
        convention: "tutorial".to_owned(),
        state: "fresh".to_owned(),
        arch: Architecture::X86_64, // only `programs` asks for it
        have: have.to_vec(),
        json: false,
        format: Format::Text,
    };
    let mut checked = Checked::new(function, &arguments)?;
    checked.all();
    let is_error = |finding: &&Finding| {
        finding.severity == Severity::Error && !matches!(finding.code, Code::FileMode | Code::Unreadable)
    };
    Ok(checked.into_findings().iter().filter(is_error).map(Finding::to_string).collect())
}

/// The line of the first command of the handler that reads the empty stdin, and what `coshell check` says about the command. `text` is the text of
/// the script, which Bash has parsed.
pub(crate) fn empty_stdin(script: &Path, text: &str, function: &str) -> Option<(u32, String)> {
    let parsed = rules::Parsed { path: script.to_owned(), script: script::Script::parse(text)? };
    let found = rules::empty_stdin(&[parsed], function).into_iter().min_by_key(|found| found.position)?;
    Some((found.position.line, found.message))
}

/// Whether the parser takes `text`, which Bash has parsed: for the fuzzer.
#[cfg(any(test, fuzzing))]
pub(crate) fn parses(text: &str) -> bool {
    script::Script::parse(text).is_some_and(|script| script.calls().count() >= script.used_files().sources.len())
}

fn tell(findings: &[Finding], arguments: &Arguments) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let format = if arguments.json { Format::Json } else { arguments.format };
    let told = match format {
        Format::Json => {
            let ok = !findings.iter().any(|finding| finding.severity == Severity::Error);
            let findings: Vec<Value> = findings.iter().map(Finding::object).collect();
            writeln!(stdout, "{}", json!({ "ok": ok, "findings": findings }))
        }
        Format::Sarif => writeln!(stdout, "{:#}", sarif::log(findings)),
        Format::Text if findings.is_empty() => {
            writeln!(stdout, "{}: nothing found that would fail on Lambda", arguments.path.display())
        }
        Format::Text => findings.iter().try_for_each(|finding| writeln!(stdout, "{finding}")),
    };
    match told {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()), // the reader has read enough, as `head` does
        told => told.context("cannot write the findings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_and_the_guide_list_every_code() {
        let guide = include_str!("../../../handlers/DEVELOPING.md");
        for code in Code::ALL {
            assert!(EXAMPLES.split_whitespace().any(|word| word == code.name()), "{}", code.name());
            let row = format!("| `{}` |", code.name());
            assert!(guide.lines().any(|line| line.starts_with(&row) && line.contains(code.meaning())), "{row}");
        }
    }
}
