//! Funding, index, schedules, expiry, limits by lots and forced reduction, on the real exchange. Source: RULES 2, 5.6, 6.

use crate::hall::*;
use plimsoll_types::*;

const X: InstrumentId = InstrumentId(0);
const HOUR: Ts = 3_600_000_000_000;

/// An exchange of clients without tiers: "M" trades without margin, the others have a hundred million each; a name with `*` hedges.
fn hall(spec: InstrumentSpec, clients: &[&str]) -> Hall {
    hall_of(spec, clients, Vec::new())
}

fn hall_of(spec: InstrumentSpec, clients: &[&str], schedules: Vec<Schedule>) -> Hall {
    let open = |name: &str, profile, deposit| AccountSpec {
        name: label(name),
        profile: ProfileId(profile),
        deposit: money(deposit),
        hedger: name.ends_with('*'),
        margins: Vec::new(),
    };
    let mut accounts = vec![open("M", 0, 0)];
    accounts.extend(clients.iter().map(|name| open(name, 1, 100_000_000)));
    Hall::of(ExchangeSpec {
        currency: label("CNY"),
        money_decimals: 0,
        position_mode: PositionMode::Net,
        floating_profit: FloatingProfit::All,
        insurance_fund: Money::ZERO,
        bust_window: 65_536,
        detector: plimsoll_types::Detector::Index,
        calendars: Vec::new(),
        instruments: vec![spec],
        profiles: vec![Profile::unlimited(), calm()],
        accounts,
        schedules,
    })
}

/// "M" trades with a client.
fn deal(hall: &mut Hall, client: u32, side: Side, price: i64, qty: u64) {
    let rests = hall.order(AccountId(0), side.opposite(), price, qty);
    hall.send(Command::Order(rests));
    let takes = hall.order(AccountId(client), side, price, qty);
    let events = hall.send(Command::Order(takes));
    assert_eq!(trades(&events), [(price, qty)], "{events:?}");
}

fn lots(hall: &Hall, client: u32) -> i64 {
    hall.exchange.position(AccountId(client), X)
}

fn balance(hall: &Hall, client: usize) -> i128 {
    hall.exchange.view().accounts[client].balance.units()
}

fn perpetual() -> InstrumentSpec {
    InstrumentSpec { kind: InstrumentKind::Perpetual, ..instrument("X", 1_000) }
}

fn marks(events: &[EventKind]) -> Vec<i64> {
    let marks = events.iter().filter_map(|event| match event {
        EventKind::Mark { price, .. } => Some(price.ticks()),
        _ => None,
    });
    marks.collect()
}

fn reason(events: &[EventKind]) -> Option<Reject> {
    events.iter().find_map(|event| match event {
        EventKind::Rejected { reason, .. } => Some(*reason),
        _ => None,
    })
}

fn index(price: i64) -> Command {
    Command::Index { instrument: X, price: ticks(price) }
}

#[test]
fn rules_5_6_funding_at_a_rate_is_paid_by_longs_to_shorts() {
    let mut hall = hall(perpetual(), &["A", "B", "C"]);
    deal(&mut hall, 1, Side::Buy, 1_000, 3);
    deal(&mut hall, 2, Side::Sell, 1_000, 2);
    deal(&mut hall, 3, Side::Sell, 1_000, 1);
    hall.mark(1_001);
    let rate = Some(Ratio::from_nano(100_000));
    let events = hall.send(Command::Funding { instrument: X, rate });
    // 0.01 % of 30,030 = 3.003, paid as 4; 2.67 and 1.33 of it for 2 and 1 lots.
    let paid = |account, units| EventKind::Funding {
        account: AccountId(account),
        instrument: X,
        amount: money(units),
    };
    assert_eq!(events, [paid(1, -4), paid(2, 3), paid(3, 1)]);
    let events = hall.send(Command::Funding { instrument: X, rate: Some(Ratio::ZERO) });
    assert_eq!(events, []);
    let too_much = Some(Ratio::from_nano(1_000_000_001));
    let events = hall.send(Command::Funding { instrument: X, rate: too_much });
    assert_eq!(reason(&events), Some(Reject::NotApplicable));
}

