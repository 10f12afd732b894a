//! The tables of accounts, positions and contracts: made, found, walked.

use crate::account::{
    Account, Aim, Leg, Marks, NIL, Position, PositionId, unarmed_high, unarmed_low,
};
use crate::contract::Contract;
use crate::ledger::Risk;
use crate::tiers::Lines;
use plimsoll_types::pages;
use plimsoll_types::prefetch::prefetch;
use plimsoll_types::{
    AccountId, InstrumentId, Label, Liquidation, Permission, PositionMode, Profile, ProfileId, Side,
};

impl Risk {
    /// Makes room for so many more accounts, with names of so many bytes and a position each: tables that grow while orders come
    /// hold them up, and those that grow by and by are up to twice as large.
    ///
    /// What is not used of it takes no memory, only addresses.
    pub fn make_room(&mut self, accounts: usize, name_bytes: usize) {
        pages::reserve(&mut self.accounts, accounts);
        self.names.reserve(accounts, name_bytes);
        let positions = (self.accounts.len() + accounts).saturating_sub(self.positions.len());
        pages::reserve(&mut self.positions, positions);
        self.watch.make_room(self.accounts.len() + accounts);
        self.stirred.make_room(self.accounts.len() + accounts);
    }

    /// Whether one more account and its name would fit.
    pub fn has_room(&self) -> bool {
        self.names.has_room() && self.accounts.len() < NIL as usize
    }

    /// Opens an account. The caller has seen that there is room.
    pub fn open_account(&mut self, name: Label, profile: ProfileId) -> AccountId {
        self.add_account(name.as_str(), profile)
    }

    /// Opens an account, one without a name for a pocket.
    pub(crate) fn add_account(&mut self, name: &str, profile: ProfileId) -> AccountId {
        let id = AccountId(self.accounts.len() as u32);
        pages::reserve(&mut self.accounts, 1);
        self.watch.make_room(self.accounts.len() + 1);
        self.stirred.make_room(self.accounts.len() + 1);
        self.accounts.push(Account {
            cash: 0,
            frozen: 0,
            paid_in: 0,
            first: NIL,
            case: 0,
            profile,
            tier: 0,
            permission: Permission::Normal,
            unlimited: self.profiles[profile.index()].unlimited,
            own: false,
            touched: false,
            marks: Marks::default(),
        });
        self.names.push(name);
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
        self.members.push(Vec::new());
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
        self.find_record(self.account(account).first, instrument).map(PositionId)
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

    /// The same, to keep that list.
    #[inline]
    pub fn home_mut(&mut self, id: PositionId) -> &mut Position {
        let short = self.positions[id.0 as usize].leg == Leg::Short;
        if short {
            &mut self.positions[id.0 as usize - 1]
        } else {
            &mut self.positions[id.0 as usize]
        }
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
        pages::reserve(&mut self.positions, 1);
        let mut position = Position {
            basis: 0,
            lots: 0,
            carried: 0,
            gain: 0,
            account,
            next,
            low: unarmed_low(),
            high: unarmed_high(),
            costs: NIL,
            instrument,
            leg,
            own: self.own.contains_key(&(owner, instrument)),
            promised: [0; 2],
            open: [0; 2],
            fees: 0,
            orders: (Position::NO_ORDER, Position::NO_ORDER),
            reduce_only: 0,
            owner,
        };
        if leg.is_leg() || self.contract(instrument).needs_today() {
            position.make_costs(&mut self.costs);
        }
        self.positions.push(position);
        self.members[instrument.index()].push(id);
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

    /// Every account's records in an instrument, by number: those that hold nothing too.
    #[inline]
    pub fn members(&self, instrument: InstrumentId) -> impl Iterator<Item = PositionId> {
        self.members[instrument.index()].iter().map(|&id| PositionId(id))
    }

    /// Makes the lists of members anew, each at its size. Cost: O(positions).
    pub(crate) fn count_members(&mut self) {
        let mut counts = vec![0; self.contracts.len()];
        for position in &self.positions {
            counts[position.instrument.index()] += 1;
        }
        self.members = counts.into_iter().map(Vec::with_capacity).collect();
        for (id, position) in self.positions.iter().enumerate() {
            self.members[position.instrument.index()].push(id as u32);
        }
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
