//! What an enemy of the index would try: crowds on a tick, marks that jitter, coefficients of nothing, the ends of everything.

use crate::account::PositionId;
use crate::contract::{Contract, tests::spec};
use crate::ledger::Risk;
use crate::ledger::tests::{fill, open, risk};
use plimsoll_types::*;

const X: InstrumentId = InstrumentId(0);

/// Looks, holds the index against a scan and its law, sets tiers as a look does; whom it named.
fn look(risk: &mut Risk) -> Vec<AccountId> {
    let due: Vec<AccountId> =
        (0..risk.account_count() as u32).map(AccountId).filter(|&id| risk.is_due(id)).collect();
    let mut found = Vec::new();
    risk.suspects(&mut found);
    assert_eq!(found, due, "marks {:?}", risk.contracts.iter().map(|c| c.mark).collect::<Vec<_>>());
    for &id in &found {
        risk.set_tier(id, risk.next_tier(id, risk.standing(id)));
    }
    assert_eq!(risk.audit_index(), Ok(()));
    found
}

/// The same, with marks inside the boxes tried.
fn look_hard(risk: &mut Risk) -> Vec<AccountId> {
    let found = look(risk);
    let mut none = Vec::new();
    risk.suspects(&mut none);
    assert!(none.is_empty(), "{none:?} after all tiers are set");
    assert_eq!(risk.audit_boxes(7), Ok(()));
    found
}

fn to(risk: &mut Risk, ticks: i64) -> Vec<AccountId> {
    risk.set_mark(X, Price::clamped(ticks));
    look(risk)
}

/// Work so far: rings and drawings.
fn work(risk: &Risk) -> u64 {
    let counts = risk.watch_counts();
    counts.rung + counts.drawn
}

fn rate(nano: i64) -> MarginRate {
    MarginRate { share: Ratio::from_nano(nano), per_lot: Money::ZERO }
}

/// So many accounts, each with one lot bought at 1000 and 2,000 of money: M = m, E = 2,000 + 10 (m - 1000).
///
/// The first tier, M >= 0.8 E, is reached where m >= 0.8 (10 m - 8,000), at m <= 914 2/7; the second, M >= 1.2 E, at m <= 872 8/11.
fn crowd(count: u64) -> Risk {
    let mut risk = risk();
    for _ in 0..count {
        let (_, position) = open(&mut risk, 2_000);
        risk.book(fill(position, Side::Buy, 1000, 1));
    }
    assert!(look_hard(&mut risk).is_empty());
    risk
}

#[test]
fn thousands_on_one_tick_ring_there_and_in_account_order() {
    let mut risk = crowd(3_000);
    let before = work(&risk);
    for mark in (915..1000).rev() {
        assert!(to(&mut risk, mark).is_empty(), "{mark}");
    }
    // Ends are drawn in by a 64th of their way at most: they are met a tick early, hardly more often.
    assert!(work(&risk) - before <= 3_000 * 6, "{}", work(&risk) - before);
    let found = to(&mut risk, 914);
    assert_eq!(found, (0..3_000).map(AccountId).collect::<Vec<_>>());
    look_hard(&mut risk);
}

#[test]
fn a_mark_that_jitters_over_a_crowded_tick_costs_by_crossings_alone() {
    let mut risk = crowd(2_000);
    to(&mut risk, 915);
    // Beside the tick nobody crosses, and after a first round nobody is asked.
    for mark in [916, 915] {
        to(&mut risk, mark);
    }
    let before = work(&risk);
    for _ in 0..500 {
        to(&mut risk, 916);
        to(&mut risk, 915);
    }
    assert_eq!(work(&risk) - before, 0);
    // Over it everybody crosses every time.
    let (before, mut crossed) = (work(&risk), 0);
    for _ in 0..50 {
        crossed += to(&mut risk, 914).len() as u64;
        crossed += to(&mut risk, 915).len() as u64;
    }
    assert_eq!(crossed, 100 * 2_000);
    let work = work(&risk) - before;
    assert!(work <= crossed * 3, "{work} for {crossed} crossings");
    look_hard(&mut risk);
}

