//! `coshell init`: a new function's folder, from one of the project's own examples.
//!
//! What is written is what stands in handlers/ and is tested there: the script, an event, which `coshell invoke` sends, and the answer to
//! it, so that `coshell test` has a first test. Nothing that exists is touched: the folder has to be new.

mod examples;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::examples::Example;
use super::exit_status::ExitStatus;
use super::terminal;

/// The longest name of a function that Lambda takes.
const NAME_CHARACTERS: usize = 64;

const EXAMPLES: &str = "\
Examples:
  coshell init hello                          the smallest handler, with an event and a test
  coshell init orders --example sqs           a batch of messages of which some fail
  coshell init hello && coshell test hello    and there it runs

Exit status:
  0 made   1 it cannot be written   2 wrong usage, or there is such a folder; nothing was written";

/// The arguments of `coshell init`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder to make; its last part is the function's name: letters, digits, `-` and `_`
    #[arg(value_name = "NAME")]
    pub folder: PathBuf,

    /// What to begin with
    #[arg(long, value_name = "EXAMPLE", default_value = "echo", value_parser = examples::names())]
    pub example: String,
}

/// Runs the command to its end.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let folder = &arguments.folder;
    let example = check(folder).and_then(|()| Example::named(&arguments.example).context("there is no such example"));
    let example = match example {
        Ok(example) => example,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    match make(folder, example).and_then(|()| terminal::print(told(folder, example).as_bytes())) {
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

fn check(folder: &Path) -> Result<()> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || name.len() > NAME_CHARACTERS || !name.chars().all(allowed) {
        bail!("`{}` names no function: use at most {NAME_CHARACTERS} letters, digits, `-` and `_`", folder.display());
    }
    if folder.symlink_metadata().is_ok() {
        bail!("`{}` is there already: name a folder that is not", folder.display());
    }
    Ok(())
}

/// Makes the folder; what was made of it is removed where that fails.
fn make(folder: &Path, example: &Example) -> Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder `{}`", parent.display()))?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("`{}` is there already", folder.display()),
        made => made.with_context(|| format!("cannot make the folder `{}`", folder.display()))?,
    }
    let written = example.files().into_iter().try_for_each(|(name, text)| write(&folder.join(name), &text));
    if written.is_err() {
        let _ = fs::remove_dir_all(folder); // it is ours, and the fault itself is told
    }
    written
}

fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(file, text)).with_context(|| format!("cannot write `{}`", file.display()))
}

fn told(folder: &Path, example: &Example) -> String {
    let path = terminal::quoted_path(folder);
    let rows = [
        ("function.sh", "the handler: change it"),
        ("events/example.json", "an event"),
        (example.answer.0, "what the handler answers to it"),
    ];
    let files = rows.map(|(name, about)| (terminal::quoted_path(&folder.join(name)), about));
    let width = files.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let files: String = files.iter().map(|(name, about)| format!("  {name:width$}  {about}\n")).collect();
    let needs =
        example.needs.map_or_else(String::new, |tool| format!("It needs {tool}, which a layer brings on Lambda.\n"));
    format!(
        "made {path} from the example {name}: {about}
{files}{needs}next:
  coshell invoke {path}    # sends the event
  coshell test {path}      # compares the answer
",
        name = example.name,
        about = example.about
    )
}
