//! A crowd of leveraged accounts, for measuring breach detection: as accounts of the risk tables alone, or as commands for a whole exchange.
//!
//! Accounts come in pairs that trade with each other, once in every instrument: 10 to 1,000 lots worth 60 each, bought or sold. Deposits give
//! leverages from 2 to 20, so that lines lie from near the mark to half its price away, on both sides.

use crate::exchange_flow::{label, share};
use crate::workload::Random;
use plimsoll_exchange::Exchange;
use plimsoll_risk::{Aim, Contract, Fill, PositionId, Risk, Role, Tuning};
use plimsoll_types::*;

/// Where every mark starts, ticks of 0.1: 60,000.0.
pub const MARK: i64 = 600_000;
/// Nobody's line lies within so many ticks of a mark's start while the other marks keep as near to theirs.
pub const FREE: i64 = 600;
/// Most instruments of an account.
pub const MOST: usize = 8;
/// Initial margin, 10^-9.
const RATE: i64 = 50_000_000;
/// Tiers, 10^-6.
const TIERS: [u64; 3] = [800_000, 1_000_000, 1_200_000];

/// How far from the mark the lines of the accounts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Anywhere outside the free stretch.
    Spread,
    /// Every second account's at one tick: [`CROWDED`].
    OneTick,
}

/// The mark at which an account that bought with leverage 10 comes to 80 %: 0.05 x 576,000 = 0.8 x (60,000 - 24,000).
pub const CROWDED: i64 = 576_000;

/// Who is in the crowd.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// Accounts; an odd one out stays without positions.
    pub accounts: u32,
    /// Instruments, each held by everybody; at most [`MOST`].
    pub instruments: usize,
    /// Where their lines are.
    pub lines: Lines,
}

/// Two accounts that trade with each other.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// What the first does in each instrument; the second does the opposite.
    pub trades: [(Side, u64); MOST],
    /// What each pays in.
    pub deposits: [Money; 2],
}

impl Crowd {
    /// The pair with a number. Cost: O(instruments); the same whoever asks.
    pub fn pair(&self, number: u32) -> Pair {
        let mut random = Random::new(u64::from(number).wrapping_mul(0xd129_0f3b_57a5_9c1d) ^ 7);
        let mut pair = Pair { trades: [(Side::Buy, 0); MOST], deposits: [Money::ZERO; 2] };
        let mut worth = 0;
        for trade in &mut pair.trades[..self.instruments] {
            let side = if self.lines == Lines::OneTick || random.below(2) == 0 {
                Side::Buy
            } else {
                Side::Sell
            };
            // As many between 10 and 20 lots as between 500 and 1,000.
            let scale = 10 << random.below(7);
            *trade = (side, (scale + random.below(scale)).min(1_000));
            worth += i128::from(trade.1) * i128::from(MARK);
        }
        for (place, deposit) in pair.deposits.iter_mut().enumerate() {
            let leverage = match self.lines {
                Lines::Spread => free_leverage(&mut random),
                Lines::OneTick => [100_000, 20_000][place],
            };
            *deposit = Money::new(worth * 10_000 / i128::from(leverage));
        }
        pair
    }

    /// The risk tables with everybody in them, every mark at [`MARK`].
    pub fn risk(&self, detector: Detector) -> Risk {
        self.tuned_risk(detector, Tuning::default())
    }

    /// The same with boxes drawn another way.
    pub fn tuned_risk(&self, detector: Detector, tuning: Tuning) -> Risk {
        let contracts = (0..self.instruments).map(|n| Contract::new(&instrument(n))).collect();
        let profiles = vec![Profile::unlimited(), profile()];
        let (mode, floating) = (PositionMode::Net, FloatingProfit::All);
        let mut risk = Risk::new(contracts, profiles, floating, mode, Money::ZERO)
            .watched_by(detector)
            .tuned(tuning);
        risk.make_room(self.accounts as usize, 9);
        for number in 0..self.accounts / 2 {
            let pair = self.pair(number);
            for (place, deposit) in pair.deposits.into_iter().enumerate() {
                let account = risk.open_account(name(2 * number + place as u32), ProfileId(1));
                risk.deposit(account, deposit);
                for (n, &(side, qty)) in pair.trades[..self.instruments].iter().enumerate() {
                    let position = risk.position_of(account, InstrumentId(n as u16));
                    let side = if place == 0 { side } else { side.opposite() };
                    risk.book(fill(position, side, qty));
                }
            }
        }
        risk
    }

    /// Where an account's record in an instrument lies in the tables of [`Crowd::risk`].
    pub fn position(&self, account: AccountId, instrument: usize) -> PositionId {
        PositionId(account.0 * self.instruments as u32 + instrument as u32)
    }

