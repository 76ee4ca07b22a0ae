//! `coshell serve`: a function on the developer's machine, called as on Lambda: by the AWS CLI, an SDK, curl.
//!
//! A request becomes an event in a line, from which workers take it, each with an environment of its own; what a client is
//! told is what Lambda would tell it. Nothing of it listens on other addresses than 127.0.0.1 unless asked to, and web pages of
//! others are kept out (`admission`). All that it says stands on stderr, among the function's log.

mod admission;
mod arguments;
mod event_stream;
mod exception;
mod front;
mod function_api;
pub(crate) mod function_url;
mod invoke_api;
mod invoke_stream;
mod listener;
mod log;
mod name;
mod report;
mod sandbox;
mod streamed;
mod warm;
mod watch;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;

pub use arguments::Arguments;

use super::environment::{Bootstrap, Settings};
use super::exit::Exit;
use super::function::Function;
use super::http_server::{HttpServer, Peers};
use super::interruption::Interruption;
use super::invoke::arguments::long_limit;
use super::terminal;
use admission::Admission;
use front::{Front, guarded};
use function_api::Description;
use listener::{Place, Places};
use warm::Template;
use watch::Watch;
use workers::Workers;

/// For so long a connection may be silent before a request: others wait for its descriptor.
const IDLE: Duration = Duration::from_secs(20);

/// Serves until a signal comes. What goes wrong has been said on stderr when it returns.
#[must_use]
pub fn run(arguments: &Arguments) -> Exit {
    let (settings, places) = match read(arguments) {
        Ok(asked) => asked,
        Err(error) => return Exit::Usage.with(&error),
    };
    serve(arguments, settings, places).unwrap_or_else(|error| Exit::Failed.with(&error))
}

/// What was asked, checked before anything runs.
fn read(arguments: &Arguments) -> Result<(Settings, Places)> {
    let trace = arguments.trace.then(|| ("COSHELL_TRACE".into(), "1".into()));
    let settings = Settings {
        function: Function::locate(&arguments.path)?,
        bootstrap: arguments.bootstrap.clone().map_or(Bootstrap::ThisProgram, Bootstrap::Executable),
        memory_mb: arguments.memory,
        variables: arguments.variables.all()?.into_iter().chain(trace).collect(),
        log: None,
    };
    long_limit(arguments.timeout).iter().for_each(|warning| terminal::warn(warning));
    let url = arguments.url_port.map(|port| Place::listen(&arguments.host, port, "--url-port")).transpose()?;
    let api = Place::listen(&arguments.host, arguments.port, "--port")?;
    Ok((settings, Places { api, url, url_as: arguments.url_as }))
}

fn serve(arguments: &Arguments, settings: Settings, places: Places) -> Result<Exit> {
    let interruption = Interruption::watch()?;
    let function = settings.function.clone();
    let watch = arguments.watch.then(|| Watch::new(&function));
    let description = Description::of(&settings)?;
    let template = Arc::new(Template::new(settings, interruption.clone(), watch.clone()));
    let workers = Workers::new(template, arguments.concurrency.into());
    let (function_name, timeout) = (function.name(), arguments.timeout);
    let front = Arc::new(Front { workers: workers.clone(), function_name, timeout, description });
    let told = places.told(&function);
    let door = |place: Place, is_function_url: bool, router: Router| {
        let admission = Admission { port: place.port, host: arguments.host.clone(), is_function_url };
        (place.listener, guarded(router, admission))
    };
    let api = door(places.api, false, invoke_api::router(Arc::clone(&front)));
    let url = places.url.map(|place| door(place, true, function_url::router(front, arguments.url_as)));
    let server =
        HttpServer::start("server", Peers::Clients { patience: IDLE }, std::iter::once(api).chain(url).collect())?;
    terminal::show(told);
    workers.prepare();
    if let Some(watch) = watch {
        watch.follow(workers.clone());
    }
    interruption.wait();
    workers.close(); // a worker that was starting an environment ends it
    drop(server);
    Ok(interruption.exit_status().map_or(Exit::Done, Exit::Interrupted))
}