#[test]
fn entries_that_no_longer_count_do_not_pile_up() {
    let mut risk = crowd(400);
    // Whoever trades to and fro at one mark moves his triggers a thousand times.
    for turn in 0..1_000u64 {
        let position = PositionId((turn % 400) as u32);
        let side = if turn / 400 % 2 == 0 { Side::Buy } else { Side::Sell };
        risk.book(fill(position, side, 1000, 1));
        if turn % 10 == 0 {
            look(&mut risk);
        }
    }
    look_hard(&mut risk);
    let entries: usize = risk.watch.ladders.iter().map(|ladder| ladder.entries().len()).sum();
    assert!(entries <= 400 * 8, "{entries} entries for 400 positions");
}

#[test]
fn a_gap_over_the_whole_band_asks_those_it_crosses_alone() {
    let mut risk = risk();
    for index in 0..2_000 {
        let (_, position) = open(&mut risk, 1_500 + 4 * index);
        risk.book(fill(position, Side::Buy, 1000, 1));
    }
    look_hard(&mut risk);
    for (from, mark) in [(1000, 700), (700, 990), (990, 400)] {
        let before = risk.watch_counts();
        let crossed = to(&mut risk, mark).len() as u64;
        let rung = risk.watch_counts().rung - before.rung;
        let drawn = risk.watch_counts().drawn - before.drawn;
        assert!(crossed > 300, "{from} to {mark}: {crossed}");
        // Who is rung crosses, or stood within a 64th of his way of it.
        assert!(rung <= crossed + 2_000 / 16, "{from} to {mark}: {rung} rung, {crossed} crossed");
        assert!(drawn <= rung, "{from} to {mark}: {drawn} drawn, {rung} rung");
        look_hard(&mut risk);
    }
}

#[test]
fn coefficients_of_nothing_and_of_either_sign_are_bounded() {
    // Under M >= t E a tick up takes `rate x value` and gives `t x value` to a long: nothing at a rate of t.
    for share in
        [799_999_999, 800_000_000, 800_000_001, 1_200_000_000, 1_500_000_000, 2_000_000_000]
    {
        for side in [Side::Buy, Side::Sell] {
            let mut risk = risk();
            let (_, position) = open(&mut risk, 14_000);
            risk.book(fill(position, side, 1000, 1));
            risk.set_margin(X, rate(share), rate(share));
            look_hard(&mut risk);
            for mark in [1001, 999, 1400, 1399, 700, 1, 2, 1 << 30, (1 << 30) - 1, 5_000, 1000] {
                risk.set_mark(X, Price::clamped(mark));
                look_hard(&mut risk);
            }
        }
    }
}

#[test]
fn a_line_that_no_mark_can_move_is_never_rung() {
    let mut risk = risk();
    // M = 8 m against 0.8 E = 8,000 + 8 m: 8,000 short of the first tier at every mark.
    let (id, position) = open(&mut risk, 20_000);
    risk.book(fill(position, Side::Buy, 1000, 1));
    risk.set_margin(X, rate(800_000_000), rate(800_000_000));
    look_hard(&mut risk);
    let before = work(&risk);
    for mark in [1, 1 << 30, 17, 1_000_000] {
        assert!(to(&mut risk, mark).is_empty());
    }
    assert_eq!(work(&risk), before, "{:?}", risk.position(position));
    assert_eq!(risk.account(id).tier(), 0);
}

#[test]
fn a_hedge_of_two_instruments_moves_with_their_difference_alone() {
    for short in [9, 10, 11] {
        let profiles = risk().profiles;
        let contracts = vec![Contract::new(&spec(10, 10)), Contract::new(&spec(10, 10))];
        let (floating, mode) = (FloatingProfit::All, PositionMode::Net);
        let mut risk = Risk::new(contracts, profiles, floating, mode, Money::ZERO);
        let (id, long) = open(&mut risk, 30_000);
        let other = risk.position_of(id, InstrumentId(1));
        risk.book(fill(long, Side::Buy, 1000, 10));
        risk.book(fill(other, Side::Sell, 1000, short));
        look_hard(&mut risk);
        let mut crossed = 0;
        for step in 0..600i64 {
            // Both fall together; now and then one lags behind.
            let mark = 1000 - step;
            risk.set_mark(X, Price::clamped(mark));
            risk.set_mark(InstrumentId(1), Price::clamped(mark + (step % 7) * 20));
            crossed += look_hard(&mut risk).len();
        }
        assert!(crossed > 4, "{short}: {crossed}");
    }
}

