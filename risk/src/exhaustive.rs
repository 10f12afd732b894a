//! The least plan against a search that counts lot by lot and sorts by the words of the rules. Source: RULES 1.5, SEMANTICS 7.

use crate::case::{Case, Goal, Purpose};
use crate::contract::Contract;
use crate::contract::tests::spec;
use crate::ledger::Risk;
use crate::ledger::tests::{fill, open, risk};
use crate::quote::Liquidity;
use crate::tiers::{Lines, Standing};
use plimsoll_types::*;

/// A position as the rules speak of it.
#[derive(Clone, Debug)]
struct Held {
    instrument: u16,
    /// Signed.
    lots: i64,
    basis: i128,
    tick_value: i128,
    /// Nano.
    share: i128,
    fee_share: i128,
    fee_lot: i128,
    worst: Option<i64>,
    /// Opposite levels inside the worst price.
    levels: Vec<(i64, u64)>,
    beyond: i64,
}

const MARK: i64 = 1000;
const NANO: i128 = 1_000_000_000;

impl Held {
    fn all(&self) -> u64 {
        self.lots.unsigned_abs()
    }

    fn margin(&self, lots: u64) -> i128 {
        let product = self.share * i128::from(MARK) * self.tick_value * i128::from(lots);
        (product + NANO - 1).div_euclid(NANO)
    }

    fn unrealised(&self) -> i128 {
        i128::from(self.lots) * i128::from(MARK) * self.tick_value - self.basis
    }

    fn depth(&self) -> u64 {
        self.levels.iter().map(|level| level.1).sum()
    }

    /// What closing so many lots takes off equity: the loss against the mark, and fees level by level.
    fn cost(&self, lots: u64) -> i128 {
        let (mut left, mut cost) = (lots, 0);
        let rest = (self.beyond, u64::MAX);
        for (price, offered) in self.levels.iter().copied().chain([rest]) {
            let n = i128::from(offered.min(left));
            left -= offered.min(left);
            let worth = i128::from(price) * self.tick_value * n;
            cost -= i128::from(self.lots.signum()) * i128::from(price - MARK) * self.tick_value * n;
            cost += (2 * self.fee_share * worth + NANO).div_euclid(2 * NANO) + self.fee_lot * n;
        }
        cost
    }
}

fn before(key: &SelectKey, a: &Held, b: &Held) -> bool {
    match key {
        SelectKey::LargestLoss => a.unrealised() < b.unrealised(),
        SelectKey::MostLiquid => a.depth() > b.depth(),
        SelectKey::LargestMargin => a.margin(a.all()) > b.margin(b.all()),
        SelectKey::LargestRiskRelease => {
            let cost = |held: &Held| held.cost(held.all()).max(0);
            match (cost(a), cost(b)) {
                (0, 0) => false,
                (0, _) => true,
                (_, 0) => false,
                (x, y) => a.margin(a.all()) * y > b.margin(b.all()) * x,
            }
        }
        SelectKey::Symbols(list) => {
            let place = |held: &Held| list.iter().position(|symbol| *symbol == held.instrument);
            place(a).unwrap_or(list.len()) < place(b).unwrap_or(list.len())
        }
    }
}

/// The plan, counted: (instrument, lots).
fn counted(goal: &Goal, equity: i128, keys: &[SelectKey], held: &[Held]) -> Vec<(u16, u64)> {
    let mut order: Vec<&Held> = Vec::new();
    for one in held {
        // Behind everything that does not have to come after it.
        let earlier = |other: &&Held| {
            let differs =
                keys.iter().find(|key| before(key, one, other) || before(key, other, one));
            differs.is_some_and(|key| before(key, one, other))
        };
        let place = order.iter().position(earlier).unwrap_or(order.len());
        order.insert(place, one);
    }
    let mut plan = Vec::new();
    for (place, one) in order.iter().enumerate() {
        let spent: i128 = order[..place].iter().map(|held| held.cost(held.all())).sum();
        let others: i128 = order[place + 1..].iter().map(|held| held.margin(held.all())).sum();
        let enough = (1..=one.all()).find(|&n| {
            let margin = others + one.margin(one.all() - n);
            let equity = equity - spent - one.cost(n);
            let margins = [Money::new(margin), Money::ZERO];
            if margin == 0 {
                return equity >= 0;
            }
            goal.is_met(&Standing { margins, equity: Money::new(equity) })
        });
        plan.push((one.instrument, enough.unwrap_or(one.all())));
        if enough.is_some() {
            break;
        }
    }
    plan
}

/// Opposite levels by instrument; both sides are the same, as each position sees one of them.
struct Books<'a>(&'a [Held]);

impl Books<'_> {
    fn levels(&self, instrument: InstrumentId, side: Side) -> Vec<(i64, u64)> {
        let held = self.0.iter().find(|held| held.instrument == instrument.0);
        let wanted = |held: &&Held| (held.lots > 0) == (side == Side::Buy);
        held.filter(wanted).map_or(Vec::new(), |held| held.levels.clone())
    }
}

