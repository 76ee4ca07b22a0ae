//! `coshell serve`: a function on the developer's machine, called as on Lambda: by the AWS CLI, an SDK, curl.
//!
//! A request becomes an event in a line, from which workers take it, each with an environment of its own; what a client is
//! told is what Lambda would tell it. Nothing of it listens on other addresses than 127.0.0.1 unless asked to, and web pages of
//! others are kept out (`origin_check`). All that it says stands on stderr, among the function's log.

mod access_log;
mod arguments;
mod endpoint;
mod environment;
mod environment_log;
mod event_stream;
mod exception;
mod function_api;
mod function_name;
pub(crate) mod function_url;
mod invoke_api;
mod invoke_request;
mod invoke_stream;
mod job;
mod listener;
mod platform_log;
mod queue;
mod response_stream;
mod watch;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::routing::post;

pub use self::arguments::Arguments;

use self::endpoint::{Description, Endpoint, guarded, unknown};
use self::environment::Template;
use self::listener::{Place, Places};
use self::queue::Queue;
use self::watch::Watch;
use super::exit_status::ExitStatus;
use super::interruption::Interruption;
use super::invoke::arguments::time_limit_warning;
use super::terminal;
use crate::lambda::environment::{Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::http_server::{HttpServer, Peers};
use crate::lambda::origin_check::OriginCheck;

/// For so long a connection may be silent before a request: others wait for its descriptor.
const IDLE: Duration = Duration::from_secs(20);

/// Serves until a signal comes. What goes wrong has been said on stderr when it returns.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let (settings, places) = match read(arguments) {
        Ok(asked) => asked,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    serve(arguments, settings, places).unwrap_or_else(|error| ExitStatus::Failed.with_error(&error))
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
    time_limit_warning(arguments.timeout).iter().for_each(|warning| terminal::warn(warning));
    let url = arguments.url_port.map(|port| Place::listen(&arguments.host, port, "--url-port")).transpose()?;
    let api = Place::listen(&arguments.host, arguments.port, "--port")?;
    Ok((settings, Places { api, url, url_as: arguments.url_as }))
}

fn serve(arguments: &Arguments, settings: Settings, places: Places) -> Result<ExitStatus> {
    let interruption = Interruption::watch()?;
    let function = settings.function.clone();
    let watch = arguments.watch.then(|| Watch::new(&function));
    let description = Description::of(&settings);
    let template = Arc::new(Template::new(settings, interruption.clone(), watch.clone()));
    let queue = Queue::new(template, arguments.concurrency.into());
    let (function_name, timeout) = (function.name(), arguments.timeout);
    let endpoint = Arc::new(Endpoint { queue: queue.clone(), function_name, timeout, description });
    let told = places.told(&function);
    let door = |place: Place, is_function_url: bool, router: Router| {
        let origin_check = OriginCheck { port: place.port, host: arguments.host.clone(), is_function_url };
        (place.listener, guarded(router, origin_check))
    };
    let api = door(places.api, false, api_router(Arc::clone(&endpoint)));
    let url = places.url.map(|place| door(place, true, function_url::router(endpoint, arguments.url_as)));
    let server =
        HttpServer::start("server", Peers::Clients { patience: IDLE }, std::iter::once(api).chain(url).collect())?;
    terminal::show(told);
    queue.prepare();
    if let Some(watch) = watch {
        let queue = queue.clone();
        watch.follow(move || queue.prepare());
    }
    interruption.wait();
    queue.close(); // a worker that was starting an environment ends it
    drop(server);
    Ok(interruption.exit_status().map_or(ExitStatus::Success, ExitStatus::Interrupted))
}

/// The routes of the Invoke API, and of what scripts ask about a function before they invoke it.
fn api_router(endpoint: Arc<Endpoint>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke_api::invoke).fallback(unknown))
        .route(
            "/2021-11-15/functions/{name}/response-streaming-invocations",
            post(invoke_stream::invoke).fallback(unknown),
        )
        .merge(function_api::router())
        .fallback(unknown)
        .with_state(endpoint)
}