#[test]
fn prices_at_the_ends_of_the_domain_are_watched() {
    for (start, marks) in [
        (1, [2, 1, 3, 1, 9, 1, 1 << 30, 1]),
        (1 << 30, [(1 << 30) - 1, 1 << 30, (1 << 30) - 2, 1 << 29, 1 << 30, 1, 1 << 30, 7]),
    ] {
        for side in [Side::Buy, Side::Sell] {
            for part in [11, 13, 50] {
                let mut risk = risk();
                risk.set_mark(X, Price::clamped(start));
                let (_, position) = open(&mut risk, i128::from(start) * part / 10);
                risk.book(fill(position, side, start, 1));
                look_hard(&mut risk);
                for mark in marks {
                    risk.set_mark(X, Price::clamped(mark));
                    look_hard(&mut risk);
                }
            }
        }
    }
}

#[test]
fn brackets_one_tick_apart_are_crossed_one_by_one() {
    // A tick of one lot is worth 1,000: from 990,000 on every tick is a bracket, each two thousandths dearer.
    let (mut brackets, mut deduct) = (Vec::new(), 0i128);
    for place in 0..40i128 {
        let border = (990 + place) * 1_000;
        let up_to = if place == 39 { Bracket::OPEN } else { Money::new(border) };
        let maintenance = Ratio::from_nano(100_000_000 + place as i64 * 2_000_000);
        brackets.push(Bracket { up_to, maintenance, deduct: Money::new(deduct) });
        // d' = d + border x (r' - r).
        deduct += border * 2 / 1_000;
    }
    let mut dense = spec(1_000, 10);
    dense.risk.brackets = brackets;
    let mut profiles = risk().profiles;
    profiles[1].basis = Basis::Maintenance;
    profiles[1].tiers.iter_mut().for_each(|tier| tier.basis = Basis::Maintenance);
    for side in [Side::Buy, Side::Sell] {
        let (floating, mode) = (FloatingProfit::All, PositionMode::Net);
        let contracts = vec![Contract::new(&dense)];
        let mut risk = Risk::new(contracts, profiles.clone(), floating, mode, Money::ZERO);
        for index in 0..60 {
            let (_, position) = open(&mut risk, 80_000 + 3_000 * index);
            risk.book(fill(position, side, 1000, 1));
        }
        let mut crossed = 0;
        let up_and_down = (980..1060).chain((940..1060).rev()).chain(940..1000);
        for mark in up_and_down {
            risk.set_mark(X, Price::clamped(mark));
            crossed += look_hard(&mut risk).len();
        }
        assert!(crossed > 100, "{side:?}: {crossed}");
    }
}

#[test]
fn a_measure_just_at_its_line_is_reached_and_a_unit_beside_it_is_not() {
    // One lot at 1000: M = 1,000. 80 % is reached at E = 1,250, whose neighbours are not.
    for (equity, tier) in [(1_251, 0), (1_250, 1), (1_249, 1)] {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 5_000);
        risk.book(fill(position, Side::Buy, 1000, 1));
        look_hard(&mut risk);
        risk.withdraw(id, Money::new(5_000 - equity));
        assert_eq!(look_hard(&mut risk).len(), tier, "{equity}");
        assert_eq!(usize::from(risk.account(id).tier()), tier);
    }
    // From below: the tier is held as long as its release, 80 % too, is reached.
    for (equity, tier) in [(1_251, 0), (1_250, 1)] {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 1_100);
        risk.book(fill(position, Side::Buy, 1000, 1));
        look_hard(&mut risk);
        assert_eq!(risk.account(id).tier(), 1);
        risk.deposit(id, Money::new(equity - 1_100));
        look_hard(&mut risk);
        assert_eq!(risk.account(id).tier(), tier, "{equity}");
    }
}

