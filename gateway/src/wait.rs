//! How a thread waits for the next piece of work, and how it is woken.

use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

/// Longest sleep of a thread that blocks: a bound on how late it notices what nobody rings for.
pub(crate) const NAP_MAX: Duration = Duration::from_millis(100);

/// What a thread does while it has nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitStrategy {
    /// Looks again at once: the fastest, and it wants a core for itself.
    Spin,
    /// Lets others have the core between two looks: uses what nobody else wants.
    Yield,
    /// Sleeps until it is rung for: an idle server uses no processor time. Waking takes the system some 5 to 50 us.
    #[default]
    Block,
}

/// Rings for a thread that sleeps. Clones ring for the same one.
///
/// There is no flag of our own: a ring leaves the thread a token ([`Thread::unpark`]), and a thread that has one does not sleep.
#[derive(Clone, Default)]
pub struct Bell {
    sleeper: Arc<OnceLock<Sleeper>>,
}

enum Sleeper {
    Thread(Thread),
    /// One that waits for sockets, with its own way to be woken.
    Other(Box<dyn Fn() + Send + Sync>),
}

impl Bell {
    /// Wakes the thread, or has it not fall asleep. Cost: one look where nobody sleeps on it, some 10 ns where somebody may.
    #[inline]
    pub fn ring(&self) {
        match self.sleeper.get() {
            Some(Sleeper::Thread(thread)) => thread.unpark(),
            Some(Sleeper::Other(wake)) => wake(),
            None => {}
        }
    }

    /// The calling thread is the one to wake. Only the first counts.
    pub fn answer(&self) {
        let _ = self.sleeper.set(Sleeper::Thread(std::thread::current()));
    }

    /// Whoever `wake` wakes is the one to wake. Only the first counts.
    pub fn answer_by(&self, wake: Box<dyn Fn() + Send + Sync>) {
        let _ = self.sleeper.set(Sleeper::Other(wake));
    }
}

impl WaitStrategy {
    /// Waits once, `most` at the longest; looks often enough where that is short.
    #[inline]
    pub fn once(self, most: Duration) {
        match self {
            WaitStrategy::Spin => std::hint::spin_loop(),
            WaitStrategy::Yield => std::thread::yield_now(),
            WaitStrategy::Block => std::thread::park_timeout(most.min(NAP_MAX)),
        }
    }
}

/// Keeps the calling thread on one core; `None` leaves it to the system. Gives whether the system agreed.
pub fn pin(core: Option<usize>) -> bool {
    core.is_none_or(|id| core_affinity::set_for_current(core_affinity::CoreId { id }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_bell_rung_before_the_nap_prevents_it() {
        let bell = Bell::default();
        bell.answer();
        bell.ring();
        // Without the token this would hang.
        std::thread::park();
    }

    #[test]
    fn a_sleeper_wakes_when_rung_for() {
        let (bell, woken) = (Bell::default(), Arc::new(AtomicBool::new(false)));
        let sleeper = std::thread::spawn({
            let (bell, woken) = (bell.clone(), woken.clone());
            move || {
                bell.answer();
                while !woken.load(Ordering::Acquire) {
                    WaitStrategy::Block.once(Duration::MAX);
                }
            }
        });
        woken.store(true, Ordering::Release);
        bell.ring();
        assert!(sleeper.join().is_ok());
    }
}
