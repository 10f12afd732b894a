//! How many messages a session may send: a token bucket in whole nanoseconds, with time as an argument.

use plimsoll_types::Ts;
use std::num::NonZeroU32;

/// What a token costs. Credit grows by `rate` a nanosecond, so that a second's worth is exactly `rate` tokens.
const TOKEN: u64 = 1_000_000_000;

/// Lets a session send `burst` messages at once and `rate` a second in the long run.
///
/// For any stretch of t nanoseconds: messages let through <= burst + rate x t / 10^9. No message is refused
/// that this law allows. Integers only; nothing is rounded between two messages, so no credit is lost or made.
///
/// Units: messages, nanoseconds. Cost: O(1), no allocation, 24 bytes a session. Source: the token bucket of
/// RFC 2697 with one colour.
#[derive(Clone, Debug)]
pub struct Throttle {
    rate: u32,
    burst: u32,
    /// In parts of a token, [`TOKEN`] to one; at most `burst` tokens, below 2^62 parts.
    credit: u64,
    /// When `credit` was counted.
    counted: Ts,
}

/// How long until the next message would be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Nanoseconds, rounded up; at least 1.
    pub ns: Ts,
}

impl Throttle {
    /// A full bucket: `rate` tokens a second, at most `burst` at once.
    pub fn new(rate: NonZeroU32, burst: NonZeroU32) -> Throttle {
        let (rate, burst) = (rate.get(), burst.get());
        Throttle { rate, burst, credit: u64::from(burst) * TOKEN, counted: 0 }
    }

    /// Takes a token for a message that arrives at `now`.
    ///
    /// A `now` before an earlier one counts as that earlier one: time never runs back here.
    /// Rejects: [`Wait`], where no whole token is there; the refused message costs none.
    #[inline]
    pub fn take(&mut self, now: Ts) -> Result<(), Wait> {
        let passed = now.saturating_sub(self.counted);
        let most = u64::from(self.burst) * TOKEN;
        let earned = passed.saturating_mul(u64::from(self.rate));
        self.credit = self.credit.saturating_add(earned).min(most);
        self.counted = self.counted.max(now);
        match self.credit.checked_sub(TOKEN) {
            Some(rest) => {
                self.credit = rest;
                Ok(())
            }
            None => Err(Wait { ns: (TOKEN - self.credit).div_ceil(u64::from(self.rate)) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(rate: u32, burst: u32) -> Throttle {
        Throttle::new(NonZeroU32::new(rate).unwrap(), NonZeroU32::new(burst).unwrap())
    }

    #[test]
    fn a_burst_then_the_rate() {
        let mut session = throttle(4, 2);
        assert_eq!([session.take(0), session.take(0)], [Ok(()), Ok(())]);
        assert_eq!(session.take(0), Err(Wait { ns: 250_000_000 }));
        assert_eq!(session.take(249_999_999), Err(Wait { ns: 1 }));
        assert_eq!(session.take(250_000_000), Ok(()));
        // A long silence earns the burst and no more.
        assert_eq!([session.take(Ts::MAX), session.take(Ts::MAX)], [Ok(()), Ok(())]);
        assert!(session.take(Ts::MAX).is_err());
    }

    #[test]
    fn a_third_of_a_second_is_not_rounded_away() {
        let mut session = throttle(3, 1);
        let waits: Vec<Ts> = (0..4)
            .map(|n| match session.take(n * 1_000_000_000 / 3) {
                Ok(()) => 0,
                Err(wait) => wait.ns,
            })
            .collect();
        assert_eq!(waits, [0, 1, 0, 0], "333333333 ns is a nanosecond short of a third");
    }

    #[test]
    fn time_that_runs_back_earns_nothing() {
        let mut session = throttle(1, 1);
        assert_eq!(session.take(5_000_000_000), Ok(()));
        assert_eq!(session.take(4_000_000_000), Err(Wait { ns: 1_000_000_000 }));
        assert_eq!(session.take(6_000_000_000), Ok(()));
    }

    #[test]
    fn it_lets_through_exactly_what_the_law_allows() {
        let mut state = 3u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for _ in 0..200 {
            let (rate, burst) = (1 + draw(40) as u32, 1 + draw(6) as u32);
            let mut session = throttle(rate, burst);
            let (mut passed, mut now): (Vec<Ts>, Ts) = (Vec::new(), 0);
            // The law itself, over every stretch that begins with a message let through.
            let allowed = |passed: &[Ts], at: Ts| {
                (0..passed.len()).all(|n| {
                    let most = u128::from(burst) * u128::from(TOKEN)
                        + u128::from(rate) * u128::from(at - passed[n]);
                    (passed.len() - n + 1) as u128 * u128::from(TOKEN) <= most
                })
            };
            for _ in 0..150 {
                now += draw(2) * draw(3_000_000_000 / u64::from(rate));
                match session.take(now) {
                    Ok(()) => {
                        assert!(allowed(&passed, now), "rate {rate}, burst {burst}, at {now}");
                        passed.push(now);
                    }
                    Err(wait) => {
                        assert!(!allowed(&passed, now + wait.ns - 1), "{rate} {burst} {now}");
                        assert!(allowed(&passed, now + wait.ns), "{rate} {burst} {now}");
                    }
                }
            }
        }
    }
}
