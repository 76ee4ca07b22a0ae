//! Answers of the Runtime API, byte for byte over a real connection, to each of our calls.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use crate::runtime::api::Api;
use crate::runtime::failure::Failure;
use crate::runtime::invocation::Invocation;

/// What a socket holds for certain when nobody reads it yet.
const MOST_BYTES: usize = 64 * 1024;

/// The first byte says which call is answered, and the rest is the answer, after which the connection ends.
pub(super) fn answer(bytes: &[u8]) {
    let Some((call, answer)) = bytes.split_first().filter(|_| bytes.len() <= MOST_BYTES) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    match call % 4 {
        0 => {
            let (api, _connection) = answering(&listener, address, answer);
            if let Ok(invocation) = api.next() {
                assert!(!invocation.request_id.is_empty() && invocation.headers.ends_with(b"\r\n\r\n"));
            }
        }
        1 => {
            let (api, _connection) = answering(&listener, address, answer);
            let _ = api.respond(&invocation(), b"response"); // either is right; to get here is what counts
        }
        2 => {
            let (api, _connection) = answering(&listener, address, answer);
            let _ = api.fail(&invocation(), &Failure::HandlerNotSet);
        }
        _ => {
            let mut upload = Api::connect(&address.to_string()).stream(&invocation(), "text/plain").unwrap();
            let _connected_in_advance = listener.accept().unwrap();
            let _connection = connection_with(&listener, answer);
            upload.feed(b"some");
            upload.push();
            let _ = upload.end();
        }
    }
}

fn invocation() -> Invocation {
    Invocation { request_id: "id".to_owned(), ..Invocation::default() }
}

/// A client, and its connection with the answer in it already.
fn answering(listener: &TcpListener, address: SocketAddr, answer: &[u8]) -> (Api, TcpStream) {
    let api = Api::connect(&address.to_string());
    (api, connection_with(listener, answer))
}

fn connection_with(listener: &TcpListener, answer: &[u8]) -> TcpStream {
    let (mut connection, _) = listener.accept().unwrap();
    connection.write_all(answer).unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    connection
}
