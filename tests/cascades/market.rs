//! A small exchange, clients with leverage, books 0 to 3 levels deep, and gap moves of 1 to 90 %.

use crate::rng::Rng;
use plimsoll_exchange::Exchange;
use plimsoll_types::*;

const MAKERS: u32 = 2;
const CLIENTS: u32 = 5;
const PROFILES: u64 = 3;
const START: i64 = 1_000;

/// The commands of one cascade.
pub struct Script {
    pub spec: ExchangeSpec,
    rng: Rng,
    ts: Ts,
    /// Commands still to come, the next one last.
    queue: Vec<Command>,
    /// Free steps left after the opening.
    steps: u64,
    trades: Vec<u64>,
}

fn label(text: &str) -> Label {
    Label::new(text).expect("a short text")
}

fn mille(n: i64) -> Ratio {
    Ratio::from_nano(n * 1_000_000)
}

impl Script {
    pub fn new(seed: u64) -> Script {
        let mut rng = Rng::new(seed);
        let spec = spec(&mut rng);
        let mut script = Script {
            spec,
            steps: rng.below(14) + 4,
            rng,
            ts: 1,
            queue: Vec::new(),
            trades: vec![],
        };
        script.opening();
        script.queue.reverse();
        script
    }

    /// The next command and its time; `None` where the cascade is over.
    pub fn next(&mut self, exchange: &Exchange) -> Option<(Ts, Command)> {
        self.ts += if self.rng.chance(20) { self.rng.below(40) } else { 1 };
        let command = match self.queue.pop() {
            Some(command) => command,
            None if self.steps > 0 => {
                self.steps -= 1;
                self.free_step(exchange)
            }
            None => return None,
        };
        Some((self.ts, command))
    }

    /// Remembers what can be busted.
    pub fn learn(&mut self, events: &[Event]) {
        let trade = |event: &&Event| matches!(event.kind, EventKind::Trade { .. });
        self.trades.extend(events.iter().filter(trade).map(|event| event.seq));
    }

    fn instrument(&mut self) -> InstrumentId {
        InstrumentId(self.rng.below(self.spec.instruments.len() as u64) as u16)
    }

    fn client(&mut self) -> AccountId {
        AccountId(MAKERS + self.rng.below(CLIENTS.into()) as u32)
    }

    fn limit(
        &self,
        account: u32,
        instrument: InstrumentId,
        side: Side,
        at: i64,
        lots: u64,
    ) -> Command {
        let band = self.spec.instruments[instrument.index()].band;
        let price = Price::clamped(at);
        let price = band.map_or(price, |band| price.clamp(band.down, band.up));
        let qty = Qty::new(lots);
        Command::Order(NewOrder::limit(AccountId(account), instrument, side, price, qty))
    }

    fn side(&mut self) -> Side {
        if self.rng.chance(50) { Side::Buy } else { Side::Sell }
    }

    /// Positions, a thin book around the price to come, own orders, then the gap.
    fn opening(&mut self) {
        for place in 0..self.spec.instruments.len() {
            let instrument = InstrumentId(place as u16);
            for client in MAKERS..MAKERS + CLIENTS {
                if self.rng.chance(70) {
                    let (side, lots) = (self.side(), 1 + self.rng.below(30));
                    let at = START + self.rng.between(-10, 10);
                    let other = if self.rng.chance(60) {
                        self.rng.below(MAKERS.into()) as u32
                    } else {
                        self.client().0
                    };
                    let rests = self.limit(other, instrument, side.opposite(), at, lots);
                    let takes = self.limit(client, instrument, side, at, lots);
                    self.queue.extend([rests, takes]);
                }
            }
            let all = (0..MAKERS + CLIENTS).map(|account| Command::CancelAll {
                account: AccountId(account),
                instrument: None,
                side: None,
            });
            self.queue.extend(all);
        }
        let instrument = self.instrument();
        let price = self.gap(START);
        self.book(instrument, price);
        if self.rng.chance(40) {
            let (client, side) = (self.client().0, self.side());
            let at = price - side.sign() * self.rng.between(1, 50);
            let own = self.limit(client, instrument, side, at, 3);
            self.queue.push(own);
        }
        self.move_to(instrument, price);
    }

