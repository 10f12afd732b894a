//! The tables of accounts, positions and contracts: made, found, walked.

use crate::account::{Account, Aim, Cold, Leg, NIL, Position, PositionId};
use crate::contract::Contract;
use crate::costs::Costs;
use crate::ledger::Risk;
use crate::settlement::DayResult;
use crate::tiers::Lines;
use plimsoll_types::pages;
use plimsoll_types::prefetch::prefetch;
use plimsoll_types::{
    AccountId, InstrumentId, Label, Liquidation, Money, Permission, PositionMode, Profile,
    ProfileId, Side,
};

impl Risk {
    /// Makes room for so many more accounts, each with a position: tables that grow while orders come hold them up.
    ///
    /// What is not used of it takes no memory, only addresses.
    pub fn make_room(&mut self, accounts: usize) {
        pages::reserve(&mut self.accounts, accounts);
        pages::reserve(&mut self.cold, accounts);
        let positions = (self.accounts.len() + accounts).saturating_sub(self.positions.len());
        pages::reserve(&mut self.positions, positions);
        pages::reserve(&mut self.costs, positions);
        self.watch.make_room(self.accounts.len() + accounts);
    }

    /// Opens an account.
    pub fn open_account(&mut self, name: Label, profile: ProfileId) -> AccountId {
        let id = AccountId(self.accounts.len() as u32);
        self.make_room(1);
        self.accounts.push(Account {
            cash: 0,
            frozen: 0,
            first: NIL,
            case: 0,
            profile,
            tier: 0,
            permission: Permission::Normal,
            unlimited: self.profiles[profile.index()].unlimited,
            own: false,
            touched: false,
        });
        self.cold.push(Cold {
            name,
            paid_in: Money::ZERO,
            debt: Money::ZERO,
            operator: Permission::Normal,
            pocket: None,
            hedger: false,
            settled: DayResult::default(),
        });
        id
    }

    /// The reserved account that holds what the fund has taken over, once there is one.
    #[inline]
    pub fn fund_account(&self) -> Option<AccountId> {
        self.fund_account
    }

    /// Makes an account the one that holds what the fund takes over.
    pub fn set_fund_account(&mut self, id: AccountId) {
        self.fund_account = Some(id);
    }

    /// A profile's rules of liquidation.
    pub fn rules(&self, profile: ProfileId) -> &Liquidation {
        &self.profiles[profile.index()].liquidation
    }

    /// Accounts opened so far.
    pub fn account_count(&self) -> usize {
        self.accounts.len()
    }

