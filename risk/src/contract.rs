//! What margin and fees an instrument asks for, compiled from its specification.

use crate::bracket::Brackets;
use crate::rate::Rate;
use plimsoll_types::{
    Basis, Fee, Fees, InstrumentSpec, Label, MarginPrice, MarginRate, Money, Price, Ratio,
};
use serde::{Deserialize, Serialize};

/// Which side of a trade an order was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The earlier order.
    Maker,
    /// The later order.
    Taker,
}

/// What the lots of a part of a fill do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Close, opened today or not.
    Close,
    /// Open.
    Open,
    /// Close, opened today, where that has a fee of its own.
    CloseToday,
}

/// Which fees apply to a part of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeeCase {
    pub(crate) part: Part,
    pub(crate) role: Role,
    pub(crate) liquidation: bool,
}

impl FeeCase {
    fn index(self) -> usize {
        usize::from(self.role == Role::Taker)
            | usize::from(self.liquidation) << 1
            | (self.part as usize) << 2
    }
}

/// An instrument as risk sees it: its worth a tick, its rates, its mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Money units per tick and lot.
    pub tick_value: i64,
    /// The mark.
    pub mark: Price,
    /// The last settlement price: what margin on carried lots may be counted at.
    pub prev_settlement: Price,
    /// At which price margin is counted.
    pub margin_price: MarginPrice,
    /// Most lots an account may hold or have on order on one side, so that no amount can overflow.
    pub lots_max: u64,
    pub(crate) initial: Rate,
    pub(crate) maintenance: Rate,
    /// Maintenance by notional; none = the plain rate.
    pub(crate) brackets: Brackets,
    /// Margin is one rate of the notional, each position's by itself.
    pub(crate) plain: bool,
    /// The product over which only the larger side's margin counts, if so.
    pub(crate) large_side: Option<Label>,
    /// Sums of the fees that apply, by [`FeeCase`].
    fees: [Rate; 12],
    /// Who pays more on lots that open, if it is the same at every price.
    dearer: Option<Role>,
    pub(crate) free: bool,
    /// Today's lots have a closing fee of their own.
    pub(crate) splits_close: bool,
}

/// Worth of the largest position an account may hold at the highest price, money units.
const WORTH_MAX: i128 = 1_000_000_000_000_000_000_000_000_000_000;

impl Contract {
    /// Compiles a specification.
    pub fn new(spec: &InstrumentSpec) -> Contract {
        let fees = Contract::sums(&spec.fees);
        let lots_max = WORTH_MAX / (i128::from(spec.tick_value) * i128::from(Price::MAX.ticks()));
        Contract {
            tick_value: spec.tick_value,
            mark: spec.prev_settlement,
            prev_settlement: spec.prev_settlement,
            margin_price: spec.risk.margin_price,
            lots_max: u64::try_from(lots_max).unwrap_or(u64::MAX).min(1 << 48),
            initial: Rate::new(spec.initial),
            maintenance: Rate::new(spec.maintenance),
            plain: spec.risk.brackets.is_empty() && !spec.risk.large_side,
            brackets: Brackets::new(&spec.risk.brackets),
            large_side: spec.risk.large_side.then(|| spec.risk.product.unwrap_or(spec.symbol)),
            free: fees.iter().all(Rate::is_zero),
            splits_close: spec.fees.close_today.is_some(),
            dearer: Contract::dearer(&spec.fees),
            fees,
        }
    }

    fn sums(fees: &Fees) -> [Rate; 12] {
        std::array::from_fn(|index| {
            let parts = [
                [fees.close, fees.open, fees.close_today.unwrap_or(fees.close)][index >> 2],
                if index & 1 == 1 { fees.taker } else { fees.maker },
                if index & 2 == 2 { fees.liquidation } else { Fee::default() },
            ];
            Rate::new(Fee {
                share: parts.iter().fold(Ratio::ZERO, |sum, fee| sum.plus(fee.share)),
                per_lot: parts.iter().map(|fee| fee.per_lot).sum(),
            })
        })
    }

