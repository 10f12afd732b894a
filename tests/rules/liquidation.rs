//! RULES 1.5, 5 and 7.7: how much a case closes, at what price, and who bears what is left.

use crate::hall::*;
use plimsoll_types::*;

/// A profile that liquidates where equity falls below margin, under these rules.
fn forced(rules: impl FnOnce(&mut Liquidation)) -> Profile {
    let tiers = vec![tier("liquidation", mille(1000), Action::Liquidate)];
    let mut profile = profile(MeasureKind::MarginOverEquity, tiers, mille(900));
    rules(&mut profile.liquidation);
    profile
}

/// Lots that each batch asked for.
fn batches(events: &[EventKind]) -> Vec<u64> {
    let batches = events.iter().filter_map(|event| match event {
        EventKind::Case { step: CaseStep::Batch { qty, .. }, .. } => Some(qty.lots()),
        _ => None,
    });
    batches.collect()
}

fn steps(events: &[EventKind]) -> Vec<CaseStep> {
    let steps = events.iter().filter_map(|event| match event {
        EventKind::Case { step, .. } => Some(step.clone()),
        _ => None,
    });
    steps.collect()
}

/// Account, side, lots and price of what the fund took over.
fn taken_over(events: &[EventKind]) -> Vec<(AccountId, Side, u64, i64)> {
    let taken = events.iter().filter_map(|event| match *event {
        EventKind::TakenOver { account, side, qty, price, .. } => {
            Some((account, side, qty.lots(), price.ticks()))
        }
        _ => None,
    });
    taken.collect()
}

/// Account, lots and price of what was given in deleveragings.
fn deleveraged(events: &[EventKind]) -> Vec<(AccountId, u64, i64)> {
    let given = events.iter().filter_map(|event| match *event {
        EventKind::Deleveraged { account, qty, price, .. } => {
            Some((account, qty.lots(), price.ticks()))
        }
        _ => None,
    });
    given.collect()
}

/// Change of the fund, in order.
fn funds(events: &[EventKind]) -> Vec<i128> {
    let funds = events.iter().filter_map(|event| match event {
        EventKind::Fund { change, .. } => Some(change.units()),
        _ => None,
    });
    funds.collect()
}

/// A long of `lots` bought at 3,000 with an initial margin of 100 a lot and half of it maintenance; ticks are worth 10.
fn long(lots: u64, deposit: i128, profile: Profile) -> Hall {
    let mut held = instrument("H", 3_000);
    held.initial = per_lot(100);
    held.maintenance = per_lot(50);
    let mut hall = Hall::new(vec![held], profile, deposit);
    hall.trade(Side::Buy, 3_000, lots);
    hall
}

fn bid(hall: &mut Hall, price: i64, qty: u64) -> Vec<EventKind> {
    let order = hall.order(OTHER, Side::Buy, price, qty);
    hall.send(Command::Order(order))
}

#[test]
fn rule_5_1_a_fraction_of_what_is_left_within_a_share_of_the_book() {
    // 280 lots, half of what is left, all at 50 or less, 1 % of 10,000 visible.
    let profile = forced(|rules| {
        rules.target = mille(1);
        rules.policy = Policy::Fraction { fraction: mille(500), full_below: Qty::new(50) };
        rules.book_share = mille(10);
        rules.interval = 1_000;
    });
    // Margin 28,000; a tick costs 2,800.
    let mut hall = long(280, 30_000, profile);
    bid(&mut hall, 2_999, 10_000);
    let mut asked = batches(&hall.mark(2_999));
    while asked.iter().sum::<u64>() < 280 {
        // The book is filled up again before each step.
        let sold = *asked.last().expect("a batch");
        bid(&mut hall, 2_999, sold);
        hall.pass_time(1_000);
        asked.extend(batches(&hall.send(Command::Time)));
    }
    assert_eq!(asked, [100, 90, 45, 45]);
}

