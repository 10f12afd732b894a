//! Section 3.3: isolated positions: a pocket of money each.

use super::account::Account;
use super::entry::Checked;
use super::position::Closed;
use super::{Model, account_id, instrument_id, nano};
use plimsoll_types::*;

/// Money that moved into a pocket; below zero: out of it.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    owner: usize,
    instrument: usize,
    amount: i128,
}

impl Model {
    pub fn is_isolated(&self, account: usize) -> bool {
        self.profile(account).margin_mode == MarginMode::Isolated
    }

    /// Whose orders, rates and fees are meant: of a pocket its account.
    pub fn owner(&self, account: usize) -> usize {
        self.accounts[account].pocket_of.map_or(account, |(owner, _)| owner)
    }

    pub fn pocket(&self, account: usize, instrument: usize) -> Option<usize> {
        self.accounts.iter().position(|pocket| pocket.pocket_of == Some((account, instrument)))
    }

    pub fn pockets(&self, account: usize) -> Vec<usize> {
        let all = 0..self.accounts.len();
        all.filter(|&pocket| self.accounts[pocket].pocket_of.is_some_and(|(of, _)| of == account))
            .collect()
    }

    /// Who holds what an account trades in an instrument: itself, or its pocket there, once there is one.
    pub fn holder(&self, account: usize, instrument: usize) -> Option<usize> {
        if self.is_isolated(account) { self.pocket(account, instrument) } else { Some(account) }
    }

    /// The first order there makes the pocket.
    pub fn make_pocket(&mut self, account: usize, instrument: usize) {
        if !self.is_isolated(account) || self.pocket(account, instrument).is_some() {
            return;
        }
        let owner = &self.accounts[account];
        let profile = ProfileId(owner.profile as u16);
        let mut pocket = Account::new(owner.name, profile);
        pocket.hedger = owner.hedger;
        pocket.pocket_of = Some((account, instrument));
        self.accounts.push(pocket);
    }

    /// Money into a pocket (below zero: out of it), without a word.
    fn move_money(&mut self, pocket: usize, amount: i128) -> Move {
        let (owner, instrument) = self.accounts[pocket].pocket_of.expect("a pocket");
        self.accounts[owner].cash -= amount;
        self.accounts[pocket].cash += amount;
        Move { owner, instrument, amount }
    }

    /// Says what was moved.
    pub fn say_moves(&mut self, moves: impl IntoIterator<Item = Move>) {
        for Move { owner, instrument, amount } in moves {
            if amount != 0 {
                self.emit(EventKind::MarginMoved {
                    account: account_id(owner),
                    instrument: instrument_id(instrument),
                    amount: Money::new(amount),
                });
            }
        }
    }

    /// After a fill: what closed takes its share of the money out, what opened brings its margin in.
    /// `before`: the pocket's balance and lots before the fill. The events come after the trade's.
    pub fn move_after_fill(
        &mut self,
        holder: usize,
        before: (i128, i128),
        closed: Closed,
        result: i128,
        price: i128,
        opened: i128,
    ) -> Vec<Move> {
        let mut moves = Vec::new();
        let Some((owner, instrument)) = self.accounts[holder].pocket_of else { return moves };
        if self.accounts[holder].case.is_some() {
            return moves;
        }
        if closed.lots() > 0 {
            let (wallet, lots) = before;
            let out = (wallet * closed.lots()).div_euclid(lots) + result;
            // What the fill opened came without money yet: the balance is the same.
            let most = self.balance(holder).max(0);
            moves.push(self.move_money(holder, -out.clamp(0, most)));
        }
        if opened > 0 {
            let notional = opened * price * self.tick_value(instrument);
            let margin = self.initial_of(owner, instrument, notional, opened);
            let has = self.balance(owner).max(0);
            if has < margin {
                self.saw("less than a pocket's margin");
            }
            moves.push(self.move_money(holder, margin.min(has)));
        }
        moves.extend(self.take_what_is_left(holder));
        moves
    }

    /// A flat pocket without a case gives back what it has.
    pub fn empty_pocket(&mut self, pocket: usize) {
        let moved = self.take_what_is_left(pocket);
        self.say_moves(moved);
    }

    fn take_what_is_left(&mut self, pocket: usize) -> Option<Move> {
        let account = &self.accounts[pocket];
        let left = account.cash.max(0);
        let flat = account.positions.is_empty() && account.case.is_none();
        (account.pocket_of.is_some() && flat).then(|| self.move_money(pocket, -left))
    }

