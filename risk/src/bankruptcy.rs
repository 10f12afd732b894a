//! The price at which a position's share of its account's equity is used up, fees included. Source: RULES 5.4, SEMANTICS 7.

use crate::account::PositionId;
use crate::case::Case;
use crate::formula::price::bankruptcy;
use crate::ledger::Risk;
use crate::quote::Worst;
use crate::wide::mul_div;
use plimsoll_types::{AccountId, Basis, InstrumentId, Money, Price, ProtectionPrice, Side};

impl Risk {
    /// Bankruptcy prices of an account's positions, in order; positions without lots left out.
    ///
    /// Cost: O(positions), and some thirty fees a position where the formula's answer is off by roundings.
    pub fn bankruptcy_prices(&self, account: AccountId) -> Vec<(PositionId, Price)> {
        let held: Vec<PositionId> = self.held(account).collect();
        let mut weights: Vec<u128> = held.iter().map(|&id| self.maintenance_of(id)).collect();
        if weights.iter().all(|weight| *weight == 0) {
            weights = held.iter().map(|&id| self.worth_of(id)).collect();
        }
        let sum: u128 = weights.iter().sum();
        let equity = self.standing(account).equity.units();
        let shares = weights.iter().map(|&weight| floor_share(equity, weight, sum));
        held.iter().zip(shares).map(|(&id, share)| (id, self.bankruptcy_price(id, share))).collect()
    }

    /// What bounds the prices at which a case closes its account's positions, in order.
    pub fn bounds_of(&self, case: &Case) -> Vec<(PositionId, Worst)> {
        let same = match case.price {
            ProtectionPrice::TicksThrough(ticks) => Worst::Through(ticks),
            ProtectionPrice::Band => Worst::Edge,
            ProtectionPrice::Bankruptcy => {
                let prices = self.bankruptcy_prices(case.account).into_iter();
                return prices.map(|(id, price)| (id, Worst::At(price))).collect();
            }
        };
        self.held(case.account).map(|id| (id, same)).collect()
    }

    /// What bounds the price at which a case closes what it holds against `side`.
    pub fn bound_of(&self, case: &Case, instrument: InstrumentId, side: Side) -> Worst {
        let meant = |id: PositionId| {
            let position = self.position(id);
            position.instrument == instrument && position.closed_with() == side
        };
        let mut bounds = self.bounds_of(case).into_iter();
        bounds.find(|(id, _)| meant(*id)).map_or(Worst::Edge, |(_, bound)| bound)
    }

    /// What an account would leave behind, against the marks, if its positions went at these prices.
    pub fn left_behind(&self, prices: &[(PositionId, Price)]) -> Money {
        let left = prices.iter().map(|&(id, price)| {
            let position = self.position(id);
            let contract = self.contract(position.instrument);
            Money::of_lots(contract.mark, position.lots, contract.tick_value)
                - Money::of_lots(price, position.lots, contract.tick_value)
        });
        left.sum()
    }

    fn maintenance_of(&self, id: PositionId) -> u128 {
        self.margin_of(id, Basis::Maintenance).units().unsigned_abs()
    }

    /// Worth of a position at the mark, without sign.
    pub(crate) fn worth_of(&self, id: PositionId) -> u128 {
        let position = self.position(id);
        let contract = self.contract(position.instrument);
        contract.notional(contract.mark, position.lots.unsigned_abs()).unsigned_abs()
    }

    /// Fees of closing all of a position at `price` as a case's taker.
    fn closing_fee(&self, id: PositionId, price: Price) -> i128 {
        self.liquidation_fee(id, 0, self.position(id).lots.unsigned_abs(), price)
    }

    /// For a long the least price at which `equity` + result against the mark - fees is not below zero, for a short the greatest.
    fn bankruptcy_price(&self, id: PositionId, equity: i128) -> Price {
        let position = self.position(id);
        let contract = self.contract(position.instrument);
        let exposure = i128::from(position.lots) * i128::from(contract.tick_value);
        let mark = i128::from(contract.mark.ticks());
        let covers = |ticks: i64| {
            let price = Price::clamped(ticks);
            let result = exposure * (i128::from(ticks) - mark);
            equity + result - self.closing_fee(id, price) >= 0
        };
        let long = position.lots > 0;
        let fee = contract.liquidation_share();
        if long && fee > i128::from(NANO) {
            return Price::MAX;
        }
        let line = bankruptcy(exposure, equity, mark, fee, i128::from(NANO));
        let guess = line.and_then(|line| line.price()).ok().flatten();
        let guess = guess.and_then(|price| if long { price.ceil() } else { price.floor() }.ok());
        let guess = guess.unwrap_or(mark).clamp(1, i128::from(Price::MAX.ticks())) as i64;
        Price::clamped(if long { least(guess, covers) } else { greatest(guess, covers) })
    }
}

