//! `coshell check`: what would go wrong on Lambda, told before the function is deployed.
//!
//! It reads and runs nothing of the handler's, but for `bash -n` and shellcheck, where they are installed. A finding that will fail is told
//! apart from one that may: CI should stop at the first kind only. Findings go to stdout, a line each.

mod commands;
mod external_tools;
mod file;
mod finding;
mod handler;
mod helper;
pub(crate) mod script;
mod writes;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use self::finding::{Finding, Severity};
use self::handler::Checked;
pub(super) use self::handler::sources_of;
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
and what shellcheck says where it is installed. A command in the folder bin/ beside the script counts as present if the script sets PATH:
Lambda's has only a layer's bin/, not the function's. Of all programs in the folder it says what `coshell package` says: interpreter line,
architecture, loader, libraries.

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
        value_parser = ["tutorial", "gkrizek", "ql4b", "mparkachov"])]
    pub convention: String,

    /// What the function runs on
    #[arg(long, value_name = "ARCHITECTURE", default_value = "x86_64")]
    pub arch: Architecture,

    /// A command that a layer brings; can be given again
    #[arg(long, value_name = "COMMAND")]
    pub have: Vec<String>,

    /// Prints one JSON object: `ok` and `findings`, each with file, line, severity (`error` will fail, `warning` may, `note` will not), check and message
    #[arg(long)]
    pub json: bool,
}

/// Runs the command to its end.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let findings = Function::locate(&arguments.path).and_then(|function| {
        let mut checked = Checked::new(&function, arguments)?;
        checked.all();
        checked.programs();
        Ok(checked.findings)
    });
    let mut findings = match findings {
        Ok(findings) => findings,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    findings.sort();
    findings.dedup();
    let will_fail = findings.iter().any(|finding| finding.severity == Severity::Error);
    match tell(&findings, arguments) {
        Ok(()) if will_fail => ExitStatus::Failed,
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

/// What is wrong with a function that is about to be packaged, a sentence each.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Whatever else the function has.
    pub(crate) will_fail: Vec<String>,
    /// Unless a layer or a setting mends it.
    pub(crate) may_fail: Vec<String>,
}

/// Checks `function`, which the user called `path` and for which a layer brings the commands `have`. A zip has modes of its own, and what
/// shellcheck warns of is for `coshell check`.
pub(crate) fn before_packaging(function: &Function, path: &Path, have: &[String]) -> Result<Told> {
    let arguments = Arguments {
        path: path.to_owned(),
        convention: "tutorial".to_owned(),
        arch: Architecture::X86_64, // only `programs` asks for it
        have: have.to_vec(),
        json: false,
    };
    let mut checked = Checked::new(function, &arguments)?;
    checked.all();
    let mut told = Told::default();
    checked.findings.sort();
    for finding in checked.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        match finding.check {
            "mode" | "unreadable" => {} // the zip has modes of its own, and cannot be made of what it cannot read
            "function" | "line-ends" | "syntax" => told.will_fail.push(finding.to_string()),
            _ => told.may_fail.push(finding.to_string()),
        }
    }
    Ok(told)
}

fn tell(findings: &[Finding], arguments: &Arguments) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let told = if arguments.json {
        let ok = !findings.iter().any(|finding| finding.severity == Severity::Error);
        writeln!(
            stdout,
            "{}",
            json!({ "ok": ok, "findings": findings.iter().map(Finding::object).collect::<Vec<_>>() })
        )
    } else if findings.is_empty() {
        writeln!(stdout, "{}: nothing found that would fail on Lambda", arguments.path.display())
    } else {
        findings.iter().try_for_each(|finding| writeln!(stdout, "{finding}"))
    };
    told.context("cannot write the findings")
}
