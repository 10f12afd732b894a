//! The worked examples of RULES.md, each under its number, on the real exchange.

#[path = "rules/days.rs"]
mod days;
#[path = "rules/golden.rs"]
mod golden;
#[path = "rules/hall.rs"]
mod hall;
#[path = "rules/legs.rs"]
mod legs;
#[path = "rules/legs_walk.rs"]
mod legs_walk;
#[path = "rules/liquidation.rs"]
mod liquidation;
#[path = "rules/margins.rs"]
mod margins;
mod model;
#[path = "rules/orders.rs"]
mod orders;
#[path = "rules/reductions.rs"]
mod reductions;
#[path = "rules/tiers.rs"]
mod tiers;

use hall::*;
use plimsoll_types::*;

/// Balance 100,000, fee 20, margin 30,000, frozen 5,000 + 10; the client is long 10 lots.
fn example_1_1(floating_profit: FloatingProfit) -> Hall {
    let mut held = instrument("H", 3_000);
    held.initial = per_lot(3_000);
    held.fees.open = per_lot(2);
    let mut wanted = instrument("W", 1_000);
    wanted.initial = per_lot(1_000);
    wanted.fees.open = per_lot(2);
    let mut hall = Hall::with(floating_profit, vec![held, wanted], calm(), 100_000);
    hall.trade(Side::Buy, 3_000, 10);
    let order = hall.order(CLIENT, Side::Buy, 1_000, 5);
    hall.send(Command::Order(NewOrder { instrument: InstrumentId(1), ..order }));
    let client = hall.client();
    assert_eq!(client.fees, money(20));
    assert_eq!(client.margin, money(30_000));
    assert_eq!(client.frozen, money(5_000 + 10));
    hall
}

#[test]
fn rule_1_1_floating_result_counts_as_configured() {
    let variants = [
        (FloatingProfit::All, 66_970, 62_970),
        (FloatingProfit::OnlyLost, 64_970, 62_970),
        (FloatingProfit::OnlyGain, 66_970, 64_970),
        (FloatingProfit::None, 64_970, 64_970),
    ];
    for (floating_profit, gaining, losing) in variants {
        let mut hall = example_1_1(floating_profit);
        // 10 lots x 20 ticks x 10.
        hall.mark(3_020);
        assert_eq!(hall.client().unrealised, money(2_000));
        assert_eq!(hall.client().available, money(gaining), "{floating_profit:?}");
        hall.mark(2_980);
        assert_eq!(hall.client().unrealised, money(-2_000));
        assert_eq!(hall.client().available, money(losing), "{floating_profit:?}");
    }
}

/// Gold: 0.02 a tick, 1,000 grams a lot, money in cents.
fn gold(share: Ratio) -> InstrumentSpec {
    let mut gold = instrument("au", 19_587);
    gold.tick_size = Step { mantissa: 2, decimals: 2 };
    gold.multiplier = Step { mantissa: 1_000, decimals: 0 };
    gold.tick_value = 2_000;
    gold.initial = MarginRate { share, per_lot: Money::ZERO };
    gold
}

#[test]
fn rule_1_2_margin_of_a_lot_of_gold() {
    // 391.74 x 1000 x 0.08 = 31,339.20
    let mut hall = Hall::new(vec![gold(mille(80))], calm(), 10_000_000);
    let waits = hall.order(CLIENT, Side::Buy, 19_587, 1);
    hall.send(Command::Order(waits));
    assert_eq!(hall.client().frozen, money(3_133_920));
    let meets = hall.order(MAKER, Side::Sell, 19_587, 1);
    hall.send(Command::Order(meets));
    assert_eq!(hall.client().frozen, Money::ZERO);
    assert_eq!(hall.client().margin, money(3_133_920));
}

#[test]
fn rule_1_2_margin_rounds_up_once_a_position() {
    // 39,174,000 x 0.080000001 = 3,133,920.039174 a lot; three of them 9,401,760.117522.
    let share = Ratio::from_nano(80_000_001);
    for (lots, margin) in [(1, 3_133_921), (3, 9_401_761)] {
        let mut hall = Hall::new(vec![gold(share)], calm(), 100_000_000);
        hall.trade(Side::Buy, 19_587, lots);
        assert_eq!(hall.client().margin, money(margin));
    }
}

/// The client holds 10 lots with a margin of 80,000 and an equity of 100,000.
fn example_1_3(measure: MeasureKind, tiers: Vec<Tier>) -> (Hall, Vec<EventKind>) {
    let mut held = instrument("H", 3_000);
    held.initial = per_lot(8_000);
    let mut hall = Hall::new(vec![held], profile(measure, tiers, Ratio::ONE), 100_000);
    let resting = hall.order(MAKER, Side::Sell, 3_000, 10);
    hall.send(Command::Order(resting));
    let taking = hall.order(CLIENT, Side::Buy, 3_000, 10);
    let events = hall.send(Command::Order(taking));
    (hall, events)
}

