//! Random configurations: small numbers, odd fees, short tempers, so that everything collides.

use super::rng::Rng;
use plimsoll_types::*;

pub fn label(text: &str) -> Label {
    Label::new(text).expect("a short text")
}

fn whole(mantissa: i64) -> Step {
    Step { mantissa, decimals: 0 }
}

/// Thousandths of one.
pub fn mille(n: i64) -> Ratio {
    Ratio::from_nano(n * 1_000_000)
}

/// A share of `low` to `high` thousandths, with odd billionths in half of the cases.
fn share(rng: &mut Rng, low: i64, high: i64) -> Ratio {
    let odd = if rng.chance(50) { rng.between(0, 999_999) } else { 0 };
    mille(rng.between(low, high)).plus(Ratio::from_nano(odd))
}

pub fn spec(rng: &mut Rng) -> ExchangeSpec {
    let instruments: Vec<InstrumentSpec> =
        (0..rng.between(1, 3)).map(|place| instrument(rng, place)).collect();
    let largest = instruments.iter().map(lot_value).max();
    let mut profiles = vec![Profile::unlimited()];
    for place in 0..rng.between(1, 3) {
        profiles.push(profile(rng, place, instruments.len()));
    }
    let accounts = accounts(rng, profiles.len(), largest.unwrap_or(1));
    ExchangeSpec {
        currency: label("CNY"),
        money_decimals: 0,
        position_mode: plimsoll_types::PositionMode::Net,
        floating_profit: rng.pick(&[
            FloatingProfit::All,
            FloatingProfit::All,
            FloatingProfit::OnlyLost,
            FloatingProfit::OnlyGain,
            FloatingProfit::None,
        ]),
        insurance_fund: Money::new(rng.pick(&[0, 0, 1, 50, 1000, largest.unwrap_or(0)])),
        bust_window: 65_536,
        detector: plimsoll_types::Detector::Index,
        calendars: Vec::new(),
        instruments,
        profiles,
        accounts,
        schedules: Vec::new(),
    }
}

/// A lot's worth at the previous settlement.
pub fn lot_value(instrument: &InstrumentSpec) -> i128 {
    i128::from(instrument.tick_value) * i128::from(instrument.prev_settlement.ticks())
}

fn accounts(rng: &mut Rng, profiles: usize, notional: i128) -> Vec<AccountSpec> {
    let unlimited = rng.between(1, 2);
    let count = rng.between(3, 8).max(unlimited + 1);
    let mut accounts = Vec::new();
    for place in 0..count {
        let limited = place >= unlimited;
        let profile = if limited { 1 + rng.below(profiles as u64 - 1) as u16 } else { 0 };
        let deposit = if limited { notional * i128::from(rng.between(2, 40)) / 10 } else { 0 };
        accounts.push(AccountSpec {
            name: label(&format!("A{place}")),
            profile: ProfileId(profile),
            deposit: Money::new(deposit),
            hedger: false,
            margins: Vec::new(),
        });
    }
    accounts
}

pub fn instrument(rng: &mut Rng, place: i64) -> InstrumentSpec {
    // A few are worth so much that money passes 64 bits, a few stand at an end of the price domain.
    let dear = rng.chance(6);
    let tick_value = if dear { 99_999_999_999_989 } else { rng.pick(&[1, 3, 10, 37]) };
    let settlement = match rng.below(20) {
        0 if !dear => Price::MAX.ticks() - rng.between(0, 12),
        1 => rng.between(1, 12),
        _ => rng.between(25, 90),
    };
    let initial = margin_rate(rng);
    let band = rng.chance(65).then(|| Band {
        down: Price::clamped(settlement - rng.between(1, 9)),
        up: Price::clamped(settlement + rng.between(1, 9)),
    });
    InstrumentSpec {
        symbol: label(&format!("I{place}")),
        kind: InstrumentKind::Future,
        tick_size: whole(1),
        lot_size: whole(1),
        multiplier: whole(tick_value),
        tick_value,
        prev_settlement: Price::clamped(settlement),
        band,
        initial,
        maintenance: lower_rate(rng, initial),
        mark: rng.pick(&[MarkSource::Last, MarkSource::Last, MarkSource::External]),
        liquidation_moves_mark: rng.chance(60),
        fees: fees(rng),
        phase: rng.pick(&[
            Phase::Continuous,
            Phase::Continuous,
            Phase::Continuous,
            Phase::Continuous,
            Phase::Auction,
            Phase::Halted,
            Phase::Closed,
        ]),
        auction_candidates: rng.pick(&[AuctionCandidates::Ticks, AuctionCandidates::Limits]),
        market_remainder: rng.pick(&[MarketRemainder::Cancel, MarketRemainder::Rest]),
        rules: plimsoll_types::TradingRules::default(),
        risk: plimsoll_types::RiskRules::default(),
    }
}

pub fn margin_rate(rng: &mut Rng) -> MarginRate {
    let only_amount = rng.chance(15);
    let share = if only_amount { Ratio::ZERO } else { share(rng, 50, 400) };
    let per_lot = if only_amount || rng.chance(30) { rng.between(1, 60) } else { 0 };
    MarginRate { share, per_lot: Money::new(i128::from(per_lot)) }
}

