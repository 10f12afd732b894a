//! Steps of liquidation cases.

use super::column::{Decimals, Ids, Listed, Words, digits};
use super::table::event_table;
use super::universe::Universe;
use plimsoll_types::{CaseStep, Event, EventKind, ForcedReason, Measure, ParkReason};

const STATES: [&str; 9] = [
    "triggered",
    "planned",
    "batch",
    "checked",
    "parked",
    "resumed",
    "restored",
    "waterfall",
    "closed",
];

event_table! {
    /// One row a step; of a plan one row a target.
    Cases(universe) {
        account: Ids = Ids::new(),
        case: Ids = Ids::new(),
        state: Words = Words::new(STATES),
        reason: Words = Words::new(reasons()),
        n: Ids = Ids::new(),
        symbol: Listed = Listed::new(&universe.symbols),
        side: Words = Words::new(["buy", "sell"]),
        price: Decimals = Decimals::new(universe.places.price),
        qty: Decimals = Decimals::new(universe.places.quantity),
        filled: Decimals = Decimals::new(universe.places.quantity),
        remaining: Decimals = Decimals::new(universe.places.quantity),
        measure: Decimals = Decimals::new((digits::ALL, Measure::DECIMALS)),
    }
}

fn reasons() -> impl Iterator<Item = &'static str> {
    let triggers = ForcedReason::ALL.iter().map(|reason| reason.as_str());
    triggers.chain(ParkReason::ALL.iter().map(|reason| reason.as_str()))
}

impl Cases {
    /// Puts a step of a case; other events are none of its own.
    pub fn put(&mut self, universe: &Universe, event: &Event) {
        let EventKind::Case { account, case, ref step } = event.kind else { return };
        let mut begin = |state| {
            let row = self.row(event);
            self.account.put(row, account.0);
            self.case.put(row, case.0);
            self.state.put(row, state);
            row
        };
        match *step {
            CaseStep::Triggered { reason } => {
                let row = begin("triggered");
                self.reason.put(row, reason.as_str());
            }
            CaseStep::Planned { ref targets } => {
                if targets.is_empty() {
                    begin("planned");
                }
                for (n, target) in targets.iter().enumerate() {
                    let row = self.row(event);
                    self.account.put(row, account.0);
                    self.case.put(row, case.0);
                    self.state.put(row, "planned");
                    self.n.put(row, n as u32 + 1);
                    self.symbol.put(row, universe.symbol(target.instrument));
                    self.side.put(row, target.side.as_str());
                    self.qty.put(row, universe.quantity(target.instrument, target.qty));
                }
            }
            CaseStep::Batch { n, instrument, side, price, qty } => {
                let row = begin("batch");
                self.n.put(row, n);
                self.symbol.put(row, universe.symbol(instrument));
                self.side.put(row, side.as_str());
                if let Some(price) = price {
                    self.price.put(row, universe.price(instrument, price));
                }
                self.qty.put(row, universe.quantity(instrument, qty));
            }
            CaseStep::Checked { n, instrument, filled, remaining, measure } => {
                let row = begin("checked");
                self.n.put(row, n);
                self.symbol.put(row, universe.symbol(instrument));
                self.filled.put(row, universe.quantity(instrument, filled));
                self.remaining.put(row, universe.quantity(instrument, remaining));
                if let Some(measure) = measure.0 {
                    self.measure.put(row, measure);
                }
            }
            CaseStep::Parked { reason } => {
                let row = begin("parked");
                self.reason.put(row, reason.as_str());
            }
            CaseStep::Resumed => drop(begin("resumed")),
            CaseStep::Restored => drop(begin("restored")),
            CaseStep::Waterfall => drop(begin("waterfall")),
            CaseStep::Closed => drop(begin("closed")),
        }
    }
}