fn tier_changes(events: &[EventKind]) -> Vec<(u8, u8)> {
    let changes = events.iter().filter_map(|event| match event {
        EventKind::Tier { from, to, .. } => Some((*from, *to)),
        _ => None,
    });
    changes.collect()
}

#[test]
fn rule_1_3_risk_degree_as_margin_over_equity() {
    let tiers = vec![
        tier("warning", mille(800), Action::Notify),
        tier("call", mille(1000), Action::CloseOnly),
        tier("worst", mille(1200), Action::Notify),
    ];
    let (mut hall, events) = example_1_3(MeasureKind::MarginOverEquity, tiers);
    assert_eq!(hall.client().measure, Measure(Some(800_000)));
    assert_eq!(hall.client().available, money(20_000));
    // 80 % is 80 % and above.
    assert_eq!(tier_changes(&events), [(0, 1)]);
    // 100 ticks x 10 lots x 10 = 10,000: 80,000 / 90,000.
    assert_eq!(tier_changes(&hall.mark(2_900)), []);
    assert_eq!(tier_changes(&hall.mark(2_800)), [(1, 2)]);
    // Equity 0 and below is past every tier.
    assert_eq!(tier_changes(&hall.mark(2_000)), [(2, 3)]);
    assert_eq!(tier_changes(&hall.mark(1_900)), []);
    assert_eq!(tier_changes(&hall.mark(3_100)), [(3, 0)]);
}

#[test]
fn rule_1_3_risk_degree_as_equity_over_margin() {
    let tiers = vec![
        tier("call", mille(700), Action::Notify),
        tier("close out", mille(500), Action::Notify),
    ];
    let (mut hall, events) = example_1_3(MeasureKind::EquityOverMargin, tiers);
    assert_eq!(hall.client().measure, Measure(Some(1_250_000)));
    assert_eq!(tier_changes(&events), []);
    // 44,000 ticks' worth of loss leaves 56,000 / 80,000 = 70 %.
    assert_eq!(tier_changes(&hall.mark(2_561)), []);
    assert_eq!(tier_changes(&hall.mark(2_560)), [(0, 1)]);
    assert_eq!(tier_changes(&hall.mark(2_400)), [(1, 2)]);
    assert_eq!(tier_changes(&hall.mark(1_000)), []);
    // Closing everything leaves no margin: normal, although equity is below zero.
    let resting = hall.order(MAKER, Side::Buy, 1_000, 10);
    hall.send(Command::Order(resting));
    let closing = hall.order(CLIENT, Side::Sell, 1_000, 10);
    let events = hall.send(Command::Order(closing));
    assert_eq!(tier_changes(&events), [(2, 0)]);
    // Flat with equity of 100,000 - 200,000 goes to the waterfall.
    let debt = EventKind::Debt { account: CLIENT, amount: money(100_000) };
    assert!(events.contains(&debt), "{events:?}");
}

#[test]
fn rule_1_3_an_account_without_margin_is_normal() {
    let tiers = vec![tier("worst", mille(1000), Action::Notify)];
    let (mut hall, _) = example_1_3(MeasureKind::MarginOverEquity, tiers);
    assert_eq!(tier_changes(&hall.mark(1_000)), [(0, 1)]);
    assert_eq!(hall.client().equity, money(-100_000));
    // A margin of zero, with a position and equity far below zero.
    let zero = MarginRate::default();
    let instrument = InstrumentId(0);
    let events =
        hall.send(Command::Margin { instrument, account: None, initial: zero, maintenance: zero });
    assert_eq!(tier_changes(&events), [(1, 0)]);
}

/// E 90,000, M 100,000, m 5,000 and a cost a lot: the lots a case plans to close.
fn lots_planned(target: Ratio, cost: i128) -> u64 {
    let mut held = instrument("H", 3_000);
    held.initial = per_lot(5_000);
    held.fees.close = per_lot(cost);
    let tiers = vec![tier("liquidation", mille(1050), Action::Liquidate)];
    let profile = profile(MeasureKind::MarginOverEquity, tiers, target);
    let mut hall = Hall::new(vec![held], profile, 110_000);
    hall.trade(Side::Buy, 3_000, 20);
    // Depth enough at what will be the mark: the fee is the only cost.
    let depth = hall.order(OTHER, Side::Buy, 2_900, 40);
    hall.send(Command::Order(depth));
    let events = hall.mark(2_900);
    let planned = events.iter().find_map(|event| match event {
        EventKind::Case { step: CaseStep::Planned { targets }, .. } => Some(targets.clone()),
        _ => None,
    });
    let EventKind::Tier { equity, margin, .. } = events[1] else { panic!("{events:?}") };
    assert_eq!((equity, margin), (money(90_000), money(100_000)));
    let targets = planned.expect("a case plans");
    assert_eq!((targets.len(), targets[0].side), (1, Side::Sell));
    assert_eq!(trades(&events), [(2_900, targets[0].qty.lots())]);
    targets[0].qty.lots()
}

