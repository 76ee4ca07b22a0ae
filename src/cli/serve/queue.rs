//! The queue of events, and up to `--concurrency` threads that take events from it, each with a worker of its own.
//!
//! A thread is started when an event waits and no other is free, as Lambda starts environments. On Lambda an event over the
//! limit is refused; here it waits for its turn, since a developer wants the answer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::access_log::{log_client_gone, log_not_run};
use super::environment::{Readiness, Template};
use super::exception::Exception;
use super::job::{Answer, Job};
use super::worker::Worker;

/// More than this is refused as Lambda refuses what is over the concurrency.
const MOST_WAITING: usize = 1000;

/// Something for a worker to do.
#[derive(Debug)]
enum Work {
    /// To be ready for the next event.
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
    template: Arc<Template>,
    most: usize,
    line: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    waiting: VecDeque<Work>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    closed: bool,
}

impl Queue {
    /// None is started yet.
    pub(super) fn new(template: Arc<Template>, most: usize) -> Queue {
        Queue(Arc::new(Shared { template, most, line: Mutex::default(), changed: Condvar::new() }))
    }

    /// Has one worker ready before there is an event.
    pub(super) fn prepare(&self) {
        let line = self.line();
        if !line.waiting.iter().any(|work| matches!(work, Work::Prepare)) {
            let _ = self.add(line, Work::Prepare); // the first event will say why
        }
    }

    /// Whether the last environment that was started has come through its init.
    pub(super) fn readiness(&self) -> Readiness {
        self.0.template.readiness()
    }

    /// Queues an event. Who drops the receiver before the event's turn has withdrawn it.
    pub(super) fn submit(&self, job: Job) -> Result<oneshot::Receiver<Answer>, Exception> {
        let line = self.line();
        if line.waiting.len() >= MOST_WAITING {
            return Err(Exception::TooManyRequests(MOST_WAITING));
        }
        let (reply, answer) = oneshot::channel();
        self.add(line, Work::Event(Box::new(Event { job, reply })))?;
        Ok(answer)
    }

    /// Ends the threads, each after what it has in hand, and with them their environments.
    pub(super) fn close(&self) {
        let threads = {
            let mut line = self.line();
            line.closed = true;
            line.waiting.clear();
            std::mem::take(&mut line.threads)
        };
        self.0.changed.notify_all();
        for thread in threads {
            let _ = thread.join(); // a panic has been printed by itself
        }
    }

    fn add(&self, mut line: MutexGuard<'_, Waiting>, work: Work) -> Result<(), Exception> {
        if line.closed {
            return Err(Exception::Service("coshell is ending".to_owned()));
        }
        line.waiting.push_back(work);
        if line.waiting.len() > line.idle && line.threads.len() < self.0.most {
            let queue = self.clone();
            let thread = std::thread::Builder::new().name("worker".to_owned());
            match thread.spawn(move || queue.work()) {
                Ok(thread) => line.threads.push(thread),
                Err(_) if !line.threads.is_empty() => {} // one more would have been faster
                Err(error) => {
                    line.waiting.pop_back();
                    return Err(Exception::Service(format!("cannot start a thread: {error}")));
                }
            }
        }
        drop(line);
        self.0.changed.notify_one();
        Ok(())
    }

    fn work(&self) {
        let mut worker = Worker::new(Arc::clone(&self.0.template));
        while let Some(work) = self.next() {
            match work {
                Work::Prepare => worker.prepare(),
                Work::Event(event) if event.reply.is_closed() => log_not_run(&event.job.invoke.request_id),
                Work::Event(event) => {
                    let Event { job, reply } = *event;
                    let request_id = job.invoke.request_id.clone();
                    if let Some(answer) = worker.run(job)
                        && let Err(answer) = reply.send(answer)
                    {
                        log_client_gone(&request_id, &answer);
                    }
                }
            }
        }
    }

    fn next(&self) -> Option<Work> {
        let mut line = self.line();
        line.idle += 1;
        let mut line = self
            .0
            .changed
            .wait_while(line, |line| line.waiting.is_empty() && !line.closed)
            .unwrap_or_else(PoisonError::into_inner);
        line.idle -= 1;
        if line.closed { None } else { line.waiting.pop_front() }
    }

    fn line(&self) -> MutexGuard<'_, Waiting> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
