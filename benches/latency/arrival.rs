//! How events come.

use std::time::Duration;

/// The gaps between events, counted from the `next` after the event before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Always one more in the queue.
    BackToBack,
    /// With a fixed gap.
    Every(Duration),
    /// With random gaps, evenly spread from zero to this.
    UpTo(Duration),
}

/// A source of gaps; the same numbers in every run, and for every peer.
#[derive(Debug)]
pub(crate) struct Gaps(u64);

impl Default for Gaps {
    fn default() -> Gaps {
        Gaps(0x9E37_79B9_7F4A_7C15)
    }
}

impl Gaps {
    /// The gap before the next event.
    pub(crate) fn next(&mut self, arrival: Arrival) -> Duration {
        match arrival {
            Arrival::BackToBack => Duration::ZERO,
            Arrival::Every(gap) => gap,
            Arrival::UpTo(most) => most * self.thousandth() / 1000,
        }
    }

    /// xorshift64
    fn thousandth(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % 1001).unwrap_or_default()
    }
}