#[test]
fn rule_1_5_least_lots_that_meet_the_target() {
    assert_eq!(lots_planned(mille(1000), 60), 3);
    assert_eq!(lots_planned(mille(900), 60), 4);
    assert_eq!(lots_planned(mille(800), 60), 6);
}

#[test]
fn rule_1_5_all_lots_where_the_target_is_out_of_reach() {
    // Each lot closed costs as much as it releases, and equity is below margin.
    assert_eq!(lots_planned(mille(1000), 5_000), 20);
}

/// One lot of rebar is closed by force; what it cost the client.
fn loss_of_forced_close(side: Side, open: i64, close: i64, fee: i128) -> i128 {
    let mut rebar = instrument("RB", open);
    rebar.initial = per_lot(4_000);
    rebar.fees.liquidation = per_lot(fee);
    let tiers = vec![tier("liquidation", mille(1000), Action::Liquidate)];
    let profile = profile(MeasureKind::MarginOverEquity, tiers, mille(900));
    let mut hall = Hall::new(vec![rebar], profile, 5_000);
    hall.trade(side, open, 1);
    let depth = hall.order(OTHER, side, close, 1);
    hall.send(Command::Order(depth));
    let events = hall.mark(close);
    assert_eq!(trades(&events), [(close, 1)]);
    assert!(hall.client().positions.is_empty());
    assert_eq!(hall.client().fees, money(fee));
    5_000 - hall.client().balance.units()
}

#[test]
fn rule_1_7_loss_of_a_forced_close() {
    assert_eq!(loss_of_forced_close(Side::Buy, 5_000, 4_890, 0), 1_100);
    assert_eq!(loss_of_forced_close(Side::Buy, 5_000, 4_890, 30), 1_130);
    assert_eq!(loss_of_forced_close(Side::Buy, 5_000, 4_890, 50), 1_150);
    assert_eq!(loss_of_forced_close(Side::Sell, 4_890, 5_000, 30), 1_130);
}

/// (lots, limit); no limit = a market order.
type Orders<'a> = &'a [(u64, Option<i64>)];

/// An uncross: its price, lots and surplus.
fn uncross(
    candidates: AuctionCandidates,
    reference: i64,
    bids: Orders<'_>,
    asks: Orders<'_>,
) -> (Option<i64>, u64, u64) {
    let mut spec = instrument("X", reference);
    spec.phase = Phase::Auction;
    spec.auction_candidates = candidates;
    let mut hall = Hall::new(vec![spec], calm(), 0);
    for (account, side, orders) in [(MAKER, Side::Buy, bids), (OTHER, Side::Sell, asks)] {
        for &(qty, limit) in orders {
            let mut order = hall.order(account, side, limit.unwrap_or(1), qty);
            if limit.is_none() {
                order.kind = OrderKind::Market(None);
            }
            hall.send(Command::Order(order));
        }
    }
    let events = hall.phase(Phase::Continuous);
    let auctions = events.iter().filter_map(|event| match event {
        EventKind::Auction { price, qty, surplus, .. } => {
            Some((price.map(Price::ticks), qty.lots(), surplus.lots()))
        }
        _ => None,
    });
    let auctions: Vec<_> = auctions.collect();
    assert_eq!(auctions.len(), 1);
    let traded: u64 = trades(&events).iter().map(|(_, qty)| qty).sum();
    assert_eq!(traded, auctions[0].1);
    assert!(trades(&events).iter().all(|(price, _)| Some(*price) == auctions[0].0));
    auctions[0]
}

#[test]
fn rule_4_auction_prices() {
    for candidates in [AuctionCandidates::Limits, AuctionCandidates::Ticks] {
        let bids = [(200, Some(202)), (200, Some(201)), (300, Some(200))];
        let asks = [(100, Some(200)), (200, Some(198)), (400, Some(197))];
        assert_eq!(uncross(candidates, 100, &bids, &asks), (Some(200), 700, 0));
        // Surplus on the buy side: the highest.
        let bids = [(400, Some(202)), (200, Some(201))];
        let asks = [(300, Some(199)), (200, Some(198))];
        assert_eq!(uncross(candidates, 100, &bids, &asks), (Some(201), 500, 100));
        // Surplus on the sell side: the lowest.
        let bids = [(300, Some(202)), (200, Some(201))];
        let asks = [(400, Some(199)), (200, Some(198))];
        assert_eq!(uncross(candidates, 300, &bids, &asks), (Some(199), 500, 100));
        // No cross.
        let (bids, asks) = ([(80, Some(199))], [(80, Some(201))]);
        assert_eq!(uncross(candidates, 200, &bids, &asks), (None, 0, 0));
    }
}

#[test]
fn rule_4_only_market_orders_trade_at_the_reference() {
    for candidates in [AuctionCandidates::Limits, AuctionCandidates::Ticks] {
        assert_eq!(uncross(candidates, 199, &[(900, None)], &[(800, None)]), (Some(199), 800, 100));
    }
}
