//! What a position's lots cost beyond its basis: at opening prices, today's lots, each lot of a leg. Source: RULES 2.2, SEMANTICS 3.1.
//!
//! A net position whose margin follows the mark or the opening price needs one number, its gain, which it holds itself. The
//! others have a record in a table beside the positions. Where nothing has been settled and there is no record, no trade comes here.

use crate::account::{Aim, Leg, NIL, Position, PositionId};
use crate::contract::Contract;
use crate::ledger::{Fill, Risk, released};
use plimsoll_types::{AccountId, Money, Price, pages};
use serde::{Deserialize, Serialize};

/// Lots of a leg that one fill opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lot {
    pub(crate) qty: u64,
    /// At what price.
    pub(crate) opened: Price,
    /// What it counts as having cost: that price, or the last settlement's.
    pub(crate) cost: Price,
}

/// What a position's lots cost, seen in other ways than its basis: of legs, and where margin needs today's lots or the gain is too large for the position itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Costs {
    /// Basis less cost at opening prices, of the lots held: what settlements have made of them.
    pub(crate) gain: i128,
    /// Trade prices of today's lots, signed like them.
    pub(crate) today: i128,
    /// Of the lots promised, those that mean today's lots alone.
    pub(crate) promised_today: u64,
    /// A leg's lots, the oldest first: carried ones, then today's. Empty in net mode.
    pub(crate) lots: Vec<Lot>,
}

/// The same of any position, wherever it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums<'a> {
    pub(crate) gain: i128,
    /// Zero where margin does not need it.
    pub(crate) today: i128,
    pub(crate) lots: &'a [Lot],
}

/// What lots take with them when they close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) basis: i128,
    pub(crate) gain: i128,
    pub(crate) today: i128,
    /// How many of the lots were carried.
    pub(crate) carried: u64,
}

impl Position {
    /// Whether each trade must keep costs beyond the basis up.
    #[inline]
    pub(crate) fn is_kept(&self) -> bool {
        self.costs != NIL || self.gain != 0
    }

    fn costs<'a>(&self, table: &'a [Costs]) -> Sums<'a> {
        match table.get(self.costs as usize) {
            Some(costs) => Sums { gain: costs.gain, today: costs.today, lots: &costs.lots },
            None => Sums { gain: self.gain.into(), today: 0, lots: &[] },
        }
    }

    /// Sets the gain, in a record made now if it is too large for the position itself.
    fn put_gain(&mut self, table: &mut Vec<Costs>, gain: i128) {
        if self.costs == NIL {
            if let Ok(gain) = i64::try_from(gain) {
                self.gain = gain;
                return;
            }
            self.make_costs(table);
        }
        table[self.costs as usize].gain = gain;
    }

    /// Makes a record, which is kept for good.
    pub(crate) fn make_costs(&mut self, table: &mut Vec<Costs>) {
        self.costs = table.len() as u32;
        pages::reserve(table, 1);
        table.push(Costs { gain: self.gain.into(), ..Costs::default() });
        self.gain = 0;
    }

    /// Books cost and carried lots of a fill that closes `closes` lots and opens the rest.
    #[cold]
    #[inline(never)]
    pub(crate) fn book_costs(
        &mut self,
        table: &mut Vec<Costs>,
        contract: &Contract,
        fill: &Fill,
        closes: u64,
    ) {
        if closes > 0 {
            let today = fill.aim.is_today();
            let sums = self.costs(table);
            let release = sums.release(self, contract.tick_value, closes, today);
            let gain = sums.gain - release.gain;
            self.put_gain(table, gain);
            if let Some(costs) = table.get_mut(self.costs as usize) {
                costs.today -= release.today;
                if self.leg.is_leg() {
                    costs.take(if today { self.carried } else { 0 }, closes);
                }
            }
            self.basis -= release.basis;
            self.carried -= release.carried;
        }
        let opens = fill.qty - closes;
        if opens > 0 {
            let worth = Money::of_lots(fill.price, fill.side.sign(), contract.tick_value).units()
                * i128::from(opens);
            self.basis += worth;
            if let Some(costs) = table.get_mut(self.costs as usize) {
                costs.today += worth;
                if self.leg.is_leg() {
                    costs.lots.push(Lot { qty: opens, opened: fill.price, cost: fill.price });
                }
            }
        }
    }

    /// Makes the basis of all lots their worth at the settlement price; the difference is gain.
    pub(crate) fn settle(&mut self, table: &mut Vec<Costs>, contract: &Contract, price: Price) {
        let worth = Money::of_lots(price, self.lots, contract.tick_value).units();
        let gain = self.costs(table).gain + worth - self.basis;
        self.put_gain(table, gain);
        if let Some(costs) = table.get_mut(self.costs as usize) {
            costs.today = 0;
            for lot in &mut costs.lots {
                lot.cost = price;
            }
        }
        self.basis = worth;
        self.carried = self.lots.unsigned_abs();
    }

    /// Forgets what its lots cost: it has none any more.
    pub(crate) fn clear_costs(&mut self, table: &mut [Costs]) {
        (self.basis, self.gain) = (0, 0);
        if let Some(costs) = table.get_mut(self.costs as usize) {
            (costs.gain, costs.today) = (0, 0);
            costs.lots.clear();
        }
    }
}