#[test]
fn rule_5_2_a_share_first_then_the_rest_after_a_pause() {
    let two_step = |above| {
        forced(|rules| {
            rules.target = mille(1);
            rules.policy = Policy::TwoStep { share: mille(200), cooldown: 30, above: money(above) };
        })
    };
    // 100 lots are worth 100 x 2,999 x 10 = 2,999,000.
    // Margin 10,000; a tick costs 1,000.
    let mut hall = long(100, 10_500, two_step(2_998_999));
    bid(&mut hall, 2_999, 1_000);
    let first = hall.mark(2_999);
    assert_eq!(batches(&first), [20]);
    hall.pass_time(29);
    assert_eq!(batches(&hall.send(Command::Time)), [], "29 of 30 nanoseconds");
    assert_eq!(batches(&hall.send(Command::Time)), [80]);
    // Not above the line: whole at once.
    let mut small = long(100, 10_500, two_step(2_999_000));
    bid(&mut small, 2_999, 1_000);
    assert_eq!(batches(&small.mark(2_999)), [100]);
}

#[test]
fn rule_5_2_the_backstop_takes_position_and_margin() {
    // Equity under 2/3 of maintenance, 2/3 x 10 x 50 = 333.33: at 334 not yet, at 324 it is.
    let profile = || {
        forced(|rules| {
            rules.backstop = Some(Ratio::from_nano(666_666_667));
            rules.interval = 1_000_000;
            rules.batch_max = Qty::new(1);
        })
    };
    let mut hall = long(10, 1_034, profile());
    bid(&mut hall, 2_900, 1);
    // 7 ticks x 10 lots x 10: equity 334.
    assert!(taken_over(&hall.mark(2_993)).is_empty());
    let mut hall = long(10, 1_024, profile());
    bid(&mut hall, 2_900, 1);
    let events = hall.mark(2_993);
    // 324 of equity over 10 lots of 10 a tick: 3.24 ticks, so 2,990 leaves 24.
    assert_eq!(taken_over(&events), [(CLIENT, Side::Buy, 10, 2_990)]);
    assert_eq!(hall.client().equity, money(24));
    let view = hall.exchange.view();
    let fund = view.accounts.last().expect("the fund's account");
    assert_eq!((fund.name.as_str(), fund.case), ("$fund", Some(2)));
    // Its case follows the same pace: a lot was there at 2,900, which costs the fund.
    assert_eq!(fund.positions[0].lots, 9);
}

#[test]
fn rule_5_3_down_by_one_bracket_each_step() {
    let profile = forced(|rules| {
        rules.policy = Policy::Brackets { steps: 1 };
        rules.interval = 10;
        rules.target = mille(1);
    });
    let bracket = |up_to, percent: i64, deduct| Bracket {
        up_to,
        maintenance: Ratio::from_nano(percent * 10_000_000),
        deduct: money(deduct),
    };
    let mut held = instrument("H", 1_000);
    held.risk.brackets = vec![
        bracket(money(100_000), 1, 0),
        bracket(money(300_000), 2, 1_000),
        bracket(Bracket::OPEN, 5, 10_000),
    ];
    held.initial = MarginRate { share: mille(100), per_lot: Money::ZERO };
    let mut hall = Hall::new(vec![held], profile, 52_000);
    hall.trade(Side::Buy, 1_000, 50);
    bid(&mut hall, 990, 1_000);
    // A lot is worth 9,900: 50 of them 495,000; 30 fit 300,000, 10 fit 100,000.
    let mut asked = batches(&hall.mark(990));
    for _ in 0..2 {
        hall.pass_time(10);
        asked.extend(batches(&hall.send(Command::Time)));
    }
    assert_eq!(asked, [20, 20, 10]);
}

/// The client is long 10 at 3,000 under price "bankruptcy", a fund of so much, and nothing in the book inside its price.
fn bankrupt(fund: i128, close_fee: i128) -> (Hall, Vec<EventKind>) {
    let mut held = instrument("H", 3_000);
    held.initial = per_lot(100);
    held.maintenance = per_lot(50);
    held.fees.close = per_lot(close_fee);
    let profile = forced(|rules| {
        rules.price = ProtectionPrice::Bankruptcy;
        rules.waterfall = vec![WaterfallStage::InsuranceFund, WaterfallStage::Debt];
    });
    let mut hall = Hall::new(vec![held], profile, 1_100);
    hall.send(Command::Fund { amount: money(fund) });
    hall.trade(Side::Buy, 3_000, 10);
    bid(&mut hall, 2_985, 4);
    let events = hall.mark(2_995);
    (hall, events)
}

