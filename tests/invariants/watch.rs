//! What must hold after every command, whatever came before: checked from events and the state view alone.

use plimsoll_exchange::{AccountView, BookView, StateView};
use plimsoll_types::*;
use std::collections::BTreeMap;

/// What is wrong.
type Verdict = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

/// Signed lots that a trade adds to an account's position in an instrument.
type Leg = ((u32, u16), i64);

/// Follows the events of one exchange.
#[derive(Clone)]
pub struct Watch {
    seq: u64,
    ts: Ts,
    bands: Vec<Option<Band>>,
    /// Signed lots by account and instrument.
    lots: BTreeMap<(u32, u16), i64>,
    /// What each trade, by its event's number, added to whom; what may still be undone.
    trades: BTreeMap<u64, [Leg; 2]>,
}

impl Watch {
    pub fn new(spec: &ExchangeSpec) -> Watch {
        let bands = spec.instruments.iter().map(|instrument| instrument.band).collect();
        Watch { seq: 0, ts: 0, bands, lots: BTreeMap::new(), trades: BTreeMap::new() }
    }

    /// Events are gapless and in time; trades stay inside the band; liquidations only reduce.
    pub fn event(&mut self, event: &Event) -> Verdict {
        ensure(event.seq == self.seq + 1, || format!("gap: {} after {}", event.seq, self.seq))?;
        ensure(event.ts >= self.ts, || format!("time runs back at {}", event.seq))?;
        (self.seq, self.ts) = (event.seq, event.ts);
        match &event.kind {
            EventKind::Band { instrument, up, down } => {
                self.bands[instrument.index()] = Some(Band { down: *down, up: *up });
                Ok(())
            }
            EventKind::Trade {
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
            } => {
                let band = self.bands[instrument.index()];
                ensure(band.is_none_or(|band| band.contains(*price)), || {
                    format!("trade outside the band: {event:?}")
                })?;
                let legs = [(maker, maker_id, side.opposite()), (taker, taker_id, *side)];
                let forced =
                    legs.iter().any(|(_, id, _)| matches!(id, OrderId::Liquidation { .. }));
                ensure(forced == (*kind == TradeKind::Liquidation), || {
                    format!("a trade's kind tells of a case: {event:?}")
                })?;
                for (account, id, side) in legs {
                    let held = self.lots.entry((account.0, instrument.0)).or_insert(0);
                    let after = *held + qty.signed(side);
                    let reduces = after.abs() < held.abs() && after.signum() * held.signum() >= 0;
                    ensure(reduces || !matches!(id, OrderId::Liquidation { .. }), || {
                        format!("a liquidation opens: {held} to {after} by {event:?}")
                    })?;
                    *held = after;
                }
                let added =
                    legs.map(|(account, _, side)| ((account.0, instrument.0), qty.signed(side)));
                self.trades.insert(event.seq, added);
                Ok(())
            }
            EventKind::Busted { trade, .. } => {
                let undone = self.trades.remove(trade);
                for (held, added) in undone.ok_or_else(|| format!("busted twice: {event:?}"))? {
                    *self.lots.entry(held).or_insert(0) -= added;
                }
                Ok(())
            }
            EventKind::Listed { .. } => {
                self.bands.push(None);
                Ok(())
            }
            EventKind::Expired { instrument, .. } => {
                self.lots.retain(|(_, held), _| *held != instrument.0);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The state agrees with itself and with the events so far.
    pub fn state(&self, view: &StateView) -> Verdict {
        ensure(view.seq == self.seq, || "the view's seq is the last event's".to_owned())?;
        let imbalance = view.imbalance();
        ensure(imbalance == Money::ZERO, || format!("money is not conserved: {imbalance:?}"))?;
        ensure(view.insurance_fund >= Money::ZERO, || "the fund is below zero".to_owned())?;
        for (index, account) in view.accounts.iter().enumerate() {
            self.account(index as u32, account)?;
            for order in account.orders.iter().filter(|order| order.trigger.is_none()) {
                let book = view.books.iter().find(|book| book.instrument == order.instrument);
                let band = book.and_then(|book| book.band);
                let outside =
                    order.price.zip(band).is_some_and(|(price, band)| !band.contains(price));
                ensure(!outside, || format!("an order rests outside its band: {order:?}"))?;
            }
        }
        let debts: Money = view.accounts.iter().map(|account| account.debt).sum();
        ensure(debts == view.written_off, || "written off is the sum of debts".to_owned())?;
        let fees: Money = view.accounts.iter().map(|account| account.fees).sum();
        ensure(fees == view.fees, || "fees are what accounts paid".to_owned())?;
        view.books.iter().try_for_each(|book| book_holds(view, book))
    }

    /// For planting bugs: lots that nobody traded.
    pub fn believe(&mut self, account: u32, instrument: u16, lots: i64) {
        *self.lots.entry((account, instrument)).or_insert(0) += lots;
    }

    fn account(&self, index: u32, account: &AccountView) -> Verdict {
        let name = account.name;
        ensure(account.frozen >= Money::ZERO, || format!("{name}: frozen below zero"))?;
        ensure(account.debt >= Money::ZERO, || format!("{name}: debt below zero"))?;
        let frozen = account.permission == Permission::Frozen;
        ensure(account.debt == Money::ZERO || frozen, || format!("{name}: a debtor may trade"))?;
        let sum = account.balance + account.unrealised;
        ensure(account.equity == sum, || format!("{name}: equity is balance and unrealised"))?;
        let mut held = self.lots.clone();
        held.retain(|(owner, _), lots| *owner == index && *lots != 0);
        let shown = account.positions.iter().map(|p| ((index, p.instrument.0), p.lots)).collect();
        ensure(held == shown, || format!("{name}: positions are not what was traded"))
    }
}

fn book_holds(view: &StateView, book: &BookView) -> Verdict {
    let symbol = book.instrument;
    let positions = view.accounts.iter().flat_map(|account| &account.positions);
    let lots: i64 = positions.filter(|p| p.instrument == symbol).map(|p| p.lots).sum();
    ensure(lots == 0, || format!("{symbol:?}: longs and shorts differ by {lots}"))?;
    if let ([(bid, _), ..], [(ask, _), ..]) = (&book.bids[..], &book.asks[..])
        && book.phase == Phase::Continuous
    {
        ensure(bid < ask, || format!("{symbol:?}: crossed, {bid:?} against {ask:?}"))?;
    }
    for (side, levels) in [(Side::Buy, &book.bids), (Side::Sell, &book.asks)] {
        let mut counted: BTreeMap<Price, Qty> = BTreeMap::new();
        for order in view.accounts.iter().flat_map(|account| &account.orders) {
            if order.instrument == symbol
                && order.side == side
                && order.trigger.is_none()
                && let Some(price) = order.price
            {
                *counted.entry(price).or_default() += order.shown;
            }
        }
        let mut counted: Vec<_> = counted.into_iter().collect();
        if side == Side::Buy {
            counted.reverse();
        }
        ensure(counted == *levels, || format!("{symbol:?}: levels are not the orders' sum"))?;
    }
    Ok(())
}