impl Sums<'_> {
    /// What closing `closes` lots releases: carried ones before today's, or `from_today` alone.
    ///
    /// Net mode: a share of each sum, half up on its absolute value. A leg: each lot its own.
    pub(crate) fn release(
        &self,
        position: &Position,
        tick_value: i64,
        closes: u64,
        from_today: bool,
    ) -> Release {
        let held = position.lots.unsigned_abs();
        let carried = if from_today { 0 } else { position.carried.min(closes) };
        if !position.leg.is_leg() {
            return Release {
                basis: released(position.basis, closes, held),
                gain: released(self.gain, closes, held),
                today: released(self.today, closes - carried, held - position.carried),
                carried,
            };
        }
        let unit = i128::from(position.lots.signum()) * i128::from(tick_value);
        let mut release = Release { carried, ..Release::default() };
        let mut place = if from_today { position.carried } else { 0 };
        self.each(place, closes, |lot, qty| {
            let worth = |price: Price| unit * i128::from(price.ticks()) * i128::from(qty);
            release.basis += worth(lot.cost);
            release.gain += worth(lot.cost) - worth(lot.opened);
            if place >= position.carried {
                release.today += worth(lot.opened);
            }
            place += qty;
        });
        release
    }

    /// Hands out `take` lots of a leg after the first `skip`, the oldest first.
    fn each(&self, mut skip: u64, mut take: u64, mut each: impl FnMut(&Lot, u64)) {
        for lot in self.lots {
            let passed = skip.min(lot.qty);
            skip -= passed;
            let qty = (lot.qty - passed).min(take);
            take -= qty;
            if qty > 0 {
                each(lot, qty);
            }
            if take == 0 {
                return;
            }
        }
    }

    /// Whether these are what the lots held add up to. Cost: O(a leg's lots).
    fn is_sound(&self, position: &Position, tick_value: i64) -> bool {
        let held = position.lots.unsigned_abs();
        if held == 0 {
            return (position.basis, self.gain) == (0, 0) && self.lots.is_empty();
        }
        if !position.leg.is_leg() {
            return self.lots.is_empty();
        }
        let right_side = (position.lots > 0) == (position.leg == Leg::Long);
        let lots: u64 = self.lots.iter().map(|lot| lot.qty).sum();
        let sums = self.release(position, tick_value, held, false);
        let counted = (sums.basis, sums.gain, sums.today);
        right_side && lots == held && counted == (position.basis, self.gain, self.today)
    }
}

impl Costs {
    /// Takes `take` lots of a leg out after the first `skip`.
    fn take(&mut self, mut skip: u64, mut take: u64) {
        for lot in &mut self.lots {
            let passed = skip.min(lot.qty);
            skip -= passed;
            let qty = (lot.qty - passed).min(take);
            (lot.qty, take) = (lot.qty - qty, take - qty);
            if take == 0 {
                break;
            }
        }
        self.lots.retain(|lot| lot.qty > 0);
    }
}

