//! Works on a list with several threads.

use std::sync::Mutex;

use crate::aws::failure::Failure;

/// Works on a list with several threads. The first failure ends the work.
pub(super) fn in_parallel<T: Send, R: Send>(
    threads: usize,
    list: Vec<T>,
    work: impl Fn(T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let threads = threads.clamp(1, list.len().max(1));
    let queue = Mutex::new(list.into_iter());
    let results = Mutex::new(Ok(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(next) = queue.lock().ok().and_then(|mut queue| queue.next()) {
                    let result = work(next);
                    let Ok(mut results) = results.lock() else { return };
                    match (&mut *results, result) {
                        (Ok(done), Ok(result)) => done.push(result),
                        (Ok(_), Err(failure)) => *results = Err(failure),
                        (Err(_), _) => return,
                    }
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(|_| Err(Failure::General("a part could not be transferred".to_owned())))
}
