//! Sections 2, 3 and 5: the commands that are not orders.

use super::account::Account;
use super::entry::Checked;
use super::schedule::check_margins;
use super::{Model, account_id, instrument_id, ticks};
use plimsoll_types::*;

fn positive(amount: Money) -> Result<i128, Reject> {
    if amount.units() > 0 { Ok(amount.units()) } else { Err(Reject::AmountNotPositive) }
}

impl Model {
    pub fn carry_out(&mut self, command: &Command) -> Checked {
        match command {
            Command::OpenAccount { name, profile } => self.open_account(*name, *profile),
            Command::Deposit { account, amount } => self.deposit(*account, *amount),
            Command::Withdraw { account, amount } => self.withdraw(*account, *amount),
            Command::Order(new) => self.enter_order(new),
            Command::Cancel { account, order } => {
                self.saw(if matches!(order, OrderRef::Handle(..)) { "by handle" } else { "by id" });
                self.cancel(*account, order)
            }
            Command::CancelAll { account, instrument, side } => {
                self.cancel_all(*account, *instrument, *side)
            }
            Command::Replace { account, order, price, qty, trigger } => {
                self.replace(*account, order, *price, *qty, *trigger)
            }
            Command::Mark { instrument, price } => {
                let instrument = self.known_instrument(*instrument)?;
                self.set_mark(instrument, *price);
                Ok(())
            }
            Command::Phase { instrument, phase } => self.change_phase(*instrument, *phase),
            Command::Band { instrument, down, up } => self.change_band(*instrument, *down, *up),
            Command::Margin { instrument, account: None, initial, maintenance } => {
                self.change_margin(*instrument, *initial, *maintenance)
            }
            Command::Fund { amount } => self.pay_into_fund(*amount),
            Command::Permission { account, permission } => {
                let account = self.known_account(*account)?;
                self.accounts[account].operator = *permission;
                self.show_permission(account);
                Ok(())
            }
            Command::Time => Ok(()),
            Command::Settle { instrument, price } => self.settle_days(*instrument, *price),
            Command::List(spec) => self.list(spec),
            Command::Delist { instrument } => self.delist(*instrument),
            Command::Expire { instrument, price } => self.expire(*instrument, *price),
            Command::Bust { trade } => self.bust(*trade),
            Command::Refused { reason, .. } => Err(*reason),
            Command::Margin { instrument, account: Some(account), initial, maintenance } => {
                self.change_own_margin(*instrument, *account, *initial, *maintenance)
            }
            Command::Funding { instrument, rate } => self.fund_positions(*instrument, *rate),
            Command::Index { instrument, price } => self.set_index(*instrument, *price),
            Command::ForcedReduction { instrument } => self.reduce_by_force(*instrument),
            Command::Liquidate { account, instrument, qty, reason } => {
                self.liquidate(*account, *instrument, *qty, *reason)
            }
            Command::Leverage { account, instrument, value } => {
                self.set_leverage(*account, *instrument, *value)
            }
            Command::MoveMargin { account, instrument, amount } => {
                self.move_margin(*account, *instrument, *amount)
            }
            Command::Profile { account, profile } => self.set_profile(*account, *profile),
            Command::Schedule(change) => self.announce_change(change),
            Command::Restrict { instrument, permission } => self.restrict(*instrument, *permission),
        }
    }

    fn named_account(&self, name: &Label) -> Option<usize> {
        self.accounts.iter().position(|account| account.name == *name)
    }

    /// The one event of a refused command: the account if it exists, else the name as given.
    pub fn reject(&mut self, command: &Command, reason: Reject) {
        let (account, name) = match command {
            Command::OpenAccount { name, .. } => (self.named_account(name), Some(*name)),
            Command::Refused { account: name, .. } => {
                (name.and_then(|name| self.named_account(&name)), *name)
            }
            Command::Order(NewOrder { account, .. })
            | Command::Deposit { account, .. }
            | Command::Withdraw { account, .. }
            | Command::Cancel { account, .. }
            | Command::CancelAll { account, .. }
            | Command::Replace { account, .. }
            | Command::Margin { account: Some(account), .. }
            | Command::Liquidate { account: Some(account), .. }
            | Command::Leverage { account, .. }
            | Command::MoveMargin { account, .. }
            | Command::Profile { account, .. }
            | Command::Permission { account, .. } => {
                let index = account.index();
                ((index < self.accounts.len()).then_some(index), None)
            }
            _ => (None, None),
        };
        let name = if account.is_some() { None } else { name };
        let account = account.map(account_id);
        self.emit(EventKind::Rejected { account, name, id: command.order_id(), reason });
    }

