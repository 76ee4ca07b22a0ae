//! What SECURITY.md says.
mod child;
mod credentials;
mod headers;
