//! Every event as a line, field by field.

mod chain;

use super::*;
use crate::config::read_config;
use plimsoll_types::{
    CancelReason, CaseId, CaseStep, ForcedReason, LiquidationTarget, MarginRate, ParkReason,
    Permission, Phase, ProfileId, Ratio, Side, TradeKind,
};

const CONFIG: &str = r#"
[exchange]
currency = "CNY"
money_decimals = 4
[[instrument]]
symbol = "RB"
kind = "future"
tick_size = "0.5"
lot_size = "0.1"
multiplier = "10"
prev_settlement = "5000"
margin_initial = "0.1"
margin_maintenance = "0.1"
[[profile]]
name = "standard"
[[profile.tier]]
name = "warning"
at = "0.8"
action = "notify"
[[account]]
name = "A"
profile = "standard"
[[account]]
name = "B\n"
profile = "unlimited"
"#;

const A: AccountId = AccountId(0);
const B: AccountId = AccountId(1);
const RB: InstrumentId = InstrumentId(0);

fn line(kind: EventKind) -> String {
    let exchange = Exchange::new(read_config("E.toml", CONFIG).expect("a good configuration"));
    let mut out = Vec::new();
    write_event(&mut out, &exchange, &Event { seq: 7, ts: 9, kind });
    let text = String::from_utf8(out).expect("UTF-8");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(json.is_object() && text.ends_with("}\n"));
    let rest = text.trim_end().strip_prefix("{\"seq\":7,\"ts\":9,\"event\":").expect("a head");
    rest.to_owned()
}

fn id(text: &str) -> OrderId {
    OrderId::Client(Label::new(text).expect("a label"))
}

fn ticks(count: i64) -> Price {
    Price::clamped(count)
}

#[test]
fn orders() {
    let accepted = EventKind::Accepted {
        account: A,
        id: id("a1"),
        instrument: RB,
        side: Side::Buy,
        price: Some(ticks(10_001)),
        qty: Qty::new(15),
        trigger: None,
        display: Qty::ZERO,
        offset: None,
        handle: None,
    };
    assert_eq!(
        line(accepted),
        r#""accepted","account":"A","id":"a1","symbol":"RB","side":"buy","price":"5000.5","qty":"1.5"}"#
    );
    let waiting = EventKind::Accepted {
        account: A,
        id: id("a2"),
        instrument: RB,
        side: Side::Buy,
        price: None,
        qty: Qty::new(15),
        trigger: Some(ticks(10_401)),
        display: Qty::new(5),
        offset: None,
        handle: None,
    };
    assert_eq!(
        line(waiting),
        r#""accepted","account":"A","id":"a2","symbol":"RB","side":"buy","price":null,"qty":"1.5","trigger":"5200.5","display":"0.5"}"#
    );
    let market = EventKind::Accepted {
        account: B,
        id: OrderId::Number(12),
        instrument: RB,
        side: Side::Sell,
        price: None,
        qty: Qty::new(10),
        trigger: None,
        display: Qty::ZERO,
        offset: None,
        handle: None,
    };
    assert_eq!(
        line(market),
        r##""accepted","account":"B\n","id":"#12","symbol":"RB","side":"sell","price":null,"qty":"1"}"##
    );
    let cancelled = EventKind::Cancelled {
        account: A,
        instrument: RB,
        id: id("a\"1"),
        qty: Qty::new(1),
        reason: CancelReason::Ioc,
    };
    assert_eq!(
        line(cancelled),
        r#""cancelled","account":"A","id":"a\"1","qty":"0.1","reason":"ioc"}"#
    );
    let replaced = EventKind::Replaced {
        account: A,
        instrument: RB,
        id: id("a1"),
        price: Some(ticks(2)),
        qty: Qty::new(20),
        kept_priority: true,
        handle: None,
    };
    assert_eq!(
        line(replaced),
        r#""replaced","account":"A","id":"a1","price":"1","qty":"2","kept_priority":true}"#
    );
}

