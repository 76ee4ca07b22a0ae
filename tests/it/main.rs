//! One integration crate.
fn main() {}
