//! `coshell man`: prints the manual pages of the program and of its commands, or writes all of them to a folder.
//!
//! The pages are made from the same descriptions as `--help`, so they cannot differ from it. The crate `clap_mangen` writes the sections that
//! every page has. That crate would join the lines of the examples, so this module writes the text that follows the options in `--help`: a
//! line such as `Examples:` becomes a section, and its indented lines keep their line breaks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::exit_status::ExitStatus;
use super::terminal;

const EXAMPLES: &str = "\
Examples:
  coshell man | man -l -                           the page coshell(1)
  coshell man invoke | man -l -                    the page coshell-invoke(1)
  coshell man --out ~/.local/share/man/man1        writes every page; then `man coshell-invoke` finds them

Exit status:
  0 the pages are printed or written   1 stdout or the folder cannot be written   2 wrong usage, or there is no such command";

/// The arguments of `coshell man`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The command whose page is printed [default: the page of coshell itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub command: Option<String>,

    /// Writes every page to this folder, as coshell.1, coshell-invoke.1 and so on; makes the folder if there is none
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// Prints or writes the manual pages of `program`.
#[must_use]
pub fn run(arguments: &Arguments, program: Command) -> ExitStatus {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    if let Some(folder) = &arguments.out {
        return done(write_all(&program, folder));
    }
    match command_named(&program, arguments.command.as_deref()) {
        Ok(command) => done(page(command).and_then(|page| terminal::print(&page))),
        Err(error) => ExitStatus::Usage.with_error(&error),
    }
}

fn done(result: Result<()>) -> ExitStatus {
    result.map_or_else(|error| ExitStatus::Failed.with_error(&error), |()| ExitStatus::Success)
}

fn command_named<'a>(program: &'a Command, name: Option<&str>) -> Result<&'a Command> {
    let Some(name) = name else { return Ok(program) };
    if let Some(command) = commands(program).find(|command| command.get_name() == name) {
        return Ok(command);
    }
    let known: Vec<&str> = commands(program).map(Command::get_name).collect();
    bail!("there is no command `{name}`: the commands are {}", known.join(", "))
}

fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| !command.is_hide_set())
}

fn write_all(program: &Command, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    for command in std::iter::once(program).chain(commands(program)) {
        let file = folder.join(Man::new(command.clone()).get_filename());
        fs::write(&file, page(command)?).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}

/// The page of one command, in the language of `man`.
fn page(command: &Command) -> Result<Vec<u8>> {
    let version = format!("coshell {}", env!("CARGO_PKG_VERSION"));
    let manual = Man::new(command.clone()).source(version).manual("coshell");
    let mut page = Vec::new();
    let mut rest = Roff::default();
    if let Some(help) = command.get_after_help() {
        add_sections(&mut rest, &help.to_string());
    }
    let written = manual
        .render_title(&mut page)
        .and_then(|()| manual.render_name_section(&mut page))
        .and_then(|()| manual.render_synopsis_section(&mut page))
        .and_then(|()| manual.render_description_section(&mut page))
        .and_then(|()| manual.render_options_section(&mut page))
        .and_then(|()| if command.has_subcommands() { manual.render_subcommands_section(&mut page) } else { Ok(()) })
        .and_then(|()| rest.to_writer(&mut page));
    written.context("cannot make the manual page")?;
    Ok(page)
}

/// Adds the text that follows the options in `--help`.
fn add_sections(page: &mut Roff, help: &str) {
    let mut is_example = false;
    for line in help.lines() {
        let was_example = std::mem::replace(&mut is_example, line.starts_with(' '));
        match (was_example, is_example) {
            (false, true) => page.control("EX", []),
            (true, false) => page.control("EE", []),
            (true, true) | (false, false) => page,
        };
        match line.strip_suffix(':') {
            Some(title) if !is_example => page.control("SH", [title.to_uppercase().as_str()]),
            Some(_) | None if line.is_empty() => page.control("PP", []),
            Some(_) | None => page.text([roman(line.strip_prefix("  ").unwrap_or(line))]),
        };
    }
    if is_example {
        page.control("EE", []);
    }
}
