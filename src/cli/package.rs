//! `coshell package`: the zip of a function, with or without the runtime in it.
//!
//! The folder that the script is in is what Lambda unpacks to /var/task, so all of it goes in. What `coshell check` says will fail in any
//! case (no such function, a script that Bash cannot read) is refused; what a layer or a setting may mend is a warning.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::bundle::{Addition, Architecture, BOOTSTRAP, Bundle, Exclusion, LeftOut, Runtime, Written};
use super::check;
use super::exit_status::ExitStatus;
use super::terminal;
use crate::lambda::function::Function;
use crate::runtime::failure::Failure;
use crate::runtime::handler::Handler;

const EXAMPLES: &str = "\
Examples:
  coshell package handlers/echo -o function.zip                   for a function whose runtime is in a layer
  coshell package handlers/echo -o function.zip --with-runtime    with the runtime: all that Lambda needs
  coshell package src/orders.create -o orders.zip --arch arm64    the folder src/; the handler is orders.create
  coshell package . --include ../shared/words.sh --include lib/template.html=page.html --exclude '*.md' --exclude notes
  coshell package . --have jq --have aws                          with a layer that brings jq and aws

All of the script's folder goes in, but for `.git` and `.gitignore`, and at its top `target`, `*.zip`, `event.json`, and the folders
`events` and `tests`; --include brings one of them back. Symbolic links are followed, and refused where
they lead out of the folder. A file is executable (0755) if it is so here, is the runtime or the program that is the handler, or is in bin/
or extensions/; any other has 0644. The same files give the same bytes.

Exit status:
  0 the zip is written   1 it was refused, or could not be written: there is no new file   2 wrong usage";

/// The arguments of `coshell package`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, `dir/file.function`, or a program
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The zip to write, which is replaced; `-` writes it to stdout
    #[arg(short, long, value_name = "FILE", default_value = "function.zip")]
    pub output: PathBuf,

    /// Puts the runtime in as `bootstrap`
    #[arg(long)]
    pub with_runtime: bool,

    /// What the function runs on
    #[arg(long, value_name = "ARCHITECTURE", default_value = "x86_64")]
    pub arch: Architecture,

    /// A file or folder to put in as well, under NAME, or by its path in the function's folder, or at the top; can be given again
    #[arg(long, value_name = "[NAME=]PATH", value_parser = Addition::parse)]
    pub include: Vec<Addition>,

    /// What to leave out: a name, or a path from the top, with `*`, `?`, `[…]`, `[^…]` and `**`; can be given again
    #[arg(long, value_name = "GLOB", value_parser = Exclusion::parse)]
    pub exclude: Vec<Exclusion>,

    /// A command that a layer brings; can be given again
    #[arg(long, value_name = "COMMAND")]
    pub have: Vec<String>,

    /// The runtime to put in: a program, or a script that begins with `#!` [default: the one that a release of coshell has for the architecture]
    #[arg(long, value_name = "FILE", requires = "with_runtime")]
    pub bootstrap: Option<PathBuf>,

    /// Prints one JSON object: path, architecture, handler, runtime, codeSize, unzippedBytes, files, codeSha256 and sha256
    #[arg(long)]
    pub json: bool,
}

/// Runs the command to its end. What goes wrong has been said on stderr when it returns.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let function = match Function::locate(&arguments.path) {
        Ok(function) => function,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    match package(&function, arguments) {
        Ok(()) => ExitStatus::Success,
        Err(error) => ExitStatus::Failed.with_error(&error),
    }
}

fn package(function: &Function, arguments: &Arguments) -> Result<()> {
    sound(function, arguments)?;
    let mut left_out = LeftOut::new(&arguments.exclude, &arguments.output);
    let mut bundle = Bundle::default();
    bundle.relies_on(&arguments.have);
    bundle.folder("", &function.task_root, &mut left_out)?;
    for addition in &arguments.include {
        bundle.add(&included_as(addition, &function.task_root)?, &addition.path, &left_out)?;
    }
    left_out.told.retain(|name| !bundle.has_any_of(name));
    left_out.unmatched().iter().for_each(|warning| terminal::warn(warning));
    has_its_handler(&mut bundle, function)?;
    with_runtime(&mut bundle, arguments)?;
    let written = Written::new(&bundle, arguments.arch, &arguments.output, Some(&function.handler))?;
    if !left_out.told.is_empty() {
        let told = terminal::printable(&left_out.told.join(", "));
        terminal::say(format_args!("left out: {told} (--include puts one in)"));
    }
    written.tell(arguments.json)
}

/// Refuses what will fail whatever else the function has; the rest is a warning.
fn sound(function: &Function, arguments: &Arguments) -> Result<()> {
    let told = check::before_packaging(function, &arguments.path, &arguments.have)?;
    told.may_fail.iter().for_each(|warning| terminal::warn(warning));
    match told.will_fail.is_empty() {
        true => Ok(()),
        false => bail!("{}", told.will_fail.join("\nerror: ")),
    }
}

/// The name in the zip: the one that is given, the path in the function's folder, or the file's own name.
fn included_as(addition: &Addition, root: &Path) -> Result<String> {
    if let Some(name) = &addition.name {
        return Ok(name.clone());
    }
    let path = &addition.path;
    let found = path.canonicalize().with_context(|| format!("cannot read `{}`", path.display()))?;
    let name = match found.strip_prefix(root) {
        Ok(below) => below.to_str(),
        Err(_) => found.file_name().and_then(|name| name.to_str()),
    };
    let name = name.filter(|name| !name.is_empty());
    Ok(name.with_context(|| format!("`{}` has no name for the zip: write NAME=PATH", path.display()))?.to_owned())
}

fn has_its_handler(bundle: &mut Bundle, function: &Function) -> Result<()> {
    let file = match Handler::resolve(&function.handler, &function.task_root) {
        Ok(handler) => handler.file().to_owned(),
        Err(Failure::ScriptUnreadable { script, .. }) => script,
        Err(_) => function.task_root.join(&function.handler), // one that is not executable here is so in the zip
    };
    let name = file.strip_prefix(&function.task_root).unwrap_or(&file).to_string_lossy().into_owned();
    if !bundle.has(&name) {
        bail!("the handler's file `{name}` is left out of the zip: mend --exclude");
    }
    if name == function.handler {
        bundle.program(&name);
    }
    for source in check::sources_of(&file, &function.task_root) {
        let source = source.strip_prefix(&function.task_root).unwrap_or(&source).to_string_lossy().into_owned();
        if !bundle.has(&source) {
            terminal::warn(&format!(
                "`{name}` sources `{source}`, which is left out of the zip: --include {source} puts it in"
            ));
        }
    }
    Ok(())
}

fn with_runtime(bundle: &mut Bundle, arguments: &Arguments) -> Result<()> {
    let own = bundle.has(BOOTSTRAP);
    if arguments.with_runtime {
        if own {
            bail!(
                "the folder has a `{BOOTSTRAP}` of its own: remove it, say --exclude /{BOOTSTRAP}, or do without --with-runtime"
            );
        }
        return bundle.put_runtime(Runtime::find(arguments.bootstrap.as_deref(), arguments.arch)?);
    }
    if own {
        terminal::warn(&format!(
            "the folder's own `{BOOTSTRAP}` goes in, and Lambda takes it before a layer's: say --exclude /{BOOTSTRAP} to use a layer's"
        ));
    }
    Ok(())
}
