//! What a million calls cost at AWS's public prices, x86, us-east-1, without the free tier: <https://aws.amazon.com/lambda/pricing/>.

use crate::stats::mean;

const USD_PER_GB_SECOND: f64 = 0.000_016_666_7;
const USD_PER_MILLION_REQUESTS: f64 = 0.20;
const GB: f64 = 128.0 / 1024.0;

/// The price of a million calls with 128 MB that were billed like these: each is rounded up to a whole millisecond.
pub(crate) fn million_calls(billed_us: &[f64]) -> Option<f64> {
    let rounded: Vec<f64> = billed_us.iter().map(|us| (us / 1e3).ceil()).collect();
    let seconds = mean(&rounded)? / 1e3;
    Some(USD_PER_MILLION_REQUESTS + 1e6 * seconds * GB * USD_PER_GB_SECOND)
}
