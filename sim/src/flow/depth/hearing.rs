//! What became of the recording's orders: they are heard of, as any agent's are, and the levels follow.

use super::Replay;
use super::levels::Standing;
use plimsoll_types::{Event, EventKind, OrderId, Side};

impl Replay {
    pub(super) fn heard_trade(&mut self, event: &Event) {
        let EventKind::Trade { price, qty, maker, maker_id, taker, taker_id, side, .. } =
            &event.kind
        else {
            return;
        };
        let lots = qty.lots();
        if *taker == self.taker {
            match *maker == self.recorded {
                true => {
                    self.tally.met_recorded += lots;
                    self.trading = self.trading.saturating_sub(lots);
                    self.replayed.executions_met += u64::from(self.trading == 0);
                }
                false => self.replayed.lots_met_others += lots,
            }
        }
        if *maker == self.recorded
            && let OrderId::Number(number) = *maker_id
        {
            let maker = side.opposite();
            let level = self.side_mut(maker).get_mut(*price);
            if level.is_some_and(|level| level.fill(number, lots)) {
                self.touched.push((maker, *price));
            }
        }
        if *taker == self.recorded
            && let (OrderId::Number(number), Some((entered, side, limit))) =
                (*taker_id, self.entering)
            && number == entered
            && let Some(level) = self.side_mut(side).get_mut(limit)
        {
            level.fill(number, lots);
            self.touched.push((side, limit));
        }
    }

    /// An order of the book has entered, and stands until it is heard otherwise.
    pub(super) fn heard_accepted(&mut self, event: &Event) {
        let EventKind::Accepted {
            id: OrderId::Number(number),
            side,
            price: Some(price),
            qty,
            handle: Some(handle),
            ..
        } = event.kind
        else {
            return;
        };
        let level = self.side_mut(side).entry(price);
        level.open += qty.lots();
        level.orders.push_back(Standing { number, handle, open: qty.lots() });
        self.entering = Some((number, side, price));
    }

    /// The exchange cancelled an order of the book by itself.
    pub(super) fn heard_cancelled(&mut self, number: u64, lots: u64) {
        for side in [Side::Buy, Side::Sell] {
            if let Some((price, level)) = self.side_mut(side).holder(number) {
                level.fill(number, lots);
                self.touched.push((side, price));
                return;
            }
        }
    }
}
