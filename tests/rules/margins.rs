//! Margin and liquidation prices as RULES 1.2, 1.3 and 1.6 work them out, on the real exchange.

use crate::hall::*;
use plimsoll_types::*;

fn nano(nano: i64) -> Ratio {
    Ratio::from_nano(nano)
}

fn share(share: Ratio) -> MarginRate {
    MarginRate { share, per_lot: Money::ZERO }
}

/// An instrument whose ticks are worth so many units a lot.
fn worth(symbol: &str, settlement: i64, tick_value: i64) -> InstrumentSpec {
    InstrumentSpec { tick_value, ..instrument(symbol, settlement) }
}

/// Liquidated where equity no longer exceeds maintenance.
fn by_maintenance() -> Profile {
    let tiers = vec![Tier {
        basis: Basis::Maintenance,
        ..tier("liquidation", mille(1000), Action::Liquidate)
    }];
    let basis = Basis::Maintenance;
    Profile { basis, ..profile(MeasureKind::MarginOverEquity, tiers, mille(1000)) }
}

/// The client trades with the maker in an instrument.
fn trade_in(hall: &mut Hall, instrument: u16, side: Side, price: i64, qty: u64) {
    for (account, side) in [(MAKER, side.opposite()), (CLIENT, side)] {
        let order = hall.order(account, side, price, qty);
        let order = NewOrder { instrument: InstrumentId(instrument), ..order };
        let events = hall.send(Command::Order(order));
        assert_eq!(trades(&events).is_empty(), account == MAKER, "{events:?}");
    }
}

/// The mark at which the client's first position is liquidated.
fn liquidation_price(hall: &Hall) -> Option<i64> {
    hall.client().positions[0].liquidation_price.map(Price::ticks)
}

/// Brackets as an exchange publishes them: up to, rate in hundredths of a percent, deduction; in units of a hundred-thousandth.
fn brackets(steps: &[(i128, i64, i128)]) -> Vec<Bracket> {
    let unit = |amount: i128| money(amount * 100_000);
    let bracket = |&(up_to, rate, deduct): &(i128, i64, i128)| Bracket {
        up_to: if up_to == 0 { Bracket::OPEN } else { unit(up_to) },
        maintenance: nano(rate * 100_000),
        deduct: unit(deduct),
    };
    steps.iter().map(bracket).collect()
}

#[test]
fn rules_1_6_a_future_with_maintenance_as_an_amount() {
    // Open 4200, multiplier 200, 100,000 paid in, line 40,000: 300 points -> 3900.
    // Open 4150, multiplier 300, 120,000: 3883.33, a long up to the next of 0.01.
    for (open, tick_value, deposit, price) in
        [(4_200, 200, 100_000, 3_900), (415_000, 3, 120_000, 388_334)]
    {
        let mut future = worth("IF", open, tick_value);
        (future.initial, future.maintenance) = (per_lot(60_000), per_lot(40_000));
        let mut hall = Hall::new(vec![future], by_maintenance(), deposit);
        hall.trade(Side::Buy, open, 1);
        assert_eq!(liquidation_price(&hall), Some(price));
        let case =
            |events: &[EventKind]| events.iter().any(|e| matches!(e, EventKind::Case { .. }));
        assert!(!case(&hall.mark(price + 1)));
        assert!(case(&hall.mark(price - 1)), "one tick lower equity is no more than the line");
    }
}

/// Perpetuals of 0.01 a tick and 0.001 a lot, money in hundred-thousandths: a tick of a lot is one unit.
fn perpetuals() -> Vec<InstrumentSpec> {
    let mut ether = worth("ETH", 145_684, 1);
    ether.initial = share(mille(100));
    ether.risk.brackets = brackets(&[
        (10_000, 50, 0),
        (100_000, 65, 15),
        (500_000, 100, 365),
        (1_000_000, 200, 5_365),
        (2_000_000, 500, 35_365),
        (5_000_000, 1_000, 135_365),
        (0, 1_250, 260_365),
    ]);
    let mut bitcoin = worth("BTC", 3_248_198, 1);
    bitcoin.initial = share(mille(100));
    bitcoin.risk.brackets = brackets(&[
        (50_000, 40, 0),
        (250_000, 50, 50),
        (1_000_000, 100, 1_300),
        (10_000_000, 250, 16_300),
        (0, 500, 266_300),
    ]);
    vec![ether, bitcoin]
}

