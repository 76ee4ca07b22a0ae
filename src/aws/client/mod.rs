//! Calls AWS: finds credentials, the region and the endpoint, signs requests, and sends them over HTTPS with retries.
//!
//! This module knows no service and no command.

pub mod credentials;
pub mod endpoint;
pub mod error_body;
mod hash;
pub mod http;
pub mod profile;
pub mod request;
pub mod response;
pub mod retry;
pub mod signing;

pub use hash::sha256_hex;
