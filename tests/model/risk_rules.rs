//! Random rules of the risk chain: what instruments ask, how profiles liquidate, what accounts have of their own.

use super::features::{Feature, Features};
use super::generate::{label, lot_value, margin_rate, mille};
use super::rng::Rng;
use plimsoll_types::*;

/// A rate above another in one part or both.
pub fn higher_rate(rng: &mut Rng, rate: MarginRate) -> MarginRate {
    let percent = rng.pick(&[100, 110, 150, 200]);
    MarginRate {
        share: Ratio::from_nano(rate.share.nano() * percent / 100),
        per_lot: rate.per_lot + Money::new(i128::from(rng.pick(&[0, 0, 3, 20]))),
    }
}

pub fn any_fee(rng: &mut Rng) -> Fee {
    Fee {
        share: if rng.chance(50) { mille(rng.between(0, 20)) } else { Ratio::ZERO },
        per_lot: Money::new(i128::from(rng.pick(&[0, 0, 1, 4]))),
    }
}

/// Brackets without a jump: borders are whole thousands, so that deductions are whole units.
fn brackets(rng: &mut Rng, lot: i128) -> Vec<Bracket> {
    let (mut floor, mut deduct, mut before) = (0, 0, 0);
    let mut found = Vec::new();
    let count = rng.between(2, 4);
    for place in 0..count {
        let share = before + i128::from(rng.between(10, 90));
        deduct += floor * (share - before) / 1_000;
        let wide = (lot * i128::from(rng.between(5, 90)) / 10).max(1_000) / 1_000 * 1_000;
        floor += wide;
        found.push(Bracket {
            up_to: if place == count - 1 { Bracket::OPEN } else { Money::new(floor) },
            maintenance: mille(share as i64),
            deduct: Money::new(deduct),
        });
        before = share;
    }
    found
}

fn reduction(rng: &mut Rng) -> Reduction {
    let mut tiers: Vec<Ratio> = (0..rng.between(1, 3)).map(|_| mille(rng.between(1, 90))).collect();
    if rng.chance(70) {
        tiers.push(Ratio::ZERO);
    }
    tiers.sort_unstable();
    tiers.dedup();
    tiers.reverse();
    Reduction {
        loss: mille(rng.pick(&[1, 10, 40, 60])),
        tiers,
        hedge: rng.chance(60).then(|| mille(rng.between(0, 60))),
        average: rng.pick(&[ReductionAverage::NetSide, ReductionAverage::Newest]),
    }
}

fn policy(rng: &mut Rng, lot: i128, stride: u64) -> Policy {
    let share = rng.pick(&[mille(200), mille(500), mille(334), Ratio::ONE]);
    match rng.below(4) {
        0 => Policy::Full,
        1 => Policy::Fraction { fraction: share, full_below: Qty::new(rng.below(5)) },
        2 => Policy::TwoStep {
            share,
            cooldown: rng.pick(&[0, 3 * stride, 15 * stride]),
            above: Money::new(lot * i128::from(rng.between(0, 6))),
        },
        _ => Policy::Brackets { steps: rng.between(1, 2) as u32 },
    }
}

impl Features {
    /// What an instrument asks of those who hold it.
    pub fn dress_risk_rules(
        &self,
        spec: &mut InstrumentSpec,
        rng: &mut Rng,
        begins: Ts,
        stride: u64,
    ) {
        let lot = lot_value(spec);
        let risk = &mut spec.risk;
        if self.has(Feature::Shfe) && rng.chance(80) {
            risk.close_rule = CloseRule::Shfe;
        }
        if self.has(Feature::CloseToday) && rng.chance(80) {
            spec.fees.close_today = Some(any_fee(rng));
        }
        if self.has(Feature::MarginPrice) {
            risk.margin_price =
                rng.pick(&[MarginPrice::Settlement, MarginPrice::Open, MarginPrice::Mark]);
        }
        if self.has(Feature::LargeSide) && rng.chance(80) {
            risk.large_side = true;
            risk.product = rng.pick(&[None, Some(label("P")), Some(label("I0"))]);
        }
        if self.has(Feature::Brackets) && rng.chance(80) {
            risk.brackets = brackets(rng, lot);
        }
        if self.has(Feature::Funding) && rng.chance(85) {
            spec.kind = InstrumentKind::Perpetual;
            let rule = Funding {
                interest: Ratio::from_nano(rng.between(-2_000_000, 3_000_000)),
                clamp: Ratio::from_nano(rng.pick(&[0, 500_000, 5_000_000])),
                impact: Qty::new(rng.between(1, 5) as u64),
            };
            risk.funding = rng.chance(80).then_some(rule);
        }
        if self.has(Feature::Index) && rng.chance(80) {
            let cap = rng.pick(&[None, Some(mille(5)), Some(mille(60)), Some(mille(400))]);
            spec.mark = MarkSource::Index { cap };
        }
        if self.has(Feature::PositionLimit) && rng.chance(80) {
            risk.position_limit = Some(Qty::new(rng.between(3, 20) as u64));
        }
        if self.has(Feature::Report) && rng.chance(80) {
            risk.report_at = Some(Qty::new(rng.between(2, 9) as u64));
        }
        if self.has(Feature::Ending) && rng.chance(40) {
            risk.expires = Some(begins + (20 + rng.below(400)) * stride);
        }
        if self.has(Feature::Reduction) && rng.chance(85) {
            risk.reduction = Some(reduction(rng));
            let settled = spec.prev_settlement.ticks();
            let wide = rng.between(2, 9);
            spec.band = spec.band.or(Some(Band {
                down: Price::clamped(settled - wide),
                up: Price::clamped(settled + wide),
            }));
        }
    }

