//! Where the server listens, and what it says about that: the commands that call it, ready to paste.

use std::fmt::Write;
use std::net::{IpAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context, Result};

use crate::cli::event;
use crate::cli::terminal::quoted;
use crate::lambda::contract::Caller;
use crate::lambda::function::Function;
use crate::lambda::identifiers::region;

/// A port that is open.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) listener: TcpListener,
    pub(super) port: u16,
    /// `http://` with an address that a client on this machine can call.
    pub(super) url: String,
}

/// All ports.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) api: Place,
    pub(super) url: Option<Place>,
    /// Who stands before the function on the second port.
    pub(super) url_as: Caller,
}

impl Place {
    /// Opens the port on `host`, an address or a name; `option` is how the command line names the port.
    pub(super) fn listen(host: &str, port: u16, option: &str) -> Result<Place> {
        let plain = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<_> = (plain, port)
            .to_socket_addrs()
            .with_context(|| format!("cannot find the address of --host `{host}`"))?
            .collect();
        let listener = TcpListener::bind(addresses.as_slice()).with_context(|| {
            format!("cannot listen on `{host}` port {port}; {option} takes another, and 0 a free one")
        })?;
        let address = listener.local_addr().context("cannot read the server's own address")?;
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Ok(Place { listener, port: address.port(), url: format!("http://{ip}:{}", address.port()) })
    }
}

impl Places {
    /// What is said at start.
    pub(super) fn told(&self, function: &Function) -> String {
        let (name, url) = (function.name(), &self.api.url);
        let event = event::default_file(&function.task_root).filter(|event| event.is_file());
        let event = event.map(|event| quoted(&event.to_string_lossy()));
        let data = event.as_ref().map_or("'{}'".to_owned(), |event| format!("@{event}"));
        let payload = event.map_or(String::new(), |event| format!(" --payload fileb://{event}"));
        let aws = format!("aws lambda invoke --endpoint-url {url} --no-sign-request --region {}", region());
        let mut told = String::new();
        let _ = writeln!(told, "serving `{}` of {}", function.handler, function.task_root.display());
        let _ = writeln!(told, "Invoke API on {url}");
        let _ = writeln!(told, "  curl --data {data} {url}/2015-03-31/functions/{name}/invocations");
        let _ = writeln!(told, "  {aws} --function-name {name}{payload} /dev/stdout");
        if let Some(place) = &self.url {
            let name = match self.url_as {
                Caller::HttpApi => "HTTP API",
                Caller::RestApi => "REST API",
                Caller::Alb => "load balancer",
                _ => "function URL",
            };
            let _ = writeln!(told, "{name} on {}/", place.url);
        }
        if self.api.listener.local_addr().is_ok_and(|address| !address.ip().is_loopback()) {
            let _ = writeln!(
                told,
                "warning: who reaches this machine can call the function, since --host is not 127.0.0.1"
            );
        }
        told
    }
}
