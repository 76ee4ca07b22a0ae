//! `coshell completions`: prints the script with which a shell completes the program's commands and options.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::exit_status::ExitStatus;
use super::terminal;

const EXAMPLES: &str = "\
Examples:
  source <(coshell completions bash)                                      in ~/.bashrc
  coshell completions zsh > ~/.zfunc/_coshell                             with ~/.zfunc in fpath
  coshell completions fish > ~/.config/fish/completions/coshell.fish

Exit status:
  0 printed   1 stdout cannot be written   2 there is no such shell";

/// The arguments of `coshell completions`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The shell to print the script for
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the completion script for the program that `command` describes.
#[must_use]
pub fn run(arguments: &Arguments, mut command: Command) -> ExitStatus {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, name, &mut script);
    terminal::print(&script).map_or_else(|error| ExitStatus::Failed.with_error(&error), |()| ExitStatus::Success)
}
