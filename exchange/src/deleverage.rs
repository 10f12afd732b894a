//! Positions closed against the other side's, without a book. Source: RULES 5.5, SEMANTICS 7.

use crate::exchange::Exchange;
use plimsoll_risk::{Case, Fill, PositionId, Purpose, Role, Standing};
use plimsoll_types::{
    CancelReason, DeleveragePrice, EventKind, Money, OrderId, Phase, Price, Qty, TradeKind,
};

impl Exchange {
    /// Deleverages a case that owes more than the stages before can pay; whether anything was closed.
    pub(crate) fn deleverages_early(&mut self, case: &mut Case, standing: Standing) -> bool {
        if !matches!(case.purpose, Purpose::Safe(_)) || standing.equity >= Money::ZERO {
            return false;
        }
        let paid = self.risk.before_deleveraging(case);
        paid.is_some_and(|paid| -standing.equity > paid) && self.deleverage(case)
    }

    /// Closes what finds somebody to give lots; whether anything did. Prices are fixed before the first position.
    pub(crate) fn deleverage(&mut self, case: &mut Case) -> bool {
        let rules = self.risk.rules(case.rules);
        let (order, at) = (rules.deleverage_rank, rules.deleverage_price);
        let mut prices = self.risk.bankruptcy_prices(case.account);
        if at == DeleveragePrice::Mark {
            for (id, price) in &mut prices {
                *price = self.risk.contract(self.risk.position(*id).instrument()).mark;
            }
        }
        let mut done = false;
        for (id, price) in prices {
            let instrument = self.risk.position(id).instrument();
            if self.markets[instrument.index()].phase != Phase::Continuous {
                continue;
            }
            let givers = self.risk.givers(id, order);
            if givers.is_empty() {
                continue;
            }
            if !done {
                self.pull(case);
            }
            done = true;
            self.deleverage_against(case, id, price, givers);
        }
        done
    }

    fn deleverage_against(
        &mut self,
        case: &mut Case,
        closed: PositionId,
        price: Price,
        givers: Vec<(PositionId, u64)>,
    ) {
        let instrument = self.risk.position(closed).instrument();
        case.batches += 1;
        let pass = self.begin_pass();
        for (giver, lots) in givers {
            let holder = self.risk.position(giver).account();
            self.cancel_orders(holder, CancelReason::Deleverage, |market, _| {
                market.id == instrument
            });
            self.trade_without_book(case, closed, giver, price, lots);
            self.sweep_pocket(holder);
            if let Some(other) = self.risk.account(holder).case() {
                // It holds less than what it waits for.
                self.agenda.insert(other.0);
            }
        }
        self.finish_pass(instrument, pass);
    }

    /// Books one deleveraging trade: the giver without a fee, the closed position as a case's taker.
    fn trade_without_book(
        &mut self,
        case: &mut Case,
        closed: PositionId,
        giver: PositionId,
        price: Price,
        qty: u64,
    ) {
        let position = self.risk.position(closed);
        let (instrument, side) = (position.instrument(), position.closed_with());
        let (taker, taken) = (position.owner(), position.account());
        let given = self.risk.position(giver);
        let (maker, account) = (given.owner(), given.account());
        let fill = |position, aim, side| Fill {
            position,
            aim,
            side,
            price,
            qty,
            role: Role::Taker,
            liquidation: true,
        };
        let gives = fill(giver, self.risk.closing_aim(giver), side.opposite());
        let closes = fill(closed, self.risk.closing_aim(closed), side);
        self.risk.book_given(gives);
        let taker_fee = self.risk.book(closes);
        debug_assert_eq!(taken, case.account);
        let id = OrderId::Liquidation { case: case.id.0, n: case.batches };
        let qty = Qty::new(qty);
        self.log.emit(EventKind::Trade {
            instrument,
            price,
            qty,
            maker,
            maker_id: id,
            taker,
            taker_id: id,
            side,
            kind: TradeKind::Deleverage,
            maker_fee: Money::ZERO,
            taker_fee,
        });
        let case_id = case.id;
        self.log.emit(EventKind::Deleveraged { instrument, account, qty, price, case: case_id });
        case.traded(instrument, side, qty);
    }
}