#[test]
fn rules_5_6_the_rate_by_premium_takes_what_the_impact_would_cost() {
    let mut spec = perpetual();
    spec.risk.funding = Some(Funding {
        interest: Ratio::from_nano(100_000),
        clamp: Ratio::from_nano(500_000),
        impact: Qty::new(4),
    });
    let mut hall = hall(spec, &["A", "B"]);
    deal(&mut hall, 1, Side::Buy, 1_000, 10);
    deal(&mut hall, 2, Side::Sell, 1_000, 10);
    let by_premium = Command::Funding { instrument: X, rate: None };
    let refused = |events: Vec<EventKind>| reason(&events) == Some(Reject::NotApplicable);
    assert!(refused(hall.send(by_premium.clone())), "no index");
    hall.send(index(1_000));
    assert!(refused(hall.send(by_premium.clone())), "no depth");
    for (side, price, qty) in [(Side::Buy, 1_010, 1), (Side::Buy, 1_006, 3), (Side::Sell, 1_011, 3)]
    {
        let order = hall.order(AccountId(0), side, price, qty);
        hall.send(Command::Order(order));
    }
    assert!(refused(hall.send(by_premium.clone())), "three lots of four on the ask");
    let order = hall.order(AccountId(0), Side::Sell, 1_050, 1);
    hall.send(Command::Order(order));
    // Impact bid (1,010 + 3 x 1,006) / 4 = 1,007: P = 0.7 %; I - P = -0.69 %, clamped to -0.05 %: R = 0.65 % of 100,000.
    let events = hall.send(by_premium);
    let amount = |account| {
        events.iter().find_map(|event| match event {
            EventKind::Funding { account: AccountId(id), amount, .. } if *id == account => {
                Some(amount.units())
            }
            _ => None,
        })
    };
    assert_eq!((amount(1), amount(2), amount(0)), (Some(-650), Some(650), None));
}

#[test]
fn a_contract_that_expires_pays_no_funding() {
    let mut hall = hall(instrument("X", 1_000), &["A"]);
    let events = hall.send(Command::Funding { instrument: X, rate: Some(Ratio::ONE) });
    assert_eq!(reason(&events), Some(Reject::NotApplicable));
}

#[test]
fn the_mark_is_the_index_or_the_last_trade_as_near_it_as_the_cap_lets_it() {
    let mut spec = perpetual();
    spec.mark = MarkSource::Index { cap: None };
    let mut plain = hall(spec.clone(), &["A"]);
    assert_eq!(marks(&plain.send(index(990))), [990]);
    deal(&mut plain, 1, Side::Buy, 1_100, 1);
    assert_eq!(plain.exchange.mark(X).ticks(), 990);
    // 0.5 % of 999 is 4.995: from 995 to 1,003.
    spec.mark = MarkSource::Index { cap: Some(mille(5)) };
    let mut capped = hall(spec, &["A"]);
    deal(&mut capped, 1, Side::Buy, 1_100, 1);
    assert_eq!(capped.exchange.mark(X).ticks(), 1_000, "no index yet");
    assert_eq!(marks(&capped.send(index(999))), [1_003]);
    for (price, mark) in [(900, 995), (1_001, 1_001), (1_003, 1_003), (1_004, 1_003)] {
        deal(&mut capped, 1, Side::Buy, price, 1);
        assert_eq!(capped.exchange.mark(X).ticks(), mark);
    }
}

