//! Ways to draw boxes, against each other: how slack is shared out among several positions, and how coarse the grid is.

use super::alone::{Crossings, STEP, measure_walk};
use super::figure::{rounded, text};
use crate::cli::bench::{Amount, new_table};
use plimsoll::crowd::{self, Crowd, Lines, MOST};
use plimsoll_risk::{Sharing, Tuning};
use plimsoll_types::Detector;
use serde_json::{Value, json};

/// Accounts of the crowd.
const ACCOUNTS: u32 = 100_000;
/// Largest steps of marks that move alike, and of marks that do not.
const ALIKE: [u64; MOST] = [STEP; MOST];
const APART: [u64; MOST] = [1, 2, 4, 8, 16, 32, 64, 128];

/// One way, measured.
pub(crate) struct Row {
    tuning: Tuning,
    instruments: usize,
    steps: &'static str,
    walk: Crossings,
}

/// Measures every way on a crowd of at most so many accounts.
pub(crate) fn measure(largest: u32, amount: Amount) -> Vec<Row> {
    let default = Tuning::default();
    let shared = [Sharing::Equal, Sharing::Worth, Sharing::Movement, Sharing::Fewest]
        .map(|sharing| Tuning { sharing, ..default });
    let gridded = [2, 3, 4, 5, 6, 7, 30].map(|grid_bits| Tuning { grid_bits, ..default });
    let mut rows = Vec::new();
    for (tunings, instruments, all) in [
        (&shared[..], MOST, &[("alike", ALIKE), ("apart", APART)][..]),
        (&gridded[..], MOST, &[("alike", ALIKE)][..]),
        (&gridded[..], 1, &[("alike", ALIKE)][..]),
    ] {
        for &(steps, largest_steps) in all {
            for &tuning in tunings {
                amount.say(&format!("breach: {tuning:?}, instruments: {instruments}, {steps}"));
                let accounts = largest.min(ACCOUNTS);
                let crowd = Crowd { accounts, instruments, lines: Lines::Spread };
                let mut risk = crowd.tuned_risk(Detector::Index, tuning);
                crowd::look(&mut risk, &mut Vec::new());
                let (walk, _) = measure_walk(&mut risk, crowd, amount, largest_steps);
                rows.push(Row { tuning, instruments, steps, walk });
            }
        }
    }
    rows
}

pub(crate) fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "sharing": format!("{:?}", row.tuning.sharing).to_lowercase(),
            "grid_bits": row.tuning.grid_bits,
            "instruments": row.instruments,
            "steps": row.steps,
            "ns_per_mark_walk": rounded(row.walk.ns_per_mark.median()),
            "crossed_per_mark": rounded(row.walk.crossed_per_mark()),
            "false_alarms_per_crossing": rounded(row.walk.false_alarms()),
            "drawn_per_crossing": rounded(row.walk.drawn_per_crossing()),
        })
    };
    rows.iter().map(row).collect()
}

pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = new_table(&[
        "sharing",
        "grid bits",
        "instruments",
        "steps",
        "ns/mark",
        "crossed/mark",
        "false alarms/crossing",
        "drawn/crossing",
    ]);
    for Row { tuning, instruments, steps, walk } in rows {
        table.add_row([
            format!("{:?}", tuning.sharing).to_lowercase(),
            tuning.grid_bits.to_string(),
            instruments.to_string(),
            (*steps).to_owned(),
            walk.ns_per_mark.text(),
            text(walk.crossed_per_mark()),
            text(walk.false_alarms()),
            text(walk.drawn_per_crossing()),
        ]);
    }
    table.to_string()
}
