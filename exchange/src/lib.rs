//! The deterministic state machine: one command in, events out. STUB WHILE BEING WRITTEN
#![allow(missing_docs)]
pub mod view;
pub use view::{AccountView, BookView, OrderView, PositionView, StateView};
use plimsoll_types::*;

/// The exchange.
pub struct Exchange {
    spec: ExchangeSpec,
}

/// Why a snapshot could not be taken up again.
#[derive(Debug)]
pub enum RestoreError {
    /// Not a snapshot, cut short, or damaged.
    Damaged,
    /// A snapshot of another format version.
    Version(u32),
    /// Taken under another configuration.
    OtherConfiguration,
}

impl Exchange {
    pub fn new(spec: ExchangeSpec) -> Exchange {
        Exchange { spec }
    }
    /// Carries out one command; appends what happened. `ts` must not be below `now()`.
    pub fn apply(&mut self, _ts: Ts, _command: &Command, _events: &mut Vec<Event>) {}
    pub fn spec(&self) -> &ExchangeSpec {
        &self.spec
    }
    pub fn seq(&self) -> u64 {
        0
    }
    pub fn now(&self) -> Ts {
        0
    }
    pub fn account_id(&self, _name: &Label) -> Option<AccountId> {
        None
    }
    pub fn account_name(&self, _account: AccountId) -> Label {
        self.spec.currency
    }
    pub fn account_profile(&self, _account: AccountId) -> ProfileId {
        ProfileId(0)
    }
    pub fn instrument_id(&self, _symbol: &Label) -> Option<InstrumentId> {
        None
    }
    pub fn profile_id(&self, _name: &Label) -> Option<ProfileId> {
        None
    }
    /// A resting order of an account: its instrument is what a replace's price is counted in.
    pub fn open_order(&self, _account: AccountId, _order: &OrderRef) -> Option<OrderView> {
        None
    }
    pub fn view(&self) -> StateView {
        unimplemented!()
    }
    /// Mark of an instrument.
    pub fn mark(&self, _instrument: InstrumentId) -> Price {
        Price::MIN
    }
    /// Best price of a side and the lots there.
    pub fn best(&self, _instrument: InstrumentId, _side: Side) -> Option<(Price, Qty)> {
        None
    }
    /// Levels of a side from the best, at most `limit` of them, handed to `each`.
    pub fn depth(&self, _instrument: InstrumentId, _side: Side, _limit: usize, _each: &mut dyn FnMut(Price, Qty)) {}
    /// Equity of an account at the marks.
    pub fn equity(&self, _account: AccountId) -> Money {
        Money::ZERO
    }
    /// Signed lots of an account in an instrument.
    pub fn position(&self, _account: AccountId, _instrument: InstrumentId) -> i64 {
        0
    }
    /// Tier of an account: 0 = normal, else 1 + the place of the tier in its profile.
    pub fn tier(&self, _account: AccountId) -> u8 {
        0
    }
    /// All accounts opened so far.
    pub fn account_count(&self) -> usize {
        0
    }
    pub fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }
    pub fn restore(_spec: ExchangeSpec, _bytes: &[u8]) -> Result<Exchange, RestoreError> {
        Err(RestoreError::Damaged)
    }
}
