//! Long and short legs under everything at once: random days, each command followed by a recount of promises, costs and money.

use super::hall::*;
use plimsoll_exchange::Exchange;
use plimsoll_types::*;

/// A linear congruential generator: the same walk from the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// Two markets of both close rules, with every cost that legs can have.
fn spec(draw: &mut Draw) -> ExchangeSpec {
    let market = |symbol: &str, rule, draw: &mut Draw| {
        let mut market = instrument(symbol, 1_000);
        market.initial.share = mille(100);
        market.maintenance.share = mille(80);
        market.mark = MarkSource::Last;
        market.fees.close = per_lot(3);
        market.fees.close_today = draw.of(&[None, Some(per_lot(7))]);
        market.risk.close_rule = rule;
        market.risk.margin_price =
            draw.of(&[MarginPrice::Mark, MarginPrice::Settlement, MarginPrice::Open]);
        market
    };
    let markets =
        vec![market("S", CloseRule::Shfe, draw), market("F", CloseRule::OldestFirst, draw)];
    let tiers = vec![tier("out", mille(1_000), Action::Liquidate)];
    let mut profile = profile(MeasureKind::MarginOverEquity, tiers, mille(800));
    profile.liquidation.waterfall = match draw.below(2) {
        0 => vec![WaterfallStage::Debt],
        _ => vec![WaterfallStage::Deleverage, WaterfallStage::Debt],
    };
    profile.liquidation.price = draw.of(&[ProtectionPrice::Band, ProtectionPrice::Bankruptcy]);
    let mut spec = Hall::spec(FloatingProfit::All, markets, profile, 15_000);
    let client = spec.accounts[2].clone();
    spec.accounts.push(AccountSpec { name: label("B"), ..client.clone() });
    spec.accounts.push(AccountSpec { name: label("C"), ..client });
    ExchangeSpec { position_mode: PositionMode::LongShort, ..spec }
}

fn order(hall: &mut Hall, draw: &mut Draw, around: i64) -> Command {
    let account = AccountId(draw.below(5) as u32);
    let side = draw.of(&[Side::Buy, Side::Sell]);
    let price = (around + draw.below(41) as i64 - 20).max(1);
    let (offsets, instrument) = (
        [
            None,
            Some(Offset::Open),
            Some(Offset::Close),
            Some(Offset::Close),
            Some(Offset::CloseToday),
        ],
        InstrumentId(draw.below(2) as u16),
    );
    let tif = draw.of(&[TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc]);
    let qty = 1 + draw.below(9);
    Command::Order(NewOrder {
        instrument,
        offset: draw.of(&offsets),
        tif,
        trigger: (draw.below(9) == 0).then(|| ticks(around)),
        display: Qty::new(if draw.below(9) == 0 && tif.rests() { 2 } else { 0 }),
        self_match: draw.of(&[SelfMatch::None, SelfMatch::CancelOldest, SelfMatch::Decrement]),
        reduce_only: draw.below(20) == 0,
        ..hall.order(account, side, price, qty)
    })
}

fn command(hall: &mut Hall, draw: &mut Draw, around: i64) -> Command {
    let instrument = InstrumentId(draw.below(2) as u16);
    let account = AccountId(draw.below(5) as u32);
    let open = hall.exchange.view().accounts[account.index()].orders.clone();
    let named = match open.is_empty() {
        true => None,
        false => Some(open[draw.below(open.len() as u64) as usize].clone()),
    };
    let id = named.as_ref().and_then(|order| match order.id {
        OrderId::Client(id) => Some(OrderRef::Client(id)),
        _ => None,
    });
    match (draw.below(40), id) {
        (0..=4, Some(order)) => Command::Cancel { account, order },
        (5..=9, Some(order)) => {
            let price = ticks((around + draw.below(21) as i64 - 10).max(1));
            let qty = Qty::new(1 + draw.below(9));
            Command::Replace { account, order, price, qty, trigger: None }
        }
        (10, _) => Command::Settle { instrument: Some(instrument), price: None },
        (11, _) => Command::Bust { trade: hall.exchange.seq().saturating_sub(draw.below(40)) },
        (12, _) => {
            Command::Phase { instrument, phase: draw.of(&[Phase::Auction, Phase::Continuous]) }
        }
        (13, _) => Command::Phase { instrument, phase: Phase::Continuous },
        (14, _) => Command::Deposit { account, amount: money(5_000) },
        (15, _) => Command::CancelAll { account, instrument: None, side: None },
        _ => order(hall, draw, around),
    }
}

/// What an account's settlements have said so far: by date, by trade.
type Sums = Vec<(Money, Money)>;

fn count(sums: &mut Sums, events: &[EventKind]) {
    for event in events {
        if let EventKind::Settlement { account, profit, profit_by_trade, .. } = event {
            sums.resize(sums.len().max(account.index() + 1), Default::default());
            let sum = &mut sums[account.index()];
            *sum = (sum.0 + *profit, sum.1 + *profit_by_trade);
        }
    }
}

#[test]
fn legs_stay_whole_under_everything_at_once() {
    let (mut cases, mut promised, mut carried) = (0, 0, 0);
    for seed in 0..24 {
        let mut draw = Draw(seed);
        let mut hall = Hall::of(spec(&mut draw));
        let (mut around, mut sums) = (1_000, Sums::default());
        for step in 0..600 {
            around = (around + draw.below(61) as i64 - 30).clamp(200, 3_000);
            let command = command(&mut hall, &mut draw, around);
            let events = hall.send(command);
            hall.exchange.audit();
            count(&mut sums, &events);
            let refused = rejected(&events);
            promised += u32::from(matches!(
                refused,
                Some(Reject::Close | Reject::CloseCarried | Reject::CloseToday)
            ));
            cases += events
                .iter()
                .filter(|event| {
                    matches!(event, EventKind::Case { step: CaseStep::Batch { .. }, .. })
                })
                .count();
            if step % 150 == 149 {
                let bytes = hall.exchange.snapshot();
                let twin = Exchange::restore(hall.exchange.configuration(), &bytes);
                let twin = twin.expect("a whole snapshot");
                assert_eq!(twin.state_hash(), hall.exchange.state_hash(), "seed {seed}");
                hall.exchange = twin;
            }
        }
        let view = hall.exchange.view();
        let legs = view.accounts.iter().flat_map(|account| &account.positions);
        carried += legs.filter(|leg| leg.today < leg.lots.unsigned_abs()).count();
        for instrument in [InstrumentId(0), InstrumentId(1)] {
            let events = hall.send(Command::Expire { instrument, price: None });
            count(&mut sums, &events);
        }
        hall.exchange.audit();
        for (account, (by_date, by_trade)) in hall.exchange.view().accounts.iter().zip(sums) {
            assert_eq!(by_date, by_trade, "seed {seed}, {}", account.name);
            assert_eq!(by_date, account.realised, "seed {seed}, {}", account.name);
        }
    }
    assert!(cases > 50 && promised > 500 && carried > 10, "{cases} {promised} {carried}");
}
