//! Isolated positions: a position covered by money of its own, held by a pocket of the account that trades it. Source: SEMANTICS 3.3.
//!
//! A pocket is an account like any other, so tiers, cases and the watch know nothing of it. What differs is here: whose orders
//! trade its position, and when money moves between it and its owner.

use crate::account::{Marks, NIL, PositionId};
use crate::ledger::{Fill, Risk};
use crate::settlement::DayResult;
use plimsoll_types::{AccountId, Basis, InstrumentId, MarginMode, Money, Price};
use serde::{Deserialize, Serialize};

/// Money that moved between an account and a pocket of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The account.
    pub owner: AccountId,
    /// The instrument of the pocket's position.
    pub instrument: InstrumentId,
    /// Into the pocket; below zero: out of it.
    pub amount: Money,
}

/// Why money may not leave a pocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The position needs it as initial margin.
    AsMargin,
    /// It would bring the pocket to its first tier.
    ByTier,
}

impl Risk {
    /// Whether an account's positions have money of their own. False for a pocket itself.
    #[inline]
    pub fn is_isolated(&self, account: AccountId) -> bool {
        self.profile_of(account).margin_mode == MarginMode::Isolated
            && self.pocket(account).is_none()
    }

    /// Whose pocket an account is, and of which position; `None` for accounts that were opened.
    #[inline]
    pub fn pocket(&self, account: AccountId) -> Option<(AccountId, InstrumentId)> {
        if !self.account(account).marks.has(Marks::POCKET) {
            return None;
        }
        self.pockets.owner(account)
    }

    /// The account whose orders trade for `account`: itself, or the owner of the pocket.
    #[inline]
    pub fn owner_of(&self, account: AccountId) -> AccountId {
        self.pocket(account).map_or(account, |(owner, _)| owner)
    }

    /// The pockets of an account, by instrument.
    pub fn pockets(&self, owner: AccountId) -> impl Iterator<Item = AccountId> {
        self.position_ids(owner)
            .map(|id| self.position(id).account)
            .filter(move |&holder| holder != owner)
    }

    /// Whether neither an account nor a pocket of it holds anything.
    pub fn holds_nothing(&self, owner: AccountId) -> bool {
        self.position_ids(owner).all(|id| self.position(id).lots == 0)
    }

    /// Who is to hold a position of an account: itself, or a pocket, made now if there is none. Cost: O(log pockets) for a pocket.
    pub(crate) fn holder_for(&mut self, owner: AccountId, instrument: InstrumentId) -> AccountId {
        if !self.is_isolated(owner) {
            return owner;
        }
        if let Some(pocket) = self.pockets.find(owner, instrument) {
            return pocket;
        }
        let pocket = self.add_account("", self.account(owner).profile);
        self.accounts[pocket.index()].marks.set(Marks::POCKET, true);
        self.pockets.push(pocket, owner, instrument);
        pocket
    }

    /// Gives every position of a flat account to the holder its margin mode asks for: itself, or pockets.
    pub fn rehome(&mut self, owner: AccountId) {
        let ids: Vec<PositionId> = self.position_ids(owner).collect();
        for id in ids {
            let index = id.0 as usize;
            plimsoll_types::invariant!(
                self.positions[index].lots == 0,
                "account {owner:?} changed its margin mode with a position"
            );
            let old = self.positions[index].account;
            if old != owner {
                self.accounts[old.index()].first = NIL;
            }
            let holder = self.holder_for(owner, self.positions[index].instrument);
            if holder != owner {
                self.accounts[holder.index()].first = id.0;
                self.set_profile(holder, self.account(owner).profile);
            }
            self.positions[index].account = holder;
            self.move_history(old, holder, self.positions[index].fees);
            self.touch(old);
        }
    }