    fn dearer(fees: &Fees) -> Option<Role> {
        let (maker, taker) = (fees.maker, fees.taker);
        if taker.share >= maker.share && taker.per_lot >= maker.per_lot {
            Some(Role::Taker)
        } else if taker.share <= maker.share && taker.per_lot <= maker.per_lot {
            Some(Role::Maker)
        } else {
            None
        }
    }

    /// Sets new margin rates.
    pub fn set_margin(&mut self, initial: MarginRate, maintenance: MarginRate) {
        self.initial = Rate::new(initial);
        self.maintenance = Rate::new(maintenance);
    }

    /// Sets new fees.
    pub fn set_fees(&mut self, fees: &Fees) {
        self.fees = Contract::sums(fees);
        self.free = self.fees.iter().all(Rate::is_zero);
        self.dearer = Contract::dearer(fees);
        self.splits_close = fees.close_today.is_some();
    }

    /// The rates in force: [initial, maintenance].
    pub fn margins(&self) -> [MarginRate; 2] {
        [self.initial, self.maintenance].map(|rate| MarginRate {
            share: Ratio::from_nano(rate.nano),
            per_lot: Money::new(rate.per_lot),
        })
    }

    /// Worth of `lots` at `price`, never negative.
    #[inline]
    pub fn notional(&self, price: Price, lots: u64) -> i128 {
        i128::from(price.ticks()) * i128::from(self.tick_value) * i128::from(lots)
    }

    /// House margin of `lots` at `price`, rounded up once. Source: RULES 1.2.
    #[inline]
    pub fn initial_margin(&self, price: Price, lots: u64) -> Money {
        Money::new(self.initial.up(self.notional(price, lots), lots))
    }

    /// Exchange margin of `lots` at `price`, rounded up once.
    #[inline]
    pub fn maintenance_margin(&self, price: Price, lots: u64) -> Money {
        self.margin_on(Basis::Maintenance, self.notional(price, lots), lots)
    }

    /// Margin on a notional of `lots` lots, rounded up once. Source: SEMANTICS 3.1.
    #[inline]
    pub(crate) fn margin_on(&self, basis: Basis, notional: i128, lots: u64) -> Money {
        Money::new(match basis {
            Basis::Initial => self.initial.up(notional, lots),
            Basis::Maintenance if self.brackets.is_empty() => self.maintenance.up(notional, lots),
            Basis::Maintenance => {
                self.brackets.margin(notional) + self.maintenance.per_lot * i128::from(lots)
            }
        })
    }

    /// Whether maintenance grows with the notional.
    #[inline]
    pub fn has_brackets(&self) -> bool {
        !self.brackets.is_empty()
    }

    /// In which bracket a notional lies, from 0.
    pub fn bracket(&self, notional: i128) -> usize {
        self.brackets.of(notional)
    }

    /// The largest notional of a bracket; `None` where there is no such bracket.
    pub fn bracket_top(&self, bracket: usize) -> Option<i128> {
        self.brackets.top(bracket)
    }

    #[inline]
    pub(crate) fn rate(&self, basis: Basis) -> &Rate {
        match basis {
            Basis::Initial => &self.initial,
            Basis::Maintenance => &self.maintenance,
        }
    }

    /// Whether the trade prices of today's lots must be known.
    #[inline]
    pub(crate) fn needs_today(&self) -> bool {
        self.margin_price == MarginPrice::Settlement
    }

    /// The fee on one part of a fill, rounded half up once.
    #[inline]
    pub(crate) fn fee(&self, case: FeeCase, price: Price, lots: u64) -> i128 {
        if self.free {
            return 0;
        }
        let rate = &self.fees[case.index()];
        let small = self.plain_notional(price, lots);
        match small.and_then(|notional| rate.half_up_small(notional, lots)) {
            Some(fee) => i128::from(fee),
            None => rate.half_up(self.notional(price, lots), lots),
        }
    }

