//! Calls AWS: finds credentials, the region and the endpoint, signs requests, and sends them over HTTPS with retries.
//!
//! Durable functions (`runtime::durable`) and the small AWS CLI (`aws`) share this module. It knows no service and no command.

pub mod credentials;
pub mod endpoint;
pub mod failure;
mod hash;
pub mod http;
pub mod profile;
pub mod request;
pub mod response;
pub mod retry;
pub mod signing;

pub use hash::sha256_hex;
