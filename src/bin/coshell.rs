//! The developer's program: arguments and dispatch only.
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use coshell::local::{check, environment::RUNTIME_ARGUMENT, events, invoke, layer, package, serve, test};

/// Run, debug and package Bash handlers for AWS Lambda on your own machine
#[derive(Parser)]
#[command(name = "coshell", version, arg_required_else_help = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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
}

fn main() -> ExitCode {
    if is_the_runtime() {
        return coshell::runtime::main();
    }
    match Program::parse().command {
        Command::Invoke(arguments) => invoke::run(&arguments).into(),
        Command::Serve(arguments) => serve::run(&arguments).into(),
        Command::Check(arguments) => check::run(&arguments).into(),
        Command::Test(arguments) => test::run(&arguments).into(),
        Command::Events(arguments) => events::run(&arguments).into(),
        Command::Package(arguments) => package::run(&arguments).into(),
        Command::Layer(arguments) => layer::run(&arguments).into(),
    }
}

/// Whether this process was started by `coshell` itself, to be the runtime; clap has no part in that.
fn is_the_runtime() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == RUNTIME_ARGUMENT) && arguments.next().is_none()
}