    /// A price 1 to 90 % away.
    fn gap(&mut self, from: i64) -> i64 {
        let most = if self.rng.chance(50) { 20 } else { 90 };
        let percent = self.rng.between(1, most);
        let up = self.rng.chance(50);
        if up { from * (100 + percent) / 100 } else { (from * (100 - percent) / 100).max(1) }
    }

    /// 0 to 3 levels a side.
    fn book(&mut self, instrument: InstrumentId, around: i64) {
        for side in [Side::Buy, Side::Sell] {
            let mut at = around;
            for _ in 0..self.rng.below(4) {
                at -= side.sign() * self.rng.between(1, (around / 30).max(2));
                let (maker, lots) = (self.rng.below(MAKERS.into()) as u32, 1 + self.rng.below(40));
                let order = self.limit(maker, instrument, side, at.max(1), lots);
                self.queue.push(order);
            }
        }
    }

    /// The mark goes to a price: by command, or by a trade of the makers.
    fn move_to(&mut self, instrument: InstrumentId, price: i64) {
        let spec = &self.spec.instruments[instrument.index()];
        if spec.mark == MarkSource::External {
            self.queue.push(Command::Mark { instrument, price: Price::clamped(price) });
        } else {
            let pair = [
                self.limit(0, instrument, Side::Sell, price, 1),
                self.limit(1, instrument, Side::Buy, price, 1),
            ];
            self.queue.extend(pair);
        }
    }

    /// What comes after the gap, one step at a time.
    fn free_step(&mut self, exchange: &Exchange) -> Command {
        let instrument = self.instrument();
        let mark = exchange.mark(instrument).ticks();
        match self.rng.below(12) {
            0 => Command::Time,
            1 | 2 => {
                self.book(instrument, mark);
                self.queue.pop().unwrap_or(Command::Time)
            }
            3 => {
                let phases = [Phase::Auction, Phase::Halted, Phase::Closed, Phase::PreOpen];
                let back = Command::Phase { instrument, phase: Phase::Continuous };
                self.queue.push(back);
                Command::Phase { instrument, phase: self.rng.pick(&phases) }
            }
            4 => Command::Phase { instrument, phase: Phase::Continuous },
            5 => Command::Deposit {
                account: self.client(),
                amount: Money::new(self.rng.between(1, 60_000).into()),
            },
            6 => Command::Fund { amount: Money::new(self.rng.between(1, 40_000).into()) },
            7 | 8 => {
                let price = self.gap(mark);
                self.move_to(instrument, price);
                self.queue.reverse();
                self.queue.pop().unwrap_or(Command::Time)
            }
            9 => Command::Liquidate {
                account: self.rng.chance(80).then(|| self.client()),
                instrument,
                qty: self.rng.chance(60).then(|| Qty::new(1 + self.rng.below(20))),
                reason: self.rng.pick(&ForcedReason::ALL[1..]),
            },
            // What a bust does to legs depends on all that came since.
            10 if !self.trades.is_empty() && self.spec.position_mode == PositionMode::Net => {
                Command::Bust { trade: self.rng.pick(&self.trades) }
            }
            _ => {
                let (side, account) = (self.side(), self.client().0);
                let at = mark + side.sign() * self.rng.between(-20, 20);
                let lots = 1 + self.rng.below(10);
                let mut command = self.limit(account, instrument, side, at.max(1), lots);
                if let Command::Order(order) = &mut command
                    && self.spec.position_mode == PositionMode::LongShort
                    && self.rng.chance(60)
                {
                    order.offset = Some(Offset::Close);
                }
                command
            }
        }
    }
}

