//! Random commands of the risk chain.

use super::book::Order;
use super::drive::Driver;
use super::features::Feature;
use super::generate::{margin_rate, mille};
use super::risk_rules::{any_change, higher_rate};
use super::story::Step;
use super::{Model, instrument_id};
use plimsoll_types::*;

/// Whether an account holds or asks for more lots than anybody with a margin would.
fn has_huge(model: &Model, account: usize) -> bool {
    let held = model.accounts[account].positions.values().any(|position| position.size() > 500);
    let own = |order: &&Order| order.account == account && order.qty > 500;
    // Whoever makes a market asks for much; the first account always does.
    account == 0 || held || model.books.iter().any(|book| book.open().any(|order| own(&order)))
}

impl Driver {
    /// A command that uses a feature of the risk chain.
    pub fn use_risk(&mut self, model: &Model, feature: Feature) -> Option<Command> {
        let (account, instrument) = (self.account(model), self.instrument(model));
        Some(match feature {
            Feature::Legs | Feature::Shfe | Feature::CloseToday => self.reduce(model),
            Feature::MarginPrice if self.rng.chance(30) => {
                Command::Settle { instrument: None, price: None }
            }
            Feature::MarginPrice | Feature::LargeSide | Feature::Brackets => self.open(model),
            Feature::TierBasis | Feature::Policies | Feature::Backstop => self.shock(model),
            Feature::Bankruptcy | Feature::Deleverage | Feature::Socialise => self.shock(model),
            Feature::Volume => self.sweep(model),
            Feature::Roll => self.lock(model),
            Feature::Join => Command::Phase {
                instrument,
                phase: self.rng.pick(&[Phase::Auction, Phase::PreOpen, Phase::Continuous]),
            },
            Feature::OwnMargin => self.own_margin(model),
            Feature::Leverage => self.leverage(model, account, instrument),
            Feature::Funding => {
                let rate = Ratio::from_nano(self.rng.between(-20_000_000, 20_000_000));
                let far = Ratio::from_nano(2 * Ratio::SCALE);
                let rate = self.rng.pick(&[Some(rate), Some(rate), None, None, Some(Ratio::ZERO)]);
                let rate = if self.rng.chance(3) { Some(far) } else { rate };
                Command::Funding { instrument, rate }
            }
            Feature::Index => {
                let offset = self.rng.between(-3, 3);
                let price = self.price(model, instrument, offset);
                let nothing = instrument_id(model.books.len());
                let wrong = self.rng.chance(3);
                Command::Index { instrument: if wrong { nothing } else { instrument }, price }
            }
            Feature::Schedule => self.schedule(model),
            // Plans are searched lot by lot: what is huge stays without margin.
            Feature::Profile if has_huge(model, account.index()) => Command::Time,
            Feature::Profile => {
                let profile = self.rng.below(model.spec.profiles.len() as u64 + 1) as u16;
                Command::Profile { account, profile: ProfileId(profile) }
            }
            Feature::Restrict => {
                let permission = self.rng.pick(&[
                    Permission::Normal,
                    Permission::Normal,
                    Permission::CloseOnly,
                    Permission::Frozen,
                ]);
                Command::Restrict { instrument, permission }
            }
            Feature::PositionLimit | Feature::Report => self.open(model),
            Feature::Ending => Command::Time,
            Feature::Reduction => return self.reduction(model),
            Feature::ByOrder => self.by_order(model),
            Feature::Isolated => self.move_margin(model),
            _ => return None,
        })
    }

    /// A tenth to a half of the price, against most of what is held there.
    fn shock(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        if self.rng.chance(40) {
            return self.sweep(model);
        }
        let limited = model.accounts.iter().enumerate().filter(|(a, _)| !model.unlimited(*a));
        let held: i128 = limited.map(|(_, account)| account.lots(instrument.index())).sum();
        let now = model.books[instrument.index()].mark.ticks();
        let far = (now.min(200) * self.rng.between(5, 45) / 100).max(1);
        let against = if held > 0 { -far } else { far };
        let step = if self.rng.chance(80) { against } else { -against };
        // Not so far that an auction by ticks has too many prices to try.
        let settled = model.books[instrument.index()].spec.prev_settlement.ticks();
        let price = (now + step).clamp(settled - 80, settled + 120);
        Command::Mark { instrument, price: Price::clamped(price) }
    }

    /// Under long_short most orders close what is there to close; in net mode an offset is wrong.
    pub fn decorate_offset(&mut self, model: &Model, order: &mut NewOrder) {
        if !self.uses(Feature::Legs) {
            return;
        }
        let some = self.rng.pick(&[Offset::Open, Offset::Close, Offset::CloseToday]);
        if !model.has_legs() {
            order.offset = self.rng.chance(3).then_some(some);
            return;
        }
        let Ok(account) = model.known_account(order.account) else { return };
        let against = order.side.opposite();
        let index = order.instrument.index();
        let there = model.accounts[account].lots_on(index, against) as i64;
        if there > 0 && self.rng.chance(if order.reduce_only { 85 } else { 45 }) {
            order.offset = Some(self.rng.pick(&[Offset::Close, Offset::Close, Offset::CloseToday]));
            let most = (there + self.rng.pick(&[0, 0, 0, 1])).min(1 << 40);
            order.qty = Qty::new(order.qty.lots().min(most as u64));
        } else if self.rng.chance(5) {
            order.offset = Some(some);
        } else {
            order.reduce_only &= self.rng.chance(10);
            order.offset = self.rng.chance(50).then_some(Offset::Open);
        }
    }