    /// An exchange with nobody in it: perpetuals whose marks come from outside.
    pub fn exchange(&self, detector: Detector) -> ExchangeSpec {
        ExchangeSpec {
            currency: label("USD"),
            money_decimals: 4,
            position_mode: PositionMode::Net,
            floating_profit: FloatingProfit::All,
            insurance_fund: Money::ZERO,
            bust_window: 1,
            detector,
            calendars: Vec::new(),
            instruments: (0..self.instruments).map(instrument).collect(),
            profiles: vec![Profile::unlimited(), profile()],
            accounts: Vec::new(),
            schedules: Vec::new(),
        }
    }

    /// Brings the crowd into an exchange of its specification, command by command: accounts, deposits, orders that trade.
    pub fn enter(&self, exchange: &mut Exchange, events: &mut Vec<Event>) {
        exchange.make_room(self.accounts as usize, 9);
        let mut say = |command: Command| {
            exchange.apply(0, &command, events);
            events.clear();
        };
        for number in 0..self.accounts / 2 {
            let pair = self.pair(number);
            let ids = [AccountId(2 * number), AccountId(2 * number + 1)];
            for (account, amount) in ids.into_iter().zip(pair.deposits) {
                say(Command::OpenAccount { name: name(account.0), profile: ProfileId(1) });
                say(Command::Deposit { account, amount });
            }
            for (n, &(side, qty)) in pair.trades[..self.instruments].iter().enumerate() {
                say(order(ids[0], n, side, qty));
                say(order(ids[1], n, side.opposite(), qty));
            }
        }
    }
}

/// A leverage from 2 to 20, 10^-4, that puts no line into the free stretch.
fn free_leverage(random: &mut Random) -> u64 {
    loop {
        let leverage = 20_000 + random.below(180_001);
        // Margin over equity, 10^-6: 0.05 x leverage. A line is as far away as all marks together must go.
        let measure = leverage * 5;
        let is_free = TIERS.iter().all(|&tier| {
            let moved = leverage * (tier + 50_000) / 10_000 * FREE as u64 / MARK as u64;
            measure.abs_diff(tier) > moved + 10
        });
        if is_free {
            return leverage;
        }
    }
}

/// One side of a trade at the starting mark.
pub fn fill(position: PositionId, side: Side, qty: u64) -> Fill {
    let price = Price::clamped(MARK);
    Fill { position, aim: Aim::Net, side, price, qty, role: Role::Taker, liquidation: false }
}

fn order(account: AccountId, instrument: usize, side: Side, qty: u64) -> Command {
    let (price, qty) = (Price::clamped(MARK), Qty::new(qty));
    Command::Order(NewOrder::limit(account, InstrumentId(instrument as u16), side, price, qty))
}

fn name(number: u32) -> Label {
    label(&format!("a{number}"))
}

/// A perpetual with ticks of 0.1, lots of 0.001 and no fees.
fn instrument(number: usize) -> InstrumentSpec {
    InstrumentSpec {
        symbol: label(&format!("P{number}")),
        kind: InstrumentKind::Perpetual,
        tick_size: Step { mantissa: 1, decimals: 1 },
        lot_size: Step { mantissa: 1, decimals: 3 },
        multiplier: Step { mantissa: 1, decimals: 0 },
        tick_value: 1,
        prev_settlement: Price::clamped(MARK),
        band: None,
        initial: share(RATE),
        maintenance: share(RATE / 2),
        mark: MarkSource::External,
        liquidation_moves_mark: false,
        fees: Fees::default(),
        phase: Phase::Continuous,
        auction_candidates: AuctionCandidates::Ticks,
        market_remainder: MarketRemainder::Cancel,
        rules: TradingRules::default(),
        risk: RiskRules::default(),
    }
}

/// Tiers at 80, 100 and 120 % that only say so: what is measured is who stands where, not what is done about it.
fn profile() -> Profile {
    let mut profile = Profile::unlimited();
    profile.name = label("standard");
    profile.unlimited = false;
    profile.tiers = ["warning", "call", "liquidation"]
        .into_iter()
        .zip(TIERS)
        .map(|(name, at)| Tier {
            name: label(name),
            basis: Basis::Initial,
            at: Ratio::from_nano(at as i64 * 1_000),
            release: Ratio::from_nano(at as i64 * 1_000),
            action: Action::Notify,
            close_only: false,
            cancel_opening: false,
        })
        .collect();
    profile
}

/// Looks at whoever must be looked at until nothing more changes, as an exchange does; how many changed their tier.
pub fn look(risk: &mut Risk, found: &mut Vec<AccountId>) -> u64 {
    let mut changed = 0;
    while !risk.is_quiet() {
        risk.suspects(found);
        for &id in found.iter() {
            let tier = risk.next_tier(id, risk.standing(id));
            if tier != risk.account(id).tier() {
                risk.set_tier(id, tier);
                changed += 1;
            }
        }
    }
    changed
}
