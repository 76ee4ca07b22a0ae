//! The server's thread: connections are accepted and each served by a task of its own.
//!
//! hyper is used directly, not axum's own server, because Lambda's API and its emulator send header names in title case
//! (`Lambda-Runtime-Aws-Request-Id`) and shell bootstraps scrape them.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::{routes, state::State};

/// How long to wait when a connection cannot be accepted (no descriptors left).
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// Serves `listener` in a thread of its own until the other end of `stopped` is dropped.
pub(super) fn start(
    listener: TcpListener,
    state: Arc<State>,
    stopped: oneshot::Receiver<()>,
) -> Result<JoinHandle<()>> {
    listener.set_nonblocking(true).context("cannot prepare the Runtime API's socket")?;
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the Runtime API")?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener).context("cannot start the Runtime API")?
    };
    std::thread::Builder::new()
        .name("runtime-api".to_owned())
        .spawn(move || serve(&runtime, listener, state, stopped))
        .context("cannot start the Runtime API's thread")
}

fn serve(runtime: &Runtime, listener: tokio::net::TcpListener, state: Arc<State>, stopped: oneshot::Receiver<()>) {
    let router = routes::router(state);
    runtime.block_on(async move {
        tokio::select! {
            () = accept(listener, router) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(listener: tokio::net::TcpListener, router: Router) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let _ = stream.set_nodelay(true); // slower without, but right
        let service = TowerToHyperService::new(router.clone().layer(Extension(peer)));
        let connection = http1::Builder::new().title_case_headers(true).serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            let _ = connection.await; // a runtime may drop its connection at any time
        });
    }
}
