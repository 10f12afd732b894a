//! What the events of a cascade must agree with.

use plimsoll_exchange::Exchange;
use plimsoll_types::*;
use std::collections::{BTreeMap, BTreeSet};

/// What became of a case so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Working,
    Parked,
    Ended,
}

/// Positions, cases and batches as the events tell them.
#[derive(Default)]
pub struct Watch {
    /// Signed lots; of a leg each side by itself.
    lots: BTreeMap<(AccountId, InstrumentId, Option<Side>), i64>,
    /// Orders that close lots of a leg.
    closing: BTreeSet<(AccountId, OrderId)>,
    legs: bool,
    cases: BTreeMap<u32, Life>,
    /// Side and worst price of each batch.
    batches: BTreeMap<(u32, u32), (Side, Option<Price>)>,
    bands: BTreeMap<InstrumentId, Band>,
    /// Lots given less lots closed, by case.
    given: BTreeMap<u32, i128>,
    /// Timers that may let a case go on: those that had a batch or a pause.
    waits: BTreeSet<u32>,
    trades: BTreeMap<u64, (InstrumentId, AccountId, AccountId, Side, u64)>,
}

impl Watch {
    pub fn new(spec: &ExchangeSpec) -> Watch {
        Watch { legs: spec.position_mode == PositionMode::LongShort, ..Watch::default() }
    }

    /// The lots that an order on `side` opens, or closes.
    fn lots_of(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        side: Side,
        closes: bool,
    ) -> &mut i64 {
        let leg = if closes { side.opposite() } else { side };
        self.lots.entry((account, instrument, self.legs.then_some(leg))).or_default()
    }

