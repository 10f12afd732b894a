//! Changed terms of accounts and instruments, as lines.

use super::losses::position_side;
use super::{Line, Names};
use crate::decimal::write_steps;
use plimsoll_types::{CloseRule, EventKind, InstrumentId, InstrumentKind};

impl<N: Names> Line<'_, N> {
    /// What an instrument that came is, as far as its trades cannot be booked without it.
    pub(super) fn listed(&mut self, instrument: InstrumentId) {
        self.symbol(instrument);
        let spec = self.spec(instrument);
        let (tick, lot, multiplier) = (spec.tick_size, spec.lot_size, spec.multiplier);
        let (kind, settlement) = (spec.kind, spec.prev_settlement);
        let shfe = spec.risk.close_rule == CloseRule::Shfe;
        self.word(
            "kind",
            match kind {
                InstrumentKind::Future => "future",
                InstrumentKind::Perpetual => "perpetual",
            },
        );
        for (key, step) in [("tick_size", tick), ("lot_size", lot), ("multiplier", multiplier)] {
            self.plain(key, |out| write_steps(out, 1, step));
        }
        self.price("prev_settlement", instrument, settlement);
        if shfe {
            self.word("close_rule", "shfe");
        }
    }

    /// What was agreed or announced. The last of the chain, so it names every kind there is.
    pub(super) fn terms_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Index { instrument, price } => {
                self.event("index");
                self.symbol(instrument);
                self.price("price", instrument, price);
            }
            EventKind::Leverage { account, instrument, value } => {
                self.event("leverage");
                self.account("account", account);
                self.symbol(instrument);
                self.share("value", value);
            }
            EventKind::MarginMoved { account, instrument, amount } => {
                self.event("margin_moved");
                self.account("account", account);
                self.symbol(instrument);
                self.money("amount", amount);
            }
            EventKind::Profile { account, profile } => {
                self.event("profile");
                self.account("account", account);
                self.profile(profile);
            }
            EventKind::Scheduled { instrument, at } => {
                self.event("scheduled");
                self.symbol(instrument);
                match at {
                    Some(at) => self.whole("at", at),
                    None => self.word("at", "settlement"),
                }
            }
            EventKind::Terms { instrument, price_limit, fees } => {
                self.event("terms");
                self.symbol(instrument);
                match price_limit {
                    Some(limit) => self.share("price_limit", limit),
                    None => self.null("price_limit"),
                }
                self.boolean("fees", fees);
            }
            EventKind::InstrumentPermission { instrument, permission } => {
                self.event("permission");
                self.symbol(instrument);
                self.word("permission", permission.as_str());
            }
            EventKind::LargePosition { account, instrument, side, qty } => {
                self.event("large_position");
                self.account("account", account);
                self.symbol(instrument);
                self.word("side", position_side(side));
                self.qty("qty", instrument, qty);
            }
            EventKind::Accepted { .. }
            | EventKind::Trade { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Rejected { .. }
            | EventKind::Replaced { .. }
            | EventKind::Triggered { .. }
            | EventKind::Refilled { .. }
            | EventKind::Mark { .. }
            | EventKind::Phase { .. }
            | EventKind::Band { .. }
            | EventKind::Margin { .. }
            | EventKind::Auction { .. }
            | EventKind::Indicative { .. }
            | EventKind::Settled { .. }
            | EventKind::Settlement { .. }
            | EventKind::Listed { .. }
            | EventKind::Delisted { .. }
            | EventKind::Expired { .. }
            | EventKind::Busted { .. }
            | EventKind::Fund { .. }
            | EventKind::Opened { .. }
            | EventKind::Deposit { .. }
            | EventKind::Withdrawal { .. }
            | EventKind::Debt { .. }
            | EventKind::Tier { .. }
            | EventKind::MarginCall { .. }
            | EventKind::Restricted { .. }
            | EventKind::Unrestricted { .. }
            | EventKind::Case { .. }
            | EventKind::Deleveraged { .. }
            | EventKind::TakenOver { .. }
            | EventKind::Socialised { .. }
            | EventKind::Reduced { .. }
            | EventKind::Funding { .. } => {}
        }
    }
}