/// A rate not above `rate` in either part.
pub fn lower_rate(rng: &mut Rng, rate: MarginRate) -> MarginRate {
    let percent = rng.pick(&[50, 75, 100]);
    MarginRate {
        share: Ratio::from_nano(rate.share.nano() * percent / 100),
        per_lot: Money::new(rate.per_lot.units() * i128::from(percent) / 100),
    }
}

fn fees(rng: &mut Rng) -> Fees {
    if rng.chance(35) {
        return Fees::default();
    }
    let mut fee = || Fee {
        share: if rng.chance(50) { share(rng, 0, 20) } else { Ratio::ZERO },
        per_lot: Money::new(i128::from(if rng.chance(50) { rng.between(0, 4) } else { 0 })),
    };
    Fees {
        open: fee(),
        close: fee(),
        close_today: None,
        maker: fee(),
        taker: fee(),
        liquidation: fee(),
    }
}

fn profile(rng: &mut Rng, place: i64, instruments: usize) -> Profile {
    let measure = rng.pick(&[MeasureKind::MarginOverEquity, MeasureKind::EquityOverMargin]);
    let mut tiers = tiers(rng, measure);
    let basis = rng.pick(&[Basis::Initial, Basis::Initial, Basis::Maintenance]);
    tiers.iter_mut().for_each(|tier| tier.basis = basis);
    Profile {
        name: label(&format!("p{place}")),
        unlimited: false,
        margin_mode: plimsoll_types::MarginMode::Cross,
        measure,
        basis,
        liquidation: liquidation(rng, measure, &tiers, instruments),
        tiers,
    }
}

/// Thresholds in rising danger, and so are the releases: each under its threshold, sometimes under the one before too.
fn tiers(rng: &mut Rng, measure: MeasureKind) -> Vec<Tier> {
    let count = rng.between(1, 4);
    let mut danger = rng.between(400, 900);
    let mut released = 0;
    let mut tiers = Vec::new();
    for place in 0..count {
        let at = danger + 80;
        let slack = rng.pick(&[0, 0, 20, 79, 250]);
        released = (at - slack).max(released + 1);
        // Danger d is a measure of d under margin/equity, and of a million / d under equity/margin.
        let shown = |danger: i64| match measure {
            MeasureKind::MarginOverEquity => mille(danger),
            MeasureKind::EquityOverMargin => mille(1_000_000 / danger),
        };
        let last = place == count - 1;
        let action = action(rng, last);
        tiers.push(Tier {
            name: label(&format!("t{}", place + 1)),
            basis: Basis::Initial,
            at: shown(at),
            release: shown(released),
            action,
            close_only: rng.chance(25) || action == Action::CloseOnly,
            cancel_opening: rng.chance(30),
        });
        danger = at + rng.between(0, 350);
    }
    tiers
}

fn action(rng: &mut Rng, last: bool) -> Action {
    let grace = rng.pick(&[Some(0), Some(3), Some(10), Some(40), None, None]);
    let mild = [Action::Notify, Action::Call { grace }, Action::Call { grace }, Action::CloseOnly];
    if last && rng.chance(75) || rng.chance(10) { Action::Liquidate } else { rng.pick(&mild) }
}

fn liquidation(
    rng: &mut Rng,
    measure: MeasureKind,
    tiers: &[Tier],
    instruments: usize,
) -> Liquidation {
    // Not past the mildest tier that can trigger a case.
    let trigger =
        tiers.iter().find(|t| matches!(t.action, Action::Liquidate | Action::Call { .. }));
    let at = trigger.map_or(Ratio::ONE, |tier| tier.at).nano();
    let percent = rng.pick(&[100, 95, 80, 60]);
    let target = match measure {
        MeasureKind::MarginOverEquity => at * percent / 100,
        MeasureKind::EquityOverMargin => at * 100 / percent,
    };
    let fund_first = vec![WaterfallStage::InsuranceFund, WaterfallStage::Debt];
    Liquidation {
        target: Ratio::from_nano(target),
        select: (0..rng.between(0, 3)).map(|_| select_key(rng, instruments)).collect(),
        price: if rng.chance(70) {
            ProtectionPrice::TicksThrough(rng.pick(&[0, 1, 3, 20]))
        } else {
            ProtectionPrice::Band
        },
        batch_max: Qty::new(rng.pick(&[1, 2, 3, 5, 50])),
        book_share: rng.pick(&[mille(100), mille(250), mille(500), mille(1000)]),
        interval: rng.pick(&[0, 0, 2, 7, 20]),
        locked: rng.pick(&[LockedPolicy::Park, LockedPolicy::Rest]),
        waterfall: if rng.chance(65) { fund_first } else { vec![WaterfallStage::Debt] },
        ..Profile::unlimited().liquidation
    }
}

fn select_key(rng: &mut Rng, instruments: usize) -> SelectKey {
    let mut symbols: Vec<u16> = (0..instruments as u16).collect();
    let turn = rng.below(instruments as u64) as usize;
    symbols.rotate_left(turn);
    symbols.truncate(1 + rng.below(instruments as u64) as usize);
    rng.pick(&[
        SelectKey::LargestLoss,
        SelectKey::LargestMargin,
        SelectKey::MostLiquid,
        SelectKey::LargestRiskRelease,
        SelectKey::Symbols(symbols),
    ])
}
