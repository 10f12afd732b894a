//! A margin call that waits for money.

use plimsoll_types::Ts;
use serde::{Deserialize, Serialize};

/// An outstanding margin call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The tier that called.
    pub tier: u8,
    /// When it falls due; `None` = at the end of the session.
    pub deadline: Option<Ts>,
    /// Which timer is its own.
    pub serial: u64,
}

impl Call {
    /// The deadline of a call issued at `now` with `grace`, where `outstanding` may stand already: the earlier one.
    pub fn deadline(outstanding: Option<Call>, now: Ts, grace: Option<Ts>) -> Option<Ts> {
        // Times end at 2^63 - 1.
        let fresh = grace.map(|grace| now.saturating_add(grace).min(i64::MAX as Ts));
        match outstanding.map(|call| call.deadline) {
            None | Some(None) => fresh,
            Some(Some(standing)) => Some(fresh.map_or(standing, |fresh| fresh.min(standing))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_deadline_stands_and_a_clock_comes_before_a_session_end() {
        let call = |deadline| Some(Call { tier: 1, deadline, serial: 0 });
        assert_eq!(Call::deadline(None, 10, Some(5)), Some(15));
        assert_eq!(Call::deadline(None, 10, None), None);
        assert_eq!(Call::deadline(call(Some(12)), 10, Some(5)), Some(12));
        assert_eq!(Call::deadline(call(Some(12)), 10, None), Some(12));
        assert_eq!(Call::deadline(call(None), 10, Some(5)), Some(15));
    }
}
