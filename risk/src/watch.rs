//! Breach detection: which accounts must be looked at after a pass.
//!
//! For each instrument a box of marks is kept around the present one. An account that could not change its tier (or end its
//! case) for any marks in the boxes is left alone; the others, those *near* a line, are looked at on every change of a
//! mark. When a mark leaves its box all boxes are drawn anew and every account is sorted again. Everything here is
//! a cache: it never decides, it only says whom to ask, so it is in no snapshot and no hash. The planned trigger index
//! takes this place behind the same three calls (`touch`, `set_mark`, `suspects`).

use crate::account::{NIL, PositionId};
use crate::contract::Contract;
use crate::ledger::Risk;
use crate::line::Line;
use crate::tiers::Bases;
use plimsoll_types::{AccountId, InstrumentId, MarginPrice, Price};

/// Marks inside which accounts that are not near cannot change. Units: ticks.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    low: i64,
    high: i64,
}

/// Whom to look at.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    /// Accounts whose money or positions changed since the last look.
    pub(crate) touched: Vec<AccountId>,
    near: Vec<AccountId>,
    spans: Vec<Span>,
    /// Half a span's width as a share of the mark: one part in `1 << shift`.
    shift: u32,
    /// A mark changed since the last look.
    moved: bool,
    /// The boxes no longer hold, or never did.
    stale: bool,
}

/// Half a span is at most 1/16 and at least 1/65536 of the mark.
const SHIFTS: std::ops::RangeInclusive<u32> = 4..=16;

impl Watch {
    pub(crate) fn new(contracts: &[Contract]) -> Watch {
        Watch {
            spans: vec![Span::default(); contracts.len()],
            shift: 6,
            stale: true,
            ..Watch::default()
        }
    }

    /// Makes room, so that no list grows on the order path.
    pub(crate) fn make_room(&mut self, accounts: usize) {
        self.touched.reserve(accounts.saturating_sub(self.touched.len()));
        self.near.reserve(accounts.saturating_sub(self.near.len()));
    }

    /// An instrument came; its box is drawn at the next look.
    pub(crate) fn make_span(&mut self) {
        self.spans.push(Span::default());
        self.stale = true;
    }

    /// Margin rates changed: what was proved of the boxes no longer holds.
    pub(crate) fn distrust(&mut self) {
        self.stale = true;
    }
}

impl Risk {
    /// Sets a mark; the look that follows finds whom it moved.
    #[inline]
    pub fn set_mark(&mut self, id: InstrumentId, mark: Price) {
        let contract = &mut self.contracts[id.index()];
        if contract.mark != mark {
            contract.mark = mark;
            let span = self.watch.spans[id.index()];
            self.watch.moved = true;
            self.watch.stale |= mark.ticks() < span.low || mark.ticks() > span.high;
        }
    }

