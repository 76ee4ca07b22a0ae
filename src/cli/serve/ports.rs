//! Decides which ports to open, and which functions each port serves.

use std::sync::Arc;

use anyhow::{Result, bail};

use super::arguments::Arguments;
use super::http_endpoint::routes::{Route, Routes};
use super::http_endpoint::{Destination, Target};
use super::listener::Listener;
use super::selection::SelectedFunction;
use super::served_function::ServedFunction;
use crate::lambda::contract::Caller;
use crate::lambda::template::InvokeMode;

/// The open ports.
#[derive(Debug)]
pub(super) struct Ports {
    /// Of Lambda's API.
    pub(super) api: Listener,
    /// For HTTP requests: first the APIs of a template, then each function URL.
    pub(super) http: Vec<Listener>,
}

impl Ports {
    /// Opens the ports.
    ///
    /// # Errors
    /// A port is in use, or no function has an address for HTTP requests.
    pub(super) fn open(arguments: &Arguments, functions: &[SelectedFunction]) -> Result<Ports> {
        let http = match arguments.url_port {
            None => Vec::new(),
            Some(first) => {
                let ports = ports_from(first, http_ports(arguments, functions)?);
                let listen = |port| Listener::listen(&arguments.host, port, "--url-port");
                ports.map(listen).collect::<Result<Vec<_>>>()?
            }
        };
        Ok(Ports { api: Listener::listen(&arguments.host, arguments.port, "--port")?, http })
    }

    /// What each port for HTTP requests serves.
    pub(super) fn targets(
        &self,
        arguments: &Arguments,
        functions: &[SelectedFunction],
        served: &[Arc<ServedFunction>],
    ) -> Vec<Target> {
        let both = || functions.iter().zip(served);
        if arguments.template.is_none() {
            let caller = arguments.url_as;
            let streams = matches!(caller, Caller::FunctionUrl | Caller::RestApi);
            let destination =
                |function: &Arc<ServedFunction>| Destination { function: Arc::clone(function), caller, streams };
            return served.iter().take(1).map(|function| Target::Function(destination(function))).collect();
        }
        let routes = both().flat_map(|(selected, served)| {
            selected.api_events.iter().map(|event| Route { event: event.clone(), function: Arc::clone(served) })
        });
        let routes: Vec<Route> = routes.collect();
        let apis = Some(routes).filter(|routes| !routes.is_empty()).map(|routes| Target::Apis(Routes::new(routes)));
        let urls = both().filter_map(|(selected, served)| {
            let streams = selected.url? == InvokeMode::ResponseStream;
            let function = Arc::clone(served);
            Some(Target::Function(Destination { function, caller: Caller::FunctionUrl, streams }))
        });
        apis.into_iter().chain(urls).collect()
    }
}

/// How many ports take HTTP requests: as many as [`Ports::targets`] gives targets.
fn http_ports(arguments: &Arguments, functions: &[SelectedFunction]) -> Result<usize> {
    if arguments.template.is_none() {
        if functions.len() > 1 {
            bail!("--url-port needs one function, or a --template whose events say which path leads to which function");
        }
        return Ok(1);
    }
    let has_apis = functions.iter().any(|function| !function.api_events.is_empty());
    let urls = functions.iter().filter(|function| function.url.is_some()).count();
    let count = usize::from(has_apis) + urls;
    if count == 0 {
        bail!(
            "--url-port has nothing to serve: no function of the template has an event of type Api or HttpApi, or a FunctionUrlConfig"
        );
    }
    Ok(count)
}

/// `count` consecutive ports, or as many free ones if `first` is 0.
fn ports_from(first: u16, count: usize) -> impl Iterator<Item = u16> {
    std::iter::successors(Some(first), move |port| Some(if first == 0 { 0 } else { port.saturating_add(1) }))
        .take(count)
}
