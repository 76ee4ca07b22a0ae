//! `coshell package`: makes the zip of a function, with or without the runtime.
//!
//! Lambda unpacks the zip to /var/task, so the zip contains the whole folder of the script. An error of `coshell check`, such as a syntax error or a
//! command that Lambda lacks, prevents the zip. Faults of other files that a layer or a setting can remove are warnings.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::bundle::{Architecture, BOOTSTRAP, Bundle, Exclusion, Exclusions, ExtraFile, Runtime, Summary};
use super::check;
use super::exit_status::ExitStatus;
use super::terminal;
use crate::lambda::function::Function;
use crate::runtime::failure::Failure;
use crate::runtime::handler::Handler;

const EXAMPLES: &str = "\
Examples:
  coshell package handlers/echo -o function.zip                   for a function whose runtime is in a layer
  coshell package handlers/echo -o function.zip --with-runtime    with the runtime: Lambda needs no layer
  coshell package src/orders.create -o orders.zip --arch arm64    the folder src/; the handler is orders.create
  coshell package . --include ../shared/words.sh --include lib/template.html=page.html --exclude '*.md' --exclude notes
  coshell package . --have jq --have aws                          a layer contains jq and aws

The zip contains the whole folder of the script, except `.git` and `.gitignore`, and except `target`, `*.zip`, `event.json` and the folders
`events` and `tests` at the top of the folder. --include adds one of these. Symbolic links are followed; a link that points outside the
folder is an error. A file gets the mode 0755 if it is executable on this machine, if it is the runtime or the handler's program, or if it
is in bin/ or extensions/. Every other file gets 0644. The same files give the same bytes.

A function in which `coshell check` finds an error is refused. --have names the commands that a layer brings, and a comment in the script,
such as `# coshell-ignore: missing-command`, silences a finding.

Exit status:
  0 the zip is written   1 the function was refused, or the zip cannot be written: there is no new file   2 wrong usage";

/// The arguments of `coshell package`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The function: a folder with function.sh (its function `handler`), a script, `dir/file.function`, or a program
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The zip to write; an existing file is replaced; `-` writes the zip to stdout
    #[arg(short, long, value_name = "FILE", default_value = "function.zip")]
    pub output: PathBuf,

    /// Adds the runtime, as `bootstrap`
    #[arg(long)]
    pub with_runtime: bool,

    /// The processor that the function runs on
    #[arg(long, value_name = "ARCHITECTURE", default_value = "x86_64")]
    pub arch: Architecture,

    /// Adds a file or folder, named NAME in the zip; without NAME, a file of the function's folder keeps its path, and another one is put at the top; can be repeated
    #[arg(long, value_name = "[NAME=]PATH", value_parser = ExtraFile::parse)]
    pub include: Vec<ExtraFile>,

    /// Leaves out files and folders that match: a name, or a path from the top, with `*`, `?`, `[…]`, `[^…]` and `**`; can be repeated
    #[arg(long, value_name = "GLOB", value_parser = Exclusion::parse)]
    pub exclude: Vec<Exclusion>,

    /// A command that a layer contains; can be repeated
    #[arg(long, value_name = "COMMAND")]
    pub have: Vec<String>,

    /// The runtime to add: a program, or a script that begins with `#!` [default: the runtime of a coshell release, for the architecture]
    #[arg(long, value_name = "FILE", requires = "with_runtime")]
    pub bootstrap: Option<PathBuf>,

    /// Prints one JSON object: path, architecture, handler, runtime, codeSize, unzippedBytes, files, codeSha256 and sha256
    #[arg(long)]
    pub json: bool,
}

