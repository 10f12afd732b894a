//! A small exchange to try a rule on: one market maker, one client, hand-sized numbers.

use plimsoll_exchange::{AccountView, Exchange};
use plimsoll_types::*;

/// Trades without margin.
pub const MAKER: AccountId = AccountId(0);
/// As the maker; for where two are needed.
pub const OTHER: AccountId = AccountId(1);
/// The client whose rules are tried.
pub const CLIENT: AccountId = AccountId(2);

pub fn label(text: &str) -> Label {
    Label::new(text).expect("a short text")
}

pub fn ticks(ticks: i64) -> Price {
    Price::new(ticks).expect("a price")
}

pub fn money(units: i128) -> Money {
    Money::new(units)
}

/// A ratio in thousandths.
pub fn mille(n: i64) -> Ratio {
    Ratio::from_nano(n * 1_000_000)
}

/// So much a lot.
pub fn per_lot(units: i128) -> MarginRate {
    MarginRate { share: Ratio::ZERO, per_lot: money(units) }
}

/// An instrument worth 10 a tick and lot, without margin, fee and band; its mark is set by command.
pub fn instrument(symbol: &str, settlement: i64) -> InstrumentSpec {
    InstrumentSpec {
        symbol: label(symbol),
        kind: InstrumentKind::Future,
        tick_size: Step { mantissa: 1, decimals: 0 },
        lot_size: Step { mantissa: 1, decimals: 0 },
        multiplier: Step { mantissa: 10, decimals: 0 },
        tick_value: 10,
        prev_settlement: ticks(settlement),
        band: None,
        initial: MarginRate::default(),
        maintenance: MarginRate::default(),
        mark: MarkSource::External,
        liquidation_moves_mark: true,
        fees: Fees::default(),
        phase: Phase::Continuous,
        auction_candidates: AuctionCandidates::Ticks,
        market_remainder: MarketRemainder::Cancel,
        rules: TradingRules::default(),
        risk: RiskRules::default(),
    }
}

pub fn tier(name: &str, at: Ratio, action: Action) -> Tier {
    Tier {
        name: label(name),
        basis: Basis::Initial,
        at,
        release: at,
        action,
        close_only: false,
        cancel_opening: false,
    }
}

/// A profile that goes back to `target` at any price, as fast as the book allows.
pub fn profile(measure: MeasureKind, tiers: Vec<Tier>, target: Ratio) -> Profile {
    let liquidation = Liquidation { target, ..Profile::unlimited().liquidation };
    Profile {
        name: label("client"),
        unlimited: false,
        measure,
        tiers,
        liquidation,
        ..Profile::unlimited()
    }
}

/// A profile without tiers: margin is asked for, nothing is liquidated.
pub fn calm() -> Profile {
    profile(MeasureKind::MarginOverEquity, Vec::new(), Ratio::ONE)
}

/// Price and lots of trades.
pub type Fills = Vec<(i64, u64)>;

/// Lots and reason of cancellations.
pub type Gone = Vec<(u64, CancelReason)>;

/// The exchange and its clock.
pub struct Hall {
    pub exchange: Exchange,
    ts: Ts,
    ids: u32,
}

impl Hall {
    pub fn new(instruments: Vec<InstrumentSpec>, profile: Profile, deposit: i128) -> Hall {
        Hall::with(FloatingProfit::All, instruments, profile, deposit)
    }

    pub fn with(
        floating_profit: FloatingProfit,
        instruments: Vec<InstrumentSpec>,
        profile: Profile,
        deposit: i128,
    ) -> Hall {
        Hall::of(Hall::spec(floating_profit, instruments, profile, deposit))
    }

    /// What such an exchange is configured as, to be changed before it opens.
    pub fn spec(
        floating_profit: FloatingProfit,
        instruments: Vec<InstrumentSpec>,
        profile: Profile,
        deposit: i128,
    ) -> ExchangeSpec {
        let open = |name: &str, profile, deposit| AccountSpec {
            name: label(name),
            profile: ProfileId(profile),
            deposit: money(deposit),
            hedger: false,
            margins: Vec::new(),
        };
        ExchangeSpec {
            currency: label("CNY"),
            money_decimals: 0,
            position_mode: PositionMode::Net,
            floating_profit,
            insurance_fund: Money::ZERO,
            bust_window: 65_536,
            detector: plimsoll_types::Detector::Index,
            calendars: Vec::new(),
            instruments,
            profiles: vec![Profile::unlimited(), profile],
            accounts: vec![open("M", 0, 0), open("O", 0, 0), open("A", 1, deposit)],
            schedules: Vec::new(),
        }
    }