#[test]
fn rules_2_5_a_contract_expires_by_itself_at_the_average_of_the_index_over_its_last_hour() {
    let mut spec = instrument("X", 1_000);
    spec.risk.expires = Some(10 * HOUR);
    let mut hall = hall(spec, &["A", "B"]);
    deal(&mut hall, 1, Side::Buy, 1_000, 2);
    deal(&mut hall, 2, Side::Sell, 1_000, 2);
    let waits = hall.order(AccountId(1), Side::Buy, 900, 1);
    hall.send(Command::Order(waits));
    hall.send_at(9 * HOUR, index(5_000));
    hall.send_at(9 * HOUR + 1, index(1_010));
    hall.send_at(10 * HOUR - 1, index(1_021));
    let events = hall.send_at(11 * HOUR, index(1));
    // (1,010 + 1,021) / 2, half up; what was set an hour before to the nanosecond is out.
    let expired = EventKind::Expired { instrument: X, price: ticks(1_016) };
    assert!(events.contains(&expired), "{events:?}");
    assert_eq!(cancelled(&events), [(1, CancelReason::Expired)]);
    assert_eq!(reason(&events), Some(Reject::UnknownSymbol));
    // 16 ticks x 2 lots x 10.
    assert_eq!((balance(&hall, 1), balance(&hall, 2)), (100_000_320, 99_999_680));
}

#[test]
fn rules_2_5_an_expiry_before_the_first_command_comes_with_it() {
    let mut spec = instrument("X", 1_000);
    spec.risk.expires = Some(HOUR);
    let mut hall = hall(spec, &["A"]);
    let order = hall.order(AccountId(1), Side::Buy, 900, 1);
    let events = hall.send_at(2 * HOUR, Command::Order(order));
    assert!(matches!(events[0], EventKind::Settled { .. }), "{events:?}");
    assert_eq!(reason(&events), Some(Reject::UnknownSymbol));
    assert_eq!(hall.exchange.now(), 2 * HOUR);
}

fn row(when: ScheduleTime) -> Schedule {
    Schedule { instrument: X, when, margins: None, price_limit: None, fees: None }
}

#[test]
fn rules_1_3_margins_rise_at_the_time_announced() {
    let mut spec = instrument("X", 1_000);
    spec.initial = per_lot(100);
    let rise = |units| Some([per_lot(units), per_lot(units / 2)]);
    let configured = Schedule { margins: rise(200), ..row(ScheduleTime::At(HOUR)) };
    let mut hall = hall_of(spec, &["A"], vec![configured]);
    deal(&mut hall, 1, Side::Buy, 1_000, 2);
    let rests = hall.order(AccountId(1), Side::Buy, 900, 3);
    hall.send(Command::Order(rests));
    let margin = |hall: &Hall| {
        let client = &hall.exchange.view().accounts[1];
        (client.margin.units(), client.frozen.units())
    };
    assert_eq!(margin(&hall), (200, 300));
    let commanded = Schedule { margins: rise(300), ..row(ScheduleTime::At(2 * HOUR)) };
    let events = hall.send(Command::Schedule(Box::new(commanded)));
    assert_eq!(events, [EventKind::Scheduled { instrument: X, at: Some(2 * HOUR) }]);
    hall.send_at(HOUR, Command::Time);
    assert_eq!(margin(&hall), (400, 600));
    hall.send_at(2 * HOUR, Command::Time);
    assert_eq!(margin(&hall), (600, 900));
    let late = Command::Schedule(Box::new(commanded));
    assert_eq!(reason(&hall.send(late)), Some(Reject::Past));
    let wrong =
        Schedule { margins: Some([per_lot(1), per_lot(2)]), ..row(ScheduleTime::Settlement) };
    let events = hall.send(Command::Schedule(Box::new(wrong)));
    assert_eq!(reason(&events), Some(Reject::InvalidMargin));
}

#[test]
fn a_margin_that_rises_on_schedule_breaches_an_account_without_a_trade() {
    let mut spec = instrument("X", 1_000);
    spec.initial = per_lot(100);
    let mut hall = hall(spec, &["A"]);
    deal(&mut hall, 1, Side::Buy, 1_000, 2);
    let margins = Some([per_lot(60_000_000), per_lot(0)]);
    let rise = Schedule { margins, ..row(ScheduleTime::At(HOUR)) };
    hall.send(Command::Schedule(Box::new(rise)));
    hall.send_at(HOUR, Command::Time);
    assert!(hall.exchange.available(AccountId(1)) < Money::ZERO);
}