#[test]
fn rule_5_4_at_the_bankruptcy_price_equity_is_exactly_nothing() {
    // 1,100 of equity over 10 lots at 10 a tick: eleven ticks under 3,000.
    let (hall, events) = bankrupt(500, 0);
    assert_eq!(taken_over(&events), [(CLIENT, Side::Buy, 10, 2_989)]);
    assert_eq!(hall.client().equity, Money::ZERO);
    assert_eq!(steps(&events).iter().filter(|step| **step == CaseStep::Closed).count(), 1);
    // The fund works off 4 lots at 2,985, four ticks under what it paid; six lots wait.
    let fund = hall.exchange.view().accounts.pop().expect("the fund's account");
    assert_eq!((fund.positions[0].lots, fund.realised), (6, money(-160)));
    assert!(steps(&events).contains(&CaseStep::Parked { reason: ParkReason::NoLiquidity }));
}

#[test]
fn rule_5_4_fees_come_off_first_and_leave_less_than_a_tick() {
    // 7 a lot: 1,030 are left for the price, ten ticks of 100; 30 stay.
    let (hall, events) = bankrupt(500, 7);
    assert_eq!(taken_over(&events), [(CLIENT, Side::Buy, 10, 2_990)]);
    assert_eq!(hall.client().equity, money(30));
    assert_eq!(hall.client().fees, money(70));
}

#[test]
fn rule_5_4_the_fund_gains_or_loses_on_what_it_has_taken_over_alone() {
    let (mut hall, _) = bankrupt(500, 0);
    let order = hall.order(OTHER, Side::Buy, 2_999, 6);
    let events = hall.send(Command::Order(order));
    // -160 on four lots, ten ticks on six lots of 10: +600.
    assert_eq!(funds(&events), [440]);
    assert_eq!(hall.exchange.view().insurance_fund, money(940));
    assert_eq!(steps(&events).last(), Some(&CaseStep::Closed));
}

#[test]
fn rule_5_4_what_the_fund_cannot_bear_goes_to_the_book_at_any_price() {
    let profile = forced(|rules| rules.price = ProtectionPrice::Bankruptcy);
    let mut hall = long(10, 1_100, profile);
    bid(&mut hall, 2_980, 10);
    // A gap through the bankruptcy price of 2,989: the fund would have to pay 400 and has nothing.
    let events = hall.mark(2_985);
    assert!(taken_over(&events).is_empty());
    assert_eq!(trades(&events), [(2_980, 10)]);
    assert!(events.contains(&EventKind::Debt { account: CLIENT, amount: money(900) }));
}

/// The published example: six longs with these lots; their deposits put them in rank 3, 6, 1, 4, 5, 2 (6 = highest leverage).
fn published(rules: impl FnOnce(&mut Liquidation)) -> (Hall, Vec<AccountId>) {
    let mut held = instrument("XBT", 600);
    held.tick_value = 1;
    held.multiplier = Step { mantissa: 1, decimals: 0 };
    held.initial = MarginRate { share: mille(10), per_lot: Money::ZERO };
    held.maintenance = held.initial;
    let profile = forced(|liquidation| {
        liquidation.waterfall =
            vec![WaterfallStage::InsuranceFund, WaterfallStage::Deleverage, WaterfallStage::Debt];
        rules(liquidation);
    });
    // 20 short at 600 with 1,000: at 650 nothing is left.
    let mut hall = Hall::new(vec![held], profile, 1_000);
    hall.trade(Side::Sell, 600, 20);
    let lots = [10, 10, 20, 30, 20, 10];
    let rank = [3, 6, 1, 4, 5, 2];
    let mut longs = Vec::new();
    for (place, (lots, rank)) in lots.into_iter().zip(rank).enumerate() {
        let name = label(&format!("L{}", place + 1));
        hall.send(Command::OpenAccount { name, profile: ProfileId(1) });
        let account = AccountId(3 + place as u32);
        // The lower the money a lot, the higher the leverage.
        let amount = money(i128::from(lots) * 60 * (7 - rank));
        hall.send(Command::Deposit { account, amount });
        let resting = hall.order(OTHER, Side::Sell, 600, lots);
        hall.send(Command::Order(resting));
        let taking = hall.order(account, Side::Buy, 600, lots);
        hall.send(Command::Order(taking));
        longs.push(account);
    }
    (hall, longs)
}