    fn own_margin(&mut self, model: &Model) -> Command {
        let (account, instrument) = (self.account_of(model, false), self.instrument(model));
        let Some(book) = model.books.get(instrument.index()) else { return Command::Time };
        let (mut initial, mut maintenance) = (
            higher_rate(&mut self.rng, book.initial),
            higher_rate(&mut self.rng, book.maintenance),
        );
        initial.share = initial.share.max(maintenance.share);
        initial.per_lot = initial.per_lot.max(maintenance.per_lot);
        if self.rng.chance(10) {
            initial = margin_rate(&mut self.rng);
            maintenance = margin_rate(&mut self.rng);
        }
        Command::Margin { instrument, account: Some(account), initial, maintenance }
    }

    fn leverage(&mut self, model: &Model, account: AccountId, instrument: InstrumentId) -> Command {
        let book = &model.books[instrument.index()];
        let share = book.initial.share.nano().max(1);
        let most = (i128::from(Ratio::SCALE) * i128::from(Ratio::SCALE) / i128::from(share)) as i64;
        let most = most.min(Ratio::MAX.nano());
        let some = mille(self.rng.between(1_000, 6_000));
        let value = self.rng.pick(&[
            Ratio::ONE,
            some,
            some,
            Ratio::from_nano(most),
            Ratio::from_nano(most + 1),
            mille(500),
        ]);
        Command::Leverage { account, instrument, value }
    }

    fn schedule(&mut self, model: &Model) -> Command {
        let instrument = self.instrument(model);
        let soon = ScheduleTime::At(self.ts + self.some_time());
        let past = ScheduleTime::At(self.ts);
        let when = self.rng.pick(&[
            soon,
            soon,
            soon,
            soon,
            ScheduleTime::Settlement,
            ScheduleTime::Settlement,
            past,
        ]);
        let mut change = any_change(&mut self.rng, instrument, when);
        let book = model.books.get(instrument.index());
        if book.is_some_and(|book| book.spec.prev_settlement.ticks() > 10_000) {
            change.price_limit = None;
        }
        if self.rng.chance(4) {
            let rate = |nano| MarginRate { share: Ratio::from_nano(nano), per_lot: Money::ZERO };
            change.margins = Some([rate(1), rate(2)]);
        }
        if self.rng.chance(4) {
            change.instrument = instrument_id(model.books.len());
        }
        Command::Schedule(Box::new(change))
    }

    /// A market stands at its limit price; those who lose want out of it; the exchange reduces.
    fn reduction(&mut self, model: &Model) -> Option<Command> {
        let instrument = self.instrument(model);
        let place = instrument.index();
        if self.rng.chance(10) {
            return Some(Command::ForcedReduction { instrument });
        }
        let side = self.side();
        if model.books[place].band.is_none() || model.books[place].phase != Phase::Continuous {
            return None;
        }
        let losers: Vec<usize> = (0..model.accounts.len())
            .filter(|&account| model.accounts[account].lots_on(place, side.opposite()) > 0)
            .map(|account| model.owner(account))
            .collect();
        if losers.is_empty() {
            return None;
        }
        let offer = self.rng.chance(70).then_some(Step::Offer(place, side));
        self.novel.story.extend(offer);
        self.novel.story.push_back(Step::Lock(place, side));
        for account in losers.into_iter().take(4) {
            self.novel.story.push_back(Step::WantOut(place, side, account));
        }
        self.novel.story.push_back(Step::Reduce(place));
        Some(Command::Phase { instrument, phase: Phase::Continuous })
    }

    fn by_order(&mut self, model: &Model) -> Command {
        let mut held = Vec::new();
        for (place, account) in model.accounts.iter().enumerate() {
            let legs = account.positions.iter();
            held.extend(legs.map(|(leg, p)| (model.owner(place), leg.instrument, p.size())));
        }
        let reason = self.rng.pick(ForcedReason::ALL);
        let instrument = self.instrument(model);
        if held.is_empty() || self.rng.chance(15) {
            let account = self.rng.chance(50).then(|| self.account(model));
            return Command::Liquidate { account, instrument, qty: None, reason };
        }
        let limited: Vec<_> =
            held.iter().filter(|(account, ..)| !model.unlimited(*account)).copied().collect();
        let from = if limited.is_empty() || self.rng.chance(10) { &held } else { &limited };
        let (account, place, lots) = self.rng.pick(from);
        let some = self.rng.between(0, lots.min(30) as i64 + 1) as u64;
        let qty = self.rng.pick(&[None, Some(Qty::new(some)), Some(Qty::new(some))]);
        let account = Some(AccountId(account as u32));
        Command::Liquidate { account, instrument: instrument_id(place), qty, reason }
    }

    fn move_margin(&mut self, model: &Model) -> Command {
        let held: Vec<(usize, usize, usize)> = model
            .accounts
            .iter()
            .enumerate()
            .filter_map(|(place, account)| {
                let (owner, instrument) = account.pocket_of?;
                (!account.positions.is_empty()).then_some((owner, instrument, place))
            })
            .collect();
        if held.is_empty() || self.rng.chance(15) {
            let account = self.account(model);
            let (instrument, amount) = (self.instrument(model), Money::new(5));
            return Command::MoveMargin { account, instrument, amount };
        }
        let (owner, instrument, pocket) = self.rng.pick(&held);
        let free = model.available(owner).max(1);
        let over = (model.equity(pocket) - model.margin(pocket, Basis::Initial)).max(1);
        let part = |all: i128, mille: i64| (all * i128::from(mille) / 1_000).max(1);
        let mille = self.rng.between(1, 1_000);
        let amount =
            self.rng.pick(&[part(free, mille), free + 1, -part(over, mille), -over, -over - 1]);
        let account = AccountId(owner as u32);
        let (instrument, amount) = (instrument_id(instrument), Money::new(amount));
        Command::MoveMargin { account, instrument, amount }
    }
}
