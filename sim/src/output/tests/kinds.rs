//! One event of every kind there is, with every field that may be absent both there and not.

use super::small;
use crate::scenario::Scenario;
use plimsoll_exchange::Exchange;
use plimsoll_types::{
    AccountId, CancelReason, CaseId, CaseStep, Command, Event, EventKind, ForcedReason,
    InstrumentId, InstrumentSpec, Label, LiquidationTarget, MarginMode, MarginRate, Measure, Money,
    NewOrder, Offset, OrderId, ParkReason, Permission, Phase, Price, ProfileId, Qty, Ratio, Reject,
    Side, Step, TradeKind,
};

/// How many kinds of events there are: the arms of [`word`].
pub const KINDS: usize = 42;

/// An exchange whose clients have isolated positions.
pub fn scenario() -> Scenario {
    let mut scenario = small();
    scenario.exchange.profiles[1].margin_mode = MarginMode::Isolated;
    scenario
}

fn label(text: &str) -> Label {
    Label::new(text).expect("short")
}

fn price(ticks: i64) -> Price {
    Price::new(ticks).expect("in range")
}

/// The exchange, the instruments it will list, and all events from its first on.
pub fn events(scenario: &Scenario) -> (Exchange, Vec<InstrumentSpec>, Vec<Event>) {
    let mut exchange = Exchange::new(scenario.exchange.clone());
    let mut events = Vec::new();
    let later = InstrumentSpec {
        symbol: label("NEW\"1"),
        tick_size: Step { mantissa: 5, decimals: 4 },
        lot_size: Step { mantissa: 1, decimals: 3 },
        multiplier: Step { mantissa: 1, decimals: 0 },
        ..scenario.exchange.instruments[0].clone()
    };
    let mut tell = |command: Command| {
        exchange.apply(scenario.start, &command, &mut events);
    };
    tell(Command::List(Box::new(later.clone())));
    let first = AccountId(scenario.exchange.accounts.len() as u32);
    let second = AccountId(first.0 + 1);
    for (account, name) in [(first, "anna"), (second, "berta \"b\"")] {
        tell(Command::OpenAccount { name: label(name), profile: ProfileId(1) });
        tell(Command::Deposit { account, amount: Money::new(100_000_000) });
    }
    let instrument = InstrumentId(0);
    tell(Command::Phase { instrument, phase: Phase::Continuous });
    for (account, side) in [(first, Side::Buy), (second, Side::Sell)] {
        let at = scenario.exchange.instruments[0].prev_settlement;
        tell(Command::Order(NewOrder::limit(account, instrument, side, at, Qty::new(2))));
    }
    let pocket = (0..exchange.account_count() as u32)
        .map(AccountId)
        .find(|&id| exchange.isolated(id).is_some())
        .expect("an isolated position");
    let mut seq = exchange.seq();
    for instrument in [instrument, InstrumentId(1)] {
        let mut all = orders(first, instrument);
        all.extend(market(second, instrument));
        all.extend(accounts(second, pocket, instrument));
        all.extend(losses(second, pocket, instrument));
        all.extend(steps(instrument).map(|step| EventKind::Case {
            account: pocket,
            case: CaseId(3),
            step,
        }));
        events.extend(all.into_iter().map(|kind| {
            seq += 1;
            Event { seq, ts: scenario.start + seq, kind }
        }));
    }
    (exchange, vec![later], events)
}

fn orders(account: AccountId, instrument: InstrumentId) -> Vec<EventKind> {
    let id = OrderId::Client(label("a-1"));
    let (qty, qty_more) = (Qty::new(12), Qty::new(1_234_500));
    let accepted = |price, trigger, display, offset| EventKind::Accepted {
        account,
        id,
        instrument,
        side: Side::Sell,
        price,
        qty,
        trigger,
        display,
        offset,
        handle: None,
    };
    let mut all = vec![
        accepted(None, None, Qty::ZERO, None),
        accepted(Some(price(77)), Some(price(78)), Qty::new(3), Some(Offset::CloseToday)),
        EventKind::Triggered { account, id, instrument, handle: None },
        EventKind::Refilled { account, id, instrument, price: price(79), qty },
        EventKind::Rejected {
            account: Some(account),
            name: None,
            id: None,
            reason: Reject::Margin,
        },
        EventKind::Rejected {
            account: None,
            name: Some(label("nobody")),
            id: Some(id),
            reason: Reject::UnknownAccount,
        },
        EventKind::Rejected { account: None, name: None, id: None, reason: Reject::Past },
    ];
    let reasons = CancelReason::ALL.iter().copied();
    let refusals = CancelReason::REFUSALS.iter().map(|reason| CancelReason::Refused(*reason));
    all.extend(reasons.chain(refusals).map(|reason| EventKind::Cancelled {
        account,
        id: OrderId::Number(18_446_744_073_709_551_615),
        instrument,
        qty,
        reason,
    }));
    for (price, kept_priority) in [(None, true), (Some(price(80)), false)] {
        let qty = qty_more;
        all.push(EventKind::Replaced {
            account,
            id,
            instrument,
            price,
            qty,
            kept_priority,
            handle: None,
        });
    }
    all
}