fn spec(rng: &mut Rng) -> ExchangeSpec {
    let count = 1 + rng.below(2);
    let instruments: Vec<InstrumentSpec> =
        (0..count).map(|n| instrument(rng, &format!("I{n}"))).collect();
    let mode = if rng.chance(25) { PositionMode::LongShort } else { PositionMode::Net };
    let mut profiles = vec![Profile::unlimited()];
    profiles.extend((0..PROFILES).map(|n| profile(rng, &format!("p{n}"))));
    if mode == PositionMode::Net && rng.chance(20) {
        for profile in &mut profiles[1..] {
            profile.margin_mode = MarginMode::Isolated;
        }
    }
    let account = |name: String, profile, deposit| AccountSpec {
        name: label(&name),
        profile: ProfileId(profile),
        deposit: Money::new(deposit),
        hedger: false,
        margins: Vec::new(),
    };
    let mut accounts: Vec<AccountSpec> =
        (0..MAKERS).map(|n| account(format!("M{n}"), 0, 0)).collect();
    for n in 0..CLIENTS {
        let (profile, deposit) = (1 + rng.below(PROFILES) as u16, rng.between(1_000, 60_000));
        accounts.push(account(format!("C{n}"), profile, deposit.into()));
    }
    ExchangeSpec {
        currency: label("CNY"),
        money_decimals: 0,
        position_mode: mode,
        floating_profit: FloatingProfit::All,
        insurance_fund: Money::new(if rng.chance(60) { rng.between(0, 50_000).into() } else { 0 }),
        bust_window: 64,
        detector: plimsoll_types::Detector::Index,
        calendars: Vec::new(),
        instruments,
        profiles,
        accounts,
        schedules: Vec::new(),
    }
}

fn instrument(rng: &mut Rng, symbol: &str) -> InstrumentSpec {
    let step = |mantissa| Step { mantissa, decimals: 0 };
    let share = rng.between(30, 200);
    let rate = |share| MarginRate { share: mille(share), per_lot: Money::ZERO };
    let fee = |rng: &mut Rng| match rng.below(3) {
        0 => Fee::default(),
        1 => Fee { share: Ratio::from_nano(rng.between(1, 3_000_000)), per_lot: Money::ZERO },
        _ => Fee { share: Ratio::ZERO, per_lot: Money::new(rng.between(1, 9).into()) },
    };
    let width = rng.between(30, 150);
    let banded = rng.chance(30);
    let bracket = |up_to, share, deduct| Bracket {
        up_to,
        maintenance: mille(share),
        deduct: Money::new(deduct),
    };
    let risk = RiskRules {
        brackets: if rng.chance(30) {
            // 100,000 x (20 - 10) / 1000 = 1,000.
            vec![bracket(Money::new(100_000), 10, 0), bracket(Bracket::OPEN, 20, 1_000)]
        } else {
            Vec::new()
        },
        position_limit: rng.chance(30).then(|| Qty::new(1 + rng.below(25))),
        ..RiskRules::default()
    };
    InstrumentSpec {
        symbol: label(symbol),
        kind: InstrumentKind::Future,
        tick_size: step(1),
        lot_size: step(1),
        multiplier: step(10),
        tick_value: 10,
        prev_settlement: Price::clamped(START),
        band: banded.then(|| Band::around(Price::clamped(START), mille(width))),
        initial: rate(share),
        maintenance: rate(share / 2),
        mark: if rng.chance(60) { MarkSource::External } else { MarkSource::Last },
        liquidation_moves_mark: rng.chance(70),
        fees: Fees { close: fee(rng), taker: fee(rng), liquidation: fee(rng), ..Fees::default() },
        phase: Phase::Continuous,
        auction_candidates: AuctionCandidates::Ticks,
        market_remainder: MarketRemainder::Cancel,
        rules: TradingRules::default(),
        risk,
    }
}

