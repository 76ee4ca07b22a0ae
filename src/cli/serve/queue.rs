//! The queue of events, and up to `--concurrency` threads that take events from it, each with a worker of its own.
//!
//! A thread is started when an event waits and no thread is free, as Lambda starts environments. Lambda refuses an
//! event above the limit; here the event waits for its turn, because a developer wants the answer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::access_log::{log_client_gone, log_not_run};
use super::environment::{Launcher, Readiness};
use super::exception::Exception;
use super::job::{Answer, Job};
use super::worker::Worker;

/// If so many events wait, the next one is refused as Lambda refuses an event above the concurrency limit.
const MAX_WAITING: usize = 1000;

/// A task for a worker.
#[derive(Debug)]
enum Task {
    /// Start an environment, so that the next event needs no cold start.
    Prepare,
    Event(Box<Event>),
}

#[derive(Debug)]
struct Event {
    job: Job,
    reply: oneshot::Sender<Answer>,
}

/// The queue and its threads; clones share both.
#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    launcher: Arc<Launcher>,
    limit: usize,
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Task>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    closed: bool,
}

impl Queue {
    /// Creates the queue; threads are started when events come.
    pub(super) fn new(launcher: Arc<Launcher>, limit: usize) -> Queue {
        Queue(Arc::new(Shared { launcher, limit, state: Mutex::default(), changed: Condvar::new() }))
    }

    /// Has one worker start its environment before an event comes.
    pub(super) fn prepare(&self) {
        let state = self.state();
        if !state.waiting.iter().any(|task| matches!(task, Task::Prepare)) {
            let _ = self.push(state, Task::Prepare); // a failure is reported to the first event
        }
    }

    /// Whether the init of the environment that was started last has succeeded.
    pub(super) fn readiness(&self) -> Readiness {
        self.0.launcher.readiness()
    }

    /// Queues an event. Dropping the receiver before the event's turn withdraws the event.
    pub(super) fn submit(&self, job: Job) -> Result<oneshot::Receiver<Answer>, Exception> {
        let state = self.state();
        if state.waiting.len() >= MAX_WAITING {
            return Err(Exception::TooManyRequests(MAX_WAITING));
        }
        let (reply, answer) = oneshot::channel();
        self.push(state, Task::Event(Box::new(Event { job, reply })))?;
        Ok(answer)
    }

    /// Ends the threads and their environments; each thread first finishes its current task.
    pub(super) fn close(&self) {
        let threads = {
            let mut state = self.state();
            state.closed = true;
            state.waiting.clear();
            std::mem::take(&mut state.threads)
        };
        self.0.changed.notify_all();
        for thread in threads {
            let _ = thread.join(); // the panic hook has printed the panic
        }
    }

    fn push(&self, mut state: MutexGuard<'_, QueueState>, task: Task) -> Result<(), Exception> {
        if state.closed {
            return Err(Exception::Service("coshell is ending".to_owned()));
        }
        state.waiting.push_back(task);
        if state.waiting.len() > state.idle && state.threads.len() < self.0.limit {
            let queue = self.clone();
            let thread = std::thread::Builder::new().name("worker".to_owned());
            match thread.spawn(move || queue.work()) {
                Ok(thread) => state.threads.push(thread),
                Err(_) if !state.threads.is_empty() => {} // the existing threads will take the event
                Err(error) => {
                    state.waiting.pop_back();
                    return Err(Exception::Service(format!("cannot start a thread: {error}")));
                }
            }
        }
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }

    fn work(&self) {
        let prefix = &self.0.launcher.log_prefix;
        let mut worker = Worker::new(Arc::clone(&self.0.launcher));
        while let Some(task) = self.next() {
            match task {
                Task::Prepare => worker.prepare(),
                Task::Event(event) if event.reply.is_closed() => log_not_run(prefix, &event.job.invoke.request_id),
                Task::Event(event) => {
                    let Event { job, reply } = *event;
                    let request_id = job.invoke.request_id.clone();
                    if let Some(answer) = worker.run(job)
                        && let Err(answer) = reply.send(answer)
                    {
                        log_client_gone(prefix, &request_id, &answer);
                    }
                }
            }
        }
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.state();
        state.idle += 1;
        let mut state = self
            .0
            .changed
            .wait_while(state, |state| state.waiting.is_empty() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        if state.closed { None } else { state.waiting.pop_front() }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
