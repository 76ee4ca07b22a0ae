//! Runs a small HTTP server in its own thread. Each connection is served by its own task.
//!
//! hyper is used directly, not axum's own server, because Lambda's API and its emulator send header names in title case
//! (`Lambda-Runtime-Aws-Request-Id`) and shell bootstraps scrape them.

mod connection;

use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::Interest;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use self::connection::Connection;

/// How long to wait if a connection cannot be accepted (no descriptors left).
const ACCEPT_RETRY: Duration = Duration::from_millis(10);

/// The kind of clients that connect to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peers {
    /// Runtimes: each can be silent as long as its handler runs. A runtime that closes its connection does not want an answer.
    Runtimes,
    /// Clients: a connection without a request is closed after this time. A client may close its half of the connection after its request
    /// (RFC 9112, section 9.6) and still gets the answer; only a reset shows that the client has gone.
    Clients { patience: Duration },
}

/// A running server; dropping it closes every connection and waits for its thread.
#[derive(Debug)]
pub(crate) struct HttpServer {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Serves each listener with its router. Every request carries its peer's address as an extension.
    pub(crate) fn start(name: &str, peers: Peers, listeners: Vec<(TcpListener, Router)>) -> Result<HttpServer> {
        let mut protocol = http1::Builder::new();
        let patience = match peers {
            Peers::Runtimes => None,
            Peers::Clients { patience } => Some(patience),
        };
        protocol.title_case_headers(true).timer(TokioTimer::new()).header_read_timeout(patience);
        protocol.half_close(patience.is_some());
        let (stop, stopped) = oneshot::channel();
        let runtime =
            Builder::new_current_thread().enable_all().build().with_context(|| format!("cannot start the {name}"))?;
        for (listener, router) in listeners {
            listener.set_nonblocking(true).with_context(|| format!("cannot prepare the socket of the {name}"))?;
            let _entered = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener);
            runtime.spawn(accept(
                listener.with_context(|| format!("cannot start the {name}"))?,
                router,
                protocol.clone(),
                name.to_owned(),
            ));
        }
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&runtime, stopped))
            .with_context(|| format!("cannot start the thread of the {name}"))?;
        Ok(HttpServer { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // Rust has already printed a panic of the server's thread
        }
    }
}

fn serve(runtime: &Runtime, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async move {
        let _ = stopped.await; // the sender is only dropped, it never sends
    });
}

async fn accept(listener: tokio::net::TcpListener, router: Router, protocol: http1::Builder, name: String) {
    let mut has_warned = false;
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue, // the client has gone already
            Err(error) => {
                if !std::mem::replace(&mut has_warned, true) {
                    let advice =
                        "clients wait until other connections are closed; `ulimit -n` shows how many files may be open";
                    let warning = format!("warning: the {name} cannot accept another connection: {error}: {advice}\n");
                    let _ = std::io::stderr().write_all(warning.as_bytes());
                }
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true); // without it the server is slower, but correct
        let service = TowerToHyperService::new(router.clone().layer(Extension(peer)));
        let stream = Arc::new(stream);
        let connection = protocol.serve_connection(TokioIo::new(Connection(Arc::clone(&stream))), service);
        tokio::spawn(async move {
            tokio::select! {
                _ = connection => {} // a client may drop its connection at any time
                _ = stream.ready(Interest::ERROR) => {} // the client has gone: its request is dropped with the connection
            }
        });
    }
}
