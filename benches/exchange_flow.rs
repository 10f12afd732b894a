//! The canonical flow as commands to a whole exchange: every order checked for margin, every trade booked.

use crate::workload::{self, Flow, Op, Stream};
use plimsoll_exchange::Exchange;
use plimsoll_types::*;

/// A name of at most 39 bytes.
pub(crate) fn label(text: &str) -> Label {
    match Label::new(text) {
        Some(label) => label,
        None => broken(format_args!("a label of {} bytes", text.len())),
    }
}

/// A share of the notional, 10^-9, as a margin or a fee.
pub(crate) fn share(nano: i64) -> MarginRate {
    MarginRate { share: Ratio::from_nano(nano), per_lot: Money::ZERO }
}

/// A profile that warns at 80 %, calls at 100 and liquidates at 120 down to 90.
pub(crate) fn profile() -> Profile {
    let tier = |name, nano, action| Tier {
        name: label(name),
        basis: Basis::Initial,
        at: Ratio::from_nano(nano),
        release: Ratio::from_nano(nano),
        action,
        close_only: false,
        cancel_opening: false,
    };
    let mut profile = Profile::unlimited();
    profile.name = label("standard");
    profile.unlimited = false;
    profile.tiers = vec![
        tier("warning", 800_000_000, Action::Notify),
        tier("call", 1_000_000_000, Action::Call { grace: Some(1_800_000_000_000) }),
        tier("liquidation", 1_200_000_000, Action::Liquidate),
    ];
    profile.liquidation.target = Ratio::from_nano(900_000_000);
    profile
}

/// An exchange with `accounts` leveraged accounts, all with money enough to trade for the length of a run.
pub fn exchange(flow: &Flow, accounts: u32) -> Exchange {
    let step = Step { mantissa: 1, decimals: 0 };
    let band = workload::new_book(flow).band();
    let instrument = InstrumentSpec {
        symbol: label("IF"),
        kind: InstrumentKind::Future,
        tick_size: step,
        lot_size: step,
        multiplier: Step { mantissa: 10, decimals: 0 },
        tick_value: 1_000,
        prev_settlement: Price::clamped(workload::MIDDLE),
        band,
        initial: share(120_000_000),
        maintenance: share(100_000_000),
        mark: MarkSource::Last,
        liquidation_moves_mark: true,
        fees: Fees { taker: share(23_000), ..Fees::default() },
        phase: Phase::Continuous,
        auction_candidates: AuctionCandidates::Ticks,
        market_remainder: MarketRemainder::Cancel,
        rules: TradingRules::default(),
        risk: RiskRules::default(),
    };
    let deposit = Money::new(1_000_000_000_000_000);
    Exchange::new(ExchangeSpec {
        currency: label("CNY"),
        money_decimals: 2,
        position_mode: PositionMode::Net,
        floating_profit: FloatingProfit::All,
        insurance_fund: Money::ZERO,
        bust_window: 65_536,
        detector: plimsoll_types::Detector::Index,
        calendars: Vec::new(),
        instruments: vec![instrument],
        profiles: vec![Profile::unlimited(), profile()],
        accounts: (0..accounts)
            .map(|n| AccountSpec {
                name: label(&format!("a{n}")),
                profile: ProfileId(1),
                deposit,
                hedger: false,
                margins: Vec::new(),
            })
            .collect(),
        schedules: Vec::new(),
    })
}

/// A stream as commands; every order named by its handle is its owner's.
pub fn commands(stream: &Stream, flow: &Flow) -> (Vec<Command>, Vec<Command>) {
    // Owners of resting orders, by slot, as the stream's own run had them.
    let mut book = workload::new_book(flow);
    let mut translate = |ops: &[Op]| -> Vec<Command> {
        ops.iter()
            .map(|op| {
                let owner = match *op {
                    Op::Cancel(handle) | Op::Replace(handle, ..) => {
                        book.find(handle).map_or(0, |order| order.owner)
                    }
                    Op::Add { owner, .. } | Op::Cross { owner, .. } => owner,
                };
                workload::apply(&mut book, op, &mut workload::Tally::default());
                command(op, AccountId(owner))
            })
            .collect()
    };
    let setup = translate(&stream.setup);
    let ops = translate(&stream.ops);
    (setup, ops)
}

fn command(op: &Op, account: AccountId) -> Command {
    let instrument = InstrumentId(0);
    match *op {
        Op::Add { side, price, qty, .. } | Op::Cross { side, price, qty, .. } => {
            let qty = Qty::new(u64::from(qty));
            Command::Order(NewOrder::limit(account, instrument, side, price, qty))
        }
        Op::Cancel(handle) => {
            Command::Cancel { account, order: OrderRef::Handle(instrument, handle) }
        }
        Op::Replace(handle, price, qty) => Command::Replace {
            account,
            order: OrderRef::Handle(instrument, handle),
            price,
            qty: Qty::new(u64::from(qty)),
            trigger: None,
        },
    }
}
