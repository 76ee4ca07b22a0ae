//! Holds the bytes of an event or a response, up to 6 MiB, and gives their memory back to the system.

use std::ops::{Deref, DerefMut};

/// glibc allocates larger blocks as separate mappings instead of from the heap (M_MMAP_THRESHOLD, mallopt(3)).
const FROM_THE_HEAP: usize = 64 * 1024;

/// Bytes whose memory goes back to the system when they are dropped, if there are many.
///
/// When a mapping is freed, glibc serves blocks of that size from the heap from then on, and keeps twice as much heap:
/// `bootstrap` kept 8 MiB for good after one event of 6 MiB. So a large mapping is shrunk before it is freed, and glibc changes
/// nothing. (`mallopt` would need unsafe code, which this project does not use.)
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payload(Vec<u8>);

impl Deref for Payload {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Payload {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Payload {
        Payload(bytes)
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.0.clear();
        self.0.shrink_to(FROM_THE_HEAP);
    }
}