#[test]
fn orders_that_wait_and_orders_that_hide() {
    let triggered = EventKind::Triggered { account: A, id: id("a1"), instrument: RB, handle: None };
    assert_eq!(line(triggered), r#""triggered","account":"A","id":"a1"}"#);
    let refilled = EventKind::Refilled {
        account: A,
        id: id("a1"),
        instrument: RB,
        price: ticks(10_001),
        qty: Qty::new(5),
    };
    assert_eq!(
        line(refilled),
        r#""refilled","account":"A","id":"a1","symbol":"RB","price":"5000.5","qty":"0.5"}"#
    );
    for (reason, word) in [
        (CancelReason::MinQty, "min_qty"),
        (CancelReason::Expired, "expired"),
        (CancelReason::Refused(Reject::PriceBand), "price_band"),
    ] {
        let kind = EventKind::Cancelled {
            account: A,
            instrument: RB,
            id: id("a1"),
            qty: Qty::new(1),
            reason,
        };
        let end = format!("\"reason\":\"{word}\"}}");
        assert!(line(kind).ends_with(&end), "{end}");
    }
}

#[test]
fn rejections() {
    let rejected = |account, name: Option<&str>, id| EventKind::Rejected {
        account,
        name: name.and_then(Label::new),
        id,
        reason: Reject::UnknownAccount,
    };
    let end = r#""reason":"unknown_account","detail":"no account of this name is open"}"#;
    assert_eq!(
        line(rejected(None, Some("Z"), Some(id("z1")))),
        format!(r#""rejected","account":"Z","id":"z1",{end}"#)
    );
    assert_eq!(line(rejected(Some(A), None, None)), format!(r#""rejected","account":"A",{end}"#));
    assert_eq!(line(rejected(None, None, None)), format!(r#""rejected",{end}"#));
}

#[test]
fn trades() {
    let trade = EventKind::Trade {
        instrument: RB,
        price: ticks(10_000),
        qty: Qty::new(30),
        maker: A,
        maker_id: id("a1"),
        taker: B,
        taker_id: OrderId::Liquidation { case: 3, n: 2 },
        side: Side::Sell,
        kind: TradeKind::Liquidation,
        maker_fee: Money::ZERO,
        taker_fee: Money::ZERO,
    };
    assert_eq!(
        line(trade),
        r#""trade","symbol":"RB","price":"5000","qty":"3","maker":"A","maker_id":"a1","taker":"B\n","taker_id":"liq-3-2","side":"sell","kind":"liquidation"}"#
    );
}

#[test]
fn the_market() {
    assert_eq!(
        line(EventKind::Mark { instrument: RB, price: ticks(1) }),
        r#""mark","symbol":"RB","price":"0.5"}"#
    );
    assert_eq!(
        line(EventKind::Phase { instrument: RB, phase: Phase::Closed }),
        r#""phase","symbol":"RB","phase":"closed"}"#
    );
    assert_eq!(
        line(EventKind::Band { instrument: RB, up: ticks(10_800), down: ticks(9_200) }),
        r#""band","symbol":"RB","up":"5400","down":"4600"}"#
    );
    let rate =
        |nano, per_lot| MarginRate { share: Ratio::from_nano(nano), per_lot: Money::new(per_lot) };
    assert_eq!(
        line(EventKind::Margin {
            instrument: RB,
            account: None,
            initial: rate(0, 120_000),
            maintenance: rate(75_000_000, 0)
        }),
        r#""margin","symbol":"RB","initial":{"share":"0","per_lot":"12"},"maintenance":"0.075"}"#
    );
    assert_eq!(
        line(EventKind::Auction {
            instrument: RB,
            price: None,
            qty: Qty::ZERO,
            surplus: Qty::ZERO,
            surplus_side: None
        }),
        r#""auction","symbol":"RB","price":null,"qty":"0","surplus":"0","surplus_side":null}"#
    );
    assert_eq!(
        line(EventKind::Fund {
            change: Money::new(-5_000),
            balance: Money::ZERO,
            case: Some(CaseId(2))
        }),
        r#""fund","change":"-0.5","balance":"0","case":2}"#
    );
    assert_eq!(
        line(EventKind::Fund { change: Money::new(1), balance: Money::new(1), case: None }),
        r#""fund","change":"0.0001","balance":"0.0001","case":null}"#
    );
}

#[test]
fn auctions_that_may_come() {
    let indicative = |price, side| EventKind::Indicative {
        instrument: RB,
        price,
        qty: Qty::new(30),
        surplus: Qty::new(5),
        surplus_side: side,
    };
    assert_eq!(
        line(indicative(Some(ticks(10_000)), Some(Side::Sell))),
        r#""indicative","symbol":"RB","price":"5000","qty":"3","surplus":"0.5","surplus_side":"sell"}"#
    );
    assert_eq!(
        line(indicative(None, None)),
        r#""indicative","symbol":"RB","price":null,"qty":"3","surplus":"0.5","surplus_side":null}"#
    );
}

#[test]
fn days() {
    let settled = |one_sided, limit| EventKind::Settled {
        instrument: RB,
        price: ticks(9_901),
        one_sided,
        limit,
    };
    assert_eq!(
        line(settled(Some(Side::Buy), Some(Ratio::from_nano(100_000_000)))),
        r#""settled","symbol":"RB","price":"4950.5","one_sided":"buy","limit":"0.1"}"#
    );
    assert_eq!(
        line(settled(None, None)),
        r#""settled","symbol":"RB","price":"4950.5","one_sided":null,"limit":null}"#
    );
    let settlement = |instrument| EventKind::Settlement {
        account: A,
        instrument,
        profit: Money::new(-10_500),
        profit_by_trade: Money::new(-10_500),
        fees: Money::new(5_000),
        balance: Money::new(10_000),
    };
    assert_eq!(
        line(settlement(Some(RB))),
        r#""settlement","account":"A","symbol":"RB","profit":"-1.05","profit_by_trade":"-1.05","fees":"0.5","balance":"1"}"#
    );
    assert_eq!(
        line(settlement(None)),
        r#""settlement","account":"A","profit":"-1.05","profit_by_trade":"-1.05","fees":"0.5","balance":"1"}"#
    );
}

#[test]
fn instruments_come_and_go_and_trades_are_undone() {
    assert_eq!(
        line(EventKind::Listed { instrument: RB }),
        r#""listed","symbol":"RB","kind":"future","tick_size":"0.5","lot_size":"0.1","multiplier":"10","prev_settlement":"5000"}"#
    );
    assert_eq!(line(EventKind::Delisted { instrument: RB }), r#""delisted","symbol":"RB"}"#);
    assert_eq!(
        line(EventKind::Expired { instrument: RB, price: ticks(9_901) }),
        r#""expired","symbol":"RB","price":"4950.5"}"#
    );
    let busted =
        EventKind::Busted { trade: 17, instrument: RB, price: ticks(9_901), qty: Qty::new(3) };
    assert_eq!(line(busted), r#""busted","trade":17,"symbol":"RB","price":"4950.5","qty":"0.3"}"#);
}

#[test]
fn accounts() {
    let money = Money::new(10_000);
    assert_eq!(
        line(EventKind::Opened { account: A, profile: ProfileId(1) }),
        r#""opened","account":"A","profile":"standard"}"#
    );
    assert_eq!(
        line(EventKind::Deposit { account: A, amount: money, repaid: Money::ZERO, balance: money }),
        r#""deposit","account":"A","amount":"1","repaid":"0","balance":"1"}"#
    );
    assert_eq!(
        line(EventKind::Withdrawal { account: A, amount: money, balance: Money::ZERO }),
        r#""withdrawal","account":"A","amount":"1","balance":"0"}"#
    );
    assert_eq!(
        line(EventKind::Debt { account: A, amount: money }),
        r#""debt","account":"A","amount":"1"}"#
    );
    assert_eq!(
        line(EventKind::Restricted { account: A, permission: Permission::CloseOnly }),
        r#""restricted","account":"A","permission":"close_only"}"#
    );
    assert_eq!(
        line(EventKind::Unrestricted { account: A, permission: Permission::Normal }),
        r#""unrestricted","account":"A","permission":"normal"}"#
    );
}

#[test]
fn risk() {
    let tier = |measure| EventKind::Tier {
        account: A,
        from: 0,
        to: 1,
        measure: Measure(measure),
        equity: Money::new(-1),
        margin: Money::new(10_000),
    };
    assert_eq!(
        line(tier(Some(812_500))),
        r#""tier","account":"A","from":"normal","to":"warning","measure":"0.8125","equity":"-0.0001","margin":"1"}"#
    );
    assert!(line(tier(None)).contains(r#""measure":null,"#));
    let call = |deadline| EventKind::MarginCall { account: A, shortfall: Money::new(1), deadline };
    assert_eq!(
        line(call(Some(5))),
        r#""margin_call","account":"A","shortfall":"0.0001","deadline":5}"#
    );
    assert_eq!(
        line(call(None)),
        r#""margin_call","account":"A","shortfall":"0.0001","deadline":null}"#
    );
}

#[test]
fn cases() {
    let step = |step| line(EventKind::Case { account: A, case: CaseId(3), step });
    let head = r#""case","account":"A","case":3,"state":"#;
    let target = LiquidationTarget { instrument: RB, side: Side::Sell, qty: Qty::new(25) };
    assert_eq!(
        step(CaseStep::Planned { targets: Box::new([target, target]) }),
        format!(
            r#"{head}"planned","targets":[{{"symbol":"RB","side":"sell","qty":"2.5"}},{{"symbol":"RB","side":"sell","qty":"2.5"}}]}}"#
        )
    );
    assert_eq!(
        step(CaseStep::Batch {
            n: 1,
            instrument: RB,
            side: Side::Sell,
            price: None,
            qty: Qty::new(10)
        }),
        format!(r#"{head}"batch","n":1,"symbol":"RB","side":"sell","price":null,"qty":"1"}}"#)
    );
    assert_eq!(
        step(CaseStep::Parked { reason: ParkReason::LimitLocked }),
        format!(r#"{head}"parked","reason":"limit_locked"}}"#)
    );
    for (word, plain) in [
        ("triggered\",\"reason\":\"funds", CaseStep::Triggered { reason: ForcedReason::Funds }),
        ("resumed", CaseStep::Resumed),
        ("restored", CaseStep::Restored),
        ("waterfall", CaseStep::Waterfall),
        ("closed", CaseStep::Closed),
    ] {
        assert_eq!(step(plain), format!("{head}\"{word}\"}}"));
    }
    let checked = CaseStep::Checked {
        n: 1,
        instrument: RB,
        filled: Qty::new(10),
        remaining: Qty::ZERO,
        measure: Measure(None),
    };
    assert_eq!(
        step(checked),
        format!(r#"{head}"checked","n":1,"filled":"1","remaining":"0","measure":null}}"#)
    );
}

#[test]
fn quantities_are_counted_in_the_lots_of_their_instrument() {
    let second = CONFIG.replace(
        "[[profile]]",
        r#"[[instrument]]
symbol = "BTC"
kind = "perpetual"
tick_size = "1"
lot_size = "0.001"
multiplier = "1"
prev_settlement = "60000"
margin_initial = "0.1"
margin_maintenance = "0.1"
[[profile]]"#,
    );
    let exchange = Exchange::new(read_config("E.toml", &second).expect("a good configuration"));
    let mut out = Vec::new();
    let instrument = InstrumentId(1);
    let reason = CancelReason::Client;
    let kind =
        EventKind::Cancelled { account: A, id: id("a1"), instrument, qty: Qty::new(5), reason };
    write_event(&mut out, &exchange, &Event { seq: 1, ts: 0, kind });
    assert!(String::from_utf8_lossy(&out).contains(r#""qty":"0.005""#));
}
