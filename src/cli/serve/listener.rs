//! Opens the ports.

use std::net::{IpAddr, TcpListener, ToSocketAddrs};

use anyhow::{Context, Result};

/// An open port.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) listener: TcpListener,
    pub(super) port: u16,
    /// `http://` with an address that a client on this machine can call.
    pub(super) url: String,
}

impl Listener {
    /// Opens the port on `host`, an address or a name; `option` is the option of the command line that gives the port.
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

    /// Whether other machines can reach the port.
    pub(super) fn is_public(&self) -> bool {
        self.listener.local_addr().is_ok_and(|address| !address.ip().is_loopback())
    }
}
