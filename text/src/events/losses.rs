//! Losses shared out and payments between accounts, as lines.

use super::{Line, Names};
use plimsoll_types::{EventKind, Money, Side};

impl<N: Names> Line<'_, N> {
    /// What closed or moved money without a book; the rest goes on to [`Line::terms_event`].
    pub(super) fn loss_event(&mut self, kind: &EventKind) {
        match *kind {
            EventKind::Deleveraged { instrument, account, qty, price, case } => {
                self.event("adl");
                self.symbol(instrument);
                self.account("account", account);
                self.qty("qty", instrument, qty);
                self.price("price", instrument, price);
                self.whole("case", u64::from(case.0));
            }
            EventKind::TakenOver { account, instrument, side, qty, price, fee, case } => {
                self.event("takeover");
                self.account("account", account);
                self.symbol(instrument);
                self.word("side", position_side(side));
                self.qty("qty", instrument, qty);
                self.price("price", instrument, price);
                if fee != Money::ZERO {
                    self.money("fee", fee);
                }
                self.whole("case", u64::from(case.0));
            }
            EventKind::Socialised { account, amount } => {
                self.event("socialised");
                self.account("account", account);
                self.money("amount", amount);
            }
            EventKind::Reduced { instrument, account, side, qty, price } => {
                self.event("reduction");
                self.symbol(instrument);
                self.account("account", account);
                self.word("side", position_side(side));
                self.qty("qty", instrument, qty);
                self.price("price", instrument, price);
            }
            EventKind::Funding { account, instrument, amount } => {
                self.event("funding");
                self.account("account", account);
                self.symbol(instrument);
                self.money("amount", amount);
            }
            _ => self.terms_event(kind),
        }
    }
}

/// A position's side in words: one bought is long.
pub(super) fn position_side(side: Side) -> &'static str {
    match side {
        Side::Buy => "long",
        Side::Sell => "short",
    }
}
