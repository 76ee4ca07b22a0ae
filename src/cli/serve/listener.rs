//! Opens the ports, and formats the text that is printed at start: the addresses, and commands to paste.

use std::fmt::Write;
use std::net::{IpAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context, Result};

use crate::cli::event;
use crate::cli::terminal::quoted;
use crate::lambda::contract::Caller;
use crate::lambda::function::Function;
use crate::lambda::identifiers::region;

/// An open port.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    pub(super) port: u16,
    /// `http://` with an address that a client on this machine can call.
    pub(super) url: String,
}

/// The open ports.
#[derive(Debug)]
pub(super) struct Listeners {
    pub(super) api: Listener,
    pub(super) url: Option<Listener>,
    /// The service that the second port imitates.
    pub(super) url_as: Caller,
}

impl Listener {
    /// Opens the port on `host`, an address or a name; `option` is how the command line names the port.
    pub(super) fn listen(host: &str, port: u16, option: &str) -> Result<Listener> {
        let plain = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<_> = (plain, port)
            .to_socket_addrs()
            .with_context(|| format!("cannot find the address of --host `{host}`"))?
            .collect();
        let listener = TcpListener::bind(addresses.as_slice()).with_context(|| {
            format!("cannot listen on `{host}` port {port}; choose another port with {option}; 0 takes a free one")
        })?;
        let address = listener.local_addr().context("cannot read the server's own address")?;
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Ok(Listener { listener, port: address.port(), url: format!("http://{ip}:{}", address.port()) })
    }
}

impl Listeners {
    /// The text that is printed at start.
    pub(super) fn startup_text(&self, function: &Function) -> String {
        let (name, url) = (function.name(), &self.api.url);
        let event = event::beside(&function.task_root).filter(|event| event.is_file());
        let event = event.map(|event| quoted(&event.to_string_lossy()));
        let data = event.as_ref().map_or("'{}'".to_owned(), |event| format!("@{event}"));
        let payload = event.map_or(String::new(), |event| format!(" --payload fileb://{event}"));
        let aws = format!("aws lambda invoke --endpoint-url {url} --no-sign-request --region {}", region());
        let mut text = String::new();
        let _ = writeln!(text, "serving `{}` of {}", function.handler, function.task_root.display());
        let _ = writeln!(text, "Invoke API on {url}");
        let _ = writeln!(text, "  curl --data {data} {url}/2015-03-31/functions/{name}/invocations");
        let _ = writeln!(text, "  {aws} --function-name {name}{payload} /dev/stdout");
        if let Some(place) = &self.url {
            let name = match self.url_as {
                Caller::HttpApi => "HTTP API",
                Caller::RestApi => "REST API",
                Caller::Alb => "load balancer",
                _ => "function URL",
            };
            let _ = writeln!(text, "{name} on {}/", place.url);
        }
        if self.api.listener.local_addr().is_ok_and(|address| !address.ip().is_loopback()) {
            let _ = writeln!(
                text,
                "warning: everyone who can reach this machine can call the function, because --host is not 127.0.0.1"
            );
        }
        text
    }
}