    /// Whether nothing has changed since the last look.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.watch.touched.is_empty() && !self.watch.moved && !self.watch.stale
    }

    /// Accounts that may have changed their tier, met their case's goal or lost more than they had since the last look, in account order.
    ///
    /// Every account that did is among them. Cost: O(accounts touched); on a change of a mark also O(accounts near a
    /// line); O(accounts) where a mark left its box.
    pub fn suspects(&mut self, found: &mut Vec<AccountId>) {
        found.clear();
        found.reserve(self.watch.near.capacity());
        let touched = std::mem::take(&mut self.watch.touched);
        for &id in &touched {
            self.accounts[id.index()].touched = false;
        }
        if self.watch.stale {
            self.draw_boxes();
        } else {
            for &id in &touched {
                self.sort_account(id);
            }
        }
        if self.watch.moved || self.watch.stale {
            found.extend_from_slice(&self.watch.near);
            found.sort_unstable();
        } else {
            let near = |id: &AccountId| self.accounts[id.index()].near != NIL;
            found.extend(touched.iter().copied().filter(near));
            if found.len() > 1 {
                found.sort_unstable();
            }
        }
        self.watch.moved = false;
        self.watch.stale = false;
        self.watch.touched = touched;
        self.watch.touched.clear();
    }

    /// Draws all boxes around the marks, as wide as keeps few accounts near, and sorts every account.
    #[cold]
    fn draw_boxes(&mut self) {
        let few = self.accounts.len() / 64 + 16;
        self.watch.shift = (self.watch.shift - 1).max(*SHIFTS.start());
        loop {
            for (span, contract) in self.watch.spans.iter_mut().zip(&self.contracts) {
                let mark = contract.mark.ticks();
                let half = (mark >> self.watch.shift).max(1);
                *span = Span { low: mark - half, high: mark + half };
            }
            for index in 0..self.accounts.len() {
                self.sort_account(AccountId(index as u32));
            }
            if self.watch.near.len() <= few || self.watch.shift >= *SHIFTS.end() {
                return;
            }
            self.watch.shift += 1;
        }
    }

    /// Puts an account on the list of those near a line, or takes it off.
    #[inline]
    fn sort_account(&mut self, id: AccountId) {
        let near = self.could_change(id);
        let place = self.accounts[id.index()].near;
        if near && place == NIL {
            self.accounts[id.index()].near = self.watch.near.len() as u32;
            self.watch.near.push(id);
        } else if !near && place != NIL {
            self.accounts[id.index()].near = NIL;
            self.watch.near.swap_remove(place as usize);
            if let Some(moved) = self.watch.near.get(place as usize) {
                self.accounts[moved.index()].near = place;
            }
        }
    }

    /// The marks between which a position's instrument may move unseen.
    pub(crate) fn span_of(&self, id: PositionId) -> [i64; 2] {
        let span = self.watch.spans[self.position(id).instrument.index()];
        [span.low, span.high]
    }

    /// Whether the account could change its tier or end its case for some marks in the boxes. May err towards yes.
    #[inline]
    fn could_change(&self, id: AccountId) -> bool {
        let account = self.account(id);
        if account.unlimited {
            return false;
        }
        if account.case != 0 {
            // Cases are few and always worth a look.
            return true;
        }
        let lines = &self.lines[account.profile.index()];
        let tier = usize::from(account.tier);
        let Bases::One(basis) = lines.bases else { return self.could_cross(id) };
        let cash = account.cash;
        let (mut held, mut margined) = (false, false);
        let mut worse = lines.at.get(tier).map(|line| Reach::new(line, cash));
        let mut better = (tier > 0).then(|| Reach::new(&lines.release[tier - 1], cash));
        let mut next = account.first;
        while next != NIL {
            let held_id = PositionId(next);
            let position = self.position(held_id);
            next = position.next;
            // A pocket's list goes on with records that others hold.
            if position.lots == 0 || position.account != id {
                continue;
            }
            held = true;
            let contract = &self.contracts[position.instrument.index()];
            if position.own || !contract.plain {
                return self.could_cross(id);
            }
            let rate = contract.rate(basis);
            let span = self.watch.spans[position.instrument.index()];
            let lots = i128::from(position.lots);
            let worth = |ticks| i128::from(ticks) * i128::from(contract.tick_value) * lots;
            let (low, high) = (worth(span.low), worth(span.high));
            // Margin that does not follow the mark is a fixed amount.
            let (nano, fixed) = match contract.margin_price {
                MarginPrice::Mark => (rate.nano, rate.per_lot * lots.abs()),
                _ => (0, self.margin_of(held_id, basis).units()),
            };
            margined |= nano != 0 || fixed != 0;
            if let Some(reach) = &mut worse {
                reach.add_most(nano, low, high, fixed);
            }
            if let Some(reach) = &mut better {
                reach.add_least(nano, low, high, fixed);
            }
        }
        if !held {
            return tier != 0 || cash < 0;
        }
        if !margined {
            return tier != 0;
        }
        worse.is_some_and(|reach| reach.sum >= 0 || reach.unsure)
            || better.is_some_and(|reach| reach.sum < 0 || reach.unsure)
    }
}

/// How far an account is past a line: `margin_weight x M - equity_weight x E`, times 10^9 so that no rate is rounded.
struct Reach {
    margin_weight: i64,
    /// Times 10^9.
    equity_weight: i64,
    sum: i128,
    /// Some amount is too large to be multiplied from 64 bits: ask exactly instead.
    unsure: bool,
}

const NANO: i64 = 1_000_000_000;
/// Weights up to here, times 10^9 or times a rate of at most 2^31, fit 64 bits.
const WEIGHT_MAX: i64 = 1 << 30;