#[test]
fn rule_5_5_the_short_of_20_goes_to_the_two_that_stand_first() {
    let (mut hall, longs) = published(|rules| rules.price = ProtectionPrice::Bankruptcy);
    // The maker holds the 20 lots that the short sold; without margin its leverage counts as one, less than the others'.
    let own = hall.order(longs[1], Side::Sell, 900, 3);
    hall.send(Command::Order(own));
    // A tick past 650: 20 are owed, and there is no fund.
    let events = hall.mark(651);
    assert!(taken_over(&events).is_empty());
    assert_eq!(deleveraged(&events), [(longs[1], 10, 650), (longs[4], 10, 650)]);
    assert_eq!(cancelled(&events), [(3, CancelReason::Deleverage)]);
    let lots = |account| hall.exchange.position(account, InstrumentId(0));
    assert_eq!((lots(longs[1]), lots(longs[4]), lots(CLIENT)), (0, 10, 0), "5 keeps 10");
    assert_eq!(hall.client().equity, Money::ZERO);
    let adl = events.iter().filter(|event| {
        matches!(event, EventKind::Trade { kind: TradeKind::Deleverage, side: Side::Buy, .. })
    });
    assert_eq!(adl.count(), 2);
    assert_eq!(hall.exchange.mark(InstrumentId(0)), ticks(651), "it moves no mark");
}

#[test]
fn rule_5_5_a_loss_beyond_the_fund_is_deleveraged_at_the_bankruptcy_price() {
    // 700 is past 650: equity -1,000, and no fund. The longs give their lots at 650, not at the mark.
    let (mut hall, longs) = published(|_| {});
    let events = hall.mark(700);
    assert_eq!(deleveraged(&events), [(longs[1], 10, 650), (longs[4], 10, 650)]);
    assert_eq!(hall.client().equity, Money::ZERO);
    // At the mark by configuration: the loss stays with the short.
    let (mut hall, longs) = published(|rules| rules.deleverage_price = DeleveragePrice::Mark);
    let events = hall.mark(700);
    assert_eq!(deleveraged(&events), [(longs[1], 10, 700), (longs[4], 10, 700)]);
    assert!(events.contains(&EventKind::Debt { account: CLIENT, amount: money(1_000) }));
}

#[test]
fn rule_5_5_a_loss_that_the_fund_can_pay_is_not_deleveraged() {
    let (mut hall, _) = published(|_| {});
    hall.send(Command::Fund { amount: money(1_000) });
    let ask = hall.order(OTHER, Side::Sell, 700, 20);
    hall.send(Command::Order(ask));
    let events = hall.mark(700);
    assert!(deleveraged(&events).is_empty());
    assert_eq!(funds(&events), [-1_000]);
}

#[test]
fn socialised_loss_is_borne_by_todays_winners_to_the_unit() {
    let profile = forced(|rules| {
        rules.waterfall = vec![WaterfallStage::InsuranceFund, WaterfallStage::Socialise];
    });
    let mut hall = long(10, 1_100, profile);
    // The maker sold the client's 10 lots at 3,000; the other one sells 5 more of its own at 2,980 and buys the client's at 2,970.
    hall.send(Command::Fund { amount: money(333) });
    let rests = hall.order(MAKER, Side::Buy, 2_980, 5);
    hall.send(Command::Order(rests));
    let sells = hall.order(OTHER, Side::Sell, 2_980, 5);
    hall.send(Command::Order(sells));
    bid(&mut hall, 2_970, 10);
    let events = hall.mark(2_970);
    // The client loses 30 ticks x 10 x 10 = 3,000 of 1,100; the fund pays 333, 1,567 are left.
    // Profits: the maker (10 x 30 - 5 x 10) x 10 = 2,500, the other 5 x 10 x 10 = 500: 1305.83 and 261.17.
    let borne: Vec<_> = events
        .iter()
        .filter_map(|event| match *event {
            EventKind::Socialised { account, amount } => Some((account, amount.units())),
            _ => None,
        })
        .collect();
    assert_eq!(borne, [(MAKER, 1_306), (OTHER, 261)]);
    assert_eq!(hall.client().debt, Money::ZERO);
    assert_eq!(hall.client().equity, Money::ZERO);
}

