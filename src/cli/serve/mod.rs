//! `coshell serve`: serves a function on the developer's machine to the AWS CLI, SDKs, curl and browsers.
//!
//! Each request becomes an event in a queue. Workers take events from the queue; each worker has its own execution environment. Clients get
//! the answers that Lambda would give. The servers listen on 127.0.0.1 unless --host names another address, and reject requests from web
//! pages of other sites (`origin_check`). All messages go to stderr, between the lines of the function's log.

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

use self::endpoint::{Description, Endpoint, unknown_operation, with_origin_check};
use self::environment::Launcher;
use self::listener::{Listener, Listeners};
use self::queue::Queue;
use self::watch::Watch;
use super::exit_status::Exit;
use super::interruption::Interruption;
use super::invoke::arguments::long_limit;
use super::terminal;
use crate::lambda::environment::{Bootstrap, Settings};
use crate::lambda::function::Function;
use crate::lambda::http_server::{HttpServer, Peers};
use crate::lambda::origin_check::OriginCheck;

/// How long a connection may be idle before it is closed, so that idle connections do not use up the file descriptors.
const IDLE: Duration = Duration::from_secs(20);

/// Serves until a signal comes. Errors have been reported on stderr when this returns.
#[must_use]
pub fn run(arguments: &Arguments) -> Exit {
    let (settings, listeners) = match read(arguments) {
        Ok(checked) => checked,
        Err(error) => return Exit::Usage.with(&error),
    };
    serve(arguments, settings, listeners).unwrap_or_else(|error| Exit::Failed.with(&error))
}

/// Checks the arguments and opens the ports, before anything runs.
fn read(arguments: &Arguments) -> Result<(Settings, Listeners)> {
    let trace = arguments.trace.then(|| ("COSHELL_TRACE".into(), "1".into()));
    let settings = Settings {
        function: Function::locate(&arguments.path)?,
        bootstrap: arguments.bootstrap.clone().map_or(Bootstrap::ThisProgram, Bootstrap::Executable),
        memory_mb: arguments.memory,
        variables: arguments.variables.all()?.into_iter().chain(trace).collect(),
        log: None,
    };
    long_limit(arguments.timeout).iter().for_each(|warning| terminal::warn(warning));
    let url = arguments.url_port.map(|port| Listener::listen(&arguments.host, port, "--url-port")).transpose()?;
    let api = Listener::listen(&arguments.host, arguments.port, "--port")?;
    Ok((settings, Listeners { api, url, url_as: arguments.url_as }))
}

fn serve(arguments: &Arguments, settings: Settings, listeners: Listeners) -> Result<Exit> {
    let interruption = Interruption::watch()?;
    let function = settings.function.clone();
    let watch = arguments.watch.then(|| Watch::new(&function));
    let description = Description::of(&settings);
    let launcher = Arc::new(Launcher::new(settings, interruption.clone(), watch.clone()));
    let queue = Queue::new(launcher, arguments.concurrency.into());
    let (function_name, timeout) = (function.name(), arguments.timeout);
    let endpoint = Arc::new(Endpoint { queue: queue.clone(), function_name, timeout, description });
    let startup_text = listeners.startup_text(&function);
    let with_check = |listener: Listener, is_function_url: bool, router: Router| {
        let origin_check = OriginCheck { port: listener.port, host: arguments.host.clone(), is_function_url };
        (listener.listener, with_origin_check(router, origin_check))
    };
    let api = with_check(listeners.api, false, api_router(Arc::clone(&endpoint)));
    let url =
        listeners.url.map(|listener| with_check(listener, true, function_url::router(endpoint, arguments.url_as)));
    let server =
        HttpServer::start("server", Peers::Clients { patience: IDLE }, std::iter::once(api).chain(url).collect())?;
    terminal::show(startup_text);
    queue.prepare();
    if let Some(watch) = watch {
        let queue = queue.clone();
        watch.follow(move || queue.prepare());
    }
    interruption.wait();
    queue.close(); // a worker that was starting an environment ends it
    drop(server);
    Ok(interruption.exit_status().map_or(Exit::Done, Exit::Interrupted))
}

/// The routes of Lambda's API: invocations, and questions about functions.
fn api_router(endpoint: Arc<Endpoint>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke_api::invoke).fallback(unknown_operation))
        .route(
            "/2021-11-15/functions/{name}/response-streaming-invocations",
            post(invoke_stream::invoke).fallback(unknown_operation),
        )
        .merge(function_api::router())
        .fallback(unknown_operation)
        .with_state(endpoint)
}
