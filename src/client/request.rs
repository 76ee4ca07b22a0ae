//! A request before it is sent, and how SigV4 writes paths and queries.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A request to one host.
#[derive(Debug, Clone)]
pub struct Request {
    /// Such as `PUT`.
    pub method: &'static str,
    /// Scheme and host, such as `https://sqs.eu-west-1.amazonaws.com`.
    pub endpoint: String,
    /// The path, encoded.
    pub path: String,
    /// Names and values of the query, not encoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// The body of a request. It can be read more than once.
#[derive(Debug, Clone)]
pub enum Body {
    /// Bytes in memory.
    Bytes(Arc<Vec<u8>>),
    /// A part of a file.
    Part {
        /// The file.
        file: Arc<File>,
        /// Where the part starts.
        offset: u64,
        /// How many bytes it has.
        length: u64,
    },
}

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Body {
        Body::Bytes(Arc::default())
    }

    /// How many bytes the body has.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Part { length, .. } => *length,
        }
    }

    /// Reads the body from its start.
    #[must_use]
    pub fn reader(&self) -> BodyReader {
        BodyReader { body: self.clone(), position: 0 }
    }

    /// Gives all bytes to `take`, piece by piece.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn each_piece(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut reader = self.reader();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(()),
                length => take(&buffer[..length]),
            }
        }
    }
}

/// Reads a body.
#[derive(Debug)]
pub struct BodyReader {
    body: Body,
    position: u64,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &self.body {
            Body::Bytes(bytes) => {
                let rest = usize::try_from(self.position).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
                let length = rest.len().min(buffer.len());
                buffer[..length].copy_from_slice(&rest[..length]);
                length
            }
            Body::Part { file, offset, length } => {
                let left = usize::try_from(length - self.position).unwrap_or(usize::MAX);
                let room = left.min(buffer.len());
                file.read_at(&mut buffer[..room], offset + self.position)?
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Request {
    /// A request without headers, query and body.
    #[must_use]
    pub fn new(method: &'static str, endpoint: &str, path: String) -> Request {
        let endpoint = endpoint.to_owned();
        Request { method, endpoint, path, query: Vec::new(), headers: Vec::new(), body: Body::empty() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with one more name and value in the query.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<String>) -> Request {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Request {
        self.body = body;
        self
    }

    /// Scheme, host, path and query.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = format!("{}{}", self.endpoint, self.path);
        if !self.query.is_empty() {
            url.push('?');
            let pairs: Vec<String> = self.query.iter().map(|(name, value)| pair(name, value)).collect();
            url.push_str(&pairs.join("&"));
        }
        url
    }

    /// The host and, where it is not the scheme's own, the port.
    #[must_use]
    pub fn host(&self) -> &str {
        let (scheme, rest) = self.endpoint.split_once("://").unwrap_or(("https", &self.endpoint));
        let host = rest.split('/').next().unwrap_or(rest);
        host.strip_suffix(if scheme == "http" { ":80" } else { ":443" }).unwrap_or(host)
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.endpoint.starts_with("https://")
    }
}

/// One name and value of a query, encoded.
#[must_use]
pub fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encode(name, false), encode(value, false))
}

/// SigV4's UriEncode: every byte but letters, digits and `-._~` is percent-encoded, and slashes unless they are kept.
#[must_use]
pub fn encode(text: &str, keeps_slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keeps_slashes && byte == b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