    /// An exchange of any kind.
    pub fn of(spec: ExchangeSpec) -> Hall {
        Hall { exchange: Exchange::new(spec), ts: 0, ids: 0 }
    }

    /// One command at a time that is not before the last; what it led to.
    pub fn send_at(&mut self, ts: Ts, command: Command) -> Vec<EventKind> {
        self.ts = ts - 1;
        self.send(command)
    }

    /// One command, a nanosecond later; what it led to.
    pub fn send(&mut self, command: Command) -> Vec<EventKind> {
        self.ts += 1;
        let mut events = Vec::new();
        self.exchange.apply(self.ts, &command, &mut events);
        assert_eq!(self.exchange.view().imbalance(), Money::ZERO);
        events.into_iter().map(|event| event.kind).collect()
    }

    /// Lets time go by until the next command.
    pub fn pass_time(&mut self, nanoseconds: Ts) {
        self.ts += nanoseconds - 1;
    }

    /// A plain order under a running id, to be changed before it is sent.
    pub fn order(&mut self, account: AccountId, side: Side, price: i64, qty: u64) -> NewOrder {
        self.ids += 1;
        NewOrder {
            account,
            id: Some(label(&format!("{}", self.ids))),
            instrument: InstrumentId(0),
            side,
            offset: None,
            kind: OrderKind::Limit(ticks(price)),
            qty: Qty::new(qty),
            trigger: None,
            display: Qty::ZERO,
            min_qty: Qty::ZERO,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            self_match: SelfMatch::None,
        }
    }

    /// Sends a plain limit order under an id.
    pub fn limit(
        &mut self,
        account: AccountId,
        id: &str,
        side: Side,
        price: i64,
        qty: u64,
    ) -> Vec<EventKind> {
        let order = NewOrder { id: Some(label(id)), ..self.order(account, side, price, qty) };
        self.send(Command::Order(order))
    }

    /// The client trades with the maker.
    pub fn trade(&mut self, side: Side, price: i64, qty: u64) {
        let resting = self.order(MAKER, side.opposite(), price, qty);
        self.send(Command::Order(resting));
        let taking = self.order(CLIENT, side, price, qty);
        let events = self.send(Command::Order(taking));
        assert!(trades(&events) == [(price, qty)], "the client trades: {events:?}");
    }

    pub fn mark(&mut self, price: i64) -> Vec<EventKind> {
        self.send(Command::Mark { instrument: InstrumentId(0), price: ticks(price) })
    }

    pub fn phase(&mut self, phase: Phase) -> Vec<EventKind> {
        self.send(Command::Phase { instrument: InstrumentId(0), phase })
    }

    pub fn client(&self) -> AccountView {
        self.exchange.view().accounts[CLIENT.index()].clone()
    }

    /// Levels of both sides, bids first.
    pub fn levels(&self) -> [Vec<(i64, u64)>; 2] {
        let book = self.exchange.view().books[0].clone();
        let plain = |levels: Vec<(Price, Qty)>| {
            levels.into_iter().map(|(price, qty)| (price.ticks(), qty.lots())).collect()
        };
        [plain(book.bids), plain(book.asks)]
    }
}

/// Price and lots of the trades among events.
pub fn trades(events: &[EventKind]) -> Fills {
    let trades = events.iter().filter_map(|event| match event {
        EventKind::Trade { price, qty, .. } => Some((price.ticks(), qty.lots())),
        _ => None,
    });
    trades.collect()
}

/// Lots and reason of the cancellations among events.
pub fn cancelled(events: &[EventKind]) -> Gone {
    let cancelled = events.iter().filter_map(|event| match event {
        EventKind::Cancelled { qty, reason, .. } => Some((qty.lots(), *reason)),
        _ => None,
    });
    cancelled.collect()
}

/// The reason a command was refused for.
pub fn rejected(events: &[EventKind]) -> Option<Reject> {
    match events {
        [EventKind::Rejected { reason, .. }] => Some(*reason),
        _ => None,
    }
}