fn market(account: AccountId, instrument: InstrumentId) -> Vec<EventKind> {
    let (qty, surplus) = (Qty::new(10), Qty::new(0));
    let rate =
        |per_lot| MarginRate { share: Ratio::from_nano(123_456_789), per_lot: Money::new(per_lot) };
    let mut all = vec![
        EventKind::Mark { instrument, price: price(25_000) },
        EventKind::Index { instrument, price: price(25_001) },
        EventKind::Band { instrument, up: price(Price::MAX.ticks()), down: price(1) },
        EventKind::Margin { instrument, account: None, initial: rate(0), maintenance: rate(150) },
        EventKind::Margin {
            instrument,
            account: Some(account),
            initial: rate(7),
            maintenance: rate(0),
        },
        EventKind::Settled { instrument, price: price(9), one_sided: None, limit: None },
        EventKind::Settled {
            instrument,
            price: price(10),
            one_sided: Some(Side::Buy),
            limit: Some(Ratio::from_nano(100_000_000)),
        },
        EventKind::Delisted { instrument },
        EventKind::Expired { instrument, price: price(11) },
        EventKind::Busted { trade: 5, instrument, price: price(12), qty },
        EventKind::Scheduled { instrument, at: None },
        EventKind::Scheduled { instrument, at: Some(99) },
        EventKind::Terms { instrument, price_limit: None, fees: true },
        EventKind::Terms { instrument, price_limit: Some(Ratio::ONE), fees: false },
        EventKind::InstrumentPermission { instrument, permission: Permission::CloseOnly },
    ];
    for (price, surplus_side) in [(None, None), (Some(price(30)), Some(Side::Sell))] {
        all.push(EventKind::Auction { instrument, price, qty, surplus, surplus_side });
        all.push(EventKind::Indicative { instrument, price, qty, surplus, surplus_side });
    }
    let phases = Phase::ALL.iter();
    all.extend(phases.map(|&phase| EventKind::Phase { instrument, phase }));
    let kinds = [
        TradeKind::Normal,
        TradeKind::Liquidation,
        TradeKind::Auction,
        TradeKind::Deleverage,
        TradeKind::Reduction,
    ];
    all.extend(kinds.iter().enumerate().map(|(n, &kind)| EventKind::Trade {
        instrument,
        price: price(1 + n as i64),
        qty: Qty::new(1_000_000),
        maker: account,
        maker_id: OrderId::Liquidation { case: 7, n: n as u32 },
        taker: AccountId(0),
        taker_id: OrderId::Number(n as u64),
        side: Side::Buy,
        kind,
        maker_fee: Money::new(-5 * n as i128),
        taker_fee: Money::new(10 * n as i128),
    }));
    all
}

fn accounts(account: AccountId, pocket: AccountId, instrument: InstrumentId) -> Vec<EventKind> {
    let (amount, balance) = (Money::new(-1), Money::new(10i128.pow(25) + 50));
    let tier = |account, from, to, measure| EventKind::Tier {
        account,
        from,
        to,
        measure: Measure(measure),
        equity: amount,
        margin: balance,
    };
    vec![
        EventKind::Withdrawal { account, amount, balance },
        tier(account, 0, 3, Some(1_250_000)),
        tier(pocket, 3, 1, None),
        // From here on the account has a profile without tiers, and so has its isolated position.
        EventKind::Profile { account, profile: ProfileId::UNLIMITED },
        tier(pocket, 0, 0, Some(-1)),
        EventKind::Profile { account, profile: ProfileId(1) },
        tier(pocket, 2, 1, Some(0)),
        EventKind::MarginCall { account, shortfall: amount, deadline: None },
        EventKind::MarginCall { account: pocket, shortfall: amount, deadline: Some(1) },
        EventKind::Restricted { account, permission: Permission::Frozen },
        EventKind::Unrestricted { account, permission: Permission::Normal },
        EventKind::Leverage { account, instrument, value: Ratio::from_nano(2_500_000_000) },
        EventKind::MarginMoved { account, instrument, amount },
        EventKind::LargePosition { account, instrument, side: Side::Sell, qty: Qty::new(4) },
        EventKind::Settlement {
            account,
            instrument: None,
            profit: amount,
            profit_by_trade: balance,
            fees: amount,
            balance,
        },
        EventKind::Settlement {
            account: pocket,
            instrument: Some(instrument),
            profit: amount,
            profit_by_trade: balance,
            fees: amount,
            balance,
        },
    ]
}