    /// The rest of the risk chain: profiles, accounts, announced changes. `begins`: when the run begins.
    pub fn dress_risk(&self, spec: &mut ExchangeSpec, rng: &mut Rng, begins: Ts, stride: u64) {
        if self.has(Feature::Legs) && rng.chance(85) {
            spec.position_mode = PositionMode::LongShort;
        }
        for instrument in &mut spec.instruments {
            self.dress_risk_rules(instrument, rng, begins, stride);
        }
        let lot = spec.instruments.iter().map(lot_value).max().unwrap_or(1);
        let legs = spec.position_mode == PositionMode::LongShort;
        for profile in spec.profiles.iter_mut().skip(1) {
            self.dress_profile(profile, rng, lot, stride, legs);
        }
        let takes_over = self.has(Feature::Bankruptcy) || self.has(Feature::Backstop);
        if takes_over && rng.chance(60) {
            spec.insurance_fund = Money::new(lot * i128::from(rng.between(1, 60)) / 10);
        }
        let hedges = self.has(Feature::PositionLimit) || self.has(Feature::Reduction);
        for account in &mut spec.accounts {
            account.hedger = hedges && rng.chance(20);
            if self.has(Feature::OwnMargin) && rng.chance(40) {
                let place = rng.below(spec.instruments.len() as u64) as usize;
                let instrument = &spec.instruments[place];
                account.margins = vec![AccountMargin {
                    instrument: InstrumentId(place as u16),
                    initial: higher_rate(rng, instrument.initial),
                    maintenance: instrument.maintenance,
                }];
            }
        }
        if self.has(Feature::Schedule) {
            let count = rng.below(4);
            spec.schedules = (0..count).map(|_| self.change(spec, rng, begins, stride)).collect();
        }
    }

    /// A change of terms, at a time after the run's first command or at a settlement.
    fn change(&self, spec: &ExchangeSpec, rng: &mut Rng, begins: Ts, stride: u64) -> Schedule {
        let instrument = InstrumentId(rng.below(spec.instruments.len() as u64) as u16);
        let at = ScheduleTime::At(begins + (16 + rng.below(300)) * stride);
        let when = rng.pick(&[at, at, ScheduleTime::Settlement]);
        let mut change = any_change(rng, instrument, when);
        if spec.instruments[instrument.index()].prev_settlement.ticks() > 10_000 {
            // A share of such a price is wider than the model cares to look through.
            change.price_limit = None;
        }
        change
    }

    fn dress_profile(
        &self,
        profile: &mut Profile,
        rng: &mut Rng,
        lot: i128,
        stride: u64,
        legs: bool,
    ) {
        if self.has(Feature::TierBasis) {
            for tier in &mut profile.tiers {
                tier.basis = rng.pick(&[Basis::Initial, Basis::Maintenance]);
            }
        }
        if self.has(Feature::Isolated) && !legs && rng.chance(70) {
            profile.margin_mode = MarginMode::Isolated;
        }
        let liquidation = &mut profile.liquidation;
        if self.has(Feature::Policies) && rng.chance(85) {
            liquidation.policy = policy(rng, lot, stride);
        }
        if self.has(Feature::Bankruptcy) && rng.chance(75) {
            liquidation.price = ProtectionPrice::Bankruptcy;
        }
        if self.has(Feature::Backstop) && rng.chance(75) {
            liquidation.backstop = Some(mille(rng.between(200, 1_100)));
        }
        let mut stages = Vec::new();
        if self.has(Feature::Deleverage) && rng.chance(80) {
            stages.push(WaterfallStage::Deleverage);
            liquidation.deleverage_rank = rng.pick(&[
                DeleverageRank::ProfitLeverage,
                DeleverageRank::ProfitLeverage,
                DeleverageRank::ProfitShare,
                DeleverageRank::ProRata,
            ]);
            liquidation.deleverage_price =
                rng.pick(&[DeleveragePrice::Bankruptcy, DeleveragePrice::Mark]);
        }
        if self.has(Feature::Socialise) && rng.chance(80) {
            stages.push(WaterfallStage::Socialise);
        }
        if !stages.is_empty() {
            if rng.chance(60) {
                let place = rng.below(stages.len() as u64 + 1) as usize;
                stages.insert(place, WaterfallStage::InsuranceFund);
            }
            if stages.last() != Some(&WaterfallStage::Socialise) || rng.chance(50) {
                stages.push(WaterfallStage::Debt);
            }
            liquidation.waterfall = stages;
        }
        if self.has(Feature::Volume) && rng.chance(80) {
            liquidation.volume_share = Some(rng.pick(&[mille(50), mille(300), mille(1_000)]));
        }
        if self.has(Feature::Roll) && rng.chance(80) {
            liquidation.locked = LockedPolicy::Roll;
        }
        if self.has(Feature::Join) && rng.chance(80) {
            liquidation.auction = AuctionPolicy::Join;
        }
    }
}

/// Some change of an instrument's terms.
pub fn any_change(rng: &mut Rng, instrument: InstrumentId, when: ScheduleTime) -> Schedule {
    let margins = rng.chance(60).then(|| {
        let rate = margin_rate(rng);
        [higher_rate(rng, rate), rate]
    });
    let price_limit = rng.chance(30).then(|| mille(rng.between(20, 150)));
    let fees = rng.chance(30).then(|| Fees {
        open: any_fee(rng),
        close: any_fee(rng),
        close_today: rng.chance(30).then(|| any_fee(rng)),
        maker: any_fee(rng),
        taker: any_fee(rng),
        liquidation: any_fee(rng),
    });
    Schedule { instrument, when, margins, price_limit, fees }
}
