//! A cache line's way from one core to another and back, and how one thread waits for another.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Events a ring holds: a mebibyte, which is what a core's own cache holds here.
pub(crate) const CAPACITY: usize = 1 << 14;

/// Between the fast mode (about 90 ns) and the slow one (340 to 490) of a host's cores.
const SLOW_NS: u64 = 200;
/// From here on the threads did not have their cores to themselves.
const BUSY_NS: u64 = 1_500;

/// A cache line's way to the other core and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoundTrip {
    /// Median of a few short rounds, nanoseconds.
    pub(crate) ns: u64,
}

impl RoundTrip {
    /// Plays ping-pong with one line each way. Cost: at most a few milliseconds.
    pub(crate) fn look() -> RoundTrip {
        let mut rounds: Vec<u64> = (0..5).map(|_| ping_pong(1_000)).collect();
        rounds.sort_unstable();
        RoundTrip { ns: rounds[rounds.len() / 2] }
    }

    /// Looks until the cores are in their fast mode, a few times; the last look counts.
    pub(crate) fn wait_for_fast() -> RoundTrip {
        let mut now = RoundTrip::look();
        for _ in 0..3 {
            if !now.is_slow() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
            now = RoundTrip::look();
        }
        now
    }

    pub(crate) fn is_slow(self) -> bool {
        self.ns >= SLOW_NS
    }

    pub(crate) fn mode(self) -> &'static str {
        match self.ns {
            BUSY_NS.. => "busy",
            SLOW_NS.. => "slow",
            _ => "fast",
        }
    }

    pub(crate) fn json(self) -> Value {
        json!({ "ns": self.ns, "mode": self.mode() })
    }
}

/// Whether there are two cores to hand anything between.
pub(crate) fn has_two_cores() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() >= 2)
}

/// Waits for another thread: spins, and lets others have the core where that takes long.
pub(crate) struct Patience(u32);

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience(0)
    }

    #[inline]
    pub(crate) fn wait(&mut self) {
        self.0 += 1;
        if self.0.is_multiple_of(10_000) {
            std::thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

/// A number alone on its cache line.
#[repr(align(128))]
pub(crate) struct Line(pub(crate) AtomicU64);

impl Line {
    pub(crate) fn wait_for(&self, value: u64) {
        let mut patience = Patience::new();
        while self.0.load(Ordering::Acquire) < value {
            patience.wait();
        }
    }
}

/// Mean time of a trip there and back, over so many trips or a millisecond, whichever ends first.
fn ping_pong(trips: u64) -> u64 {
    let [ping, pong] = &[Line(AtomicU64::new(0)), Line(AtomicU64::new(0))];
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for trip in 1.. {
                ping.wait_for(trip);
                let last = ping.0.load(Ordering::Acquire) == u64::MAX;
                pong.0.store(trip, Ordering::Release);
                if last {
                    break;
                }
            }
        });
        // The first trip waits for the thread to start.
        ping.0.store(1, Ordering::Release);
        pong.wait_for(1);
        let start = Instant::now();
        let mut done = 0;
        while done < trips && (done % 16 > 0 || start.elapsed() < Duration::from_millis(1)) {
            done += 1;
            ping.0.store(1 + done, Ordering::Release);
            pong.wait_for(1 + done);
        }
        let spent = start.elapsed().as_nanos() as u64;
        ping.0.store(u64::MAX, Ordering::Release);
        spent / done.max(1)
    })
}