impl Liquidity for Books<'_> {
    fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.levels(instrument, side).first().map(|level| Price::clamped(level.0))
    }

    fn band(&self, instrument: InstrumentId) -> Option<Band> {
        let held = self.0.iter().find(|held| held.instrument == instrument.0)?;
        let worst = held.worst?;
        let (down, up) = if held.lots > 0 { (worst, 2 * MARK) } else { (1, worst) };
        Some(Band { down: Price::clamped(down), up: Price::clamped(up) })
    }

    fn walk(&self, instrument: InstrumentId, side: Side, each: &mut dyn FnMut(Price, Qty) -> bool) {
        for (price, lots) in self.levels(instrument, side) {
            if !each(Price::clamped(price), Qty::new(lots)) {
                return;
            }
        }
    }
}

type Draw<'a> = &'a mut dyn FnMut(u64) -> u64;

/// A position of up to twelve lots and up to three levels against it.
fn position(draw: Draw<'_>, instrument: u16) -> Held {
    let sign = if draw(2) == 0 { 1 } else { -1 };
    let lots = sign * (1 + draw(12) as i64);
    let mut price = MARK + sign * 3;
    let worst = (draw(2) == 0).then(|| MARK - sign * 60);
    let levels: Vec<(i64, u64)> = (0..draw(4))
        .map(|_| {
            price -= sign * (1 + draw(15) as i64);
            (price, 1 + draw(6))
        })
        .collect();
    let deepest = levels.last().map(|level| level.0);
    let beyond = worst.or(deepest).unwrap_or(MARK);
    let bought = MARK + draw(80) as i64 - 40;
    let tick_value = 1 + i128::from(draw(9));
    Held {
        instrument,
        lots,
        basis: i128::from(lots) * i128::from(bought) * tick_value,
        tick_value,
        share: 1 + i128::from(draw(300_000_000)),
        fee_share: if draw(2) == 0 { 0 } else { i128::from(draw(9_000_000)) },
        fee_lot: i128::from(draw(4)),
        worst,
        levels,
        beyond,
    }
}

fn contract(held: &Held) -> Contract {
    let mut instrument = spec(held.tick_value as i64, 10);
    let rate =
        |share: i128| MarginRate { share: Ratio::from_nano(share as i64), per_lot: Money::ZERO };
    instrument.initial = rate(held.share);
    instrument.maintenance = rate(held.share);
    instrument.fees.liquidation = rate(held.fee_share);
    instrument.fees.close.per_lot = Money::new(held.fee_lot);
    Contract::new(&instrument)
}

fn keys(draw: Draw<'_>) -> Vec<SelectKey> {
    let all = [
        SelectKey::LargestLoss,
        SelectKey::MostLiquid,
        SelectKey::LargestMargin,
        SelectKey::LargestRiskRelease,
        SelectKey::Symbols(vec![2, 0]),
    ];
    (0..1 + draw(2)).map(|_| all[draw(5) as usize].clone()).collect()
}

/// The positions in one account under a target, with so much money a thousand units of margin.
fn account(draw: Draw<'_>, held: &[Held], keys: &[SelectKey]) -> (Risk, AccountId) {
    let mut risk = risk();
    risk.contracts = held.iter().map(contract).collect();
    let profile = &mut risk.profiles[1];
    let target = 400_000_000 + draw(900_000_000) as i64;
    let both = [MeasureKind::MarginOverEquity, MeasureKind::EquityOverMargin];
    profile.measure = both[draw(2) as usize];
    profile.liquidation.target = Ratio::from_nano(target);
    profile.liquidation.select = keys.to_vec();
    for tier in &mut profile.tiers {
        let shift = [-100_000_000, 0, 100_000_000][draw(3) as usize];
        (tier.at, tier.release) = (Ratio::from_nano(target), Ratio::from_nano(target + shift));
    }
    risk.lines = risk.profiles.iter().map(Lines::new).collect();
    risk.after_restore(plimsoll_types::Detector::Index);
    let margin: i128 = held.iter().map(|held| held.margin(held.all())).sum();
    let (id, _) = open(&mut risk, margin * i128::from(draw(1_500)) / 1000);
    for one in held {
        let position = risk.position_of(id, InstrumentId(one.instrument));
        let side = if one.lots > 0 { Side::Buy } else { Side::Sell };
        let bought = one.basis / i128::from(one.lots) / one.tick_value;
        risk.book_free(fill(position, side, bought as i64, one.all()));
    }
    (risk, id)
}

#[test]
fn the_least_plan_is_what_an_exhaustive_search_finds() {
    let mut state = 11u64;
    let mut draw = |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let (mut several, mut partial) = (0, 0);
    for round in 0..20_000 {
        let held: Vec<Held> = (0..1 + draw(3) as u16).map(|n| position(&mut draw, n)).collect();
        let keys = keys(&mut draw);
        let (risk, id) = account(&mut draw, &held, &keys);
        let goal = risk.goal(id, 1 + draw(2) as u8);
        let rules = (ProfileId(1), ProtectionPrice::Band);
        let case = Case::new(CaseId(1), id, Purpose::Safe(goal), rules);
        let plan = risk.plan(&case, &Books(&held));
        let found: Vec<_> = plan.iter().map(|t| (t.instrument.0, t.qty.lots())).collect();
        let equity = risk.standing(id).equity.units();
        let wanted = counted(&goal, equity, &keys, &held);
        assert_eq!(found, wanted, "round {round}: {keys:?} {equity} {held:#?}");
        several += u64::from(wanted.len() > 1);
        let last = wanted.last().map(|(n, lots)| held[usize::from(*n)].all() > *lots);
        partial += u64::from(last == Some(true));
    }
    assert!(several > 5_000 && partial > 5_000, "{several} {partial}");
}