const NANO: i64 = 1_000_000_000;

/// The least price in ticks that covers, searched around `guess`; the highest there is where none does. Covering holds from some price upwards.
fn least(guess: i64, covers: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high) = (0, Price::MAX.ticks());
    let mut step = 1;
    if covers(guess) {
        high = guess;
        while high - step > 0 && covers(high - step) {
            high -= step;
            step *= 2;
        }
        low = low.max(high - step);
    } else {
        low = guess;
        while low + step < high && !covers(low + step) {
            low += step;
            step *= 2;
        }
        high = high.min(low + step);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if covers(middle) { high = middle } else { low = middle }
    }
    high
}

/// The greatest price in ticks that covers; the lowest there is where none does. Covering holds up to some price.
fn greatest(guess: i64, covers: impl Fn(i64) -> bool) -> i64 {
    let turned = |ticks: i64| Price::MAX.ticks() + 1 - ticks;
    turned(least(turned(guess), |ticks| covers(turned(ticks))))
}

/// floor(equity x weight / sum).
fn floor_share(equity: i128, weight: u128, sum: u128) -> i128 {
    let (quotient, rest) = mul_div(equity.unsigned_abs(), weight, sum).unwrap_or((0, 0));
    let quotient = quotient as i128;
    if equity < 0 { -quotient - i128::from(rest > 0) } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::contract::tests::spec;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Ratio, Side};

    #[test]
    fn the_search_finds_the_border_from_any_guess() {
        for border in [1, 2, 57, 1000, Price::MAX.ticks()] {
            for guess in [1, 2, 50, 57, 58, 900, 1 << 20, Price::MAX.ticks()] {
                assert_eq!(least(guess, |ticks| ticks >= border), border, "from {guess}");
                assert_eq!(greatest(guess, |ticks| ticks <= border), border, "from {guess}");
            }
        }
        assert_eq!((least(5, |_| false), greatest(5, |_| false)), (Price::MAX.ticks(), 1));
    }

    #[test]
    fn rules_5_4_equity_is_used_up_within_a_tick_fees_included() {
        for (side, fee) in [(Side::Buy, 0), (Side::Sell, 0), (Side::Buy, 6), (Side::Sell, 6)] {
            let mut risk = risk();
            let mut instrument = spec(10, 10);
            instrument.fees.taker.share = Ratio::from_nano(fee * 100_000);
            instrument.fees.liquidation.per_lot = Money::new(fee.into());
            risk.contracts = vec![Contract::new(&instrument)];
            let (id, position) = open(&mut risk, 1_003);
            risk.book_free(fill(position, side, 1000, 7));
            let prices = risk.bankruptcy_prices(id);
            let [(_, price)] = prices[..] else { panic!("{prices:?}") };
            let left = |ticks: i64| {
                let result = side.sign() * 7 * 10 * (ticks - 1000);
                1_003 + i128::from(result) - risk.closing_fee(position, Price::clamped(ticks))
            };
            let worse = price.ticks() - side.sign();
            assert!(left(price.ticks()) >= 0 && left(worse) < 0, "{side:?} {fee} {price:?}");
        }
    }

    #[test]
    fn rules_5_4_equity_is_split_by_maintenance_margin() {
        let mut risk = risk();
        risk.contracts = vec![Contract::new(&spec(10, 10)), Contract::new(&spec(10, 30))];
        risk.after_restore(plimsoll_types::Detector::Index);
        let (id, first) = open(&mut risk, 4_000);
        let second = risk.position_of(id, plimsoll_types::InstrumentId(1));
        risk.book_free(fill(first, Side::Buy, 1000, 10));
        risk.book_free(fill(second, Side::Sell, 1000, 10));
        // Margins 1 to 3: 1,000 covers 10 ticks of the one, 3,000 covers 30 of the other.
        let ticks: Vec<i64> = risk.bankruptcy_prices(id).iter().map(|(_, p)| p.ticks()).collect();
        assert_eq!(ticks, [990, 1030]);
        assert_eq!(floor_share(-7, 1, 2), -4);
    }
}
