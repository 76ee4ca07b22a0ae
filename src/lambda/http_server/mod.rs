//! A small HTTP server in a thread of its own: connections are accepted and each served by a task.
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

/// How long to wait when a connection cannot be accepted (no descriptors left).
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// Who connects to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peers {
    /// Runtimes: each may be silent for as long as its handler runs, and one that closes its connection wants no answer.
    Runtimes,
    /// Clients: a connection without a request is closed after this time. A client may close its half of the connection when it has sent
    /// its request (RFC 9112, section 9.6), and gets its answer; only a reset shows that the client has gone.
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
    pub(crate) fn start(name: &str, peers: Peers, places: Vec<(TcpListener, Router)>) -> Result<HttpServer> {
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
        for (listener, router) in places {
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
            let _ = thread.join(); // a panic of the server's thread has been printed by itself
        }
    }
}

fn serve(runtime: &Runtime, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async move {
        let _ = stopped.await; // the other end is dropped, never sent on
    });
}

async fn accept(listener: tokio::net::TcpListener, router: Router, protocol: http1::Builder, name: String) {
    let mut told = false;
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue, // the client has gone already
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    let advice = "clients wait until others have gone; `ulimit -n` tells how many files may be open";
                    let warning = format!("warning: the {name} cannot accept another connection: {error}: {advice}\n");
                    let _ = std::io::stderr().write_all(warning.as_bytes());
                }
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true); // slower without, but right
        let service = TowerToHyperService::new(router.clone().layer(Extension(peer)));
        let stream = Arc::new(stream);
        let connection = protocol.serve_connection(TokioIo::new(Connection(Arc::clone(&stream))), service);
        tokio::spawn(async move {
            tokio::select! {
                _ = connection => {} // a client may drop its connection at any time
                _ = stream.ready(Interest::ERROR) => {} // it has: what it asked for is dropped with the connection
            }
        });
    }
}