/// `a x b` without loss: one multiplication.
#[inline]
fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

impl Reach {
    #[inline]
    fn new(line: &Line, cash: i128) -> Reach {
        let cash = i64::try_from(cash);
        let unsure = line.margin_weight > WEIGHT_MAX || line.equity_weight > WEIGHT_MAX;
        let equity_weight = if unsure { 0 } else { line.equity_weight * NANO };
        Reach {
            margin_weight: if unsure { 0 } else { line.margin_weight },
            equity_weight,
            sum: -wide(equity_weight, cash.unwrap_or(0)),
            unsure: unsure || cash.is_err(),
        }
    }

    /// The terms of one position at signed worths `low` and `high`.
    #[inline]
    fn ends(&mut self, rate: i64, low: i128, high: i128, fixed: i128) -> Option<(i128, i128)> {
        let fits = (i64::try_from(low), i64::try_from(high), i64::try_from(fixed));
        let (Ok(low), Ok(high), Ok(fixed)) = fits else {
            self.unsure = true;
            return None;
        };
        if rate > 1 << 31 || low == i64::MIN || high == i64::MIN {
            self.unsure = true;
            return None;
        }
        let fixed = wide(self.margin_weight * NANO, fixed);
        let rate = self.margin_weight * rate;
        let term = |worth: i64| wide(rate, worth.abs()) - wide(self.equity_weight, worth) + fixed;
        Some((term(low), term(high)))
    }

    /// Adds the most a position can bring it towards the line; margin rounds up, by less than a unit a position.
    #[inline]
    fn add_most(&mut self, rate: i64, low: i128, high: i128, fixed: i128) {
        if let Some((low, high)) = self.ends(rate, low, high, fixed) {
            self.sum += low.max(high) + i128::from(self.margin_weight * NANO);
        }
    }

    /// Adds the least.
    #[inline]
    fn add_least(&mut self, rate: i64, low: i128, high: i128, fixed: i128) {
        if let Some((low, high)) = self.ends(rate, low, high, fixed) {
            self.sum += low.min(high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, open, risk};
    use plimsoll_types::{Money, Side};

    /// Every account whose tier is not what it should be.
    fn scan(risk: &Risk) -> Vec<AccountId> {
        (0..risk.account_count() as u32)
            .map(AccountId)
            .filter(|&id| risk.next_tier(id, risk.standing(id)) != risk.account(id).tier)
            .collect()
    }

    #[test]
    fn no_crossing_is_missed_on_a_random_walk() {
        let mut state = 77u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let mut risk = risk();
        let accounts: Vec<_> =
            (0..300).map(|_| open(&mut risk, 50_000 + draw(100_000) as i128)).collect();
        let (mut found, mut crossed, mut asked) = (Vec::new(), 0, 0);
        let mut mark = 1000i64;
        for step in 0..20_000 {
            if draw(3) == 0 {
                let (_, position) = accounts[draw(300) as usize];
                let side = if draw(2) == 0 { Side::Buy } else { Side::Sell };
                risk.book(fill(position, side, mark, 1 + draw(20)));
            }
            let jump = if draw(500) == 0 { 300 } else { 4 };
            mark = (mark + draw(2 * jump + 1) as i64 - jump as i64).clamp(200, 5_000);
            risk.set_mark(InstrumentId(0), Price::clamped(mark));
            let expected = scan(&risk);
            risk.suspects(&mut found);
            asked += found.len();
            crossed += expected.len();
            for id in expected {
                assert!(found.contains(&id), "step {step}: {id:?} crossed and was not named");
                let tier = risk.next_tier(id, risk.standing(id));
                risk.set_tier(id, tier);
            }
        }
        assert!(crossed > 1_000, "{crossed}");
        assert!(asked < 20_000 * 300 / 3, "the watch asks too often: {asked}");
    }

    #[test]
    fn amounts_too_large_to_multiply_are_always_asked() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 10i128.pow(25));
        risk.book(fill(position, Side::Buy, 1000, 1));
        let mut found = Vec::new();
        risk.suspects(&mut found);
        assert_eq!(found, [id]);
        let (flat, _) = open(&mut risk, 5);
        risk.deposit(flat, Money::new(5));
        risk.suspects(&mut found);
        assert_eq!(found, []);
    }
}