#[test]
fn terms_at_settlement_come_with_it_the_next_day_s_band_too() {
    let mut spec = instrument("X", 1_000);
    spec.rules.price_limit = Some(mille(50));
    let fees = Fees { open: per_lot(7), ..Fees::default() };
    let terms = Schedule {
        price_limit: Some(mille(100)),
        fees: Some(fees),
        margins: Some([per_lot(70), per_lot(60)]),
        ..row(ScheduleTime::Settlement)
    };
    let mut hall = hall_of(spec, &["A"], vec![terms]);
    let settle = Command::Settle { instrument: Some(X), price: None };
    let band = |events: &[EventKind]| {
        events.iter().find_map(|event| match event {
            EventKind::Band { up, .. } => Some(up.ticks()),
            _ => None,
        })
    };
    let events = hall.send(settle.clone());
    assert_eq!(band(&events), Some(1_100));
    let margin = EventKind::Margin {
        instrument: X,
        account: None,
        initial: per_lot(70),
        maintenance: per_lot(60),
    };
    let said = EventKind::Terms { instrument: X, price_limit: Some(mille(100)), fees: true };
    assert_eq!(events[events.len() - 2..], [margin, said]);
    // A limit that comes at a time waits for the settlement after it.
    let limit = Schedule { price_limit: Some(mille(20)), ..row(ScheduleTime::At(HOUR)) };
    hall.send(Command::Schedule(Box::new(limit)));
    let events = hall.send_at(HOUR, Command::Time);
    let said = EventKind::Terms { instrument: X, price_limit: Some(mille(20)), fees: false };
    assert_eq!(events, [said]);
    assert_eq!(band(&hall.send(settle)), Some(1_020));
    deal(&mut hall, 1, Side::Buy, 1_000, 2);
    let client = &hall.exchange.view().accounts[1];
    assert_eq!((client.fees, client.margin), (money(14), money(140)));
}

#[test]
fn an_instrument_may_be_closed_to_opening_or_to_all() {
    let mut hall = hall(instrument("X", 1_000), &["A"]);
    deal(&mut hall, 1, Side::Buy, 1_000, 2);
    let restrict = |permission| Command::Restrict { instrument: X, permission };
    let said = |permission| [EventKind::InstrumentPermission { instrument: X, permission }];
    assert_eq!(hall.send(restrict(Permission::CloseOnly)), said(Permission::CloseOnly));
    let ask = |hall: &mut Hall, side, qty| {
        let order = hall.order(AccountId(1), side, 1_000, qty);
        reason(&hall.send(Command::Order(order)))
    };
    assert_eq!(ask(&mut hall, Side::Buy, 1), Some(Reject::CloseOnly));
    assert_eq!(ask(&mut hall, Side::Sell, 3), Some(Reject::CloseOnly));
    assert_eq!(ask(&mut hall, Side::Sell, 1), None);
    hall.send(restrict(Permission::Frozen));
    assert_eq!(ask(&mut hall, Side::Sell, 1), Some(Reject::Frozen));
    let cancel = Command::CancelAll { account: AccountId(1), instrument: None, side: None };
    assert_eq!(cancelled(&hall.send(cancel)), [(1, CancelReason::Client)]);
    hall.send(restrict(Permission::Normal));
    assert_eq!(ask(&mut hall, Side::Buy, 1), None);
}