#[test]
fn rule_7_7_an_order_of_the_exchange_closes_so_many_lots_and_names_its_reason() {
    let mut held = instrument("H", 3_000);
    held.risk.position_limit = Some(Qty::new(12));
    let mut hall = Hall::new(vec![held], calm(), 1_000_000);
    hall.trade(Side::Sell, 3_000, 10);
    let ask = hall.order(OTHER, Side::Sell, 3_001, 30);
    hall.send(Command::Order(ask));
    let own = hall.order(CLIENT, Side::Sell, 3_005, 2);
    hall.send(Command::Order(own));
    let liquidate = |account, qty: Option<u64>, reason| Command::Liquidate {
        account,
        instrument: InstrumentId(0),
        qty: qty.map(Qty::new),
        reason,
    };
    let events = hall.send(liquidate(Some(CLIENT), Some(4), ForcedReason::Violation));
    let reason = ForcedReason::Violation;
    assert_eq!(steps(&events)[0], CaseStep::Triggered { reason });
    assert_eq!(steps(&events).last(), Some(&CaseStep::Restored));
    assert_eq!(cancelled(&events), [(2, CancelReason::Liquidation)]);
    assert_eq!(trades(&events), [(3_001, 4)]);
    assert_eq!(hall.exchange.position(CLIENT, InstrumentId(0)), -6);
    // Nothing exceeds the limit of 12 now; more than is held closes what is held.
    let refused = hall.send(liquidate(Some(CLIENT), None, ForcedReason::ClientLimit));
    assert_eq!(rejected(&refused), Some(Reject::NotApplicable));
    assert!(hall.send(liquidate(None, None, ForcedReason::ClientLimit)).is_empty());
    let events = hall.send(liquidate(Some(CLIENT), Some(99), ForcedReason::Other));
    assert_eq!(trades(&events), [(3_001, 6)]);
    assert_eq!(steps(&events).last(), Some(&CaseStep::Closed));
}

#[test]
fn a_batch_takes_part_in_what_others_trade() {
    let profile = forced(|rules| {
        rules.volume_share = Some(mille(250));
        rules.interval = 10;
        rules.target = mille(1);
    });
    let mut hall = long(20, 2_100, profile);
    bid(&mut hall, 2_999, 500);
    // Nothing has traded since the case opened: one lot.
    assert_eq!(batches(&hall.mark(2_999)), [1]);
    let ask = hall.order(MAKER, Side::Sell, 2_999, 17);
    hall.send(Command::Order(ask));
    hall.pass_time(10);
    // A quarter of 17, the case's own lot apart.
    assert_eq!(batches(&hall.send(Command::Time)), [4]);
}

#[test]
fn a_case_joins_a_call_auction_at_its_worst_price() {
    let profile = forced(|rules| {
        rules.auction = AuctionPolicy::Join;
        rules.price = ProtectionPrice::TicksThrough(5);
        rules.target = mille(1);
    });
    let mut hall = long(10, 1_100, profile);
    hall.phase(Phase::Auction);
    let events = hall.mark(2_998);
    let [CaseStep::Triggered { .. }, CaseStep::Planned { .. }, batch] = &steps(&events)[..] else {
        panic!("{events:?}")
    };
    // Five ticks through the mark.
    assert!(matches!(batch, CaseStep::Batch { price, .. } if *price == Price::new(2_993)));
    bid(&mut hall, 2_995, 6);
    let events = hall.phase(Phase::Continuous);
    // More is offered than bid for: the lowest price.
    assert_eq!(trades(&events), [(2_993, 6)]);
    assert!(matches!(steps(&events)[0], CaseStep::Checked { filled, .. } if filled == Qty::new(6)));
    assert_eq!(cancelled(&events), [(4, CancelReason::Liquidation)], "what is left is pulled");
}

#[test]
fn a_rolled_case_waits_for_another_session() {
    let mut held = instrument("H", 3_000);
    held.initial = per_lot(100);
    held.band = Some(Band { down: ticks(2_990), up: ticks(3_010) });
    let profile = forced(|rules| rules.locked = LockedPolicy::Roll);
    let mut hall = Hall::new(vec![held], profile, 1_100);
    hall.trade(Side::Buy, 3_000, 10);
    // Limit-down with sellers and no buyers.
    let locked = hall.order(MAKER, Side::Sell, 2_990, 5);
    hall.send(Command::Order(locked));
    let parked = CaseStep::Parked { reason: ParkReason::LimitLocked };
    assert_eq!(steps(&hall.mark(2_995)).last(), Some(&parked));
    let lift = hall.order(OTHER, Side::Buy, 2_990, 9);
    assert!(steps(&hall.send(Command::Order(lift))).is_empty(), "buyers of the same session");
    let events = hall.phase(Phase::Halted);
    assert!(steps(&events).is_empty());
    assert_eq!(steps(&hall.phase(Phase::Continuous))[0], CaseStep::Resumed);
}
