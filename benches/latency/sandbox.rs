//! The conditions that a runtime runs under, as control groups around its processes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use coshell::lambda::environment::Environment;
use coshell::lambda::runtime_api::Freezer;

use crate::cgroup::{Control, Group};

/// What is imposed on a runtime once its init is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// The processor of a function with 128 MB.
    pub(crate) quota: bool,
    /// Frozen from `next` to the next delivery, as on Lambda.
    pub(crate) frozen: bool,
}

impl Conditions {
    /// Why this machine does not allow them, if it does not.
    pub(crate) fn check(self) -> Result<()> {
        if self.quota {
            Control::Quota.hierarchy()?.group()?.set_quota()?;
        }
        if self.frozen {
            let group = Control::Freezing.hierarchy()?.group()?;
            group.freeze()?;
            group.thaw()?;
        }
        Ok(())
    }
}

/// The groups around one runtime. Dropped after the runtime has ended.
#[derive(Debug)]
pub(crate) struct Sandbox {
    groups: Vec<Arc<Group>>,
    accounting: Option<Arc<Group>>,
    freezing: Option<Arc<Ice>>,
}

impl Sandbox {
    /// Puts a runtime that waits in its first `next` under `conditions`.
    pub(crate) fn around(environment: &Environment, conditions: Conditions) -> Result<Sandbox> {
        let mut sandbox = Sandbox { groups: Vec::new(), accounting: None, freezing: None };
        sandbox.accounting = sandbox.group(Control::Accounting).ok(); // else the ticks in /proc serve
        if conditions.quota {
            sandbox.group(Control::Quota)?.set_quota()?;
        }
        if conditions.frozen {
            let group = sandbox.group(Control::Freezing)?;
            sandbox.freezing = Some(Arc::new(Ice { group, open: Mutex::new(false) }));
        }
        sandbox.enclose(environment)?;
        if let Some(ice) = &sandbox.freezing {
            let freezer: Arc<dyn Freezer> = Arc::<Ice>::clone(ice);
            environment.api().freeze_between_events(freezer);
        }
        Ok(sandbox)
    }

    /// The processor time since the sandbox was made, if control groups tell it.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        self.accounting.as_ref()?.processor_time().ok()
    }

    /// Lets frozen processes go for good, so that they can end.
    pub(crate) fn open(&self) {
        if let Some(ice) = &self.freezing {
            *ice.open() = true;
            ice.thaw();
        }
    }

    /// A group with this control; in version 2 one group has all of them.
    fn group(&mut self, control: Control) -> Result<Arc<Group>> {
        let hierarchy = control.hierarchy()?;
        if let Some(group) = self.groups.iter().find(|group| group.is_in(&hierarchy)) {
            return Ok(Arc::clone(group));
        }
        let group = hierarchy.group()?;
        self.groups.push(Arc::clone(&group));
        Ok(group)
    }

    /// Moves all processes, until none is new: one may have been forked by a process that had not moved yet.
    fn enclose(&self, environment: &Environment) -> Result<()> {
        let mut moved = Vec::new();
        loop {
            let pids = environment.pids();
            let new: Vec<u32> = pids.into_iter().filter(|pid| !moved.contains(pid)).collect();
            if new.is_empty() {
                return Ok(());
            }
            for pid in new {
                self.groups.iter().try_for_each(|group| group.take(pid))?;
                moved.push(pid);
            }
        }
    }
}

/// The freezer that the Runtime API calls.
#[derive(Debug)]
struct Ice {
    group: Arc<Group>,
    /// The Runtime API's thread freezes a moment after it has told of a `next`: it must not come after the end.
    open: Mutex<bool>,
}

impl Ice {
    fn open(&self) -> MutexGuard<'_, bool> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Freezer for Ice {
    fn freeze(&self) {
        let open = self.open();
        if !*open {
            report(self.group.freeze());
        }
    }

    fn thaw(&self) {
        report(self.group.thaw());
    }
}

fn report(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("{error:#}");
    }
}
