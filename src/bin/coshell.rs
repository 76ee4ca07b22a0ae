//! The developer's program: arguments and dispatch only.
fn main() {}
