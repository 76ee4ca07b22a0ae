//! A proxy between the function and the local runner, which cuts some of the connections.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;

/// One connection in so many is cut.
const CUT_ONE_IN: u32 = 15;
/// A place inside of a request and of a response.
const SOME_BYTES: usize = 150;

/// It forwards until the test process ends.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    /// How many connections there were: the runner answers one call in each.
    pub(super) calls: Arc<AtomicUsize>,
    cuts: Arc<AtomicUsize>,
}

/// How many bytes of a request and of its response are forwarded.
#[derive(Clone, Copy)]
struct Limits {
    request: usize,
    response: usize,
}

impl Proxy {
    pub(super) fn start(runner: SocketAddr, seed: u64) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Proxy { address, calls: Arc::default(), cuts: Arc::default() };
        let (calls, cuts, mut rng) = (Arc::clone(&proxy.calls), Arc::clone(&proxy.cuts), Rng::with_seed(seed));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let limits = limits(&mut rng);
                calls.fetch_add(1, Ordering::Relaxed);
                cuts.fetch_add(usize::from(limits.is_some()), Ordering::Relaxed);
                let limits = limits.unwrap_or(Limits { request: usize::MAX, response: usize::MAX });
                std::thread::spawn(move || forward(client, runner, limits));
            }
        });
        proxy
    }

    pub(super) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Whether a connection is cut, and where: within the request, before the response, or within it.
fn limits(rng: &mut Rng) -> Option<Limits> {
    (rng.u32(0..CUT_ONE_IN) == 0).then(|| match rng.u8(0..3) {
        0 => Limits { request: SOME_BYTES, response: 0 },
        1 => Limits { request: usize::MAX, response: 0 },
        _ => Limits { request: usize::MAX, response: SOME_BYTES },
    })
}

/// The runner answers one request of a connection, and closes it.
fn forward(client: TcpStream, runner: SocketAddr, limits: Limits) {
    let Ok(server) = TcpStream::connect(runner) else { return };
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else { return };
    std::thread::spawn(move || {
        copy(from_client, &to_server, limits.request);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    copy(server, &client, limits.response);
    let _ = client.shutdown(Shutdown::Both);
}

/// Copies up to so many bytes. The rest is read and dropped, so that the runner still does what was asked.
fn copy(mut from: TcpStream, mut to: &TcpStream, mut left: usize) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let take = count.min(left);
        left -= take;
        if to.write_all(&buffer[..take]).is_err() || (left == 0 && take < count) {
            return;
        }
    }
}
