//! What a random run may use beyond plain trading, each with a switch; most runs use little of it, so that what fails stays small.

use super::generate::{label, mille};
use super::rng::Rng;
use plimsoll_types::*;
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    Stops,
    Icebergs,
    MinQty,
    Expiry,
    Protection,
    Median,
    CloseFirst,
    ProRata,
    Phases,
    Volatility,
    LimitState,
    Calendar,
    Settle,
    Ladder,
    Listing,
    Expire,
    Bust,
    Handles,
    Legs,
    Shfe,
    CloseToday,
    MarginPrice,
    LargeSide,
    Brackets,
    TierBasis,
    OwnMargin,
    Leverage,
    Funding,
    Index,
    Schedule,
    Profile,
    Restrict,
    PositionLimit,
    Report,
    Ending,
    Reduction,
    Policies,
    Bankruptcy,
    Backstop,
    Deleverage,
    Socialise,
    Volume,
    Roll,
    Join,
    ByOrder,
    Isolated,
}

impl Feature {
    /// Every feature with its name; a new one goes to the end, so that seeds keep their meaning.
    pub const ALL: &[(Feature, &'static str)] = &[
        (Feature::Stops, "stops"),
        (Feature::Icebergs, "icebergs"),
        (Feature::MinQty, "min_qty"),
        (Feature::Expiry, "expiry"),
        (Feature::Protection, "protection"),
        (Feature::Median, "median"),
        (Feature::CloseFirst, "close_first"),
        (Feature::ProRata, "pro_rata"),
        (Feature::Phases, "phases"),
        (Feature::Volatility, "volatility"),
        (Feature::LimitState, "limit_state"),
        (Feature::Calendar, "calendar"),
        (Feature::Settle, "settle"),
        (Feature::Ladder, "ladder"),
        (Feature::Listing, "listing"),
        (Feature::Expire, "expire"),
        (Feature::Bust, "bust"),
        (Feature::Handles, "handles"),
        (Feature::Legs, "legs"),
        (Feature::Shfe, "shfe"),
        (Feature::CloseToday, "close_today"),
        (Feature::MarginPrice, "margin_price"),
        (Feature::LargeSide, "large_side"),
        (Feature::Brackets, "brackets"),
        (Feature::TierBasis, "tier_basis"),
        (Feature::OwnMargin, "own_margin"),
        (Feature::Leverage, "leverage"),
        (Feature::Funding, "funding"),
        (Feature::Index, "index"),
        (Feature::Schedule, "schedule"),
        (Feature::Profile, "profile"),
        (Feature::Restrict, "restrict"),
        (Feature::PositionLimit, "position_limit"),
        (Feature::Report, "report"),
        (Feature::Ending, "ending"),
        (Feature::Reduction, "reduction"),
        (Feature::Policies, "policies"),
        (Feature::Bankruptcy, "bankruptcy"),
        (Feature::Backstop, "backstop"),
        (Feature::Deleverage, "deleverage"),
        (Feature::Socialise, "socialise"),
        (Feature::Volume, "volume"),
        (Feature::Roll, "roll"),
        (Feature::Join, "join"),
        (Feature::ByOrder, "by_order"),
        (Feature::Isolated, "isolated"),
    ];
}

/// A set of features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features(BTreeSet<Feature>);

impl Features {
    pub fn none() -> Features {
        Features::default()
    }

    pub fn all() -> Features {
        Features(Feature::ALL.iter().map(|(feature, _)| *feature).collect())
    }

    /// From names with commas between them; `none` and `all` are lists too.
    pub fn parse(names: &str) -> Features {
        if names == "all" {
            return Features::all();
        }
        let names = names.split(',').map(str::trim).filter(|name| *name != "none");
        let found = names.map(|name| {
            let named = Feature::ALL.iter().find(|(_, known)| *known == name);
            named.unwrap_or_else(|| panic!("{name:?} is no feature of {:?}", Feature::ALL)).0
        });
        Features(found.collect())
    }

    /// `PLIMSOLL_DIFF_FEATURES`, or all.
    pub fn from_environment() -> Features {
        match std::env::var("PLIMSOLL_DIFF_FEATURES") {
            Ok(names) => Self::parse(&names),
            Err(_) => Features::all(),
        }
    }

    pub fn names(&self) -> String {
        let on = Feature::ALL.iter().filter(|(feature, _)| self.has(*feature));
        let names: Vec<&str> = on.map(|(_, name)| *name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(",") }
    }

