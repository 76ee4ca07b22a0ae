//! `coshell serve`: serves functions on the developer's machine to the AWS CLI, SDKs, curl and browsers.
//!
//! Each request becomes an event in the queue of its function. Workers take events from the queue; each worker has its own execution
//! environment. Clients get the answers that Lambda would give. The servers listen on 127.0.0.1 unless --host names another address, and
//! reject requests from web pages of other sites (`origin_check`). All messages go to stderr, between the lines of the functions' logs.

mod access_log;
mod api_request;
mod api_router;
mod arguments;
mod environment;
mod environment_log;
mod event_stream;
mod exception;
mod function_api;
mod function_name;
pub(crate) mod http_endpoint;
mod invoke_api;
mod invoke_request;
mod invoke_stream;
mod job;
mod listener;
mod log_prefix;
mod platform_log;
mod ports;
mod queue;
mod registry;
mod response_stream;
mod selection;
mod served_function;
mod startup_text;
mod watch;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;

pub use self::arguments::Arguments;

use self::api_router::with_origin_check;
use self::environment::Launcher;
use self::listener::Listener;
use self::log_prefix::LogPrefix;
use self::ports::Ports;
use self::queue::Queue;
use self::registry::Registry;
use self::selection::SelectedFunction;
use self::served_function::{Description, ServedFunction};
use self::watch::Watch;
use super::exit_status::ExitStatus;
use super::interruption::Interruption;
use super::invoke::arguments::time_limit_warning;
use super::terminal;
use crate::lambda::http_server::{HttpServer, Peers};
use crate::lambda::origin_check::OriginCheck;

/// How long a connection may be idle before it is closed, so that idle connections do not use up the file descriptors.
const IDLE: Duration = Duration::from_secs(20);

/// Serves until a signal comes. Errors have been reported on stderr when this returns.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let checked = selection::read(arguments).and_then(|functions| {
        let ports = Ports::open(arguments, &functions)?;
        Ok((functions, ports))
    });
    let (functions, ports) = match checked {
        Ok(checked) => checked,
        Err(error) => return ExitStatus::Usage.with_error(&error),
    };
    arguments.timeout.and_then(time_limit_warning).iter().for_each(|warning| terminal::warn(warning));
    serve(arguments, functions, ports).unwrap_or_else(|error| ExitStatus::Failed.with_error(&error))
}

fn serve(arguments: &Arguments, functions: Vec<SelectedFunction>, ports: Ports) -> Result<ExitStatus> {
    let interruption = Interruption::watch()?;
    let width = functions.iter().map(|function| function.name.chars().count()).max().filter(|_| functions.len() > 1);
    let served = functions.iter().map(|function| {
        let log_prefix = width.map_or_else(LogPrefix::default, |width| LogPrefix::of(&function.name, width));
        served_function(arguments, function, log_prefix, &interruption)
    });
    let served: Vec<Arc<ServedFunction>> = served.collect();
    let targets = ports.targets(arguments, &functions, &served);
    let startup_text = startup_text::of(&functions, &ports, &targets);
    let accepts_every_name = arguments.template.is_none() && served.len() == 1;
    let registry = Arc::new(Registry { functions: served.clone(), accepts_every_name });
    let checked = |listener: Listener, is_function_url: bool, router: Router| {
        let origin_check = OriginCheck { port: listener.port, host: arguments.host.clone(), is_function_url };
        (listener.listener, with_origin_check(router, origin_check))
    };
    let api = checked(ports.api, false, api_router::router(registry));
    let http = ports.http.into_iter().zip(targets);
    let http = http.map(|(listener, target)| checked(listener, true, http_endpoint::router(target)));
    let peers = Peers::Clients { patience: IDLE };
    let server = HttpServer::start("server", peers, std::iter::once(api).chain(http).collect())?;
    terminal::show(startup_text);
    served.iter().for_each(|function| function.queue.prepare());
    interruption.wait();
    served.iter().for_each(|function| function.queue.close()); // a worker that was starting an environment ends the environment
    drop(server);
    Ok(interruption.exit_status().map_or(ExitStatus::Success, ExitStatus::Interrupted))
}

/// Starts the queue of a function; with --watch also the thread that looks for changed scripts.
fn served_function(
    arguments: &Arguments,
    selected: &SelectedFunction,
    log_prefix: LogPrefix,
    interruption: &Interruption,
) -> Arc<ServedFunction> {
    let SelectedFunction { name, logical_id, settings, timeout, .. } = selected;
    let watch = arguments.watch.then(|| Watch::new(&settings.function));
    let launcher = Launcher::new(settings.clone(), interruption.clone(), watch.clone(), log_prefix.clone(), *timeout);
    let queue = Queue::new(Arc::new(launcher), arguments.concurrency.into());
    if let Some(watch) = watch {
        let queue = queue.clone();
        watch.follow(move || queue.prepare());
    }
    let (name, logical_id) = (name.clone(), logical_id.clone());
    let description = Description::of(settings);
    Arc::new(ServedFunction { name, logical_id, queue, timeout: *timeout, description, log_prefix })
}
