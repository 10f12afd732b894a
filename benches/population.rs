//! Many accounts with one position each, made by commands alone: what memory, start-up, settlement and funding are measured on.

use crate::exchange_flow::{label, profile, share};
use plimsoll_exchange::Exchange;
use plimsoll_types::*;

/// What everything trades at at first, ticks.
pub const PRICE: i64 = 50_000;

/// The only instrument, a perpetual.
pub const INSTRUMENT: InstrumentId = InstrumentId(0);

/// An exchange without accounts: a perpetual with 10 % initial margin and a taker's fee, a profile with three tiers.
pub fn spec() -> ExchangeSpec {
    let step = Step { mantissa: 1, decimals: 0 };
    ExchangeSpec {
        currency: label("USDT"),
        money_decimals: 4,
        position_mode: PositionMode::Net,
        floating_profit: FloatingProfit::All,
        insurance_fund: Money::ZERO,
        bust_window: 65_536,
        detector: Detector::Index,
        calendars: Vec::new(),
        instruments: vec![InstrumentSpec {
            symbol: label("BTC"),
            kind: InstrumentKind::Perpetual,
            tick_size: step,
            lot_size: step,
            multiplier: step,
            tick_value: 10_000,
            prev_settlement: Price::clamped(PRICE),
            band: None,
            initial: share(100_000_000),
            maintenance: share(50_000_000),
            mark: MarkSource::Last,
            liquidation_moves_mark: true,
            fees: Fees { taker: share(50_000), ..Fees::default() },
            phase: Phase::Continuous,
            auction_candidates: AuctionCandidates::Ticks,
            market_remainder: MarketRemainder::Cancel,
            rules: TradingRules::default(),
            risk: RiskRules::default(),
        }],
        profiles: vec![Profile::unlimited(), profile()],
        accounts: Vec::new(),
        schedules: Vec::new(),
    }
}

/// The name of an account, by its number: as long for all.
pub fn name(account: u32) -> Label {
    label(&format!("c{account:07}"))
}

/// An exchange with `accounts` accounts, an even number: of each two neighbours one sold to the other at [`PRICE`].
///
/// Their money is 1.5 to 9.5 times their initial margin, so that their tiers lie all over the prices. Nobody stands in a tier.
pub fn exchange(accounts: u32) -> Exchange {
    let mut exchange = Exchange::new(spec());
    exchange.make_room(accounts as usize, 8);
    let mut events = Vec::new();
    let mut apply = |exchange: &mut Exchange, command| {
        exchange.apply(0, &command, &mut events);
        let refused = events.iter().any(|event| matches!(event.kind, EventKind::Rejected { .. }));
        invariant!(!refused, "{command:?} was refused");
        events.clear();
    };
    let mut state = 1u64;
    for account in 0..accounts {
        let profile = ProfileId(1);
        apply(&mut exchange, Command::OpenAccount { name: name(account), profile });
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
        let lots = lots_of(account);
        let margin = i128::from(PRICE) * 10_000 / 10 * i128::from(lots);
        let amount = Money::new(margin * (1_500 + i128::from((state >> 33) % 8_000)) / 1_000);
        apply(&mut exchange, Command::Deposit { account: AccountId(account), amount });
    }
    for account in 0..accounts {
        let side = if account % 2 == 0 { Side::Sell } else { Side::Buy };
        apply(&mut exchange, order(account, side, lots_of(account)));
    }
    exchange
}

/// Lots that an account and its neighbour trade: 1 to 16.
fn lots_of(account: u32) -> u64 {
    u64::from((account / 2).wrapping_mul(0x9e37_79b1) >> 28) + 1
}

fn order(account: u32, side: Side, lots: u64) -> Command {
    let (price, qty) = (Price::clamped(PRICE), Qty::new(lots));
    Command::Order(NewOrder::limit(AccountId(account), INSTRUMENT, side, price, qty))
}