    /// Command `move_margin`.
    pub fn move_margin(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        amount: Money,
    ) -> Checked {
        let owner = self.known_account(account)?;
        let index = self.known_instrument(instrument)?;
        if !self.is_isolated(owner) {
            return Err(Reject::MarginMode);
        }
        let pocket = self.pocket(owner, index).filter(|&p| self.accounts[p].holds(index));
        let pocket = pocket.ok_or(Reject::NotApplicable)?;
        if self.in_case(owner, index) {
            return Err(Reject::Liquidation);
        }
        if self.accounts[owner].permission == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        let units = amount.units();
        if units > self.available(owner).max(0) {
            return Err(Reject::Available);
        }
        if units < 0 {
            let left = self.equity(pocket) + units;
            if left < self.margin(pocket, Basis::Initial) {
                return Err(Reject::Available);
            }
            if self.comes_to_tier(pocket, left) {
                return Err(Reject::Tier);
            }
        }
        let moved = self.move_money(pocket, units);
        self.say_moves([moved]);
        Ok(())
    }

    /// Command `leverage`.
    pub fn set_leverage(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        value: Ratio,
    ) -> Checked {
        let owner = self.known_account(account)?;
        let index = self.known_instrument(instrument)?;
        let share = nano(self.books[index].initial.share);
        if value < Ratio::ONE || nano(value) * share > super::NANO * super::NANO {
            return Err(Reject::Leverage);
        }
        if self.in_case(owner, index) {
            return Err(Reject::Liquidation);
        }
        let mut touched = vec![owner];
        touched.extend(self.pocket(owner, index));
        // What the account has left, and what an isolated position has beyond its margin.
        let left = |model: &Model, one: usize| match model.accounts[one].pocket_of {
            None => model.available(one),
            Some(_) => model.equity(one) - model.margin(one, Basis::Initial),
        };
        let before: Vec<i128> = touched.iter().map(|&one| left(self, one)).collect();
        let was = self.accounts[owner].leverage.insert(index, value);
        let refused = touched.iter().zip(before).any(|(&one, before)| {
            let after = left(self, one);
            !self.unlimited(one) && after < 0 && after < before
        });
        if refused {
            match was {
                Some(was) => self.accounts[owner].leverage.insert(index, was),
                None => self.accounts[owner].leverage.remove(&index),
            };
            return Err(Reject::Margin);
        }
        self.emit(EventKind::Leverage { account, instrument, value });
        Ok(())
    }

    /// Command `profile`.
    pub fn set_profile(&mut self, account: AccountId, profile: ProfileId) -> Checked {
        let owner = self.known_account(account)?;
        if profile.index() >= self.spec.profiles.len() {
            return Err(Reject::UnknownProfile);
        }
        let mut all = vec![owner];
        all.extend(self.pockets(owner));
        if all.iter().any(|&one| self.accounts[one].case.is_some()) {
            return Err(Reject::Liquidation);
        }
        let changes =
            self.profile(owner).margin_mode != self.spec.profiles[profile.index()].margin_mode;
        let holds = all.iter().any(|&one| !self.accounts[one].positions.is_empty());
        let orders = self.books.iter().any(|b| b.open().any(|order| order.account == owner));
        if changes && (holds || orders) {
            return Err(Reject::MarginMode);
        }
        self.saw(if changes { "another margin mode" } else { "another profile" });
        self.emit(EventKind::Profile { account, profile });
        for one in all {
            self.accounts[one].profile = profile.index();
            self.accounts[one].tier = 0;
            self.drop_call(one);
            self.show_permission(one);
        }
        if changes {
            self.rehome(owner);
        }
        Ok(())
    }

    /// The account's positions get pockets, or their pockets' history becomes the account's.
    fn rehome(&mut self, owner: usize) {
        if self.is_isolated(owner) {
            for instrument in self.accounts[owner].ordered.clone() {
                self.make_pocket(owner, instrument);
            }
            return;
        }
        for pocket in self.pockets(owner) {
            let old = &mut self.accounts[pocket];
            let realised = std::mem::take(&mut old.realised);
            let fees = std::mem::take(&mut old.fees);
            let settled = std::mem::take(&mut old.settled);
            let account = &mut self.accounts[owner];
            account.realised += realised;
            account.fees += fees;
            account.settled.0 += settled.0;
            account.settled.1 += settled.1;
            account.settled.2 += settled.2;
        }
    }
}