    fn open_account(&mut self, name: Label, profile: ProfileId) -> Checked {
        if profile.index() >= self.spec.profiles.len() {
            return Err(Reject::UnknownProfile);
        }
        if self.named_account(&name).is_some() || name.as_str().starts_with('$') {
            return Err(Reject::DuplicateAccount);
        }
        self.accounts.push(Account::new(name, profile));
        let account = account_id(self.accounts.len() - 1);
        self.emit(EventKind::Opened { account, profile });
        Ok(())
    }

    fn deposit(&mut self, account: AccountId, amount: Money) -> Checked {
        let index = self.known_account(account)?;
        let units = positive(amount)?;
        let repaid = units.min(self.accounts[index].debt);
        self.deposits += units;
        self.accounts[index].debt -= repaid;
        self.written_off -= repaid;
        self.accounts[index].cash += units - repaid;
        let (repaid, balance) = (Money::new(repaid), Money::new(self.balance(index)));
        self.emit(EventKind::Deposit { account, amount, repaid, balance });
        self.show_permission(index);
        Ok(())
    }

    fn withdraw(&mut self, account: AccountId, amount: Money) -> Checked {
        let index = self.known_account(account)?;
        let units = positive(amount)?;
        if self.accounts[index].case.is_some() {
            return Err(Reject::Liquidation);
        }
        if self.accounts[index].permission == Permission::Frozen {
            return Err(Reject::Frozen);
        }
        if !self.unlimited(index) {
            if units > self.available(index) {
                return Err(Reject::Available);
            }
            if self.comes_to_tier(index, self.equity(index) - units) {
                return Err(Reject::Tier);
            }
        }
        self.withdrawals += units;
        self.accounts[index].cash -= units;
        let balance = Money::new(self.balance(index));
        self.emit(EventKind::Withdrawal { account, amount, balance });
        Ok(())
    }

    fn pay_into_fund(&mut self, amount: Money) -> Checked {
        let units = positive(amount)?;
        self.fund += units;
        self.deposits += units;
        self.emit(EventKind::Fund { change: amount, balance: Money::new(self.fund), case: None });
        Ok(())
    }

    fn change_margin(
        &mut self,
        instrument: InstrumentId,
        initial: MarginRate,
        maintenance: MarginRate,
    ) -> Checked {
        let index = self.known_instrument(instrument)?;
        check_margins(initial, maintenance)?;
        self.books[index].regular = (initial, maintenance);
        self.set_margin(index, initial, maintenance);
        Ok(())
    }

    fn change_band(&mut self, instrument: InstrumentId, down: Price, up: Price) -> Checked {
        let index = self.known_instrument(instrument)?;
        if up < down {
            return Err(Reject::InvalidBand);
        }
        self.set_band(index, Band { down, up });
        Ok(())
    }

    pub fn set_margin(&mut self, index: usize, initial: MarginRate, maintenance: MarginRate) {
        self.books[index].initial = initial;
        self.books[index].maintenance = maintenance;
        self.emit(EventKind::Margin {
            instrument: instrument_id(index),
            account: None,
            initial,
            maintenance,
        });
    }

    /// A new band; orders outside it go. Stops that wait are in no book.
    pub fn set_band(&mut self, index: usize, band: Band) {
        let Band { down, up } = band;
        self.books[index].band = Some(band);
        self.emit(EventKind::Band { instrument: instrument_id(index), up, down });
        for side in [Side::Buy, Side::Sell] {
            for order in self.books[index].queue(side) {
                if order.price.is_some_and(|price| price < ticks(down) || price > ticks(up)) {
                    self.cancel_open(index, order.entry, CancelReason::Band);
                }
            }
        }
    }
}
