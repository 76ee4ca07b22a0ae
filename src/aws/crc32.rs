//! The checksum that requests to S3 carry.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::request::Body;

/// The CRC-32 of a body, in base64.
///
/// # Errors
/// Where the file cannot be read.
pub fn crc32(body: &Body) -> io::Result<String> {
    let mut hasher = crc32fast::Hasher::new();
    body.each_piece(|piece| hasher.update(piece))?;
    Ok(STANDARD.encode(hasher.finalize().to_be_bytes()))
}
