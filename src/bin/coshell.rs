//! Starts the developer's program: parses the arguments and calls a command.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use coshell::cli::exit_status::ExitStatus;
use coshell::cli::{check, completions, events, init, invoke, layer, manual, package, serve, test};
use coshell::lambda::hidden_arguments::{RUNTIME_ARGUMENT, SANDBOX_ARGUMENT};
use coshell::lambda::{environment, sandbox};

const EXAMPLES: &str = "\
Examples:
  coshell init hello                        a new function
  coshell invoke hello '{\"name\":\"Ada\"}'     one event, and its response
  coshell serve hello --watch               for curl, the AWS CLI and SDKs, while you edit
  coshell test hello                        runs the events in its folder events/ and compares the responses
  coshell check hello                       finds problems that would occur on Lambda

`coshell COMMAND --help` shows examples of a command.";

/// Run, debug and package Bash handlers for AWS Lambda on your own machine
#[derive(Parser)]
#[command(name = "coshell", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create the folder of a new function: a script, an event and a test
    Init(init::Arguments),
    /// Run a handler with one event, as Lambda would, and print the response
    Invoke(invoke::Arguments),
    /// Serve a function to the AWS CLI, SDKs, curl and browsers, as Lambda and its function URLs would
    Serve(serve::Arguments),
    /// Find problems that would occur on Lambda, before you deploy
    Check(check::Arguments),
    /// Run a handler with the events in its folder, and compare the responses with the expected ones
    Test(test::Arguments),
    /// List and print sample events of the services that invoke functions
    Events(events::Arguments),
    /// Create the zip of a function, with or without the runtime
    Package(package::Arguments),
    /// Create the zip of a layer: the runtime, programs for functions, or both
    Layer(layer::Arguments),
    /// Print the completion script for Bash, Zsh or Fish
    Completions(completions::Arguments),
    /// Print the manual page of this program or of one command, or write all pages to a folder
    Man(manual::Arguments),
}

fn main() -> ExitCode {
    if is_runtime_process() {
        return environment::run_runtime();
    }
    if std::env::args_os().nth(1).is_some_and(|first| first == SANDBOX_ARGUMENT) {
        return ExitStatus::Failed.with_error(&sandbox::enter()).into();
    }
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(message) => return print_clap_message(&message),
    };
    match program.command {
        Command::Init(arguments) => init::run(&arguments).into(),
        Command::Invoke(arguments) => invoke::run(&arguments).into(),
        Command::Serve(arguments) => serve::run(&arguments).into(),
        Command::Check(arguments) => check::run(&arguments).into(),
        Command::Test(arguments) => test::run(&arguments).into(),
        Command::Events(arguments) => events::run(&arguments).into(),
        Command::Package(arguments) => package::run(&arguments).into(),
        Command::Layer(arguments) => layer::run(&arguments).into(),
        Command::Completions(arguments) => completions::run(&arguments, Program::command()).into(),
        Command::Man(arguments) => manual::run(&arguments, Program::command()).into(),
    }
}

/// Prints help, the version, or an error in the command line.
fn print_clap_message(message: &clap::Error) -> ExitCode {
    match message.print() {
        Err(error) if !message.use_stderr() => {
            ExitStatus::Failed.with_error(&anyhow::Error::new(error).context("cannot write to stdout")).into()
        }
        Ok(()) | Err(_) => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2)),
    }
}

/// Whether `coshell` itself has started this process as the runtime. Checked without clap.
fn is_runtime_process() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == RUNTIME_ARGUMENT) && arguments.next().is_none()
}