    /// Keeps what an account and its pocket have realised and paid as it was, while a flat position with its `fees` changes hands.
    ///
    /// Realised = balance - paid in + fees of the positions held. A pocket that goes hands all of it on; one that comes gets
    /// the fees of its position, and paid in as much, so that neither has realised anything by it.
    fn move_history(&mut self, from: AccountId, to: AccountId, fees: i128) {
        if from == to {
            return;
        }
        let fees = Money::new(fees);
        let (paid_in, settled) = if self.pocket(from).is_some() {
            (self.paid_in(from), self.settled.get(from))
        } else {
            (fees, DayResult { fees, ..DayResult::default() })
        };
        for (id, paid_in, settled) in [(from, -paid_in, settled.reversed()), (to, paid_in, settled)]
        {
            self.accounts[id.index()].paid_in += paid_in.units();
            let settled = self.settled.get(id).plus(settled);
            self.settled.set(id, settled, self.accounts.len());
        }
    }

    /// Books a fill of an isolated position: the owner pays the fee, and margin moves in or out with the lots.
    #[cold]
    #[inline(never)]
    pub(crate) fn book_isolated(&mut self, fill: Fill) -> Money {
        let held = self.position(fill.position);
        let (pocket, owner, instrument) = (held.account, held.owner, held.instrument);
        let lots = held.lots.unsigned_abs();
        let wallet = self.balance(pocket);
        let (closes, fee) = self.book_held(fill);
        let account = &mut self.accounts[pocket.index()];
        account.cash += fee.units();
        account.paid_in += fee.units();
        self.pay_in(owner, -fee);
        if closes > 0 && self.account(pocket).case().is_none() {
            let out = self.released(pocket, wallet, closes, lots);
            self.move_money(owner, pocket, instrument, -out);
        }
        let opens = fill.qty - closes;
        if opens > 0 {
            let margin = self.opening_margin(owner, instrument, fill.price, opens);
            let into = margin.min(self.cash(owner).max(Money::ZERO));
            self.move_money(owner, pocket, instrument, into);
        }
        fee
    }

    /// Books lots that a position gives up to a deleveraging, without a fee; of an isolated one margin moves out with them.
    pub fn book_given(&mut self, fill: Fill) {
        let held = self.position(fill.position);
        let (pocket, owner, instrument) = (held.account, held.owner, held.instrument);
        let lots = held.lots.unsigned_abs();
        let wallet = self.balance(pocket);
        self.book_free(fill);
        if pocket != owner && self.account(pocket).case().is_none() {
            let out = self.released(pocket, wallet, fill.qty, lots);
            self.move_money(owner, pocket, instrument, -out);
        }
    }

    /// What closing `closes` of `lots` lots lets out of a pocket that had `wallet` before.
    fn released(&self, pocket: AccountId, wallet: Money, closes: u64, lots: u64) -> Money {
        let now = self.balance(pocket);
        if closes == lots {
            return now.max(Money::ZERO);
        }
        let (wallet, k, n) = (wallet.units(), i128::from(closes), i128::from(lots));
        let share = wallet.div_euclid(n) * k + (wallet.rem_euclid(n) * k).div_euclid(n);
        let result = now.units() - wallet;
        Money::new((share + result).clamp(0, now.units().max(0)))
    }

    /// Initial margin that opening lots at a price asks of an account.
    fn opening_margin(
        &self,
        owner: AccountId,
        instrument: InstrumentId,
        price: Price,
        lots: u64,
    ) -> Money {
        if self.account(owner).unlimited {
            return Money::ZERO;
        }
        self.initial_margin(owner, instrument, price, lots)
    }

    /// Initial margin of what an account holds.
    fn initial_margin_of(&self, account: AccountId) -> Money {
        self.held_ids(account).map(|id| self.margin_of(id, Basis::Initial)).sum()
    }

    fn move_money(
        &mut self,
        owner: AccountId,
        pocket: AccountId,
        instrument: InstrumentId,
        amount: Money,
    ) {
        if amount == Money::ZERO {
            return;
        }
        self.pay_in(owner, -amount);
        self.pay_in(pocket, amount);
        self.moved.push(Moved { owner, instrument, amount });
    }

    /// Lets out what a flat pocket without a case has above zero.
    pub fn sweep_pocket(&mut self, pocket: AccountId) {
        let Some((owner, instrument)) = self.pocket(pocket) else { return };
        let balance = self.balance(pocket);
        if balance > Money::ZERO && self.is_flat(pocket) && self.account(pocket).case().is_none() {
            self.move_money(owner, pocket, instrument, -balance);
        }
    }