    /// An account's hot fields.
    #[inline]
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.index()]
    }

    /// An account's cold fields.
    pub fn cold(&self, id: AccountId) -> &Cold {
        &self.cold[id.index()]
    }

    pub(crate) fn cold_mut(&mut self, id: AccountId) -> &mut Cold {
        &mut self.cold[id.index()]
    }

    /// An account's profile.
    pub fn profile_of(&self, id: AccountId) -> &Profile {
        &self.profiles[self.account(id).profile.index()]
    }

    pub(crate) fn lines(&self, id: AccountId) -> &Lines {
        &self.lines[self.account(id).profile.index()]
    }

    /// An instrument as risk sees it.
    #[inline]
    pub fn contract(&self, id: InstrumentId) -> &Contract {
        &self.contracts[id.index()]
    }

    /// Takes an instrument in, last in order.
    pub fn add_contract(&mut self, contract: Contract) {
        self.nets |= contract.large_side.is_some();
        self.contracts.push(contract);
        self.watch.add_instrument();
    }

    /// The position records an account holds, whose money covers them, by instrument.
    pub fn positions(&self, id: AccountId) -> impl Iterator<Item = &Position> {
        self.chain(id).map(|id| self.position(id)).filter(move |held| held.account == id)
    }

    /// Ids of the position records an account holds, by instrument.
    #[inline]
    pub fn held_ids(&self, id: AccountId) -> impl Iterator<Item = PositionId> {
        self.chain(id).filter(move |&position| self.position(position).account == id)
    }

    /// Ids of the position records an account holds or its orders trade, by instrument.
    pub fn position_ids(&self, id: AccountId) -> impl Iterator<Item = PositionId> {
        self.chain(id).filter(move |&position| {
            let record = self.position(position);
            record.account == id || record.owner == id
        })
    }

    /// The list that begins at an account's first record. A pocket's goes on with records of its owner.
    fn chain(&self, id: AccountId) -> impl Iterator<Item = PositionId> {
        let mut next = self.account(id).first;
        std::iter::from_fn(move || {
            let found = (next != NIL).then_some(PositionId(next))?;
            next = self.positions[next as usize].next;
            Some(found)
        })
    }

    /// The account's next position record after this one.
    pub fn next_position(&self, id: PositionId) -> Option<PositionId> {
        let next = self.position(id).next;
        (next != NIL).then_some(PositionId(next))
    }

    /// A position record.
    #[inline]
    pub fn position(&self, id: PositionId) -> &Position {
        &self.positions[id.0 as usize]
    }

    /// A position record, to keep its list of resting orders.
    #[inline]
    pub fn position_mut(&mut self, id: PositionId) -> &mut Position {
        &mut self.positions[id.0 as usize]
    }

    /// The record of an account in an instrument, if it has one. Cost: O(its records).
    #[inline]
    pub fn find_position(
        &self,
        account: AccountId,
        instrument: InstrumentId,
    ) -> Option<PositionId> {
        let mut next = self.account(account).first;
        while next != NIL {
            let position = &self.positions[next as usize];
            if position.instrument == instrument {
                return Some(PositionId(next));
            }
            next = position.next;
        }
        None
    }

    /// The record of an account in an instrument, made if need be, in its place by instrument.
    #[inline]
    pub fn position_of(&mut self, account: AccountId, instrument: InstrumentId) -> PositionId {
        match self.find_position(account, instrument) {
            Some(id) => id,
            None => self.make_position(account, instrument),
        }
    }

    /// The legs of an account in an instrument, long before short: its first record there and the one after it.
    pub fn legs(&self, first: PositionId) -> [PositionId; 2] {
        [first, PositionId(first.0 + 1)]
    }

    /// The record that an order is booked on, of an account whose first record in the instrument this is.
    #[inline]
    pub fn leg_for(&self, first: PositionId, side: Side, aim: Aim) -> PositionId {
        if aim == Aim::Net {
            return first;
        }
        let long = (side == Side::Buy) != aim.closes();
        self.legs(first)[usize::from(!long)]
    }

    /// The record that keeps the list of all orders that an account has in an instrument.
    #[inline]
    pub fn home(&self, id: PositionId) -> PositionId {
        PositionId(id.0 - u32::from(self.position(id).leg == Leg::Short))
    }

    /// The record that lots close on which an order on `side` takes whatever else is on order: a net position or a leg.
    pub fn closed_by(
        &mut self,
        owner: AccountId,
        instrument: InstrumentId,
        side: Side,
    ) -> (PositionId, Aim) {
        self.aimed_at(owner, instrument, side, Aim::Close)
    }

    /// How a fill takes lots off a record without an order.
    pub fn closing_aim(&self, id: PositionId) -> Aim {
        if self.position(id).leg.is_leg() { Aim::Close } else { Aim::Net }
    }

    /// The record to which lots come without an order, on `side`, and how.
    pub fn opened_by(
        &mut self,
        owner: AccountId,
        instrument: InstrumentId,
        side: Side,
    ) -> (PositionId, Aim) {
        self.aimed_at(owner, instrument, side, Aim::Open)
    }

    /// The record that lots on `side` mean without an order: the net position, or the leg that `aim` means.
    fn aimed_at(
        &mut self,
        owner: AccountId,
        instrument: InstrumentId,
        side: Side,
        aim: Aim,
    ) -> (PositionId, Aim) {
        let aim = match self.position_mode {
            PositionMode::Net => Aim::Net,
            PositionMode::LongShort => aim,
        };
        let first = self.position_of(owner, instrument);
        (self.leg_for(first, side, aim), aim)
    }

    #[cold]
    fn make_position(&mut self, owner: AccountId, instrument: InstrumentId) -> PositionId {
        if self.position_mode == PositionMode::Net {
            return self.make_record(owner, instrument, Leg::Net);
        }
        let long = self.make_record(owner, instrument, Leg::Long);
        self.make_record(owner, instrument, Leg::Short);
        long
    }

    fn make_record(&mut self, owner: AccountId, instrument: InstrumentId, leg: Leg) -> PositionId {
        let account = self.holder_for(owner, instrument);
        let id = self.positions.len() as u32;
        let (mut before, mut next) = (NIL, self.account(owner).first);
        let place = |record: &Position| (record.instrument, record.leg);
        while next != NIL && place(&self.positions[next as usize]) < (instrument, leg) {
            (before, next) = (next, self.positions[next as usize].next);
        }
        let kept = leg.is_leg() || self.contract(instrument).needs_today();
        pages::reserve(&mut self.costs, 1);
        pages::reserve(&mut self.positions, 1);
        self.costs.push(Costs::default());
        self.positions.push(Position {
            basis: 0,
            fees: 0,
            lots: 0,
            carried: 0,
            promised: [0; 2],
            open: [0; 2],
            account,
            owner,
            next,
            instrument,
            reduce_only: 0,
            promised_today: 0,
            leg,
            kept,
            own: self.own.contains_key(&(owner, instrument)),
            low: i32::MAX,
            high: i32::MIN,
            orders: (Position::NO_ORDER, Position::NO_ORDER),
        });
        if account != owner {
            self.accounts[account.index()].first = id;
        }
        if before == NIL {
            self.accounts[owner.index()].first = id;
        } else {
            self.positions[before as usize].next = id;
        }
        PositionId(id)
    }

    /// Every position record, by number.
    pub fn all_positions(&self) -> &[Position] {
        &self.positions
    }

    /// Whether an account exists.
    #[inline]
    pub fn has_account(&self, id: AccountId) -> bool {
        id.index() < self.accounts.len()
    }

    /// Whether an account exists and is not the fund's own: whether commands may name it.
    #[inline]
    pub fn is_client(&self, id: AccountId) -> bool {
        self.has_account(id) && self.fund_account != Some(id)
    }

    /// Whether an account holds nothing.
    pub fn is_flat(&self, id: AccountId) -> bool {
        self.positions(id).all(|position| position.lots == 0)
    }

    /// Asks for the cache line of an account that will be needed soon.
    #[inline]
    pub fn foresee_account(&self, id: AccountId) {
        prefetch::<_, true>(&self.accounts, id.index());
    }

    /// Asks for a position record that will be needed soon.
    #[inline]
    pub fn foresee_position(&self, id: PositionId) {
        prefetch::<_, true>(&self.positions, id.0 as usize);
    }

    /// Asks for the first position record of an account that was asked for a moment ago.
    #[inline]
    pub fn foresee_positions(&self, id: AccountId) {
        if let Some(account) = self.accounts.get(id.index()) {
            prefetch::<_, true>(&self.positions, account.first as usize);
        }
    }
}