fn profile(rng: &mut Rng, name: &str) -> Profile {
    let measure = rng.pick(&[MeasureKind::MarginOverEquity, MeasureKind::EquityOverMargin]);
    let basis = rng.pick(&[Basis::Initial, Basis::Maintenance]);
    let (at, target) = match measure {
        MeasureKind::MarginOverEquity => (rng.between(900, 1_300), rng.between(300, 900)),
        MeasureKind::EquityOverMargin => (rng.between(600, 1_000), rng.between(1_000, 1_600)),
    };
    let action = match rng.below(4) {
        0 => Action::Call { grace: Some(rng.below(30)) },
        _ => Action::Liquidate,
    };
    let tier = Tier {
        name: label("liquidation"),
        basis,
        at: mille(at),
        release: mille(at),
        action,
        close_only: false,
        cancel_opening: rng.chance(30),
    };
    Profile {
        name: label(name),
        unlimited: false,
        margin_mode: MarginMode::Cross,
        measure,
        basis,
        tiers: vec![tier],
        liquidation: liquidation(rng, mille(target)),
    }
}

fn liquidation(rng: &mut Rng, target: Ratio) -> Liquidation {
    use WaterfallStage::{Debt, Deleverage, InsuranceFund, Socialise};
    let policy = match rng.below(5) {
        0 => Policy::Least,
        1 => Policy::Full,
        2 => Policy::Fraction {
            fraction: mille(rng.between(100, 1_000)),
            full_below: Qty::new(1 + rng.below(8)),
        },
        3 => Policy::TwoStep {
            share: mille(rng.between(100, 900)),
            cooldown: rng.below(20),
            above: Money::new(rng.between(0, 200_000).into()),
        },
        _ => Policy::Brackets { steps: 1 + rng.below(2) as u32 },
    };
    let price = match rng.below(3) {
        0 => ProtectionPrice::TicksThrough(rng.below(60) as u32),
        1 => ProtectionPrice::Band,
        _ => ProtectionPrice::Bankruptcy,
    };
    let select = [
        SelectKey::LargestLoss,
        SelectKey::MostLiquid,
        SelectKey::LargestMargin,
        SelectKey::LargestRiskRelease,
        SelectKey::Symbols(vec![1, 0]),
    ];
    let waterfalls = [
        vec![Debt],
        vec![InsuranceFund, Debt],
        vec![InsuranceFund, Deleverage, Debt],
        vec![InsuranceFund, Deleverage, Socialise],
        vec![Deleverage, InsuranceFund, Debt],
        vec![InsuranceFund, Socialise],
        vec![Socialise, Debt],
    ];
    let ranks =
        [DeleverageRank::ProfitLeverage, DeleverageRank::ProfitShare, DeleverageRank::ProRata];
    Liquidation {
        target,
        policy,
        select: vec![rng.pick(&select), rng.pick(&select)],
        price,
        batch_max: if rng.chance(40) { Qty::new(1 + rng.below(12)) } else { Qty::MAX },
        book_share: if rng.chance(40) { mille(rng.between(100, 900)) } else { Ratio::ONE },
        volume_share: rng.chance(20).then(|| mille(rng.between(10, 2_000))),
        interval: if rng.chance(40) { rng.below(15) } else { 0 },
        locked: rng.pick(&[LockedPolicy::Park, LockedPolicy::Rest, LockedPolicy::Roll]),
        auction: rng.pick(&[AuctionPolicy::Wait, AuctionPolicy::Join]),
        backstop: rng.chance(25).then(|| mille(rng.between(100, 1_000))),
        deleverage_rank: rng.pick(&ranks),
        deleverage_price: rng.pick(&[
            DeleveragePrice::Bankruptcy,
            DeleveragePrice::Bankruptcy,
            DeleveragePrice::Mark,
        ]),
        waterfall: rng.pick(&waterfalls),
    }
}
