//! What helps a person while a handler is written.
mod contract;
mod events;
