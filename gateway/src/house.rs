//! A small exchange for the tests of this crate: one future, one client with margin, one market maker without.

use crate::batch::Batch;
use crate::engine::Engine;
use crate::inbound::{Inbound, Once, UserId};
use crate::users::{Limits, Memory, Reach, Scopes, User};
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, Command, ExchangeSpec, InstrumentId, Label, NewOrder, Price, Qty, Side, Ts,
};

/// The only instrument.
pub(crate) const RB: InstrumentId = InstrumentId(0);
/// The client.
pub(crate) const ANNA: AccountId = AccountId(0);
/// The market maker.
pub(crate) const MAKER: AccountId = AccountId(1);
/// Anna's user.
pub(crate) const USER: UserId = UserId(1);

/// `examples/exchange.toml`.
pub(crate) fn spec() -> ExchangeSpec {
    let text = include_str!("../../examples/exchange.toml");
    plimsoll_text::read_config("exchange.toml", text).expect("the example is good")
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("a short name")
}

/// Two users: `anna` with her account and `limits`, `desk` with all.
pub(crate) fn users(limits: Limits) -> Vec<User> {
    let user = |name, reach, limits| User {
        name: label(name),
        secret: b"sixteen bytes or more".to_vec().into(),
        reach,
        scopes: Scopes { read: true, trade: true, admin: false },
        limits,
        cancel_on_disconnect: false,
    };
    vec![
        user("anna", Reach::Accounts(vec![label("anna")]), limits),
        user("desk", Reach::All, Limits::default()),
    ]
}

pub(crate) fn engine(limits: Limits) -> Engine {
    Engine::new(Exchange::new(spec()), &users(limits), 0, Memory::new())
}

pub(crate) fn limit(account: AccountId, id: &str, side: Side, ticks: i64, lots: u64) -> NewOrder {
    let price = Price::new(ticks).expect("a price");
    let order = NewOrder::limit(account, RB, side, price, Qty::new(lots));
    NewOrder { id: Some(label(id)), ..order }
}

/// One message of [`USER`], alone in a batch.
pub(crate) fn send(engine: &mut Engine, received: Ts, once: Once, command: Command) -> Batch {
    let mut batch = Batch::default();
    engine.carry_out(&Inbound { received, user: USER, once, tag: 7, command }, &mut batch);
    batch
}

/// Numbers that depend on the seed alone.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
