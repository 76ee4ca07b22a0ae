//! Shares out the file descriptors that the process may have open: between slots, and for the log pipes of background processes.
//!
//! Lambda allows 1,024 descriptors, and 4,096 on managed instances. Source: AWS Lambda Developer Guide, "Lambda quotas" and "Managed
//! instances".

use std::num::NonZero;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The process's own: stdin, stdout, stderr, signals, the log thread, a Bash that is being started.
const OWN: usize = 32;
/// One slot: the connection, the pipes and files of its Bash, a pipe that is being replaced, a response that is being streamed.
const OF_A_SLOT: usize = 13;
/// The most log pipes of background processes.
const MAX_BACKGROUND_PIPES: usize = 64;

/// Raises the soft limit to the hard one, so that there can be as many slots as possible. Children inherit the raised limit.
pub(crate) fn raise_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard); // with fewer descriptors there are fewer slots
    }
}

/// How many of `wanted` slots the descriptors suffice for, at least one.
pub(crate) fn slots(wanted: NonZero<usize>) -> NonZero<usize> {
    let fitting = limit().saturating_sub(OWN) / OF_A_SLOT;
    NonZero::new(fitting).map_or(NonZero::<usize>::MIN, |fitting| wanted.min(fitting))
}

/// How many log pipes of background processes may be kept beside `slots` slots.
pub(crate) fn background_pipes(slots: usize) -> usize {
    limit().saturating_sub(OWN + OF_A_SLOT * slots).min(MAX_BACKGROUND_PIPES)
}

fn limit() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    usize::try_from(soft).unwrap_or(usize::MAX)
}
