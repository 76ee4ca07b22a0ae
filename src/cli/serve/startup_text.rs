//! Formats the text that is printed at start: the functions, the addresses, and commands to paste.

use std::fmt::Write;

use super::http_endpoint::{Destination, Target};
use super::listener::Listener;
use super::ports::Ports;
use super::selection::SelectedFunction;
use crate::cli::event;
use crate::cli::terminal::quoted;
use crate::lambda::contract::Caller;
use crate::lambda::identifiers::region;
use crate::lambda::template::Api;

/// The text; the commands to paste call the first function.
pub(super) fn of(functions: &[SelectedFunction], ports: &Ports, targets: &[Target]) -> String {
    let mut text = of_functions(functions);
    text += &functions.first().map_or_else(String::new, |first| of_api(&ports.api, first));
    for (listener, target) in ports.http.iter().zip(targets) {
        text += &of_target(listener, target, functions.len() > 1);
    }
    if ports.api.is_public() {
        text += "warning: everyone who can reach this machine can call the function, because --host is not 127.0.0.1\n";
    }
    text
}

fn of_functions(functions: &[SelectedFunction]) -> String {
    let mut text = String::new();
    for SelectedFunction { name, settings, .. } in functions {
        let (handler, task_root) = (&settings.function.handler, settings.function.task_root.display());
        let name = if functions.len() > 1 { format!("`{name}`: ") } else { String::new() };
        let _ = writeln!(text, "serving {name}`{handler}` of {task_root}");
    }
    text
}

/// The address of the Invoke API, and commands that invoke the function.
fn of_api(api: &Listener, function: &SelectedFunction) -> String {
    let (name, url) = (&function.name, &api.url);
    let event = event::default_file(&function.settings.function.task_root).filter(|event| event.is_file());
    let event = event.map(|event| quoted(&event.to_string_lossy()));
    let data = event.as_ref().map_or("'{}'".to_owned(), |event| format!("@{event}"));
    let payload = event.map_or(String::new(), |event| format!(" --payload fileb://{event}"));
    let aws = format!("aws lambda invoke --endpoint-url {url} --no-sign-request --region {}", region());
    let mut text = format!("Invoke API on {url}\n");
    let _ = writeln!(text, "  curl --data {data} {url}/2015-03-31/functions/{name}/invocations");
    let _ = writeln!(text, "  {aws} --function-name {name}{payload} /dev/stdout");
    text
}

/// The address of a port that takes HTTP requests, and the routes to the functions.
fn of_target(listener: &Listener, target: &Target, has_several: bool) -> String {
    let url = &listener.url;
    match target {
        Target::Function(Destination { function, caller, .. }) => {
            let service = match caller {
                Caller::HttpApi => "HTTP API",
                Caller::RestApi => "REST API",
                Caller::Alb => "load balancer",
                _ => "function URL",
            };
            let name = if has_several { format!(", for `{}`", function.name) } else { String::new() };
            format!("{service} on {url}/{name}\n")
        }
        Target::Apis(routes) => {
            let mut text = String::new();
            for (api, service) in [(Api::Http, "HTTP API"), (Api::Rest, "REST API")] {
                if routes.has(api) {
                    let _ = writeln!(text, "{service} on {url}/");
                }
                for route in routes.iter().filter(|route| route.event.api == api) {
                    let _ = writeln!(text, "  {} -> {}", route.key(), route.function.name);
                }
            }
            text
        }
    }
}
