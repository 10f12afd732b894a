//! Isolated positions: what their pockets let their account do, and money that moves to and fro. Source: SEMANTICS 3.3.

use crate::booking::Keeper;
use crate::exchange::Exchange;
use crate::log::Log;
use plimsoll_risk::{Held, Risk};
use plimsoll_types::{AccountId, EventKind, InstrumentId, Money, Permission, Reject};

impl Keeper<'_> {
    /// Says what has moved between accounts and their pockets.
    #[inline]
    pub(crate) fn say_moved(&mut self) {
        if self.risk.has_moved() {
            say_moved(self.log, self.risk);
        }
    }
}

fn say_moved(log: &mut Log, risk: &mut Risk) {
    for moved in risk.take_moved() {
        let (account, instrument, amount) = (moved.owner, moved.instrument, moved.amount);
        log.emit(EventKind::MarginMoved { account, instrument, amount });
    }
}

impl Exchange {
    /// Who holds an account's position in an instrument: the account, or its pocket there.
    #[inline]
    pub(crate) fn holder(&self, account: AccountId, instrument: InstrumentId) -> AccountId {
        if !self.risk.has_pockets() {
            return account;
        }
        match self.risk.find_position(account, instrument) {
            Some(id) => self.risk.position(id).account(),
            None => account,
        }
    }

    /// What an account may do in an instrument: the strictest of its own permission, its pocket's there and everybody's.
    #[inline]
    pub(crate) fn permission_in(&self, account: AccountId, instrument: InstrumentId) -> Permission {
        let own = self.risk.account(account).permission();
        let holder = self.holder(account, instrument);
        let here = self.markets[instrument.index()].permission;
        own.max(self.risk.account(holder).permission()).max(here)
    }

    /// Lets out what a pocket has left once it is flat and in no case, and says so.
    pub(crate) fn sweep_pocket(&mut self, account: AccountId) {
        self.risk.sweep_pocket(account);
        say_moved(&mut self.log, &mut self.risk);
    }

    /// Moves money into an isolated position, or out of it.
    pub(crate) fn move_margin(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        amount: Money,
    ) -> Result<(), Reject> {
        self.check_account(account)?;
        self.check_instrument(instrument)?;
        if !self.risk.is_isolated(account) {
            return Err(Reject::MarginMode);
        }
        let pocket = self.holder(account, instrument);
        if pocket == account || self.risk.is_flat(pocket) || amount == Money::ZERO {
            return Err(Reject::NotApplicable);
        }
        if self.risk.account(pocket).case().is_some() {
            return Err(Reject::Liquidation);
        }
        if self.risk.account(account).permission() == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        // What comes out is no matter of what the account has.
        if amount > Money::ZERO && amount > self.risk.available(account) {
            return Err(Reject::Available);
        }
        self.risk.move_margin(pocket, amount).map_err(|held| match held {
            Held::AsMargin => Reject::Available,
            Held::ByTier => Reject::Tier,
        })?;
        self.log.emit(EventKind::MarginMoved { account, instrument, amount });
        self.risk.take_moved();
        self.look();
        Ok(())
    }
}
