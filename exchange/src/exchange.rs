//! The exchange: owns every book, the risk engine, the cases and the timers; carries out one command at a time.

use crate::booking::{Keeper, Median, Pricing};
use crate::ids::{ClientIds, Names, Place};
use crate::log::Log;
use crate::market::Market;
use crate::orders::Role;
use crate::stops::Triggered;
use crate::tape::Tape;
use crate::timers::Timers;
use plimsoll_risk::{Case, Contract, Own, PositionId, Risk};
use plimsoll_types::{
    AccountId, CancelReason, Command, Event, EventKind, ExchangeSpec, InstrumentId, Label,
    MarkSource, Money, OrderRef, Phase, ProfileId, Qty, Reject, Schedule, TradePrice, Ts,
    invariant,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A whole exchange: commands in, events out, nothing else.
pub struct Exchange {
    pub(crate) spec: ExchangeSpec,
    /// Instruments of the configuration; those after them were listed since.
    pub(crate) configured: usize,
    pub(crate) log: Log,
    /// The last trades.
    pub(crate) tape: Tape,
    pub(crate) markets: Vec<Market>,
    pub(crate) risk: Risk,
    pub(crate) ids: ClientIds,
    pub(crate) names: Names,
    pub(crate) timers: Timers,
    /// Open cases, by number.
    pub(crate) cases: BTreeMap<u32, Case>,
    /// Cases opened so far.
    pub(crate) cases_opened: u32,
    /// Cases that may have something to do.
    pub(crate) agenda: BTreeSet<u32>,
    /// Cases that may hand their positions over: they ask what the fund has. Not state.
    pub(crate) asking: BTreeSet<u32>,
    /// Accounts that wait for a case, with the tier that asks for it (0 = flat with a loss).
    pub(crate) breaches: BTreeMap<AccountId, u8>,
    /// Changes of terms that wait for their time, by number.
    pub(crate) schedules: BTreeMap<u32, Schedule>,
    /// Changes of terms announced so far.
    pub(crate) schedules_made: u32,
    /// By whose profile's rules what the fund has just taken over is worked off.
    pub(crate) fund_rules: ProfileId,
    /// What the fund could bear when cases that ask for it were last woken.
    pub(crate) cover: Option<Money>,
    /// Orders entered without an id so far.
    pub(crate) numbers: u64,
    /// Order entries so far.
    pub(crate) arrivals: u64,
    /// Stops whose price came, first in, first out; empty between commands.
    pub(crate) triggered: VecDeque<Triggered>,
    /// Markets in a call phase.
    pub(crate) called: u32,
    pub(crate) suspects: Vec<AccountId>,
    /// Lent to each pass for the positions it changes, so that none need allocate.
    pub(crate) changed: Vec<PositionId>,
    /// Whether any market asks to be looked at when something happened in it.
    pub(crate) attentive: bool,
    /// Number of the last event that was attended to.
    pub(crate) attended: u64,
    /// Lent to each such look.
    pub(crate) stirred: Vec<InstrumentId>,
}

impl Exchange {
    /// An exchange as configured, before its first command.
    pub fn new(spec: ExchangeSpec) -> Exchange {
        let contracts = spec.instruments.iter().map(Contract::new).collect();
        let risk = Risk::new(
            contracts,
            spec.profiles.clone(),
            spec.floating_profit,
            spec.position_mode,
            spec.insurance_fund,
        )
        .watched_by(spec.detector);
        let mut exchange = Exchange {
            markets: spec.instruments.iter().enumerate().map(|(i, s)| Market::new(i, s)).collect(),
            configured: spec.instruments.len(),
            log: Log::default(),
            tape: Tape::new(spec.bust_window),
            risk,
            ids: ClientIds::default(),
            names: Names::default(),
            timers: Timers::default(),
            cases: BTreeMap::new(),
            cases_opened: 0,
            agenda: BTreeSet::new(),
            asking: BTreeSet::new(),
            breaches: BTreeMap::new(),
            fund_rules: ProfileId::UNLIMITED,
            cover: None,
            schedules: BTreeMap::new(),
            schedules_made: 0,
            numbers: 0,
            arrivals: 0,
            triggered: VecDeque::new(),
            called: spec.instruments.iter().filter(|spec| spec.phase.is_call()).count() as u32,
            suspects: Vec::new(),
            changed: Vec::with_capacity(1 << 10),
            attentive: false,
            attended: 0,
            stirred: Vec::new(),
            spec,
        };
        exchange.refresh_attention();
        exchange.set_first_timers();
        let names = exchange.spec.accounts.iter().map(|account| account.name.as_str().len());
        exchange.make_room(exchange.spec.accounts.len(), names.max().unwrap_or(0));
        for account in exchange.spec.accounts.clone() {
            let id = exchange.add_account(account.name, account.profile);
            exchange.risk.set_hedger(id, account.hedger);
            if account.deposit.units() > 0 {
                exchange.risk.deposit(id, account.deposit);
            }
            for own in account.margins {
                let margins = Some([own.initial, own.maintenance]);
                exchange.put_own(id, own.instrument, Own { margins, leverage: None });
            }
        }
        exchange
    }

    /// Carries out one command at `ts` and appends everything that happened to `events`.
    ///
    /// Timers due at or before `ts` run first, each at its own time. `ts` must not lie before [`Exchange::now`]: time never runs back.
    /// Cost: O(1) for an order that meets few others; see docs/PERFORMANCE.md. A refused command leaves one `rejected` event and no other trace.
    pub fn apply(&mut self, ts: Ts, command: &Command, events: &mut Vec<Event>) {
        invariant!(ts >= self.log.now, "time runs back from {} to {ts}", self.log.now);
        std::mem::swap(&mut self.log.events, events);
        self.run_timers(ts);
        self.log.now = ts;
        if let Err(reason) = self.carry_out(command) {
            self.reject(command, reason);
        }
        self.settle();
        self.attend();
        self.indicate();
        std::mem::swap(&mut self.log.events, events);
        #[cfg(debug_assertions)]
        self.audit_now_and_then();
    }

    #[inline]
    fn carry_out(&mut self, command: &Command) -> Result<(), Reject> {
        match command {
            Command::Order(order) => self.enter(order),
            Command::Cancel { account, order } => self.cancel(*account, order),
            Command::Replace { account, order, price, qty, trigger } => {
                self.replace(*account, order, *price, *qty, *trigger)
            }
            other => self.carry_out_other(other),
        }
    }

    /// Commands that come seldom, out of the way of those that come by the million.
    #[cold]
    #[inline(never)]
    fn carry_out_other(&mut self, command: &Command) -> Result<(), Reject> {
        match *command {
            Command::OpenAccount { name, profile } => self.open_account(name, profile),
            Command::Deposit { account, amount } => self.deposit(account, amount),
            Command::Withdraw { account, amount } => self.withdraw(account, amount),
            Command::Order(_) | Command::Cancel { .. } | Command::Replace { .. } => {
                unreachable!("carried out by carry_out")
            }
            Command::CancelAll { account, instrument, side } => {
                self.check_account(account)?;
                if let Some(instrument) = instrument {
                    self.check_instrument(instrument)?;
                    self.check_cancel_phase(instrument)?;
                }
                let wanted = |market: &Market, slot| {
                    market.records[slot].case().is_none()
                        && market.phase != Phase::NoCancel
                        && instrument.is_none_or(|i| i == market.id)
                        && side.is_none_or(|side| side == market.book.resting(slot).side)
                };
                self.cancel_orders(account, CancelReason::Client, wanted);
                Ok(())
            }
            Command::Mark { instrument, price } => self.set_mark(instrument, price),
            Command::Phase { instrument, phase } => self.set_phase(instrument, phase),
            Command::Band { instrument, down, up } => self.set_band(instrument, down, up),
            Command::Margin { account: Some(account), instrument, initial, maintenance } => {
                self.set_own_margin(account, instrument, initial, maintenance)
            }
            Command::Leverage { account, instrument, value } => {
                self.set_leverage(account, instrument, value)
            }
            Command::MoveMargin { account, instrument, amount } => {
                self.move_margin(account, instrument, amount)
            }
            Command::Liquidate { account, instrument, qty, reason } => {
                self.liquidate(account, instrument, qty, reason)
            }
            Command::Funding { instrument, rate } => self.fund_positions(instrument, rate),
            Command::Index { instrument, price } => self.set_index(instrument, price),
            Command::ForcedReduction { instrument } => self.reduce_by_force(instrument),
            Command::Profile { account, profile } => self.set_profile(account, profile),
            Command::Schedule(ref row) => self.schedule(row),
            Command::Restrict { instrument, permission } => self.restrict(instrument, permission),
            Command::Margin { instrument, account: None, initial, maintenance } => {
                self.set_margin(instrument, initial, maintenance)
            }
            Command::Fund { amount } => self.add_to_fund(amount),
            Command::Permission { account, permission } => self.set_permission(account, permission),
            Command::Settle { instrument, price } => self.settle_day(instrument, price),
            Command::List(ref spec) => self.list(spec),
            Command::Delist { instrument } => self.delist(instrument),
            Command::Expire { instrument, price } => self.expire(instrument, price),
            Command::Bust { trade } => self.bust(trade),
            Command::Time => Ok(()),
            Command::Refused { reason, .. } => Err(reason),
        }
    }

    #[cold]
    #[inline(never)]
    fn reject(&mut self, command: &Command, reason: Reject) {
        let (account, name) = match *command {
            Command::OpenAccount { name, .. } | Command::Refused { account: Some(name), .. } => {
                match self.account_id(&name) {
                    Some(id) => (Some(id), None),
                    None => (None, Some(name)),
                }
            }
            Command::Deposit { account, .. }
            | Command::Withdraw { account, .. }
            | Command::Cancel { account, .. }
            | Command::CancelAll { account, .. }
            | Command::Replace { account, .. }
            | Command::Leverage { account, .. }
            | Command::MoveMargin { account, .. }
            | Command::Profile { account, .. }
            | Command::Margin { account: Some(account), .. }
            | Command::Liquidate { account: Some(account), .. }
            | Command::Permission { account, .. } => (Some(account), None),
            Command::Order(ref order) => (Some(order.account), None),
            _ => (None, None),
        };
        let account = account.filter(|&id| self.risk.has_account(id));
        self.log.emit(EventKind::Rejected { account, name, id: command.order_id(), reason });
    }

    pub(crate) fn check_account(&self, id: AccountId) -> Result<(), Reject> {
        let opened =
            self.risk.is_client(id) && !(self.risk.has_pockets() && self.risk.pocket(id).is_some());
        if opened { Ok(()) } else { Err(Reject::UnknownAccount) }
    }

    pub(crate) fn check_instrument(&self, id: InstrumentId) -> Result<(), Reject> {
        match self.markets.get(id.index()) {
            Some(market) if !market.gone => Ok(()),
            _ => Err(Reject::UnknownSymbol),
        }
    }

    /// A market, and what an order in it touches outside its book.
    #[inline]
    pub(crate) fn split(&mut self, id: InstrumentId) -> (&mut plimsoll_matching::Book, Keeper<'_>) {
        let market = &mut self.markets[id.index()];
        let keeper = Keeper {
            log: &mut self.log,
            risk: &mut self.risk,
            ids: &mut self.ids,
            records: &mut market.records,
            day: &mut market.day,
            tape: &mut self.tape,
            instrument: id,
        };
        (&mut market.book, keeper)
    }

    /// At what price an instrument's orders trade now, and what that moves.
    #[inline]
    pub(crate) fn pricing(&self, id: InstrumentId) -> Pricing {
        let spec = &self.spec.instruments[id.index()];
        let last = spec.mark == MarkSource::Last;
        let market = &self.markets[id.index()];
        let median = match spec.rules.trade_price {
            TradePrice::Maker => None,
            TradePrice::Median => Some(Median {
                previous: market.last.unwrap_or(market.prev_settlement),
                band: market.book.band(),
            }),
        };
        let reports = market.report_at != u64::MAX;
        Pricing { moves_mark: [last, last && spec.liquidation_moves_mark], median, reports }
    }

    /// Where an account's order rests. A case's batch is not the client's to name.
    #[inline]
    pub(crate) fn place(&self, account: AccountId, order: &OrderRef) -> Option<Place> {
        match order {
            OrderRef::Client(id) => self.ids.find(account, id, |place| {
                let records = &self.markets[place.instrument.index()].records;
                let position = records[place.slot].position;
                records.client_id(place.slot) == Some(id)
                    && self.risk.position(position).owner() == account
            }),
            OrderRef::Handle(instrument, handle) => {
                let market = self.markets.get(instrument.index())?;
                let own = market.book.owner(*handle)? == account.0
                    && market.records[handle.slot].case().is_none();
                own.then_some(Place { instrument: *instrument, slot: handle.slot })
            }
        }
    }

    fn cancel(&mut self, account: AccountId, order: &OrderRef) -> Result<(), Reject> {
        if self.cancel_plain(account, order) {
            return Ok(());
        }
        self.check_account(account)?;
        let place = self.place(account, order).ok_or(Reject::UnknownOrder)?;
        self.check_cancel_phase(place.instrument)?;
        self.take_out(place.instrument, place.slot, CancelReason::Client);
        Ok(())
    }

    fn check_cancel_phase(&self, instrument: InstrumentId) -> Result<(), Reject> {
        match self.markets[instrument.index()].phase {
            Phase::NoCancel => Err(Reject::Phase),
            _ => Ok(()),
        }
    }

    /// Cancels the order in a slot: book, record, event.
    #[inline]
    pub(crate) fn take_out(&mut self, instrument: InstrumentId, slot: u32, reason: CancelReason) {
        if self.markets[instrument.index()].records[slot].role == Role::Stop {
            return self.cancel_stop(instrument, slot, reason);
        }
        let market = &mut self.markets[instrument.index()];
        market.touch();
        let (book, mut keeper) = self.split(instrument);
        let gone = book.remove(slot);
        keeper.say_cancelled(slot, gone.qty.lots(), reason);
        let record = &keeper.records[slot];
        let (case, position) = (record.case(), record.position);
        let closed = record.opens < gone.qty.lots();
        keeper.leave(slot, gone.side, gone.qty.lots());
        if closed {
            // Only an order that had a share leaves one to the others.
            self.share_out(position);
        }
        if let Some(case) = case
            && let Some(open) = self.cases.get_mut(&case)
        {
            // Somebody else than the case itself took its batch out of the queue.
            // What it traded before is still to be said.
            open.resting.take_if(|batch| batch.unchecked.is_zero());
            if let Some(batch) = &mut open.resting {
                batch.left = Qty::ZERO;
            }
            self.agenda.insert(case);
        }
    }

    /// Cancels an account's orders, by instrument, then entry, where `wanted` says so.
    pub(crate) fn cancel_orders(
        &mut self,
        account: AccountId,
        reason: CancelReason,
        wanted: impl Fn(&Market, u32) -> bool,
    ) {
        let mut next = self.risk.position_ids(account).next();
        while let Some(position) = next {
            let record = self.risk.position(position);
            let instrument = record.instrument();
            let own = record.owner() == account || record.account() == account;
            let mut slot = if own { record.orders.0 } else { crate::orders::NIL };
            while slot != crate::orders::NIL {
                let market = &self.markets[instrument.index()];
                let following = market.records[slot].next;
                if wanted(market, slot) {
                    self.take_out(instrument, slot, reason);
                }
                slot = following;
            }
            next = self.risk.next_position(position);
        }
    }

    /// The configuration, followed by the instruments listed since.
    pub fn spec(&self) -> &ExchangeSpec {
        &self.spec
    }

    /// The configuration as it was loaded: what [`Exchange::restore`] asks for.
    pub fn configuration(&self) -> ExchangeSpec {
        let mut spec = self.spec.clone();
        spec.instruments.truncate(self.configured);
        spec
    }

    /// Number of the last event.
    pub fn seq(&self) -> u64 {
        self.log.seq
    }

    /// Time of the last command or timer.
    pub fn now(&self) -> Ts {
        self.log.now
    }

    /// The instrument of an isolated position, where an account number of an event stands for one; `None` for accounts that were opened.
    pub fn isolated(&self, account: AccountId) -> Option<InstrumentId> {
        self.risk.pocket(account).map(|(_, instrument)| instrument)
    }

    /// The account whose orders trade for `account`: itself, or the owner of an isolated position.
    pub fn owner(&self, account: AccountId) -> AccountId {
        self.risk.owner_of(account)
    }

    /// When the next timer falls due. Until then, nothing happens without a command.
    #[inline]
    pub fn next_due(&self) -> Option<Ts> {
        self.timers.next_due()
    }

    /// The account of a name.
    pub fn account_id(&self, name: &Label) -> Option<AccountId> {
        self.names.find(name.as_bytes(), |id| self.risk.name_bytes(id))
    }

    /// The name of an account that exists.
    pub fn account_name(&self, account: AccountId) -> Label {
        self.risk.name(account)
    }

    /// The profile of an account that exists.
    pub fn account_profile(&self, account: AccountId) -> ProfileId {
        self.risk.account(account).profile()
    }

    /// The instrument of a symbol. Cost: O(instruments).
    pub fn instrument_id(&self, symbol: &Label) -> Option<InstrumentId> {
        let traded = |market: &Market| !market.gone;
        let mut all = self.spec.instruments.iter().zip(&self.markets);
        let place = all.position(|(spec, market)| spec.symbol == *symbol && traded(market))?;
        Some(InstrumentId(place as u16))
    }

    /// The profile of a name. Cost: O(profiles).
    pub fn profile_id(&self, name: &Label) -> Option<ProfileId> {
        let place = self.spec.profiles.iter().position(|profile| profile.name == *name)?;
        Some(ProfileId(place as u16))
    }

    /// Makes room at exactly their size for so many more accounts, with names of so many bytes and one position each, before
    /// they are opened: tables that grow by and by are up to twice as large.
    pub fn make_room(&mut self, accounts: usize, name_bytes: usize) {
        self.risk.make_room(accounts, name_bytes);
        self.names.reserve(accounts, |id| self.risk.name_bytes(id));
    }

    pub(crate) fn add_account(&mut self, name: Label, profile: ProfileId) -> AccountId {
        let id = self.risk.open_account(name, profile);
        self.names.insert(id, |id| self.risk.name_bytes(id));
        id
    }
}
