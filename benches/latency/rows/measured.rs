//! What a row collects of one peer.

use anyhow::Result;
use coshell::lambda::invocation::Bytes;

use crate::arrival::{Arrival, Gaps};
use crate::price::million_calls;
use crate::stats::{mean, median, quantile, us};
use crate::subject::{Sample, Subject};

/// A running peer, and what has been measured of it.
pub(crate) struct Measured {
    /// The peer.
    pub(crate) subject: Subject,
    gaps: Gaps,
    samples: Vec<Sample>,
    /// Processor time per event, of each block.
    processor_us: Vec<f64>,
}

impl Measured {
    /// Nothing yet.
    pub(crate) fn new(subject: Subject) -> Measured {
        Measured { subject, gaps: Gaps::default(), samples: Vec::new(), processor_us: Vec::new() }
    }

    /// Sends so many events, or the peer's share of them, and one more before.
    pub(crate) fn block(&mut self, arrival: Arrival, event: &Bytes, events: usize) -> Result<()> {
        let events = self.subject.peer.share_of(events);
        let before = self.subject.processor_time();
        self.samples.extend(self.subject.block(arrival, event, events, &mut self.gaps)?);
        let used = self.subject.processor_time().saturating_sub(before);
        #[allow(clippy::cast_precision_loss)]
        self.processor_us.push(us(used) / (events + 1) as f64);
        Ok(())
    }

    /// p50, p99, billed p50, processor time per event, price of a million calls with 128 MB.
    pub(crate) fn values(&self) -> Vec<Option<f64>> {
        let latency: Vec<f64> = self.samples.iter().map(|sample| us(sample.latency)).collect();
        let billed: Vec<f64> = self.samples.iter().map(|sample| us(sample.billed)).collect();
        vec![
            median(&latency),
            quantile(&latency, 0.99),
            median(&billed),
            mean(&self.processor_us),
            million_calls(&billed),
        ]
    }
}
