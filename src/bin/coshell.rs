//! The developer's program: parses the arguments and calls the command.
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use coshell::cli::exit_status::Exit;
use coshell::cli::{check, completions, events, init, invoke, layer, manual, package, serve, test};
use coshell::lambda::hidden_arguments::{RUNTIME_ARGUMENT, SANDBOX_ARGUMENT};
use coshell::lambda::{environment, sandbox};

const EXAMPLES: &str = "\
Examples:
  coshell init hello                        makes a new function
  coshell invoke hello '{\"name\":\"Ada\"}'     sends one event and prints the response
  coshell serve hello --watch               serves curl, the AWS CLI and SDKs while you edit
  coshell test hello                        runs the events of hello/events/
  coshell check hello                       reports what would go wrong on Lambda

`coshell COMMAND --help` has examples of each command.";

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
    /// Report what would go wrong on Lambda, before you deploy
    Check(check::Arguments),
    /// Run a handler with the events of its folder, and compare the responses
    Test(test::Arguments),
    /// List and print sample events of the services that invoke functions
    Events(events::Arguments),
    /// Make the zip of a function, with or without the runtime
    Package(package::Arguments),
    /// Make the zip of a layer with the runtime, with programs for functions, or with both
    Layer(layer::Arguments),
    /// Print the script with which Bash, Zsh or Fish completes the commands and options of coshell
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
        Err(message) => return print_message(&message),
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

/// Prints the help, the version, or the error of the command line.
fn print_message(message: &clap::Error) -> ExitCode {
    match message.print() {
        Err(error) if !message.use_stderr() => {
            Exit::Failed.with(&anyhow::Error::new(error).context("cannot write to stdout")).into()
        }
        Ok(()) | Err(_) => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2)),
    }
}

/// Whether `coshell` started this process as the runtime. This argument is not part of the command line that clap parses.
fn is_the_runtime() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == RUNTIME_ARGUMENT) && arguments.next().is_none()
}