    /// Moves margin into a pocket that holds something, or out of it, as its owner asks. The caller has checked `available`.
    pub fn move_margin(&mut self, pocket: AccountId, amount: Money) -> Result<(), Held> {
        let Some((owner, instrument)) = self.pocket(pocket) else { return Ok(()) };
        if amount < Money::ZERO {
            let mut standing = self.standing(pocket);
            standing.equity += amount;
            if standing.equity < self.initial_margin_of(pocket) {
                return Err(Held::AsMargin);
            }
            if self.is_at_first_tier(pocket, standing) {
                return Err(Held::ByTier);
            }
        }
        self.move_money(owner, pocket, instrument, amount);
        Ok(())
    }

    /// Whether any account has a pocket.
    #[inline]
    pub fn has_pockets(&self) -> bool {
        !self.pockets.is_empty()
    }

    /// Whether money has moved since it was last asked.
    #[inline]
    pub fn has_moved(&self) -> bool {
        !self.moved.is_empty()
    }

    /// What has moved since it was last asked, in order.
    #[inline]
    pub fn take_moved(&mut self) -> Vec<Moved> {
        std::mem::take(&mut self.moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{fill, risk};
    use plimsoll_types::{Label, ProfileId, Side};

    /// An account with 10,000 whose positions are isolated; ticks are worth 10, margin is 10 %, the mark 1000.
    fn isolated() -> (Risk, AccountId, PositionId) {
        let mut risk = risk();
        risk.profiles[1].margin_mode = MarginMode::Isolated;
        let id = risk.open_account(Label::new("a").unwrap(), ProfileId(1));
        risk.deposit(id, Money::new(10_000));
        let position = risk.position_of(id, InstrumentId(0));
        (risk, id, position)
    }

    fn moved(risk: &mut Risk) -> i128 {
        risk.take_moved().iter().map(|moved| moved.amount.units()).sum()
    }

    #[test]
    fn opening_moves_margin_in_and_closing_lets_share_and_result_out() {
        let (mut risk, id, position) = isolated();
        let pocket = risk.position(position).account();
        assert_eq!(risk.pocket(pocket), Some((id, InstrumentId(0))));
        risk.book(fill(position, Side::Buy, 1000, 4));
        // 4 lots x 1000 x 10 x 10 %.
        assert_eq!(moved(&mut risk), 4_000);
        assert_eq!((risk.cash(id), risk.balance(pocket)), (Money::new(6_000), Money::new(4_000)));
        // One of four lots closed 50 ticks lower: a quarter of the wallet, less 500.
        risk.book(fill(position, Side::Sell, 950, 1));
        assert_eq!(moved(&mut risk), -500);
        assert_eq!(risk.balance(pocket), Money::new(3_000));
        // The rest at a loss of 100 ticks: what is left comes back.
        risk.book(fill(position, Side::Sell, 900, 3));
        assert_eq!(moved(&mut risk), 0);
        assert_eq!((risk.cash(id), risk.balance(pocket)), (Money::new(6_500), Money::ZERO));
        assert!(risk.holds_nothing(id));
    }

    #[test]
    fn a_position_that_turns_gives_back_and_takes_anew() {
        let (mut risk, id, position) = isolated();
        risk.book(fill(position, Side::Buy, 1000, 2));
        risk.book(fill(position, Side::Sell, 1010, 5));
        // 2 lots closed with a gain of 200; 3 short lots at 1010 ask for 3,030.
        assert_eq!(moved(&mut risk), 2_000 - 2_200 + 3_030);
        assert_eq!(risk.cash(id), Money::new(10_200 - 3_030));
    }

    #[test]
    fn a_loss_beyond_the_wallet_stays_in_the_pocket() {
        let (mut risk, id, position) = isolated();
        risk.book(fill(position, Side::Buy, 1000, 1));
        risk.book(fill(position, Side::Sell, 800, 1));
        let pocket = risk.position(position).account();
        assert_eq!((risk.cash(id), risk.cash(pocket)), (Money::new(9_000), Money::new(-1_000)));
    }

    #[test]
    fn a_case_lets_nothing_out_until_it_ends() {
        let (mut risk, id, position) = isolated();
        let pocket = risk.position(position).account();
        risk.book(fill(position, Side::Buy, 1000, 2));
        moved(&mut risk);
        risk.set_case(pocket, 1);
        risk.book(fill(position, Side::Sell, 950, 2));
        assert_eq!(moved(&mut risk), 0);
        risk.sweep_pocket(pocket);
        assert_eq!(moved(&mut risk), 0, "the case is open");
        risk.set_case(pocket, 0);
        risk.sweep_pocket(pocket);
        assert_eq!((moved(&mut risk), risk.cash(id)), (-1_000, Money::new(9_000)));
    }

    #[test]
    fn margin_leaves_a_pocket_only_above_its_initial_margin() {
        let (mut risk, _, position) = isolated();
        let pocket = risk.position(position).account();
        risk.book(fill(position, Side::Buy, 1000, 2));
        assert_eq!(risk.move_margin(pocket, Money::new(1_000)), Ok(()));
        assert_eq!(risk.move_margin(pocket, Money::new(-1_001)), Err(Held::AsMargin));
        // 2,000 of 2,500 is the first tier, 80 %.
        assert_eq!(risk.move_margin(pocket, Money::new(-500)), Err(Held::ByTier));
        assert_eq!(risk.move_margin(pocket, Money::new(-499)), Ok(()));
    }

    #[test]
    fn a_flat_account_may_change_its_margin_mode_back_and_forth() {
        let (mut risk, id, position) = isolated();
        let pocket = risk.position(position).account();
        risk.profiles[1].margin_mode = MarginMode::Cross;
        risk.rehome(id);
        assert_eq!((risk.position(position).account(), risk.is_flat(pocket)), (id, true));
        assert_eq!(risk.positions(id).count(), 1);
        risk.profiles[1].margin_mode = MarginMode::Isolated;
        risk.rehome(id);
        assert_eq!(risk.position(position).account(), pocket, "the same pocket again");
        assert_eq!((risk.positions(id).count(), risk.positions(pocket).count()), (0, 1));
    }

    #[test]
    fn what_was_realised_and_paid_stays_with_a_change_of_margin_mode() {
        let mut spec = crate::contract::tests::spec(10, 10);
        spec.fees.taker.per_lot = Money::new(3);
        let (mut risk, id, position) = isolated();
        risk.contracts = vec![crate::contract::Contract::new(&spec)];
        let pocket = risk.position(position).account();
        risk.book(fill(position, Side::Buy, 1000, 2));
        risk.book(fill(position, Side::Sell, 1010, 2));
        let whole = |risk: &Risk| {
            let of = |id| (risk.realised(id), risk.fees(id), risk.unsettled(id));
            let ((a, b, c), (d, e, f)) = (of(id), of(pocket));
            (a + d, b + e, c.plus(f))
        };
        let before = whole(&risk);
        assert_eq!((before.0, before.1), (Money::new(200), Money::new(12)));
        for mode in [MarginMode::Cross, MarginMode::Isolated, MarginMode::Cross] {
            risk.profiles[1].margin_mode = mode;
            risk.rehome(id);
            assert_eq!(whole(&risk), before, "{mode:?}");
            let own = risk.realised(id);
            assert_eq!(own, Money::new(200), "{mode:?}: what was realised is the account's now");
        }
    }

    #[test]
    fn a_pocket_taken_up_again_goes_by_its_owners_profile() {
        let (mut risk, id, position) = isolated();
        let pocket = risk.position(position).account();
        risk.set_profile(pocket, ProfileId(0));
        for (profile, holder) in [(ProfileId(0), id), (ProfileId(1), pocket)] {
            risk.set_profile(id, profile);
            risk.rehome(id);
            assert_eq!(risk.position(position).account(), holder);
        }
        assert!(!risk.account(pocket).is_unlimited());
        assert_eq!(risk.account(pocket).profile(), ProfileId(1));
    }
}