#[test]
fn a_position_limit_counts_lots_held_on_order_and_asked_for() {
    let mut spec = instrument("X", 1_000);
    spec.risk.position_limit = Some(Qty::new(10));
    let mut hall = hall(spec, &["A", "H*"]);
    deal(&mut hall, 1, Side::Buy, 1_000, 6);
    let mut ask = |account: u32, side, price, qty| {
        let order = hall.order(AccountId(account), side, price, qty);
        reason(&hall.send(Command::Order(order)))
    };
    assert_eq!(ask(1, Side::Buy, 900, 3), None);
    assert_eq!(ask(1, Side::Buy, 900, 2), Some(Reject::PositionLimit));
    assert_eq!(ask(1, Side::Buy, 900, 1), None);
    // Six lots close, ten open.
    assert_eq!(ask(1, Side::Sell, 1_100, 17), Some(Reject::PositionLimit));
    assert_eq!(ask(1, Side::Sell, 1_100, 16), None);
    assert_eq!(ask(2, Side::Buy, 900, 11), None, "hedgers any");
    assert_eq!(ask(0, Side::Buy, 800, 11), None, "accounts without margin any");
}

#[test]
fn a_large_position_is_reported_once_it_is_reached() {
    let mut spec = instrument("X", 1_000);
    spec.risk.report_at = Some(Qty::new(5));
    let mut hall = hall(spec, &["A"]);
    let mut reports = Vec::new();
    let buy = (Side::Buy, Side::Sell);
    for (side, qty) in [(buy.0, 4), (buy.0, 1), (buy.0, 1), (buy.1, 2), (buy.0, 1), (buy.1, 10)] {
        let rests = hall.order(AccountId(0), side.opposite(), 1_000, qty);
        hall.send(Command::Order(rests));
        let takes = hall.order(AccountId(1), side, 1_000, qty);
        for event in hall.send(Command::Order(takes)) {
            if let EventKind::LargePosition { account, side, qty, .. } = event {
                reports.push((account.0, side, qty.lots()));
            }
        }
    }
    let (long, short) = buy;
    assert_eq!(
        reports,
        [(0, short, 5), (1, long, 5), (0, short, 5), (1, long, 5), (0, long, 5), (1, short, 5)]
    );
}

#[test]
fn another_profile_begins_at_normal_and_freezes_by_its_own_rules() {
    let mut spec = instrument("X", 1_000);
    spec.initial = per_lot(100_000);
    let tiers = vec![tier("warn", mille(100), Action::CloseOnly)];
    let mut strict = profile(MeasureKind::MarginOverEquity, tiers, Ratio::ONE);
    strict.name = label("strict");
    strict.tiers[0].close_only = true;
    let mut hall = Hall::new(vec![spec], strict, 1_000_000);
    hall.trade(Side::Buy, 1_000, 1);
    let rests = hall.order(OTHER, Side::Buy, 900, 2);
    hall.send(Command::Order(rests));
    assert_eq!(hall.client().permission, Permission::CloseOnly);
    let to = |account, profile| Command::Profile { account, profile: ProfileId(profile) };
    let profile = EventKind::Profile { account: CLIENT, profile: ProfileId(0) };
    let free = EventKind::Unrestricted { account: CLIENT, permission: Permission::Normal };
    assert_eq!(hall.send(to(CLIENT, 0)), [profile, free]);
    assert_eq!(hall.client().margin, Money::ZERO);
    let events = hall.send(to(OTHER, 1));
    assert_eq!(events.len(), 1, "flat, so normal: {events:?}");
    let other = hall.exchange.view().accounts[OTHER.index()].clone();
    assert_eq!(other.frozen, money(200_000));
    // Back again: the tier is reached anew, from normal.
    let events = hall.send(to(CLIENT, 1));
    assert!(matches!(events[1], EventKind::Tier { from: 0, to: 1, .. }), "{events:?}");
    assert_eq!(reason(&hall.send(to(CLIENT, 2))), Some(Reject::UnknownProfile));
}

