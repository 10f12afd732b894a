//! Random commands, chosen with an eye on the model's state so that most of them mean something.

use super::account::Account;
use super::book::Book;
use super::features::Feature;
use super::generate::{label, lot_value, lower_rate, margin_rate};
use super::novel::Novel;
use super::rng::Rng;
use super::{Model, instrument_id};
use plimsoll_types::*;

/// What a command may be, with its weight before a run bends it.
const KINDS: &[(Kind, u64)] = &[
    (Kind::Quote, 26),
    (Kind::Open, 24),
    (Kind::Reduce, 8),
    (Kind::Odd, 8),
    (Kind::Sweep, 3),
    (Kind::Lock, 3),
    (Kind::Cancel, 5),
    (Kind::CancelAll, 1),
    (Kind::Replace, 8),
    (Kind::Mark, 5),
    (Kind::Phase, 3),
    (Kind::Band, 2),
    (Kind::Margin, 2),
    (Kind::Deposit, 4),
    (Kind::Withdraw, 4),
    (Kind::Permission, 2),
    (Kind::Fund, 1),
    (Kind::Account, 1),
    (Kind::Time, 3),
    (Kind::Wrong, 2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An unlimited account makes a market.
    Quote,
    /// A limited account takes a position, as large as it dares.
    Open,
    /// An account closes some of its position.
    Reduce,
    /// Any order at all.
    Odd,
    /// An unlimited account empties a side.
    Sweep,
    /// A side stands at the limit price, nothing opposite.
    Lock,
    Cancel,
    CancelAll,
    Replace,
    Mark,
    Phase,
    Band,
    Margin,
    Deposit,
    Withdraw,
    Permission,
    Fund,
    Account,
    Time,
    Wrong,
}

/// One run's source of commands.
pub struct Driver {
    pub rng: Rng,
    pub novel: Novel,
    pub ts: Ts,
    weights: Vec<(Kind, u64)>,
    ids: u64,
}

impl Driver {
    pub fn new(mut rng: Rng, novel: Novel) -> Driver {
        let bend = |rng: &mut Rng| rng.pick(&[1, 2, 2, 2, 2, 5]);
        let weights = KINDS.iter().map(|(kind, weight)| (*kind, weight * bend(&mut rng))).collect();
        Driver { rng, novel, weights, ts: 0, ids: 0 }
    }

    pub fn next(&mut self, model: &Model) -> (Ts, Command) {
        self.ts += self.novel.stride * self.rng.pick(&[0, 0, 0, 0, 1, 1, 2, 4, 15]);
        if let Some(command) = self.novelty(model) {
            return (self.ts, command);
        }
        let command = self.command(model);
        let mut command = self.decorate(model, command);
        let crowded = model.books.iter().position(|book| book.orders.len() > 24);
        if let Some(book) = crowded
            && self.rng.chance(30)
        {
            let account = model.books[book].orders[0].account;
            let instrument = Some(instrument_id(book));
            command =
                Command::CancelAll { account: AccountId(account as u32), instrument, side: None };
        }
        let stopped = |book: &Book| {
            let waits = matches!(book.phase, Phase::PreOpen | Phase::NoCancel | Phase::Volatility);
            book.live && (waits || matches!(book.phase, Phase::Halted | Phase::Closed))
        };
        if let Some(place) = model.books.iter().position(stopped)
            && self.rng.chance(7)
        {
            command = Command::Phase { instrument: instrument_id(place), phase: Phase::Continuous };
        }
        if let Some(thaw) = self.thaw(model)
            && self.rng.chance(7)
        {
            command = thaw;
        }
        (self.ts, command)
    }

    /// Frozen accounts do nothing more of interest: the operator relents, a debt is paid back.
    fn thaw(&mut self, model: &Model) -> Option<Command> {
        let frozen = |account: &Account| account.permission == Permission::Frozen;
        let place = model.accounts.iter().position(frozen)?;
        let (account, debt) = (AccountId(place as u32), model.accounts[place].debt);
        if debt > 0 {
            let more = self.rng.pick(&[0, 100, 1000]);
            return Some(Command::Deposit { account, amount: Money::new(debt + more) });
        }
        Some(Command::Permission { account, permission: Permission::Normal })
    }

    fn command(&mut self, model: &Model) -> Command {
        let total = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut at = self.rng.below(total);
        let mut kind = Kind::Time;
        for &(candidate, weight) in &self.weights {
            if at < weight {
                kind = candidate;
                break;
            }
            at -= weight;
        }
        self.command_of(kind, model)
    }

    fn command_of(&mut self, kind: Kind, model: &Model) -> Command {
        match kind {
            Kind::Quote => self.quote(model),
            Kind::Open => self.open(model),
            Kind::Reduce => self.reduce(model),
            Kind::Odd => self.odd(model),
            Kind::Sweep => self.sweep(model),
            Kind::Lock => self.lock(model),
            Kind::Cancel => match self.open_order(model) {
                Some((account, order, ..)) => Command::Cancel { account, order },
                None => Command::Time,
            },
            Kind::CancelAll => Command::CancelAll {
                account: self.account(model),
                instrument: self.rng.chance(50).then(|| self.instrument(model)),
                side: self.rng.pick(&[None, None, Some(Side::Buy), Some(Side::Sell)]),
            },
            Kind::Replace => self.replace(model),
            Kind::Mark => self.mark(model),
            Kind::Phase => self.phase(model),
            Kind::Band => self.band(model),
            Kind::Margin => {
                let initial = margin_rate(&mut self.rng);
                let zero = self.rng.chance(4);
                let initial = if zero { MarginRate::default() } else { initial };
                let maintenance = lower_rate(&mut self.rng, initial);
                let instrument = self.instrument(model);
                Command::Margin { instrument, account: None, initial, maintenance }
            }
            Kind::Deposit => self.deposit(model),
            Kind::Withdraw => self.withdraw(model),
            Kind::Permission => Command::Permission {
                account: self.account(model),
                permission: self.rng.pick(&[
                    Permission::Normal,
                    Permission::Normal,
                    Permission::Normal,
                    Permission::CloseOnly,
                    Permission::Frozen,
                ]),
            },
            Kind::Fund => {
                Command::Fund { amount: Money::new(i128::from(self.rng.between(1, 400))) }
            }
            Kind::Account => {
                let open = self.rng.between(0, 12);
                let profile = ProfileId(self.rng.below(model.spec.profiles.len() as u64) as u16);
                Command::OpenAccount { name: label(&format!("A{open}")), profile }
            }
            Kind::Time => Command::Time,
            Kind::Wrong => self.wrong(model),
        }
    }

    pub fn account(&mut self, model: &Model) -> AccountId {
        let any = self.rng.below(model.accounts.len() as u64) as usize;
        // A pocket is meant by its account and its instrument.
        AccountId(model.owner(any) as u32)
    }

    /// An account of one sort; any account where there is none.
    pub fn account_of(&mut self, model: &Model, unlimited: bool) -> AccountId {
        let all = 0..model.accounts.len();
        let of_sort: Vec<usize> = all
            .filter(|&account| model.unlimited(account) == unlimited)
            .filter(|&account| model.known_account(AccountId(account as u32)).is_ok())
            .collect();
        if of_sort.is_empty() {
            self.account(model)
        } else {
            AccountId(self.rng.pick(&of_sort) as u32)
        }
    }

    pub fn instrument(&mut self, model: &Model) -> InstrumentId {
        let live = model.live();
        if live.is_empty() { InstrumentId(0) } else { instrument_id(self.rng.pick(&live)) }
    }

    pub fn side(&mut self) -> Side {
        self.rng.pick(&[Side::Buy, Side::Sell])
    }

    /// `offset` ticks off the mark, or off the best price of the other side; usually inside the band.
    pub fn price(&mut self, model: &Model, instrument: InstrumentId, offset: i64) -> Price {
        let book = &model.books[instrument.index()];
        let base = book.mark.ticks();
        let price = Price::clamped((base + offset).max(1));
        match book.band {
            Some(band) if self.rng.chance(97) => price.clamp(band.down, band.up),
            _ => price,
        }
    }

    fn id(&mut self) -> Label {
        self.ids += 1;
        label(&format!("o{}", self.ids))
    }

    pub fn order(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        side: Side,
        kind: OrderKind,
        qty: i64,
    ) -> NewOrder {
        NewOrder {
            account,
            // A few come without a name of their own: the exchange numbers them.
            id: (!self.rng.chance(3)).then(|| self.id()),
            instrument,
            side,
            offset: None,
            kind,
            qty: Qty::new(qty as u64),
            trigger: None,
            display: Qty::ZERO,
            min_qty: Qty::ZERO,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            self_match: self.rng.pick(&[
                SelfMatch::None,
                SelfMatch::None,
                SelfMatch::CancelNewest,
                SelfMatch::CancelOldest,
                SelfMatch::CancelBoth,
                SelfMatch::Decrement,
            ]),
        }
    }

    /// Any open order: its account, its name, its instrument, price and lots.
    pub fn open_order(
        &mut self,
        model: &Model,
    ) -> Option<(AccountId, OrderRef, InstrumentId, Price, i64)> {
        let mut open = Vec::new();
        for (instrument, book) in model.books.iter().enumerate() {
            let instrument = instrument_id(instrument);
            for order in book.open() {
                let known = |place| {
                    self.uses(Feature::Handles) || !model.handles_of_replaced.contains(place)
                };
                let handle = model
                    .handles
                    .iter()
                    .find(|(place, entry)| **entry == order.entry && known(place));
                let by_handle = handle.map(|(&(place, handle), _)| OrderRef::Handle(place, handle));
                let by_id = match order.id {
                    OrderId::Client(id) => Some(OrderRef::Client(id)),
                    _ => None,
                };
                let price = order.price.map_or(book.mark, |price| Price::clamped(price as i64));
                let account = AccountId(order.account as u32);
                for name in [by_id, by_id, by_handle].into_iter().flatten() {
                    open.push((account, name, instrument, price, order.qty as i64));
                }
            }
        }
        if open.is_empty() { None } else { Some(self.rng.pick(&open)) }
    }

    fn replace(&mut self, model: &Model) -> Command {
        let Some((account, order, instrument, price, open)) = self.open_order(model) else {
            return self.quote(model);
        };
        let offset = self.rng.between(-4, 4);
        let price = if self.rng.chance(50) { price } else { self.price(model, instrument, offset) };
        let qty = self.rng.between(1, open + 2);
        Command::Replace { account, order, price, qty: Qty::new(qty as u64), trigger: None }
    }

    /// Small steps mostly, now and then a shock.
    pub fn mark(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        let now = model.books[instrument.index()].mark.ticks();
        let settlement = model.books[instrument.index()].spec.prev_settlement.ticks();
        // A tenth to a half of the usual prices.
        let shock = (now / 100).clamp(2, 8) * self.rng.between(5, 6);
        let price = match self.rng.below(10) {
            0 => now - shock,
            1 => now + shock,
            2 => settlement,
            _ => now + self.rng.between(-4, 4),
        };
        let price = price.clamp(settlement - 80, settlement + 120);
        Command::Mark { instrument, price: Price::clamped(price) }
    }

    fn phase(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        let phase = match model.books[instrument.index()].phase {
            // Continuous trading is where most happens: the others soon lead back to it.
            Phase::Continuous => self.rng.pick(&[
                Phase::Auction,
                Phase::Auction,
                Phase::Halted,
                Phase::Closed,
                Phase::Continuous,
            ]),
            _ => self.rng.pick(&[
                Phase::Continuous,
                Phase::Continuous,
                Phase::Continuous,
                Phase::Auction,
                Phase::Halted,
                Phase::Closed,
            ]),
        };
        Command::Phase { instrument, phase }
    }

    fn band(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        let mark = model.books[instrument.index()].mark.ticks();
        let middle = mark + self.rng.between(-3, 3);
        let (down, up) = (middle - self.rng.between(0, 8), middle + self.rng.between(0, 8));
        let (down, up) = (Price::clamped(down), Price::clamped(up));
        if down < up && self.rng.chance(3) {
            return Command::Band { instrument, down: up, up: down };
        }
        Command::Band { instrument, down, up }
    }

    fn deposit(&mut self, model: &Model) -> Command {
        let account = self.account(model);
        let state = &model.accounts[account.index()];
        let lot = model.books.iter().map(|book| lot_value(&book.spec)).max().unwrap_or(1);
        let some = 1 + lot * i128::from(self.rng.between(0, 1000)) / 1000;
        let debt = state.debt;
        let amount = self.rng.pick(&[some, some, debt, debt + some, debt / 2, 1]).max(1);
        Command::Deposit { account, amount: Money::new(amount) }
    }

    fn withdraw(&mut self, model: &Model) -> Command {
        let account = self.account(model);
        let free = model.available(account.index()).max(1);
        let part = 1 + free * i128::from(self.rng.between(0, 1000)) / 1000;
        let amount = self.rng.pick(&[part, part, part / 2 + 1, free, free + 1]);
        Command::Withdraw { account, amount: Money::new(amount) }
    }
}