#[test]
fn rules_1_6_a_perpetual_with_brackets_in_a_cross_account() {
    // W 1,535,443.01, long 3,683.979 at 1,456.84.
    let mut hall = Hall::new(perpetuals(), by_maintenance(), 153_544_301_000);
    trade_in(&mut hall, 0, Side::Buy, 145_684, 3_683_979);
    // By itself: 1,114.785, which is 1,114.78 half up and for a long the next tick. Worth 5,366,967.97 at the mark it lies a bracket
    // higher than at that price.
    assert_eq!(liquidation_price(&hall), Some(111_479));
    assert_eq!(hall.client().maintenance, money(67_087_099_580 - 26_036_500_000));
    // Another long of 109.488 at 32,481.98, marked at 31,967.27: T 71,200.81, U -56,354.57.
    trade_in(&mut hall, 1, Side::Buy, 3_248_198, 109_488);
    hall.send(Command::Mark { instrument: InstrumentId(1), price: ticks(3_196_727) });
    let other = &hall.client().positions[1];
    assert_eq!(other.unrealised, money(-5_635_456_848));
    assert_eq!(liquidation_price(&hall), Some(115_326));
    // Maintenance is of both: 0.1 x N - 135,365 at that price, which is where equity meets it.
    hall.mark(115_326);
    let client = hall.client();
    assert_eq!(client.tier, "normal");
    assert!(client.equity > client.maintenance);
    assert_eq!(client.maintenance, money(42_485_856_216 - 13_536_500_000 + 7_120_081_145));
    assert!(hall.mark(115_325).iter().any(|event| matches!(event, EventKind::Tier { to: 1, .. })));
}

#[test]
fn rules_1_6_isolated_at_five_times_on_both_sides() {
    // 1 at 10, W 2, r 0.01, d 0.01: long 8.0707, short 11.8911; with a fee of 0.0006 in the rate and no d 8.0857, 11.8741.
    // Ticks of 0.0001; a long goes up to the tick, a short down.
    let cases = [
        (Side::Buy, 10_000_000, 100, 80_708),
        (Side::Sell, 10_000_000, 100, 118_910),
        (Side::Buy, 10_600_000, 0, 80_858),
        (Side::Sell, 10_600_000, 0, 118_741),
    ];
    for (side, rate, deduct, price) in cases {
        let mut perpetual = worth("P", 100_000, 1);
        perpetual.initial = share(nano(20_000_000));
        let up_to = Bracket::OPEN;
        let deduct = money(deduct);
        perpetual.risk.brackets = vec![Bracket { up_to, maintenance: nano(rate), deduct }];
        let isolated = Profile { margin_mode: MarginMode::Isolated, ..by_maintenance() };
        let mut hall = Hall::new(vec![perpetual], isolated, 1_000_000);
        let (account, instrument) = (CLIENT, InstrumentId(0));
        let value = nano(5_000_000_000);
        let events = hall.send(Command::Leverage { account, instrument, value });
        assert_eq!(events, [EventKind::Leverage { account, instrument, value }]);
        hall.trade(side, 100_000, 1);
        let position = hall.client().positions[0].clone();
        assert_eq!(position.isolated.expect("a pocket").wallet, money(20_000));
        assert_eq!(position.liquidation_price, Some(ticks(price)), "{side:?} {rate}");
    }
}

#[test]
fn rules_1_6_maintenance_on_the_entry_or_on_the_mark() {
    // 1 at 10,000, ten times, 1,000 of margin, 0.5 %: 9,050 on the entry, 9,045.23 on the mark. Ticks and money of 0.01.
    for (margin_price, price) in [(MarginPrice::Open, 905_000), (MarginPrice::Mark, 904_523)] {
        let mut perpetual = worth("P", 1_000_000, 1);
        (perpetual.initial, perpetual.maintenance) = (share(mille(100)), share(mille(5)));
        perpetual.risk.margin_price = margin_price;
        let mut hall = Hall::new(vec![perpetual], by_maintenance(), 100_000);
        hall.trade(Side::Buy, 1_000_000, 1);
        assert_eq!(liquidation_price(&hall), Some(price), "{margin_price:?}");
    }
}

/// Futures of one product by months, 10 a tick, 10 % of the house and 8 % of the exchange.
fn months(large_side: bool) -> Vec<InstrumentSpec> {
    let month = |symbol| {
        let mut month = instrument(symbol, 1_000);
        (month.initial, month.maintenance) = (share(mille(100)), share(mille(80)));
        month.risk.product = Some(label("rb"));
        month.risk.large_side = large_side;
        month
    };
    vec![month("rb01"), month("rb05")]
}

#[test]
fn rules_1_2_only_the_larger_side_of_a_product_counts() {
    for (large_side, margin, maintenance) in [(false, 13_000, 10_400), (true, 8_000, 6_400)] {
        let mut hall = Hall::new(months(large_side), by_maintenance(), 100_000);
        trade_in(&mut hall, 0, Side::Buy, 1_000, 8);
        trade_in(&mut hall, 1, Side::Sell, 1_000, 5);
        let client = hall.client();
        assert_eq!((client.margin, client.maintenance), (money(margin), money(maintenance)));
        assert_eq!(client.available, money(100_000 - margin));
        let own: Vec<_> = client.positions.iter().map(|position| position.margin).collect();
        assert_eq!(own, [money(8_000), money(5_000)], "each position shows its own");
        // An order freezes its margin whole.
        let order = hall.order(CLIENT, Side::Sell, 1_000, 3);
        hall.send(Command::Order(NewOrder { instrument: InstrumentId(1), ..order }));
        assert_eq!(hall.client().frozen, money(3_000));
    }
}