#[test]
fn rules_1_4_a_withdrawal_that_would_bring_the_account_to_its_first_tier_is_refused() {
    let mut spec = instrument("X", 1_000);
    spec.initial = per_lot(80_000);
    let tiers = vec![tier("warn", mille(800), Action::Notify)];
    let mut hall =
        Hall::new(vec![spec], profile(MeasureKind::MarginOverEquity, tiers, Ratio::ONE), 200_000);
    hall.trade(Side::Buy, 1_000, 1);
    assert_eq!(hall.client().available, money(120_000));
    let mut withdraw =
        |amount| hall.send(Command::Withdraw { account: CLIENT, amount: money(amount) });
    assert_eq!(reason(&withdraw(120_001)), Some(Reject::Available));
    // 80,000 of 100,000 is the tier, of 100,001 not yet.
    assert_eq!(reason(&withdraw(100_000)), Some(Reject::Tier));
    let paid =
        EventKind::Withdrawal { account: CLIENT, amount: money(99_999), balance: money(100_001) };
    assert_eq!(withdraw(99_999), [paid]);
}

/// An exchange of isolated clients in a perpetual with a margin of 10 %.
fn isolated() -> Hall {
    let mut spec = perpetual();
    spec.initial = MarginRate { share: mille(100), per_lot: Money::ZERO };
    let mut pocketed = calm();
    pocketed.margin_mode = MarginMode::Isolated;
    let mut hall = Hall::new(vec![spec], pocketed, 100_000);
    hall.trade(Side::Buy, 1_000, 4);
    hall
}

#[test]
fn rules_5_6_funding_of_an_isolated_position_goes_to_its_pocket() {
    let mut hall = isolated();
    let events =
        hall.send(Command::Funding { instrument: X, rate: Some(Ratio::from_nano(10_000_000)) });
    // 1 % of 4 x 1,000 x 10; the pocket is the account after the three that were opened.
    let paid = |account, units| EventKind::Funding {
        account: AccountId(account),
        instrument: X,
        amount: money(units),
    };
    assert_eq!(events, [paid(0, 400), paid(3, -400)]);
    assert_eq!(hall.client().available, money(96_000), "the account's own money stays");
    assert_eq!(hall.client().balance, money(99_600), "all it has");
}

#[test]
fn the_margin_mode_changes_only_while_the_account_is_flat() {
    let mut hall = isolated();
    let to = |profile| Command::Profile { account: CLIENT, profile: ProfileId(profile) };
    assert_eq!(reason(&hall.send(to(0))), Some(Reject::MarginMode));
    assert_eq!(hall.send(to(1)).len(), 1, "the same mode");
    hall.trade(Side::Sell, 1_000, 4);
    let rests = hall.order(CLIENT, Side::Buy, 900, 1);
    hall.send(Command::Order(rests));
    assert_eq!(reason(&hall.send(to(0))), Some(Reject::MarginMode), "an order rests");
    hall.send(Command::CancelAll { account: CLIENT, instrument: None, side: None });
    assert_eq!(reason(&hall.send(to(0))), None);
    hall.trade(Side::Buy, 1_000, 1);
    assert_eq!(hall.exchange.position(CLIENT, X), 1);
    assert_eq!((hall.client().positions.len(), hall.client().margin), (1, Money::ZERO));
    // And back: the position has money of its own again, and a margin.
    hall.trade(Side::Sell, 1_000, 1);
    assert_eq!(reason(&hall.send(to(1))), None);
    hall.trade(Side::Buy, 1_000, 1);
    assert_eq!(hall.client().available, money(99_000));
    assert_eq!(hall.client().margin, money(1_000));
}