impl Risk {
    pub(crate) fn costs(&self, id: PositionId) -> Sums<'_> {
        self.position(id).costs(&self.costs)
    }

    /// Whether a position's costs are what its lots add up to, in one place. Cost: O(a leg's lots).
    pub(crate) fn costs_are_sound(&self, position: &Position) -> bool {
        let contract = self.contract(position.instrument);
        let kept_once = position.costs == NIL || position.gain == 0;
        let needs = position.leg.is_leg() || contract.needs_today();
        let sums = position.costs(&self.costs);
        kept_once
            && (position.costs != NIL || !needs)
            && sums.is_sound(position, contract.tick_value)
    }

    /// Of the lots that resting orders promise, those of a leg that mean today's alone.
    pub fn promised_today(&self, id: PositionId) -> u64 {
        let costs = self.costs.get(self.position(id).costs as usize);
        costs.map_or(0, |costs| costs.promised_today)
    }

    /// Counts lots of a resting order that promises today's lots of a leg; below zero: out.
    pub fn promise_today(&mut self, id: PositionId, change: i64) {
        if let Some(costs) = self.costs.get_mut(self.positions[id.0 as usize].costs as usize) {
            costs.promised_today = costs.promised_today.wrapping_add_signed(change);
        }
    }

    /// Lots of a leg that orders with this aim may take and no resting order promises; its orders are all of the same kinds.
    pub fn unpromised(&self, id: PositionId, aim: Aim) -> u64 {
        let position = self.position(id);
        let promised = position.closing_side().map_or(0, |side| position.promised(side));
        position.givable(aim).saturating_sub(match aim {
            Aim::CloseCarried => promised - self.promised_today(id),
            Aim::CloseToday => self.promised_today(id),
            Aim::Net | Aim::Open | Aim::Close => promised,
        })
    }

    /// Cost of a position's lots at the prices they were opened at, signed like them.
    pub fn opening_value(&self, id: PositionId) -> Money {
        Money::new(self.position(id).basis - self.costs(id).gain)
    }

    /// Cost at opening prices of the newest `lots` of a position; of a net position, whose lots have no order, its share.
    pub fn newest_opening_value(&self, id: PositionId, lots: u64) -> Money {
        let position = self.position(id);
        let tick_value = self.contract(position.instrument).tick_value;
        let rest = position.lots.unsigned_abs() - lots.min(position.lots.unsigned_abs());
        let older = self.costs(id).release(position, tick_value, rest, false);
        Money::new(self.opening_value(id).units() - (older.basis - older.gain))
    }

    /// What settlements have made of the lots that an account holds.
    pub fn gains(&self, id: AccountId) -> Money {
        let kept = self.held_ids(id).filter(|&id| self.position(id).is_kept());
        Money::new(kept.map(|id| self.costs(id).gain).sum())
    }
}

