//! Breach detection: what a change of a mark, a crossing and a trade cost with so many accounts watched, by index and by scan.

mod alone;
mod crowded;
mod figure;
mod plot;
mod report;
mod tunings;
mod whole;

use super::Amount;
use plimsoll::crowd::{Crowd, Lines, MOST};

/// Everything that was measured.
pub(crate) struct Outcome {
    pub(crate) points: Vec<alone::Point>,
    /// Of the points with one instrument, in their order.
    pub(crate) wholes: Vec<whole::Whole>,
    pub(crate) crowded: crowded::Crowded,
    /// Ways to draw boxes, where they were asked for.
    pub(crate) tunings: Option<Vec<tunings::Row>>,
}

/// Sizes with one instrument, and with several.
const SIZES: [u32; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// Most accounts that hold several.
const MANY_MOST: u32 = 1_000_000;

/// Measures every size up to `largest`, which is one itself.
pub(crate) fn measure(amount: Amount, largest: u32, compares: bool) -> Outcome {
    let mut sizes: Vec<u32> = SIZES.into_iter().filter(|&size| size < largest).collect();
    sizes.push(largest);
    let crowd = |accounts, instruments| Crowd { accounts, instruments, lines: Lines::Spread };
    let (mut points, mut wholes) = (Vec::new(), Vec::new());
    for instruments in [1, MOST] {
        for &accounts in &sizes {
            if instruments == 1 || accounts <= MANY_MOST {
                amount.say(&format!("breach: {accounts} accounts, instruments: {instruments}"));
                points.push(alone::measure(crowd(accounts, instruments), amount));
            }
        }
    }
    for &accounts in &sizes {
        amount.say(&format!("breach: {accounts} accounts, the whole exchange"));
        wholes.push(whole::measure(crowd(accounts, 1), amount));
    }
    amount.say("breach: thousands on one tick");
    let crowded = crowded::measure(largest, amount);
    let tunings = compares.then(|| tunings::measure(largest, amount));
    Outcome { points, wholes, crowded, tunings }
}