#[test]
fn an_end_just_at_the_line_is_met_at_its_tick() {
    // E = cash + 10 m, M = m: M >= 0.8 E at m = 900 for cash = -9,000 + 1,125; a unit more is a tick later.
    for (cash, tick) in [(1_125, 900), (1_126, 899), (1_124, 900)] {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 1_000 + cash);
        risk.book(fill(position, Side::Buy, 1000, 1));
        look_hard(&mut risk);
        let reached = (800..1000).rev().find(|&mark| !to(&mut risk, mark).is_empty());
        assert_eq!(reached, Some(tick), "{cash}");
        assert_eq!(risk.account(id).tier(), 1);
    }
}

#[test]
fn amounts_about_the_largest_that_are_multiplied_are_watched() {
    for bits in 57..66 {
        for off in [-1, 0, 1] {
            let cash = (1i128 << bits) + off;
            let mut risk = risk();
            let (_, position) = open(&mut risk, cash);
            // Margin of a tenth of what is held, at a leverage of eleven.
            let lots = u64::try_from(cash * 11 / 10_000).expect("fewer than 2^63");
            let most = risk.contract(X).lots_max;
            risk.book(fill(position, Side::Buy, 1000, lots.min(most)));
            for mark in [1000, 999, 990, 960, 930, 900, 1100] {
                risk.set_mark(X, Price::clamped(mark));
                look_hard(&mut risk);
            }
        }
    }
}

#[test]
fn without_margin_there_is_no_tier_until_there_is_a_rate() {
    let mut risk = risk();
    let (id, position) = open(&mut risk, 10_000);
    risk.set_margin(X, rate(0), rate(0));
    risk.book(fill(position, Side::Buy, 1000, 10));
    for mark in [1000, 500, 1, 950] {
        assert!(to(&mut risk, mark).is_empty(), "equity below zero and no margin: normal");
    }
    risk.set_margin(X, rate(100_000_000), rate(50_000_000));
    // E = 10,000 - 5,000, M = 9,500.
    assert_eq!(look_hard(&mut risk), [id]);
    risk.set_margin(X, rate(0), rate(0));
    assert_eq!(look_hard(&mut risk), [id]);
    assert_eq!(risk.account(id).tier(), 0);
}

#[test]
fn a_position_that_turns_or_comes_back_is_watched_on_its_new_side() {
    let mut risk = risk();
    let (id, position) = open(&mut risk, 3_000);
    risk.book(fill(position, Side::Buy, 1000, 1));
    look_hard(&mut risk);
    risk.book(fill(position, Side::Sell, 1000, 2));
    look_hard(&mut risk);
    assert!(to(&mut risk, 850).is_empty(), "a short gains by the fall");
    assert_eq!(to(&mut risk, 1160), [id]);
    // Flat, while the mark goes elsewhere, and back again under a box of long ago.
    risk.book(fill(position, Side::Buy, 1160, 1));
    look_hard(&mut risk);
    to(&mut risk, 700);
    to(&mut risk, 1000);
    risk.book(fill(position, Side::Buy, 1000, 1));
    look_hard(&mut risk);
    let reached = (700..1000).rev().find(|&mark| !to(&mut risk, mark).is_empty());
    assert!(reached.is_some());
    look_hard(&mut risk);
}

#[test]
fn a_mark_that_comes_back_before_anybody_looks_leaves_nothing_unwatched() {
    let mut risk = crowd(50);
    for (away, back) in [(600, 1000), (1000, 950), (400, 930), (1600, 920)] {
        risk.set_mark(X, Price::clamped(away));
        risk.set_mark(X, Price::clamped(back));
        assert!(look_hard(&mut risk).is_empty(), "{away} and {back}");
    }
    assert_eq!(to(&mut risk, 914).len(), 50);
}
