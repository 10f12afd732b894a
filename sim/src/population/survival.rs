//! Who of those that came in before the opening is still there at the opening.

use super::draw::{Client, opening_fees};
use plimsoll_types::{
    Action, Basis, Bracket, InstrumentSpec, MarginMode, MarginPrice, MeasureKind, Money, Price,
    Profile, Ratio, Side, ceil_div,
};

/// The lowest and the highest price from each step of a path on.
#[derive(Debug)]
pub struct Survival {
    /// Low and high of the prices at and after a step.
    extremes: Vec<(Price, Price)>,
}

impl Survival {
    /// That of a path whose last price is the opening, when `later` prices come before the opening too.
    pub fn new(path: &[Price], later: &[Price]) -> Survival {
        let last = path.last().copied().unwrap_or(Price::MIN);
        let from = later
            .iter()
            .fold((last, last), |(low, high), &price| (low.min(price), high.max(price)));
        let mut extremes: Vec<(Price, Price)> = path
            .iter()
            .rev()
            .scan(from, |(low, high), &price| {
                (*low, *high) = ((*low).min(price), (*high).max(price));
                Some((*low, *high))
            })
            .collect();
        extremes.reverse();
        Survival { extremes }
    }

    /// Whether a client came through: its stop untouched, and never in a tier that does more than tell.
    pub fn lives(&self, client: &Client, spec: &InstrumentSpec, profile: &Profile) -> bool {
        let (low, high) = self.extremes[client.step as usize];
        let worst = match client.side {
            Side::Buy => low,
            Side::Sell => high,
        };
        let stopped = |stop: Price| client.side.sign() * (worst.ticks() - stop.ticks()) <= 0;
        // A short's margin grows with the price, a long's measure with the loss: the adverse end is the worst for both.
        !client.stop.is_some_and(stopped) && stands(client, worst, spec, profile)
    }
}

/// Whether a client that came in at its entry stands clear of every tier that does more than tell, with the mark at `mark`.
fn stands(client: &Client, mark: Price, spec: &InstrumentSpec, profile: &Profile) -> bool {
    let lots = client.lots as i64;
    let worth = |price| Money::of_lots(price, lots, spec.tick_value).units();
    let (bought, now) = (worth(client.entry), worth(mark));
    let one = i128::from(Ratio::SCALE);
    let fees = opening_fees(spec, bought, client.lots);
    let isolated = profile.margin_mode == MarginMode::Isolated;
    // A pocket holds the initial margin of its entry and nothing else.
    let behind = match isolated {
        true => ceil_div(bought * one, i128::from(client.leverage.nano())),
        false => client.deposit.units() - fees,
    };
    let equity = behind + i128::from(client.side.sign()) * (now - bought);
    // Where margin does not follow the mark it follows what was paid or settled: the larger of both is on the safe side.
    let notional = match spec.risk.margin_price {
        MarginPrice::Mark => now,
        MarginPrice::Settlement | MarginPrice::Open => now.max(bought),
    };
    let margin = |basis| match basis {
        Basis::Initial => {
            let own = ceil_div(one * one, i128::from(client.leverage.nano()));
            let share = i128::from(spec.initial.share.nano());
            let share = if isolated { share.max(own) } else { share };
            ceil_div(share * notional, one) + spec.initial.per_lot.units() * i128::from(client.lots)
        }
        Basis::Maintenance => maintenance(spec, notional, client.lots),
    };
    let reached = |at: Ratio, margin: i128| match profile.measure {
        MeasureKind::MarginOverEquity => {
            equity <= 0 || margin * one >= i128::from(at.nano()) * equity
        }
        MeasureKind::EquityOverMargin => equity * one <= i128::from(at.nano()) * margin,
    };
    let harmful = profile.tiers.iter().filter(|tier| tier.action != Action::Notify);
    harmful.into_iter().all(|tier| !reached(tier.at, margin(tier.basis)))
}

fn maintenance(spec: &InstrumentSpec, notional: i128, lots: u64) -> i128 {
    let one = i128::from(Ratio::SCALE);
    let per_lot = spec.maintenance.per_lot.units() * i128::from(lots);
    let covers = |bracket: &&Bracket| notional <= bracket.up_to.units();
    let share = match spec.risk.brackets.iter().find(covers) {
        Some(bracket) => {
            let share = ceil_div(i128::from(bracket.maintenance.nano()) * notional, one);
            (share - bracket.deduct.units()).max(0)
        }
        None => ceil_div(i128::from(spec.maintenance.share.nano()) * notional, one),
    };
    share + per_lot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use plimsoll_types::ProfileId;

    #[test]
    fn who_would_have_been_called_on_the_way_is_not_there() {
        let scenario = Scenario::built_in().expect("good");
        let spec = &scenario.exchange.instruments[0];
        let profile = &scenario.exchange.profiles[scenario.populations[0].profile.index()];
        // In ticks of 0.2: in at 5000, down to 4800, open at 5100. A lot at 5000 is worth 500,000.
        let path = [25_000, 24_000, 25_500].map(Price::clamped);
        let survival = Survival::new(&path, &[]);
        let client = |leverage: i64, step: u32, side| Client {
            side,
            lots: 1,
            leverage: Ratio::from_nano(leverage * Ratio::SCALE),
            deposit: Money::new(50_000_000 / i128::from(leverage)),
            profile: ProfileId(1),
            step,
            entry: path[step as usize],
            stop: None,
        };
        let lives = |client: Client| survival.lives(&client, spec, profile);
        // 4 % down takes 20,000 of 50,000 from a tenfold long: 28,800 of margin on 30,000 is a warning, no call.
        assert!(lives(client(10, 0, Side::Buy)));
        assert!(!lives(client(12, 0, Side::Buy)));
        assert!(lives(client(12, 1, Side::Buy)), "after the low there was nothing to fear");
        assert!(!lives(client(12, 1, Side::Sell)), "but for shorts");
        let stopped =
            |ticks| Client { stop: Some(Price::clamped(ticks)), ..client(3, 0, Side::Buy) };
        assert!(lives(stopped(23_999)) && !lives(stopped(24_000)));
        let feared = Survival::new(&path, &[Price::clamped(22_000)]);
        assert!(!feared.lives(&client(10, 1, Side::Buy), spec, profile));
    }
}