    pub fn event(&mut self, exchange: &Exchange, event: &Event) -> Result<(), String> {
        match &event.kind {
            EventKind::Case { case, step, .. } => self.case(case.0, step),
            EventKind::Band { instrument, up, down } => {
                self.bands.insert(*instrument, Band { down: *down, up: *up });
                Ok(())
            }
            EventKind::Accepted { account, id, offset: Some(Offset::Close), .. } => {
                self.closing.insert((*account, *id));
                Ok(())
            }
            EventKind::Trade { .. } => self.trade(exchange, event),
            EventKind::Deleveraged { qty, case, .. } => {
                *self.given.entry(case.0).or_default() += i128::from(qty.lots());
                Ok(())
            }
            EventKind::TakenOver { account, instrument, side, qty, .. } => {
                let fund = Label::new("$fund").and_then(|name| exchange.account_id(&name));
                let fund = fund.ok_or("a takeover without the fund's account")?;
                let owner = owner_of(exchange, *account);
                self.reduce(owner, *instrument, side.opposite(), qty.lots())?;
                *self.lots_of(fund, *instrument, *side, false) += qty.signed(*side);
                let left = *self.lots_of(owner, *instrument, side.opposite(), true);
                if left == 0 { Ok(()) } else { Err(format!("a takeover left {left} lots")) }
            }
            EventKind::Busted { trade, .. } => {
                let (instrument, maker, taker, side, lots) =
                    *self.trades.get(trade).ok_or("an unknown trade was busted")?;
                let back = Qty::new(lots).signed(side);
                *self.lots_of(maker, instrument, side, false) += back;
                *self.lots_of(taker, instrument, side, false) -= back;
                Ok(())
            }
            EventKind::Fund { balance, .. } if *balance < Money::ZERO => {
                Err("the fund is below zero".to_owned())
            }
            EventKind::Socialised { amount, .. } | EventKind::Debt { amount, .. }
                if *amount <= Money::ZERO =>
            {
                Err("somebody bears nothing".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn case(&mut self, case: u32, step: &CaseStep) -> Result<(), String> {
        let life = self.cases.get(&case).copied();
        let next = match (life, step) {
            (None, CaseStep::Triggered { .. }) => Life::Working,
            (None, _) => return Err(format!("case {case} was never opened")),
            (Some(Life::Ended), _) => {
                return Err(format!("case {case} goes on after its end: {step:?}"));
            }
            (Some(_), CaseStep::Triggered { .. }) => {
                return Err(format!("case {case} opens twice"));
            }
            (Some(Life::Parked), CaseStep::Parked { .. }) => {
                return Err(format!("case {case} parks twice"));
            }
            (Some(Life::Working), CaseStep::Resumed) => {
                return Err(format!("case {case} resumes without having parked"));
            }
            (Some(_), CaseStep::Parked { .. }) => Life::Parked,
            (Some(_), CaseStep::Resumed) => Life::Working,
            (Some(_), CaseStep::Restored | CaseStep::Waterfall | CaseStep::Closed) => Life::Ended,
            (Some(life), CaseStep::Batch { n, side, price, .. }) => {
                if life == Life::Parked {
                    return Err(format!("case {case} sends a batch while parked"));
                }
                self.waits.insert(case);
                self.batches.insert((case, *n), (*side, *price));
                life
            }
            (Some(life), CaseStep::Planned { targets }) => {
                if targets.is_empty() || targets.iter().any(|target| target.qty.is_zero()) {
                    return Err(format!("case {case} plans nothing: {targets:?}"));
                }
                life
            }
            (Some(life), CaseStep::Checked { .. }) => life,
        };
        self.cases.insert(case, next);
        Ok(())
    }

    fn trade(&mut self, exchange: &Exchange, event: &Event) -> Result<(), String> {
        let EventKind::Trade {
            instrument,
            price,
            qty,
            maker,
            maker_id,
            taker,
            taker_id,
            side,
            kind,
            ..
        } = event.kind
        else {
            return Ok(());
        };
        let lots = qty.lots();
        self.trades.insert(event.seq, (instrument, maker, taker, side, lots));
        if kind == TradeKind::Deleverage {
            let OrderId::Liquidation { case, .. } = taker_id else {
                return Err("a deleveraging without a case".to_owned());
            };
            *self.given.entry(case).or_default() -= i128::from(lots);
            if maker == taker {
                return Err("an account deleverages itself".to_owned());
            }
            self.reduce(maker, instrument, side.opposite(), lots)?;
            return self.reduce(taker, instrument, side, lots);
        }
        let band = exchange.spec().instruments[instrument.index()].band;
        let band = self.bands.get(&instrument).copied().or(band);
        if band.is_some_and(|band| !band.contains(price)) {
            return Err(format!("a trade at {price:?}, outside the band"));
        }
        for (account, id, side) in [(maker, maker_id, side.opposite()), (taker, taker_id, side)] {
            let OrderId::Liquidation { case, n } = id else {
                let closes = self.closing.contains(&(account, id));
                if closes && self.legs {
                    self.reduce(account, instrument, side, lots)?;
                } else {
                    *self.lots_of(account, instrument, side, false) += qty.signed(side);
                }
                continue;
            };
            let (sent, worst) = *self.batches.get(&(case, n)).ok_or("a batch never sent")?;
            if sent != side || worst.is_some_and(|worst| !worst.admits(side, price)) {
                return Err(format!("case {case} trades {side:?} at {price:?} past {worst:?}"));
            }
            self.reduce(account, instrument, side, lots)?;
        }
        Ok(())
    }

    /// Takes lots off a position that must have them.
    fn reduce(
        &mut self,
        account: AccountId,
        instrument: InstrumentId,
        side: Side,
        lots: u64,
    ) -> Result<(), String> {
        let held = self.lots_of(account, instrument, side, true);
        let gives = -side.sign() * *held;
        if i128::from(gives) < i128::from(lots) {
            return Err(format!("{account:?} closes {lots} of {held} lots by {side:?}"));
        }
        *held += Qty::new(lots).signed(side);
        Ok(())
    }

    /// The engine holds what its events said; no case has given other than it has closed.
    pub fn positions(&mut self, exchange: &Exchange) -> Result<(), String> {
        let mut sums: BTreeMap<(AccountId, InstrumentId), i64> = BTreeMap::new();
        for (&(account, instrument, _), &lots) in &self.lots {
            *sums.entry((account, instrument)).or_default() += lots;
        }
        for ((account, instrument), lots) in sums {
            let held = exchange.position(account, instrument);
            if held != lots {
                return Err(format!("{account:?} holds {held} in {instrument:?}, not {lots}"));
            }
        }
        match self.given.iter().find(|(_, lots)| **lots != 0) {
            Some((case, lots)) => Err(format!("case {case}: {lots} lots given without a trade")),
            None => Ok(()),
        }
    }

    /// At the end every case has ended once, waits for a reason, or for its next batch; the engine has those open that have not ended.
    pub fn end(&self, open: usize) -> Result<(), String> {
        let hangs =
            |(case, life): &(&u32, &Life)| **life == Life::Working && !self.waits.contains(*case);
        if let Some((case, _)) = self.cases.iter().find(hangs) {
            return Err(format!("case {case} neither trades nor waits for a reason"));
        }
        match self.cases.values().filter(|life| **life != Life::Ended).count() {
            told if told == open => Ok(()),
            told => Err(format!("{open} cases are open, {told} have not ended")),
        }
    }
}

/// Whose orders trade for an account: its own, or of an isolated position those of the account of the same name.
fn owner_of(exchange: &Exchange, account: AccountId) -> AccountId {
    exchange.account_id(&exchange.account_name(account)).unwrap_or(account)
}