    /// The fee on the closing part of a fill, of so many carried lots and so many of today's.
    #[inline]
    pub(crate) fn closing_fee(
        &self,
        (role, liquidation): (Role, bool),
        price: Price,
        [carried, today]: [u64; 2],
    ) -> i128 {
        let fee = |part, lots| match lots {
            0 => 0,
            lots => self.fee(FeeCase { part, role, liquidation }, price, lots),
        };
        if self.splits_close {
            fee(Part::Close, carried) + fee(Part::CloseToday, today)
        } else {
            fee(Part::Close, carried + today)
        }
    }

    /// The most that closing as a case's taker costs as a share of the notional, 10^-9.
    pub(crate) fn liquidation_share(&self) -> i128 {
        let share = |part| {
            let case = FeeCase { part, role: Role::Taker, liquidation: true };
            i128::from(self.fees[case.index()].nano)
        };
        share(Part::Close).max(share(Part::CloseToday))
    }

    /// The larger possible fee of an order's opening lots at `price`. Source: SEMANTICS 4.
    #[inline]
    pub(crate) fn opening_fee(&self, price: Price, lots: u64) -> Money {
        if self.free {
            return Money::ZERO;
        }
        let fee =
            |role| self.fee(FeeCase { part: Part::Open, role, liquidation: false }, price, lots);
        Money::new(match self.dearer {
            Some(role) => fee(role),
            None => fee(Role::Maker).max(fee(Role::Taker)),
        })
    }

    /// The same of lots worth `notional`, in 64 bits; `None` where it does not fit them.
    #[inline(always)]
    pub(crate) fn opening_fee_small(&self, notional: u64, lots: u64) -> Option<u64> {
        if self.free {
            return Some(0);
        }
        let case = |role| FeeCase { part: Part::Open, role, liquidation: false };
        let fee = |role| self.fees[case(role).index()].half_up_small(notional, lots);
        match self.dearer {
            Some(role) => fee(role),
            None => Some(fee(Role::Maker)?.max(fee(Role::Taker)?)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use plimsoll_types::*;

    /// A contract with `share_percent` initial margin, half of it maintenance, and no fees.
    pub(crate) fn spec(tick_value: i64, share_percent: i64) -> InstrumentSpec {
        let rate = |nano| MarginRate { share: Ratio::from_nano(nano), per_lot: Money::ZERO };
        InstrumentSpec {
            symbol: Label::new("X").unwrap(),
            kind: InstrumentKind::Future,
            tick_size: Step { mantissa: 1, decimals: 0 },
            lot_size: Step { mantissa: 1, decimals: 0 },
            multiplier: Step { mantissa: tick_value, decimals: 0 },
            tick_value,
            prev_settlement: Price::clamped(1000),
            band: None,
            initial: rate(share_percent * 10_000_000),
            maintenance: rate(share_percent * 5_000_000),
            mark: MarkSource::Last,
            liquidation_moves_mark: true,
            fees: Fees::default(),
            phase: Phase::Continuous,
            auction_candidates: AuctionCandidates::Ticks,
            market_remainder: MarketRemainder::Cancel,
            rules: plimsoll_types::TradingRules::default(),
            risk: RiskRules::default(),
        }
    }

    #[test]
    fn rules_1_2_the_gold_lot() {
        // au: 391.74 x 1000 x 0.08 = 31,339.20; tick 0.02, two money decimals: 19,587 ticks of 2,000 units.
        let mut gold = spec(2_000, 8);
        gold.maintenance = gold.initial;
        let contract = Contract::new(&gold);
        assert_eq!(contract.initial_margin(Price::clamped(19_587), 1), Money::new(3_133_920));
    }

    #[test]
    fn margin_rounds_up_and_fees_round_half_up() {
        let mut odd = spec(1, 1);
        odd.fees.taker.share = Ratio::from_nano(15_000_000);
        odd.fees.open.per_lot = Money::new(2);
        let contract = Contract::new(&odd);
        assert_eq!(contract.initial_margin(Price::clamped(101), 1), Money::new(2));
        let fee = |part| {
            contract.fee(
                FeeCase { part, role: Role::Taker, liquidation: false },
                Price::clamped(100),
                1,
            )
        };
        assert_eq!((fee(Part::Open), fee(Part::Close)), (4, 2));
        assert_eq!(contract.opening_fee(Price::clamped(100), 1), Money::new(4));
    }
}
