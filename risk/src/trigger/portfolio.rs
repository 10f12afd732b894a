//! Random instruments and profiles, with what is rare made common: for tests.

use crate::bounds::tests::Draw;
use crate::contract::tests::spec;
use plimsoll_types::*;

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("a short text")
}

pub(crate) fn pick<T: Copy>(draw: &mut Draw, from: &[T]) -> T {
    from[draw.below(from.len() as u64) as usize]
}

pub(crate) fn between(draw: &mut Draw, low: i64, high: i64) -> i64 {
    low + draw.below((high - low + 1) as u64) as i64
}

pub(crate) fn mille(n: i64) -> Ratio {
    Ratio::from_nano(n * 1_000_000)
}

/// None, a few hundredths, more than the whole; with odd billionths or an amount a lot.
pub(crate) fn rate(draw: &mut Draw) -> MarginRate {
    let share = match draw.below(10) {
        0 => 0,
        1 => between(draw, 900, 2_000),
        _ => between(draw, 20, 400),
    };
    let odd = if share > 0 && draw.one_in(2) { between(draw, 0, 999_999) } else { 0 };
    let per_lot = if draw.one_in(4) { between(draw, 1, 60) } else { 0 };
    MarginRate {
        share: Ratio::from_nano(share * 1_000_000 + odd),
        per_lot: Money::new(per_lot.into()),
    }
}

pub(crate) fn half(rate: MarginRate) -> MarginRate {
    MarginRate {
        share: Ratio::from_nano(rate.share.nano() / 2),
        per_lot: Money::new(rate.per_lot.units() / 2),
    }
}

/// Brackets whose borders are whole thousands: with a tick worth 1,000 some lie one tick apart.
fn brackets(draw: &mut Draw, worth: i128) -> Vec<Bracket> {
    let (mut border, mut deduct, mut before) = (0, 0, 0);
    let mut found = Vec::new();
    for place in (0..between(draw, 2, 5)).rev() {
        let share = before + i128::from(between(draw, 5, 80));
        deduct += border * (share - before) / 1_000;
        let wide = worth * i128::from(between(draw, 2, 60)) / 10_000 * 1_000;
        border += if draw.one_in(3) { 1_000 } else { wide.max(1_000) };
        found.push(Bracket {
            up_to: if place == 0 { Bracket::OPEN } else { Money::new(border) },
            maintenance: mille(share as i64),
            deduct: Money::new(deduct),
        });
        before = share;
    }
    found
}

pub(crate) fn instrument(draw: &mut Draw) -> InstrumentSpec {
    let settlement = match draw.below(16) {
        0 => between(draw, 1, 12),
        1 => Price::MAX.ticks() - between(draw, 0, 12),
        2 => between(draw, 100_000, 9_000_000),
        _ => between(draw, 25, 2_000),
    };
    let tick_value = match draw.below(12) {
        0 if settlement < 10_000 => 99_999_999_999_989,
        1 => 1_000,
        _ => pick(draw, &[1, 3, 10, 37]),
    };
    let mut spec = spec(tick_value, 10);
    spec.prev_settlement = Price::clamped(settlement);
    spec.initial = rate(draw);
    spec.maintenance = if draw.one_in(3) { spec.initial } else { half(spec.initial) };
    let prices = [MarginPrice::Settlement, MarginPrice::Open];
    spec.risk.margin_price = if draw.one_in(4) { pick(draw, &prices) } else { MarginPrice::Mark };
    let worth = i128::from(tick_value) * i128::from(settlement);
    if draw.one_in(4) {
        spec.risk.brackets = brackets(draw, worth);
    }
    if draw.one_in(5) {
        spec.risk.large_side = true;
        spec.risk.product = Some(label(pick(draw, &["p", "q"])));
    }
    if draw.one_in(6) {
        spec.fees.taker.share = mille(1);
    }
    spec
}

pub(crate) fn profile(draw: &mut Draw, isolated: bool) -> Profile {
    let mut profile = Profile::unlimited();
    profile.unlimited = false;
    profile.measure = pick(draw, &[MeasureKind::MarginOverEquity, MeasureKind::EquityOverMargin]);
    profile.basis = pick(draw, &[Basis::Initial, Basis::Maintenance]);
    if isolated && draw.one_in(2) {
        profile.margin_mode = MarginMode::Isolated;
    }
    let (mut danger, mut released) = (between(draw, 200, 900), 0);
    let both = draw.one_in(4);
    for place in 0..between(draw, 1, 5) {
        let at = danger + 1;
        released = (at - pick(draw, &[0, 0, 20, 79, 250])).max(released + 1);
        let shown = |danger: i64| match profile.measure {
            MeasureKind::MarginOverEquity => mille(danger),
            MeasureKind::EquityOverMargin => mille(1_000_000 / danger),
        };
        profile.tiers.push(Tier {
            name: label(&format!("t{place}")),
            basis: if both && draw.one_in(2) { Basis::Maintenance } else { profile.basis },
            at: shown(at),
            release: shown(released),
            action: Action::Notify,
            close_only: false,
            cancel_opening: false,
        });
        danger = at + between(draw, 0, 350);
    }
    profile.liquidation.target = profile.tiers[0].at;
    profile
}
