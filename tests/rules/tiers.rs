//! RULES 1.4 and 5.7: tiers that come and go, and whether liquidation moves the mark.

use crate::hall::*;
use plimsoll_types::*;

/// Warned at 80 %, called at 100 % with a minute's grace and close-only, liquidated at 120 %; 10 % margin, 10,000 of equity.
fn hall(liquidation_moves_mark: bool) -> Hall {
    let mut spec = instrument("X", 1_000);
    spec.initial.share = mille(100);
    spec.mark = MarkSource::Last;
    spec.liquidation_moves_mark = liquidation_moves_mark;
    let minute = Some(60_000_000_000);
    let mut call = tier("call", Ratio::ONE, Action::Call { grace: minute });
    call.close_only = true;
    let tiers = vec![
        tier("warning", mille(800), Action::Notify),
        call,
        tier("liquidation", mille(1_200), Action::Liquidate),
    ];
    let mut hall =
        Hall::new(vec![spec], profile(MeasureKind::MarginOverEquity, tiers, mille(900)), 10_000);
    // 7 lots x 1000 x 10 x 10 % = 7,000: 70 %.
    hall.trade(Side::Buy, 1_000, 7);
    hall
}

fn tiers(events: &[EventKind]) -> Vec<(u8, u8)> {
    let moves = events.iter().filter_map(|event| match event {
        EventKind::Tier { from, to, .. } => Some((*from, *to)),
        _ => None,
    });
    moves.collect()
}

fn steps(events: &[EventKind]) -> Vec<&CaseStep> {
    let steps = events.iter().filter_map(|event| match event {
        EventKind::Case { step, .. } => Some(step),
        _ => None,
    });
    steps.collect()
}

#[test]
fn rule_1_4_tiers_rise_with_the_loss_and_unwind_with_a_record() {
    let mut hall = hall(true);
    // Loss 1,400: margin 6,860 of 8,600, 79.8 %; loss 1,470: 6,853 of 8,530, 80.3 %.
    assert_eq!(tiers(&hall.mark(980)), []);
    let warned = hall.mark(979);
    assert_eq!(tiers(&warned), [(0, 1)]);
    assert!(!warned.iter().any(|event| matches!(event, EventKind::Restricted { .. })));
    // Loss 3,500: 6,650 of 6,500.
    let called = hall.mark(950);
    assert_eq!(tiers(&called), [(1, 2)]);
    let call = called.iter().find_map(|event| match event {
        EventKind::MarginCall { shortfall, deadline, .. } => Some((*shortfall, *deadline)),
        _ => None,
    });
    // 151 more and the measure is below 100 %.
    let (shortfall, deadline) = call.expect("a call");
    assert_eq!(shortfall, money(151));
    assert!(deadline.is_some_and(|deadline| deadline > 60_000_000_000));
    assert!(
        called.contains(&EventKind::Restricted {
            account: CLIENT,
            permission: Permission::CloseOnly
        })
    );
    let opening = hall.limit(CLIENT, "opens", Side::Buy, 900, 1);
    assert_eq!(rejected(&opening), Some(Reject::CloseOnly));
    // A deposit meets the call in time.
    let met = hall.send(Command::Deposit { account: CLIENT, amount: shortfall });
    assert_eq!(tiers(&met), [(2, 1)]);
    assert!(
        met.contains(&EventKind::Unrestricted { account: CLIENT, permission: Permission::Normal })
    );
    hall.pass_time(120_000_000_000);
    assert_eq!(steps(&hall.send(Command::Time)), Vec::<&CaseStep>::new());
    assert_eq!(tiers(&hall.mark(1_000)), [(1, 0)]);
}

#[test]
fn rule_1_4_a_call_unmet_at_its_deadline_is_a_liquidation() {
    let mut hall = hall(true);
    hall.mark(950);
    hall.limit(MAKER, "bid", Side::Buy, 950, 20);
    hall.pass_time(61_000_000_000);
    let due = hall.send(Command::Time);
    assert!(matches!(
        steps(&due)[..],
        [CaseStep::Triggered { reason: ForcedReason::Funds }, .., CaseStep::Restored]
    ));
}

#[test]
fn rule_1_4_in_a_fast_market_there_is_no_call() {
    let mut hall = hall(true);
    hall.limit(MAKER, "bid", Side::Buy, 930, 20);
    let events = hall.mark(930);
    assert_eq!(tiers(&events)[0], (0, 3));
    assert!(!events.iter().any(|event| matches!(event, EventKind::MarginCall { .. })));
    assert!(!trades(&events).is_empty());
}

#[test]
fn rule_5_7_liquidation_moves_the_mark_or_does_not() {
    for moves in [true, false] {
        let mut hall = hall(moves);
        hall.limit(MAKER, "bid", Side::Buy, 920, 20);
        let events = hall.mark(930);
        assert!(!trades(&events).is_empty());
        assert_eq!(hall.exchange.mark(InstrumentId(0)), ticks(if moves { 920 } else { 930 }));
    }
}
