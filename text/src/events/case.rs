//! A liquidation case's steps as lines.

use super::{Line, Names};
use crate::decimal::write_qty;
use crate::json::write_string;
use plimsoll_types::{AccountId, CaseId, CaseStep, LiquidationTarget};

impl<N: Names> Line<'_, N> {
    pub(super) fn case(&mut self, account: AccountId, case: CaseId, step: &CaseStep) {
        self.event("case");
        self.account("account", account);
        self.whole("case", u64::from(case.0));
        self.word("state", state(step));
        match *step {
            CaseStep::Planned { ref targets } => self.targets(targets),
            CaseStep::Batch { n, instrument, side, price, qty } => {
                self.whole("n", u64::from(n));
                self.symbol(instrument);
                self.word("side", side.as_str());
                self.price_or_null("price", instrument, price);
                self.qty("qty", instrument, qty);
            }
            CaseStep::Checked { n, instrument, filled, remaining, measure } => {
                self.whole("n", u64::from(n));
                self.qty("filled", instrument, filled);
                self.qty("remaining", instrument, remaining);
                self.measure("measure", measure);
            }
            CaseStep::Parked { reason } => self.word("reason", reason.as_str()),
            CaseStep::Triggered { reason } => self.word("reason", reason.as_str()),
            CaseStep::Resumed | CaseStep::Restored | CaseStep::Waterfall | CaseStep::Closed => {}
        }
    }

    fn targets(&mut self, targets: &[LiquidationTarget]) {
        self.key("targets");
        self.out.push(b'[');
        for (n, target) in targets.iter().enumerate() {
            let spec = &self.exchange.spec().instruments[target.instrument.index()];
            self.out.extend_from_slice(if n == 0 { b"{\"symbol\":" } else { b",{\"symbol\":" });
            write_string(self.out, spec.symbol.as_bytes());
            self.out.extend_from_slice(b",\"side\":\"");
            self.out.extend_from_slice(target.side.as_str().as_bytes());
            self.out.extend_from_slice(b"\",\"qty\":\"");
            write_qty(self.out, target.qty, spec.lot_size);
            self.out.extend_from_slice(b"\"}");
        }
        self.out.push(b']');
    }
}

fn state(step: &CaseStep) -> &'static str {
    match step {
        CaseStep::Triggered { .. } => "triggered",
        CaseStep::Planned { .. } => "planned",
        CaseStep::Batch { .. } => "batch",
        CaseStep::Checked { .. } => "checked",
        CaseStep::Parked { .. } => "parked",
        CaseStep::Resumed => "resumed",
        CaseStep::Restored => "restored",
        CaseStep::Waterfall => "waterfall",
        CaseStep::Closed => "closed",
    }
}