/// RULES 6: settlement and limit-up 60,000, a loss of 6 % to declare, tiers of 6, 3 and 0 %, hedgers from 6 %.
fn locked() -> Hall {
    let mut spec = instrument("X", 54_550);
    spec.rules.settlement_price = SettlementMethod::Last;
    spec.risk.reduction = Some(Reduction {
        loss: mille(60),
        tiers: vec![mille(60), mille(30), Ratio::ZERO],
        hedge: Some(mille(60)),
        average: ReductionAverage::NetSide,
    });
    let names = ["S1", "S2", "S3", "S4", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "H1*", "Z"];
    let mut hall = hall(spec, &names);
    for (client, price, qty) in
        [(1, 55_000, 100), (2, 56_500, 60), (3, 56_400, 80), (4, 54_000, 30)]
    {
        deal(&mut hall, client, Side::Sell, price, qty);
    }
    for (client, price, qty) in [
        (5, 55_000, 37),
        (6, 56_400, 53),
        (7, 56_401, 41),
        (8, 57_000, 22),
        (9, 58_200, 7),
        (10, 58_201, 33),
        (11, 59_999, 17),
        (12, 56_400, 40),
        (13, 60_000, 20),
    ] {
        deal(&mut hall, client, Side::Buy, price, qty);
    }
    assert_eq!(lots(&hall, 0), 0);
    hall.send(Command::Band { instrument: X, down: ticks(49_100), up: ticks(60_000) });
    hall
}

/// Account and lots of each reduction.
fn reductions(events: &[EventKind]) -> Vec<(u32, Side, u64)> {
    let reduced = events.iter().filter_map(|event| match event {
        EventKind::Reduced { account, side, qty, price, .. } => {
            assert_eq!(price.ticks(), 60_000);
            Some((account.0, *side, qty.lots()))
        }
        _ => None,
    });
    reduced.collect()
}

#[test]
fn rules_6_forced_reduction_in_net_mode() {
    let mut hall = locked();
    let reduce = Command::ForcedReduction { instrument: X };
    assert_eq!(reason(&hall.send(reduce.clone())), Some(Reject::NotLocked));
    for (client, qty) in [(1, 100), (2, 60), (3, 50), (4, 40)] {
        let order = hall.order(AccountId(client), Side::Buy, 60_000, qty);
        hall.send(Command::Order(order));
    }
    let before: i128 = (0..14).map(|client| balance(&hall, client)).sum();
    let equity: i128 = hall.exchange.view().accounts.iter().map(|a| a.equity.units()).sum();
    let events = hall.send(reduce);
    let (long, short) = (Side::Buy, Side::Sell);
    assert_eq!(
        reductions(&events),
        [
            (1, short, 100),
            (3, short, 50),
            (4, short, 30),
            (5, long, 37),
            (6, long, 53),
            (7, long, 41),
            (8, long, 22),
            (9, long, 7),
            (10, long, 13),
            (11, long, 7),
        ]
    );
    assert_eq!(trades(&events).iter().map(|(_, lots)| lots).sum::<u64>(), 180);
    let left: Vec<i64> = (1..14).map(|client| lots(&hall, client)).collect();
    assert_eq!(left, [0, -60, -30, 0, 0, 0, 0, 0, 0, 20, 10, 40, 20]);
    // What is not closed stays on order: S2's, and the ten lots by which S4 asked for too much.
    let levels = hall.exchange.view().books[0].bids.clone();
    assert_eq!(levels, [(ticks(60_000), Qty::new(70))]);
    // Every balance at the limit price: S1 lost 5,000 x 100 x 10, L1 won 5,000 x 37 x 10.
    assert_eq!(balance(&hall, 1), 100_000_000 - 5_000_000);
    assert_eq!(balance(&hall, 5), 100_000_000 + 1_850_000);
    let after: i128 = (0..14).map(|client| balance(&hall, client)).sum();
    assert_eq!(after - before, -5_000_000 - 1_800_000 - 1_800_000 + gains());
    let now: i128 = hall.exchange.view().accounts.iter().map(|a| a.equity.units()).sum();
    assert_eq!(equity, now, "cash sums to zero");
}

/// What the longs realise: (60,000 - price) x lots x 10.
fn gains() -> i128 {
    [(5_000, 37), (3_600, 53), (3_599, 41), (3_000, 22), (1_800, 7), (1_799, 13), (1, 7)]
        .iter()
        .map(|(ticks, lots)| ticks * lots * 10)
        .sum()
}
