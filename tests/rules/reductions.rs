//! Laws of forced reduction over random markets: lots balance, nobody passes flat, tiers are used up in order, cash sums to zero. Source: RULES 6.

use crate::hall::*;
use plimsoll_exchange::AccountView;
use plimsoll_types::*;

const X: InstrumentId = InstrumentId(0);
const CLIENTS: u32 = 9;
/// Settlement and limit price of the locked side.
const LIMITS: [(Side, i64); 2] = [(Side::Buy, 1_100), (Side::Sell, 900)];

/// A small generator of numbers.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn rule(draw: &mut Draw) -> Reduction {
    Reduction {
        loss: mille(10 * draw.below(8) as i64),
        tiers: vec![mille(80), mille(40), Ratio::ZERO],
        hedge: (draw.below(2) == 0).then(|| mille(50)),
        average: ReductionAverage::NetSide,
    }
}

/// Clients, every third a hedger, every fourth with margin, after random trades; locked at the limit price of a side.
fn market(rule: &Reduction, side: Side, limit: i64, draw: &mut Draw) -> Hall {
    let mut spec = instrument("X", 1_000);
    spec.rules.settlement_price = SettlementMethod::Last;
    spec.risk.reduction = Some(rule.clone());
    let open = |n: u32| AccountSpec {
        name: label(&format!("c{n}")),
        profile: ProfileId(u16::from(n.is_multiple_of(4))),
        deposit: money(100_000_000),
        hedger: n.is_multiple_of(3),
        margins: Vec::new(),
    };
    let mut hall = Hall::of(ExchangeSpec {
        currency: label("CNY"),
        money_decimals: 0,
        position_mode: PositionMode::Net,
        floating_profit: FloatingProfit::All,
        insurance_fund: Money::ZERO,
        bust_window: 16,
        detector: plimsoll_types::Detector::Index,
        calendars: Vec::new(),
        instruments: vec![spec],
        profiles: vec![Profile::unlimited(), calm()],
        accounts: (0..CLIENTS).map(open).collect(),
        schedules: Vec::new(),
    });
    let trade = |hall: &mut Hall, price, draw: &mut Draw| {
        let qty = 1 + draw.below(30);
        for side in [Side::Buy, Side::Sell] {
            let order = hall.order(AccountId(draw.below(CLIENTS.into()) as u32), side, price, qty);
            hall.send(Command::Order(order));
        }
    };
    for _ in 0..12 {
        let price = 900 + draw.below(201) as i64;
        trade(&mut hall, price, draw);
    }
    // The last trade, and so the settlement price, is the limit price.
    trade(&mut hall, limit, draw);
    hall.send(Command::Band { instrument: X, down: ticks(900), up: ticks(1_100) });
    for _ in 0..draw.below(12) {
        let price = if draw.below(4) == 0 { 1_000 } else { limit };
        let account = AccountId(draw.below(CLIENTS.into()) as u32);
        let mut order = hall.order(account, side, price, 1 + draw.below(40));
        order.reduce_only = draw.below(3) == 0;
        if draw.below(6) == 0 {
            order.display = Qty::new(1 + draw.below(order.qty.lots()));
        }
        hall.send(Command::Order(order));
    }
    hall
}

/// Signed lots and their cost.
fn held(account: &AccountView) -> (i64, i128) {
    account.positions.first().map_or((0, 0), |position| (position.lots, position.basis.units()))
}

/// The tier a holder gives in, worked out from its cost alone.
fn tier(rule: &Reduction, (lots, basis): (i64, i128), limit: i64, hedger: bool) -> Option<usize> {
    let worth = i128::from(limit) * i128::from(lots) * 10;
    let profit = worth - basis;
    let reached = |share: Ratio| {
        profit > 0 && profit * 1_000_000_000 >= i128::from(share.nano()) * worth.abs()
    };
    match rule.hedge {
        Some(share) if hedger => reached(share).then_some(3),
        _ => rule.tiers.iter().position(|share| reached(*share)),
    }
}

/// Runs one market; whether anything was reduced.
fn try_one(seed: u64) -> bool {
    let mut draw = Draw(seed);
    let rule = rule(&mut draw);
    let (side, limit) = LIMITS[draw.below(2) as usize];
    let mut hall = market(&rule, side, limit, &mut draw);
    let before = hall.exchange.view().accounts;
    let events = hall.send(Command::ForcedReduction { instrument: X });
    if rejected(&events) == Some(Reject::NotLocked) {
        assert_eq!(events.len(), 1);
        return false;
    }
    let after = hall.exchange.view().accounts;
    let equity = |accounts: &[AccountView]| -> i128 {
        accounts.iter().map(|account| account.equity.units()).sum()
    };
    assert_eq!(equity(&before), equity(&after), "seed {seed}: cash sums to zero");
    let mut reduced = [0u64; CLIENTS as usize];
    let (mut closed, mut given) = (0, 0);
    for event in &events {
        if let EventKind::Reduced { account, side: held, qty, .. } = event {
            reduced[account.index()] += qty.lots();
            *(if *held == side { &mut given } else { &mut closed }) += qty.lots();
        }
    }
    assert_eq!(closed, given, "seed {seed}: longs and shorts reduced");
    assert_eq!(trades(&events).iter().map(|(_, lots)| lots).sum::<u64>(), closed, "seed {seed}");
    // What is left to give, by tier.
    let mut left = [0; 4];
    let mut gave = [0; 4];
    for (n, (old, new)) in before.iter().zip(&after).enumerate() {
        let (old, new) = (held(old), held(new));
        assert!(new.0 == 0 || new.0.signum() == old.0.signum(), "seed {seed}: past flat");
        assert_eq!(old.0.abs() - new.0.abs(), reduced[n] as i64, "seed {seed}: client {n}");
        if old.0 * side.sign() <= 0 {
            continue;
        }
        match tier(&rule, old, limit, n.is_multiple_of(3)) {
            Some(tier) => {
                left[tier] += new.0.abs();
                gave[tier] += reduced[n];
            }
            None => assert_eq!(reduced[n], 0, "seed {seed}: client {n} is in no tier"),
        }
    }
    for tier in 0..4 {
        let later: u64 = gave[tier + 1..].iter().sum();
        assert!(left[tier] == 0 || later == 0, "seed {seed}: tier {tier} has lots left");
    }
    closed > 0
}

#[test]
fn rules_6_reductions_balance_and_use_up_their_tiers_in_order() {
    let reduced = (0..400).filter(|&seed| try_one(seed)).count();
    assert!(reduced > 60, "only {reduced} of 400 markets were reduced");
}