#[test]
fn rules_1_2_a_stricter_broker_asks_one_account_for_more() {
    let mut hall = Hall::new(months(false), by_maintenance(), 100_000);
    trade_in(&mut hall, 0, Side::Buy, 1_000, 8);
    let order = hall.order(CLIENT, Side::Buy, 990, 2);
    hall.send(Command::Order(order));
    assert_eq!((hall.client().margin, hall.client().frozen), (money(8_000), money(1_980)));
    let mut ask = |mille_initial, mille_maintenance| {
        hall.send(Command::Margin {
            instrument: InstrumentId(0),
            account: Some(CLIENT),
            initial: share(mille(mille_initial)),
            maintenance: share(mille(mille_maintenance)),
        })
    };
    assert_eq!(rejected(&ask(99, 80)), Some(Reject::InvalidMargin), "never less than everybody's");
    assert_eq!(rejected(&ask(120, 130)), Some(Reject::InvalidMargin));
    let events = ask(150, 80);
    assert!(matches!(&events[..], [EventKind::Margin { account: Some(CLIENT), .. }]), "{events:?}");
    let client = hall.client();
    assert_eq!((client.margin, client.frozen), (money(12_000), money(2_970)));
    assert_eq!(client.maintenance, money(6_400));
}

#[test]
fn a_lower_leverage_is_refused_where_it_asks_for_more_than_there_is() {
    let mut hall = Hall::new(months(false), by_maintenance(), 20_000);
    trade_in(&mut hall, 0, Side::Buy, 1_000, 8);
    let order = hall.order(CLIENT, Side::Buy, 1_000, 2);
    hall.send(Command::Order(order));
    let mut set = |tenths: i64| {
        let (account, instrument) = (CLIENT, InstrumentId(0));
        let value = nano(tenths * 100_000_000);
        let events = hall.send(Command::Leverage { account, instrument, value });
        (rejected(&events), hall.client().margin.units(), hall.client().frozen.units())
    };
    assert_eq!(set(9), (Some(Reject::Leverage), 8_000, 2_000), "under one");
    assert_eq!(set(101), (Some(Reject::Leverage), 8_000, 2_000), "10 % is ten times at most");
    assert_eq!(set(100), (None, 8_000, 2_000));
    assert_eq!(set(50), (None, 16_000, 4_000), "all that there is");
    assert_eq!(set(49), (Some(Reject::Margin), 16_000, 4_000));
    assert_eq!(set(80), (None, 10_000, 2_500));
}

#[test]
fn rules_1_3_called_by_the_house_liquidated_by_the_exchange() {
    let at = |name, basis, action| Tier { basis, ..tier(name, mille(1000), action) };
    let tiers = vec![
        at("house", Basis::Initial, Action::Call { grace: None }),
        at("exchange", Basis::Maintenance, Action::Liquidate),
    ];
    let two_margins = profile(MeasureKind::MarginOverEquity, tiers, mille(1000));
    let mut hall = Hall::new(months(false), two_margins, 12_000);
    trade_in(&mut hall, 0, Side::Buy, 1_000, 10);
    // House 10 %, exchange 8 % of 100,000; 20 ticks lower equity is 10,000 against margins of 9,800 and 7,840.
    assert!(hall.mark(980).iter().all(|event| matches!(event, EventKind::Mark { .. })));
    assert_eq!(hall.client().tier, "normal");
    let events = hall.mark(977);
    let tier = events.iter().find_map(|event| match *event {
        EventKind::Tier { from, to, equity, margin, .. } => Some((from, to, equity, margin)),
        _ => None,
    });
    assert_eq!(tier, Some((0, 1, money(9_700), money(9_770))), "the house's margin is over equity");
    assert!(events.iter().any(|event| matches!(event, EventKind::MarginCall { .. })));
    let withdraw = |amount| Command::Withdraw { account: CLIENT, amount: money(amount) };
    assert_eq!(rejected(&hall.send(withdraw(1))), Some(Reject::Available));
    let events = hall.mark(955);
    let tier = events.iter().find_map(|event| match *event {
        EventKind::Tier { from, to, equity, margin, .. } => Some((from, to, equity, margin)),
        _ => None,
    });
    assert_eq!(tier, Some((1, 2, money(7_500), money(7_640))), "now the exchange's is");
    assert!(events.iter().any(|event| matches!(event, EventKind::Case { .. })));
    // Back where the house's margin is covered too: the margin shown is the one of the tier left.
    let events = hall.mark(985);
    let tier = events.iter().find_map(|event| match *event {
        EventKind::Tier { from, to, margin, .. } => Some((from, to, margin)),
        _ => None,
    });
    assert_eq!(tier, Some((2, 0, money(7_880))));
}
