//! What makes life hard for an index: many instruments, marks that go to and fro, accounts just at a line, rates above the whole.

use crate::model::drive::Driver;
use crate::model::features::Features;
use crate::model::generate::{instrument, label, lot_value, lower_rate, mille};
use crate::model::rng::Rng;
use crate::model::{Model, instrument_id};
use crate::pair::Step;
use plimsoll_types::*;

/// A source of chance beside the driver's.
pub struct Wide {
    rng: Rng,
}

impl Wide {
    /// Makes a configuration wider: in some runs up to twelve instruments and twice the accounts.
    pub fn new(seed: u64, features: &Features, spec: &mut ExchangeSpec, driver: &Driver) -> Wide {
        let mut rng = Rng::new(seed ^ 0xD37E_C7ED);
        if rng.chance(40) {
            let count = rng.between(4, 12);
            let (stride, begins) = (driver.novel.stride, driver.ts);
            while (spec.instruments.len() as i64) < count {
                let mut new = instrument(&mut rng, spec.instruments.len() as i64);
                features.dress_instrument(&mut new, &mut rng, stride, spec.calendars.len());
                features.dress_risk_rules(&mut new, &mut rng, begins, stride);
                spec.instruments.push(new);
            }
        }
        if rng.chance(40) {
            for place in 0..rng.between(1, 10) {
                let profile = rng.below(spec.profiles.len() as u64) as u16;
                let lot = lot_value(&rng.pick(&spec.instruments));
                spec.accounts.push(AccountSpec {
                    name: label(&format!("W{place}")),
                    profile: ProfileId(profile),
                    deposit: Money::new(lot * i128::from(rng.between(2, 40)) / 10),
                    hedger: false,
                    margins: Vec::new(),
                });
            }
        }
        Wide { rng }
    }

    /// The driver's command, or something worse at the same time.
    pub fn step(&mut self, model: &Model, ts: Ts, command: Command) -> Step {
        match self.rng.below(100) {
            0 => Step::Swap,
            1 => Step::Again,
            2..14 => Step::Command(ts, self.jitter(model)),
            14..24 => Step::Command(ts, self.bring_to_line(model).unwrap_or(command)),
            24..26 => Step::Command(ts, self.steep_margin(model)),
            _ => Step::Command(ts, command),
        }
    }

    /// A mark moves by a tick or a few, seldom far.
    fn jitter(&mut self, model: &Model) -> Command {
        let live = model.live();
        if live.is_empty() {
            return Command::Time;
        }
        let place = self.rng.pick(&live);
        let (now, settled) =
            (model.books[place].mark.ticks(), model.books[place].spec.prev_settlement);
        let far = if self.rng.chance(10) { 60 } else { 3 };
        let wanted = now + self.rng.between(-far, far);
        // Not so far that an auction by ticks has too many prices to try.
        let price = wanted.clamp(settled.ticks() - 80, settled.ticks() + 120);
        Command::Mark { instrument: instrument_id(place), price: Price::clamped(price) }
    }

    /// So much is paid in or out that a measure stands just at a line, or a unit to one side.
    fn bring_to_line(&mut self, model: &Model) -> Option<Command> {
        let all: Vec<usize> =
            (0..model.accounts.len()).filter(|&account| !model.unlimited(account)).collect();
        if all.is_empty() {
            return None;
        }
        let account = self.rng.pick(&all);
        let profile = model.profile(account);
        let tier = self.rng.pick(&profile.tiers);
        let threshold = if self.rng.chance(50) { tier.at } else { tier.release };
        let margin = model.margin(account, tier.basis);
        if margin == 0 || threshold <= Ratio::ZERO {
            return None;
        }
        let (nano, one) = (i128::from(threshold.nano()), i128::from(Ratio::SCALE));
        let at = match profile.measure {
            MeasureKind::MarginOverEquity => margin.checked_mul(one)? / nano,
            MeasureKind::EquityOverMargin => margin.checked_mul(nano)? / one,
        };
        let change = at + i128::from(self.rng.between(-1, 1)) - model.equity(account);
        let owner = AccountId(model.owner(account) as u32);
        if owner.index() != account {
            let (_, held) = model.accounts[account]
                .positions
                .first_key_value()
                .map(|(leg, _)| ((), leg.instrument))?;
            let amount = Money::new(change);
            return Some(Command::MoveMargin {
                account: owner,
                instrument: instrument_id(held),
                amount,
            });
        }
        let amount = Money::new(change.abs());
        match change {
            0 => None,
            1.. => Some(Command::Deposit { account: owner, amount }),
            _ => Some(Command::Withdraw { account: owner, amount }),
        }
    }

    /// More than what is held is worth: what a rise gives a long position its margin then takes.
    fn steep_margin(&mut self, model: &Model) -> Command {
        let live = model.live();
        if live.is_empty() {
            return Command::Time;
        }
        let share = mille(self.rng.pick(&[0, 1, 999, 1_000, 1_001, 1_500, 3_000]));
        let initial = MarginRate { share, per_lot: Money::ZERO };
        let maintenance = lower_rate(&mut self.rng, initial);
        let instrument = instrument_id(self.rng.pick(&live));
        Command::Margin { instrument, account: None, initial, maintenance }
    }
}