/// Runs the command. Errors are printed to stderr.
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
    check_function(function, arguments)?;
    let mut exclusions = Exclusions::new(&arguments.exclude, &arguments.output);
    let mut bundle = Bundle::default();
    bundle.set_external_commands(&arguments.have);
    bundle.add_folder("", &function.task_root, &mut exclusions)?;
    for extra_file in &arguments.include {
        bundle.add(&name_in_zip(extra_file, &function.task_root)?, &extra_file.path, &exclusions)?;
    }
    exclusions.warnings().iter().for_each(|warning| terminal::warn(warning));
    check_handler_files(&mut bundle, function)?;
    add_runtime(&mut bundle, arguments)?;
    let summary = Summary::write_zip(&bundle, arguments.arch, &arguments.output, Some(&function.handler))?;
    print_unneeded(exclusions, &bundle);
    summary.print(arguments.json)
}

/// Prints the names of files and folders that are not in the zip because no function needs them.
fn print_unneeded(mut exclusions: Exclusions, bundle: &Bundle) {
    exclusions.unneeded.retain(|name| !bundle.has_file_or_folder(name));
    if !exclusions.unneeded.is_empty() {
        let names = terminal::printable(&exclusions.unneeded.join(", "));
        terminal::say(format_args!("not needed on Lambda, so not in the zip: {names} (use --include to add one)"));
    }
}

/// Refuses a function in which `coshell check` finds an error.
fn check_function(function: &Function, arguments: &Arguments) -> Result<()> {
    let errors = check::errors_before_packaging(function, &arguments.path, &arguments.have)?;
    match errors.is_empty() {
        true => Ok(()),
        false => bail!("{}", errors.join("\nerror: ")),
    }
}

/// The name in the zip: the given name, or else the path in the function's folder, or else the file's own name.
fn name_in_zip(extra_file: &ExtraFile, root: &Path) -> Result<String> {
    if let Some(name) = &extra_file.name {
        return Ok(name.clone());
    }
    let path = &extra_file.path;
    let found = path.canonicalize().with_context(|| format!("cannot read `{}`", path.display()))?;
    let name = match found.strip_prefix(root) {
        Ok(below) => below.to_str(),
        Err(_) => found.file_name().and_then(|name| name.to_str()),
    };
    let name = name.filter(|name| !name.is_empty());
    Ok(name
        .with_context(|| format!("cannot choose a name in the zip for `{}`: write NAME=PATH", path.display()))?
        .to_owned())
}

/// Refuses a zip without the handler's file, and warns of sourced files that are not in the zip.
fn check_handler_files(bundle: &mut Bundle, function: &Function) -> Result<()> {
    let file = match Handler::resolve(&function.handler, &function.task_root) {
        Ok(handler) => handler.file().to_owned(),
        Err(Failure::ScriptUnreadable { script, .. }) => script,
        Err(_) => function.task_root.join(&function.handler), // a program that is not executable here gets the mode 0755 in the zip
    };
    let name = file.strip_prefix(&function.task_root).unwrap_or(&file).to_string_lossy().into_owned();
    if !bundle.has(&name) {
        bail!("the handler's file `{name}` is left out of the zip: change --exclude");
    }
    if name == function.handler {
        bundle.make_executable(&name);
    }
    for source in check::sources_of(&file, &function.task_root) {
        let source = source.strip_prefix(&function.task_root).unwrap_or(&source).to_string_lossy().into_owned();
        if !bundle.has(&source) {
            terminal::warn(&format!(
                "`{name}` sources `{source}`, which is left out of the zip: add `--include {source}`"
            ));
        }
    }
    Ok(())
}

fn add_runtime(bundle: &mut Bundle, arguments: &Arguments) -> Result<()> {
    let own = bundle.has(BOOTSTRAP);
    if arguments.with_runtime {
        if own {
            bail!(
                "the folder contains its own `{BOOTSTRAP}`: remove that file, add --exclude /{BOOTSTRAP}, or leave out --with-runtime"
            );
        }
        return bundle.add_runtime(Runtime::find(arguments.bootstrap.as_deref(), arguments.arch)?);
    }
    if own {
        terminal::warn(&format!(
            "the zip contains the folder's own `{BOOTSTRAP}`, and Lambda prefers it to the `{BOOTSTRAP}` of a layer: to use the layer's, add --exclude /{BOOTSTRAP}"
        ));
    }
    Ok(())
}
