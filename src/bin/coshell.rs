//! The developer's program: arguments and dispatch only.
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use coshell::cli::exit_status::Exit;
use coshell::cli::{check, completions, events, init, invoke, layer, manual, package, serve, test};
use coshell::lambda::hidden_arguments::{RUNTIME_ARGUMENT, SANDBOX_ARGUMENT};
use coshell::lambda::{environment, sandbox};

const EXAMPLES: &str = "\
Examples:
  coshell init hello                        a new function
  coshell invoke hello '{\"name\":\"Ada\"}'     one event, and its response
  coshell serve hello --watch               for curl, the AWS CLI and SDKs, while you edit
  coshell test hello                        what is in its folder events/
  coshell check hello                       what would go wrong on Lambda

`coshell COMMAND --help` has examples of each.";

/// Run, debug and package Bash handlers for AWS Lambda on your own machine
#[derive(Parser)]
#[command(name = "coshell", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new function's folder: a script, an event and a test
    Init(init::Arguments),
    /// Run a handler with one event, as Lambda would, and print its response
    Invoke(invoke::Arguments),
    /// Serve a function to the AWS CLI, SDKs, curl and browsers, as Lambda and its function URLs would
    Serve(serve::Arguments),
    /// Tell what would go wrong on Lambda, before it is deployed
    Check(check::Arguments),
    /// Run a handler on the events of its folder, and compare what it answers
    Test(test::Arguments),
    /// List and print sample events of the services that invoke functions
    Events(events::Arguments),
    /// Make the zip of a function, with or without the runtime
    Package(package::Arguments),
    /// Make the zip of a layer: the runtime, programs for functions, or both
    Layer(layer::Arguments),
    /// Print what Bash, Zsh or Fish needs to complete the commands and options of this program
    Completions(completions::Arguments),
    /// Print the manual page of this program or of one command, or write all pages to a folder
    Man(manual::Arguments),
}

fn main() -> ExitCode {
    if is_the_runtime() {
        return environment::run_the_runtime();
    }
    if std::env::args_os().nth(1).is_some_and(|first| first == SANDBOX_ARGUMENT) {
        return Exit::Failed.with(&sandbox::enter()).into();
    }
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(told) => return tell(&told),
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

/// Help, the version, or what is wrong with the command line.
fn tell(told: &clap::Error) -> ExitCode {
    match told.print() {
        Err(error) if !told.use_stderr() => {
            Exit::Failed.with(&anyhow::Error::new(error).context("cannot write to stdout")).into()
        }
        Ok(()) | Err(_) => ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2)),
    }
}

/// Whether this process was started by `coshell` itself, to be the runtime; clap has no part in that.
fn is_the_runtime() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == RUNTIME_ARGUMENT) && arguments.next().is_none()
}