    pub fn has(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn list(&self) -> Vec<Feature> {
        self.0.iter().copied().collect()
    }

    /// What one run uses of these. Every coin is thrown, so that a switch leaves the others as they are.
    pub fn of_a_run(&self, rng: &mut Rng) -> Features {
        let percent = rng.pick(&[0, 6, 12, 12, 25, 60]);
        let mut chosen = Features::none();
        for (feature, _) in Feature::ALL {
            if rng.chance(percent) {
                chosen.0.insert(*feature);
            }
        }
        // Carried lots and one-sided days come of settlements.
        let by_days = [
            Feature::CloseFirst,
            Feature::Ladder,
            Feature::Shfe,
            Feature::CloseToday,
            Feature::MarginPrice,
        ];
        if by_days.iter().any(|feature| chosen.has(*feature)) {
            chosen.0.insert(Feature::Settle);
        }
        if chosen.has(Feature::Shfe) {
            chosen.0.insert(Feature::Legs);
        }
        chosen.0.retain(|feature| self.has(*feature));
        chosen
    }

    /// Dresses a plain configuration in what these need. `stride`: nanoseconds of a step of time.
    pub fn dress(&self, spec: &mut ExchangeSpec, rng: &mut Rng, stride: u64) {
        if self.has(Feature::Bust) {
            spec.bust_window = rng.pick(&[1, 3, 20, 65_536]);
        }
        if self.has(Feature::Calendar) {
            spec.calendars = (0..rng.between(1, 2)).map(|n| self.calendar(rng, n)).collect();
        }
        let calendars = spec.calendars.len();
        for instrument in &mut spec.instruments {
            self.dress_instrument(instrument, rng, stride, calendars);
        }
    }

    pub fn dress_instrument(
        &self,
        spec: &mut InstrumentSpec,
        rng: &mut Rng,
        stride: u64,
        calendars: usize,
    ) {
        let duration = |rng: &mut Rng, low: i64, high: i64| rng.between(low, high) as u64 * stride;
        // A share of a price at the upper end of the domain is wider than the model cares to look through.
        let high = spec.prev_settlement.ticks() > 10_000;
        let rules = &mut spec.rules;
        if self.has(Feature::Protection) && rng.chance(75) {
            rules.market_protection = Some(rng.pick(&[0, 1, 2, 4, 9]));
        }
        if self.has(Feature::Median) && rng.chance(75) {
            rules.trade_price = TradePrice::Median;
        }
        if self.has(Feature::CloseFirst) && rng.chance(80) {
            rules.limit_priority = LimitPriority::CloseFirst;
        }
        if self.has(Feature::ProRata) && rng.chance(80) {
            let fifo = rng.pick(&[Ratio::ZERO, mille(400), mille(333), mille(999), Ratio::ONE]);
            rules.allocation = Allocation::ProRata { fifo };
        }
        if self.has(Feature::Phases) && rng.chance(40) {
            spec.phase = rng.pick(&[Phase::PreOpen, Phase::NoCancel, Phase::Volatility]);
        }
        if self.has(Feature::Volatility) && rng.chance(75) {
            rules.volatility = Some(Volatility {
                share: mille(rng.between(5, 120)).plus(Ratio::from_nano(rng.between(0, 99))),
                window: duration(rng, 1, 30),
                auction: duration(rng, 1, 20),
            });
        }
        if self.has(Feature::LimitState) && rng.chance(80) {
            rules.limit_state = Some(LimitState {
                after: duration(rng, 1, 8),
                pause: duration(rng, 1, 8),
                auction: duration(rng, 1, 8),
            });
        }
        if self.has(Feature::Settle) {
            let methods =
                [SettlementMethod::DayAverage, SettlementMethod::LastHour, SettlementMethod::Last];
            rules.settlement_price = rng.pick(&methods);
            if rng.chance(60) && !high {
                rules.price_limit = Some(mille(rng.between(20, 150)));
            }
        }
        if self.has(Feature::Ladder) && rng.chance(85) && !high {
            rules.price_limit = Some(mille(rng.between(20, 150)));
            let step = |rng: &mut Rng| mille(rng.between(0, 60));
            rules.limit_ladder = Some(LimitLadder {
                growth: if rng.chance(60) {
                    LimitGrowth::Steps([step(rng), step(rng)])
                } else {
                    LimitGrowth::Factor(Ratio::ONE.plus(mille(rng.between(0, 700))))
                },
                margin_add: mille(rng.between(0, 200)),
                window: rng.pick(&[0, 3 * stride, 12 * stride]),
            });
        }
        if let Some(limit) = rules.price_limit {
            spec.band = Some(Band::around(spec.prev_settlement, limit));
        }
        if calendars > 0 && rng.chance(75) {
            rules.calendar = Some(rng.below(calendars as u64) as u16);
        }
    }

    /// Days of a few sessions, with a night, a break, a holiday or two.
    fn calendar(&self, rng: &mut Rng, place: i64) -> Calendar {
        let mut holidays: Vec<i32> =
            (0..rng.between(0, 2)).map(|_| rng.between(0, 9) as i32).collect();
        holidays.sort_unstable();
        holidays.dedup();
        let sessions = (0..rng.between(1, 3)).map(|_| self.session(rng)).collect();
        Calendar {
            name: label(&format!("c{place}")),
            utc_offset: rng.pick(&[0, 28_800, -18_000, 19_800]),
            holidays,
            sessions,
        }
    }

    fn session(&self, rng: &mut Rng) -> Session {
        let mut at = rng.between(0, 20) as u32 * 3_600;
        let mut steps = Vec::new();
        for _ in 0..rng.between(2, 5) {
            let phase = rng.pick(&[
                Phase::Continuous,
                Phase::Continuous,
                Phase::Auction,
                Phase::Closed,
                Phase::Halted,
                Phase::PreOpen,
                Phase::NoCancel,
            ]);
            steps.push(CalendarStep { at, action: CalendarAction::Phase(phase) });
            if phase == Phase::Closed && self.has(Feature::Settle) && rng.chance(70) {
                steps.push(CalendarStep { at, action: CalendarAction::Settle });
            }
            at += rng.pick(&[0, 1_800, 3_600, 10_800, 25_200]);
        }
        steps.push(CalendarStep { at, action: CalendarAction::Phase(Phase::Continuous) });
        Session { days: rng.between(1, 127) as u8, not_before_holidays: rng.chance(30), steps }
    }
}