#[cfg(test)]
mod tests {
    use crate::account::NIL;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Basis, MarginPrice, Money, Price, Side};

    #[test]
    fn rules_2_2_by_date_and_by_trade_agree() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 100_000);
        let mut days = Vec::new();
        let mut settle = |risk: &mut crate::Risk, ticks| {
            risk.settle_position(position, Price::clamped(ticks));
            let day = risk.unsettled(id);
            days.push((day.profit.units(), day.by_trade.units()));
            risk.settle_account(id, &[None], false);
        };
        risk.book(fill(position, Side::Buy, 1000, 3));
        settle(&mut risk, 1010);
        // Cost 3 x 10,100 + 2 x 10,120 = 50,540; four of five lots take 40,432 with them and 240 of the gain of 300.
        risk.book(fill(position, Side::Buy, 1012, 2));
        risk.book(fill(position, Side::Sell, 1015, 4));
        assert_eq!(risk.opening_value(position), Money::new(10_048));
        settle(&mut risk, 1020);
        risk.book(fill(position, Side::Sell, 1018, 1));
        settle(&mut risk, 1000);
        assert_eq!(days, [(300, 0), (168 + 92, 168 + 240), (-20, 10_180 - 10_048)]);
        let sums = days.iter().fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
        assert_eq!(sums, (540, 540), "four at 1015 and one at 1018, bought for 50,240");
        assert!(!risk.position(position).is_kept(), "flat: trades need not come here any more");
    }

    #[test]
    fn a_gain_too_large_for_a_position_moves_to_a_record() {
        let mut risk = risk();
        risk.contracts[0].tick_value = 1 << 40;
        let (id, position) = open(&mut risk, 10i128.pow(30));
        risk.book(fill(position, Side::Buy, 1000, 1 << 12));
        risk.settle_position(position, Price::clamped(2000));
        let gain = 1000i128 << 52;
        assert_eq!((risk.position(position).costs, risk.gains(id).units()), (NIL, gain));
        risk.settle_position(position, Price::clamped(1_000_000));
        assert_eq!((risk.position(position).gain, risk.costs.len()), (0, 1));
        let gain = 999_000i128 << 52;
        assert_eq!(risk.gains(id).units(), gain);
        assert!(gain > i64::MAX.into() && risk.costs_are_sound(risk.position(position)));
        // A quarter of the lots takes a quarter of it along.
        risk.book(fill(position, Side::Sell, 1_000_000, 1 << 10));
        assert_eq!(risk.gains(id).units(), gain / 4 * 3);
        risk.book(fill(position, Side::Sell, 1_000_000, 3 << 10));
        assert_eq!((risk.gains(id), risk.costs.len()), (Money::ZERO, 1));
    }

    #[test]
    fn rules_1_2_margin_counts_on_the_price_the_instrument_names() {
        let margin = |price| {
            let mut risk = risk();
            risk.contracts[0].margin_price = price;
            let (id, position) = open(&mut risk, 100_000);
            risk.book(fill(position, Side::Buy, 1000, 3));
            let price = Price::clamped(1010);
            risk.settle_position(position, price);
            risk.set_prev_settlement(plimsoll_types::InstrumentId(0), price);
            risk.book(fill(position, Side::Buy, 1012, 2));
            risk.set_mark(plimsoll_types::InstrumentId(0), Price::clamped(900));
            let all = risk.margin_of(position, Basis::Initial).units();
            let planned = risk.margin_left(position, 4, Basis::Initial);
            risk.book(fill(position, Side::Sell, 900, 4));
            assert_eq!(risk.margin_of(position, Basis::Initial), planned);
            assert_eq!(risk.standing(id).margin(Basis::Initial), planned);
            (all, planned.units())
        };
        assert_eq!(margin(MarginPrice::Mark), (4_500, 900));
        // A tenth of 3 x 10,100 + 2 x 10,120; closing takes the carried lots first and one of today's.
        assert_eq!(margin(MarginPrice::Settlement), (5_054, 1_012));
        // A tenth of 3 x 10,000 + 2 x 10,120; a fifth of it stays.
        assert_eq!(margin(MarginPrice::Open), (5_024, 1_005));
    }

    #[test]
    fn a_tier_that_the_mark_cannot_move_by_margin_moves_by_equity() {
        let mut risk = risk();
        risk.contracts[0].margin_price = MarginPrice::Open;
        let (id, position) = open(&mut risk, 20_000);
        risk.book(fill(position, Side::Buy, 1000, 10));
        // Margin stays 10,000; at 120 % equity is 8,333: 116.67 ticks down.
        let price = risk.liquidation_price(position);
        assert_eq!(price, Some(Price::clamped(884)));
        let mut found = Vec::new();
        risk.suspects(&mut found);
        risk.set_mark(plimsoll_types::InstrumentId(0), Price::clamped(883));
        risk.suspects(&mut found);
        assert_eq!(found, [id]);
        assert_eq!(risk.next_tier(id, risk.standing(id)), 2);
    }
}
