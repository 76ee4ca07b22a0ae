//! The small server that the realistic handler asks: HTTP/1.1 on 127.0.0.1, one answer to everything, until it is dropped.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result};

const WEATHER: &str = r#"{"city":"Reykjavik","temperature":11,"wind":7,"sky":"cloudy"}"#;

/// A running server.
#[derive(Debug)]
pub(crate) struct Service {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts it on a free port.
    pub(crate) fn start() -> Result<Service> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        let thread = std::thread::spawn(move || accept(&listener, &until));
        Ok(Service { address, ended, thread: Some(thread) })
    }

    /// Its URL, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address)); // wakes it
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, ended: &AtomicBool) {
    for connection in listener.incoming() {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(connection) = connection {
            std::thread::spawn(move || drop(answer(&connection))); // a client may leave at any time
        }
    }
}

fn answer(mut connection: &TcpStream) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut lines = BufReader::new(connection).lines();
    while let Some(line) = lines.next().transpose()? {
        if line.is_empty() {
            let length = WEATHER.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
            connection.write_all(format!("{head}{WEATHER}").as_bytes())?;
        }
    }
    Ok(())
}
