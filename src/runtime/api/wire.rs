//! The connection below ureq. ureq's own one writes head and body apart and probes the connection with three system calls before
//! and after each request; at the rate of events that is a good part of what a call costs. This one writes each request in one
//! piece, probes with one call, and can be opened before it is needed.
//!
//! ureq does not promise that this interface stays as it is between minor versions: Cargo.toml names the one it is written for.

use std::fmt::{self, Debug, Formatter};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};

use nix::sys::socket::{MsgFlags, recv};
use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::buffers::Room;

/// What is written is held back until an answer is awaited, or until it is more than this.
const HELD_BYTES: usize = 64 * 1024;

/// Opens connections; holds one that was opened in advance.
#[derive(Debug, Default)]
pub(super) struct Wires {
    opened: Mutex<Option<TcpStream>>,
}

impl Wires {
    /// Connectors for the API at `address`, the first connection being opened now. If it cannot be, the first request tries
    /// again, and fails with the reason.
    pub(super) fn opened(address: &str) -> Wires {
        Wires { opened: Mutex::new(TcpStream::connect(address).ok()) }
    }
}

impl Connector for Wires {
    type Out = Wire;

    fn connect(&self, details: &ConnectionDetails, _chained: Option<()>) -> Result<Option<Wire>, Error> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stream = match opened {
            Some(stream) => stream,
            None => TcpStream::connect(&details.addrs[..])?,
        };
        stream.set_nodelay(true)?;
        Ok(Some(Wire { stream, buffers: Room::new(), held: Vec::new(), broken: None }))
    }
}

/// One connection.
pub(super) struct Wire {
    stream: TcpStream,
    buffers: Room,
    held: Vec<u8>,
    /// Why writing failed. The API may have answered all the same, before it read everything.
    broken: Option<io::Error>,
}

impl Wire {
    fn write_held(&mut self) {
        if let Err(error) = self.stream.write_all(&self.held) {
            self.broken = Some(error);
        }
        self.held.clear();
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _timeout: NextTimeout) -> Result<(), Error> {
        let output = &self.buffers.output()[..amount];
        if self.broken.is_none() {
            self.held.extend_from_slice(output);
            if self.held.len() > HELD_BYTES {
                self.write_held();
            }
        }
        Ok(())
    }

    fn await_input(&mut self, _timeout: NextTimeout) -> Result<bool, Error> {
        if !self.held.is_empty() {
            self.write_held();
        }
        loop {
            let read = self.stream.read(self.buffers.input_append_buf());
            match (read, self.broken.take()) {
                (Ok(0) | Err(_), Some(broken)) => return Err(broken.into()),
                (Err(error), None) if error.kind() == ErrorKind::Interrupted => {}
                (Err(error), None) => return Err(error.into()),
                (Ok(count), _) => {
                    self.buffers.input_appended(count);
                    return Ok(count > 0);
                }
            }
        }
    }

    /// Open and silent: bytes that nobody asked for make it as useless as its end.
    fn is_open(&mut self) -> bool {
        let probed = recv(self.stream.as_raw_fd(), &mut [0], MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT);
        self.broken.is_none() && probed == Err(nix::Error::EAGAIN)
    }
}

impl Debug for Wire {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.debug_struct("Wire").field("stream", &self.stream).finish_non_exhaustive()
    }
}
