//! The server that the rows `tools` call in the place of S3 and SSM: HTTP/1.1 on 127.0.0.1. It forgets what it is sent, and its objects are
//! zeros, so that the measured programs do most of the work.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result};

const PARAMETER: &str = r#"{"Parameter":{"Name":"/bench","Type":"String","Value":"value","Version":1,"LastModifiedDate":1773342238.0,"ARN":"arn:aws:ssm:eu-west-1:123456789012:parameter/bench","DataType":"text"}}"#;
const UPLOAD: &str = "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>key</Key><UploadId>upload</UploadId></InitiateMultipartUploadResult>";
const COMPLETE: &str = "<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>key</Key><ETag>\"etag\"</ETag></CompleteMultipartUploadResult>";

/// A running server.
#[derive(Debug)]
pub(crate) struct Store {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Starts it on a free port. Each object has `object_bytes` bytes.
    pub(crate) fn start(object_bytes: u64) -> Result<Store> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        let thread = std::thread::spawn(move || accept(&listener, &until, object_bytes));
        Ok(Store { address, ended, thread: Some(thread) })
    }

    /// Its URL, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address)); // wakes it
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, ended: &AtomicBool, object_bytes: u64) {
    for connection in listener.incoming() {
        if ended.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(connection) = connection {
            std::thread::spawn(move || drop(serve(&connection, object_bytes))); // a client may leave at any time
        }
    }
}

/// The first line and the headers of a request that matter here.
#[derive(Debug, Default)]
struct Head {
    line: String,
    body_bytes: u64,
    waits: bool,
    range: Option<String>,
}

fn serve(mut connection: &TcpStream, object_bytes: u64) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1024, connection);
    while let Some(head) = read_head(&mut reader)? {
        if head.waits {
            connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        std::io::copy(&mut (&mut reader).take(head.body_bytes), &mut std::io::sink())?;
        answer(connection, &head, object_bytes)?;
    }
    Ok(())
}

fn read_head(reader: &mut impl BufRead) -> std::io::Result<Option<Head>> {
    let mut head = Head::default();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(Some(head));
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            _ if head.line.is_empty() => head.line = line.to_owned(),
            "content-length" => head.body_bytes = value.trim().parse().unwrap_or_default(),
            "expect" => head.waits = true,
            "range" => head.range = value.trim().strip_prefix("bytes=").map(str::to_owned),
            _ => {}
        }
    }
}

fn answer(mut connection: &TcpStream, head: &Head, object_bytes: u64) -> std::io::Result<()> {
    let mut send = |status: &str, headers: &str, length: u64| {
        connection.write_all(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n").as_bytes())
    };
    let object = "ETag: \"etag\"\r\nLast-Modified: Thu, 12 Mar 2026 19:03:58 GMT\r\nAccept-Ranges: bytes\r\n";
    let text = match head.line.split(' ').next().unwrap_or_default() {
        "PUT" => return send("200 OK", "ETag: \"etag\"\r\n", 0),
        "HEAD" => return send("200 OK", object, object_bytes),
        "GET" => {
            let bounds = head.range.as_deref().and_then(|range| range.split_once('-'));
            let (first, last) = bounds.map_or((0, object_bytes - 1), |(first, last)| {
                (first.parse().unwrap_or(0), last.parse().unwrap_or(object_bytes - 1))
            });
            let status = if bounds.is_some() { "206 Partial Content" } else { "200 OK" };
            let length = last + 1 - first;
            send(status, &format!("{object}Content-Range: bytes {first}-{last}/{object_bytes}\r\n"), length)?;
            return std::io::copy(&mut std::io::repeat(0).take(length), &mut connection).map(drop);
        }
        _ if head.line.contains("uploads") => UPLOAD,
        _ if head.line.contains("uploadId") => COMPLETE,
        _ => PARAMETER,
    };
    send("200 OK", "", text.len() as u64)?;
    connection.write_all(text.as_bytes())
}
