//! `coshell init`: makes a new function's folder from one of the project's examples.
//!
//! The folder contains the script, an event that `coshell invoke` sends, and the expected response, so that `coshell test` has a first test. The
//! files are those of handlers/, where the project tests them. The folder must not exist before, so no file of the user is changed.

mod examples;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::examples::Example;
use super::exit_status::ExitStatus;
use super::terminal;

/// The longest function name that Lambda accepts.
const NAME_CHARACTERS: usize = 64;

const EXAMPLES: &str = "\
Examples:
  coshell init hello                          the smallest handler, with an event and a test
  coshell init orders --example sqs           a batch of messages, some of which fail
  coshell init hello && coshell test hello    makes a function and runs its test

Exit status:
  0 the folder is made   1 the folder cannot be written   2 wrong usage, or the folder exists already; nothing was written";

/// The arguments of `coshell init`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder to make. Its last part is the function's name: letters, digits, `-` and `_`
    #[arg(value_name = "NAME")]
    pub folder: PathBuf,

    /// The example to copy
    #[arg(long, value_name = "EXAMPLE", default_value = "echo", value_parser = examples::names())]
    pub example: String,
}

/// Runs the command. Errors are printed to stderr.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let folder = &arguments.folder;
    let example =
        check_new(folder).and_then(|()| Example::named(&arguments.example).context("there is no such example"));
    let example = match example {
        Ok(example) => example,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    match make(folder, example).and_then(|()| terminal::print(next_steps(folder, example).as_bytes())) {
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

/// Refuses a folder that exists, or whose name cannot be the name of a function.
fn check_new(folder: &Path) -> Result<()> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || name.len() > NAME_CHARACTERS || !name.chars().all(allowed) {
        bail!(
            "`{}` cannot be a function's name: use at most {NAME_CHARACTERS} letters, digits, `-` and `_`",
            folder.display()
        );
    }
    if folder.symlink_metadata().is_ok() {
        bail!("`{}` exists already: choose another name, or remove it first", folder.display());
    }
    Ok(())
}

/// Makes the folder and its files. If a file cannot be written, the folder is removed again.
fn make(folder: &Path, example: &Example) -> Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder `{}`", parent.display()))?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("`{}` exists already: choose another name, or remove it first", folder.display())
        }
        made => made.with_context(|| format!("cannot make the folder `{}`", folder.display()))?,
    }
    let written = example.files().into_iter().try_for_each(|(name, text)| write(&folder.join(name), &text));
    if written.is_err() {
        let _ = fs::remove_dir_all(folder); // the folder is ours, and the caller reports the error
    }
    written
}

fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(file, text)).with_context(|| format!("cannot write `{}`", file.display()))
}

/// The text that says what was made, and what to do next.
fn next_steps(folder: &Path, example: &Example) -> String {
    let path = terminal::quoted_path(folder);
    let rows = [
        ("function.sh", "the handler: edit this file"),
        ("events/example.json", "an event for invoke and test"),
        (example.expected.0, "what the handler must answer to the event"),
    ];
    let files = rows.map(|(name, about)| (terminal::quoted_path(&folder.join(name)), about));
    let width = files.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let files: String = files.iter().map(|(name, about)| format!("  {name:width$}  {about}\n")).collect();
    let needs = example.needs.map_or_else(String::new, |tool| {
        let option = if tool == "jq" { "--tools".to_owned() } else { format!("--add bin/{tool}=FILE") };
        format!("The example needs {tool}. Lambda has no {tool}: put it into a layer (coshell layer {option}).\n")
    });
    format!(
        "made {path} from the example {name}: {about}
{files}{needs}next:
  coshell invoke {path}{options}    # sends the event and prints the response
  coshell test {path}      # sends the event and compares the response
",
        options = example.options,
        name = example.name,
        about = example.about
    )
}