fn losses(account: AccountId, pocket: AccountId, instrument: InstrumentId) -> Vec<EventKind> {
    let (qty, price, case) = (Qty::new(8), price(8), CaseId(4));
    let amount = Money::new(123);
    let taken = |fee| EventKind::TakenOver {
        account: pocket,
        instrument,
        side: Side::Buy,
        qty,
        price,
        fee: Money::new(fee),
        case,
    };
    vec![
        EventKind::Fund { change: amount, balance: Money::ZERO, case: None },
        EventKind::Fund { change: amount, balance: amount, case: Some(case) },
        EventKind::Debt { account, amount },
        EventKind::Deleveraged { instrument, account, qty, price, case },
        taken(0),
        taken(9),
        EventKind::Socialised { account, amount },
        EventKind::Reduced { instrument, account, side: Side::Sell, qty, price },
        EventKind::Funding { account: pocket, instrument, amount },
    ]
}

fn steps(instrument: InstrumentId) -> impl Iterator<Item = CaseStep> {
    let (side, qty) = (Side::Sell, Qty::new(6));
    let target = |instrument| LiquidationTarget { instrument, side, qty };
    let batch = |n, price| CaseStep::Batch { n, instrument, side, price, qty };
    let checked = |measure| CaseStep::Checked {
        n: 2,
        instrument,
        filled: qty,
        remaining: Qty::ZERO,
        measure: Measure(measure),
    };
    let fixed = [
        CaseStep::Planned { targets: Box::default() },
        CaseStep::Planned { targets: Box::new([target(instrument)]) },
        CaseStep::Planned { targets: Box::new([target(InstrumentId(1)), target(InstrumentId(0))]) },
        batch(1, None),
        batch(2, Some(price(6))),
        checked(None),
        checked(Some(999_999)),
        CaseStep::Resumed,
        CaseStep::Restored,
        CaseStep::Waterfall,
        CaseStep::Closed,
    ];
    let triggers = ForcedReason::ALL.iter().map(|&reason| CaseStep::Triggered { reason });
    let waits = ParkReason::ALL.iter().map(|&reason| CaseStep::Parked { reason });
    fixed.into_iter().chain(triggers).chain(waits)
}

/// The word of a kind in events.jsonl. A kind that is added does not compile until it has one here.
pub fn word(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Opened { .. } => "opened",
        EventKind::Deposit { .. } => "deposit",
        EventKind::Withdrawal { .. } => "withdrawal",
        EventKind::Accepted { .. } => "accepted",
        EventKind::Triggered { .. } => "triggered",
        EventKind::Refilled { .. } => "refilled",
        EventKind::Rejected { .. } => "rejected",
        EventKind::Cancelled { .. } => "cancelled",
        EventKind::Replaced { .. } => "replaced",
        EventKind::Trade { .. } => "trade",
        EventKind::Mark { .. } => "mark",
        EventKind::Phase { .. } => "phase",
        EventKind::Band { .. } => "band",
        EventKind::Margin { .. } => "margin",
        EventKind::Auction { .. } => "auction",
        EventKind::Indicative { .. } => "indicative",
        EventKind::Settled { .. } => "settled",
        EventKind::Settlement { .. } => "settlement",
        EventKind::Listed { .. } => "listed",
        EventKind::Delisted { .. } => "delisted",
        EventKind::Expired { .. } => "expired",
        EventKind::Busted { .. } => "busted",
        EventKind::Tier { .. } => "tier",
        EventKind::MarginCall { .. } => "margin_call",
        EventKind::Restricted { .. } => "restricted",
        EventKind::Unrestricted { .. } => "unrestricted",
        EventKind::Case { .. } => "case",
        EventKind::Fund { .. } => "fund",
        EventKind::Debt { .. } => "debt",
        EventKind::Deleveraged { .. } => "adl",
        EventKind::TakenOver { .. } => "takeover",
        EventKind::Socialised { .. } => "socialised",
        EventKind::Reduced { .. } => "reduction",
        EventKind::Funding { .. } => "funding",
        EventKind::Index { .. } => "index",
        EventKind::Leverage { .. } => "leverage",
        EventKind::MarginMoved { .. } => "margin_moved",
        EventKind::Profile { .. } => "profile",
        EventKind::Scheduled { .. } => "scheduled",
        EventKind::Terms { .. } => "terms",
        EventKind::InstrumentPermission { .. } => "permission",
        EventKind::LargePosition { .. } => "large_position",
    }
}
