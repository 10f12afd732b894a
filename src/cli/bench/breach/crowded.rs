//! Where an index could come to grief: a tick on which thousands of accounts stand, and a mark that jumps far.

use super::figure::{Figure, Stopwatch, timed};
use crate::cli::bench::Amount;
use plimsoll::crowd::{self, CROWDED, Crowd, Lines, MARK};
use plimsoll::workload::Random;
use plimsoll_risk::Risk;
use plimsoll_types::{Detector, InstrumentId, Price, invariant};
use serde_json::{Map, Value, json};

/// Accounts of the crowd; half of them stand on the tick.
const CROWD: u32 = 20_000;
/// Of the crowd that is jumped over.
const JUMPED: u32 = 1_000_000;

/// What came of it.
pub(crate) struct Crowded {
    /// Accounts on the tick.
    pub(crate) on_tick: u64,
    /// A mark that goes to and fro across the tick; each time all are crossed.
    pub(crate) across: Figure,
    /// A mark that goes to and fro beside it.
    pub(crate) beside: Figure,
    pub(crate) gap: Gap,
}

/// One mark that leaves a stretch with many lines behind.
pub(crate) struct Gap {
    pub(crate) accounts: u32,
    pub(crate) ticks: i64,
    pub(crate) crossed: u64,
    pub(crate) rung: u64,
    pub(crate) drawn: u64,
    pub(crate) seconds: f64,
}

/// Measures all three.
pub(crate) fn measure(largest: u32, amount: Amount) -> Crowded {
    let crowd = Crowd { accounts: CROWD, instruments: 1, lines: Lines::OneTick };
    let mut risk = crowd.risk(Detector::Index);
    let mut found = Vec::new();
    let mut go = |risk: &mut Risk, mark: i64| {
        risk.set_mark(InstrumentId(0), Price::clamped(mark));
        crowd::look(risk, &mut found)
    };
    invariant!(go(&mut risk, CROWDED + 1) == 0, "somebody is crossed before the tick");
    let on_tick = go(&mut risk, CROWDED);
    let times = (amount.ops as u64 / on_tick / 2).max(1);
    let across = Figure::of(amount.runs, || {
        let watch = Stopwatch::start();
        let mut crossed = 0;
        for _ in 0..times {
            crossed += go(&mut risk, CROWDED + 1) + go(&mut risk, CROWDED);
        }
        invariant!(crossed == 2 * times * on_tick, "{crossed} were crossed");
        watch.ns() / crossed as f64
    });
    go(&mut risk, CROWDED + 1);
    let mut random = Random::new(14);
    let marks: Vec<i64> = (0..amount.ops).map(|_| CROWDED + 1 + random.below(10) as i64).collect();
    let beside = Figure::of(amount.runs, || {
        let watch = Stopwatch::start();
        let crossed: u64 = marks.iter().map(|&mark| go(&mut risk, mark)).sum();
        invariant!(crossed == 0, "{crossed} were crossed beside the tick");
        watch.ns() / marks.len() as f64
    });
    Crowded { on_tick, across, beside, gap: jump(largest.min(JUMPED)) }
}

fn jump(accounts: u32) -> Gap {
    let crowd = Crowd { accounts, instruments: 1, lines: Lines::Spread };
    let mut risk = crowd.risk(Detector::Index);
    let mut found = Vec::new();
    crowd::look(&mut risk, &mut found);
    let before = risk.watch_counts();
    let ticks = MARK / 20;
    let (seconds, crossed) = timed(|| {
        risk.set_mark(InstrumentId(0), Price::clamped(MARK - ticks));
        crowd::look(&mut risk, &mut found)
    });
    let after = risk.watch_counts();
    let (rung, drawn) = (after.rung - before.rung, after.drawn - before.drawn);
    Gap { accounts, ticks, crossed, rung, drawn, seconds }
}

impl Crowded {
    pub(crate) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("accounts_on_tick".into(), self.on_tick.into());
        self.across.put(&mut object, "ns_per_crossed_across");
        self.beside.put(&mut object, "ns_per_mark_beside");
        let gap = &self.gap;
        object.insert(
            "gap".into(),
            json!({
                "accounts": gap.accounts,
                "ticks": gap.ticks,
                "crossed": gap.crossed,
                "rung": gap.rung,
                "drawn": gap.drawn,
                "seconds": gap.seconds,
            }),
        );
        Value::Object(object)
    }

    pub(crate) fn text(&self) -> String {
        let gap = &self.gap;
        format!(
            "{} accounts on one tick: {} ns each when the mark goes to and fro across it, {} ns a mark beside it\n\
             a jump over {} ticks, {} accounts: {} rung, {} crossed, {} drawings, {:.1} ms",
            self.on_tick,
            self.across.text(),
            self.beside.text(),
            gap.ticks,
            gap.accounts,
            gap.rung,
            gap.crossed,
            gap.drawn,
            gap.seconds * 1e3
        )
    }
}
