//! The bytes of an event or of a response: up to 6 MiB, of which nothing stays behind.

use std::ops::{Deref, DerefMut};

/// glibc takes what is larger from the system, a mapping for each (M_MMAP_THRESHOLD, mallopt(3)), in place of the heap.
const FROM_THE_HEAP: usize = 64 * 1024;

/// Bytes whose memory goes back to the system when they are dropped, if they were many.
///
/// Freeing a mapping makes glibc serve blocks of its size from the heap from then on, and keep twice as much of the heap:
/// `bootstrap` had 8 MiB for good after one event of 6 MiB. So a large mapping is made small before it is freed, which teaches
/// glibc nothing. (`mallopt` itself would take unsafe code, and there is none here.)
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
