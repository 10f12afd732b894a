//! The engine's events as records, kind by kind.

use crate::event::{
    Event, EventKind, PLIMSOLL_KEPT_PRIORITY, PLIMSOLL_NO_VALUE, handle_out, id_out,
};
use crate::layout::{PLIMSOLL_ID_BYTES, PLIMSOLL_NONE, PLIMSOLL_SESSION_END, Wide};
use crate::words::{
    CancelReason, CaseState, ForcedReason, Offset, ParkReason, Permission, Phase, Reject, Side,
    TradeKind,
};
use plimsoll_types::{
    self as engine, AccountId, CaseId, CaseStep, InstrumentId, Label, LiquidationTarget, Measure,
    Money, OrderId, Price,
};

fn ticks(price: Option<Price>) -> i64 {
    price.map_or(0, Price::ticks)
}

pub(crate) fn money(amount: Money) -> Wide {
    amount.units().into()
}

impl Event {
    pub(crate) fn of_kind(mut self, kind: EventKind) -> Event {
        self.kind = kind as u32;
        self
    }

    pub(crate) fn account(mut self, account: AccountId) -> Event {
        self.account = account.0;
        self
    }

    pub(crate) fn instrument(mut self, instrument: InstrumentId) -> Event {
        self.instrument = u32::from(instrument.0);
        self
    }

    pub(crate) fn side(mut self, side: engine::Side) -> Event {
        self.side = Side::from(side) as u8;
        self
    }

    fn order(mut self, id: &OrderId) -> Event {
        (self.id, self.number) = order_out(id);
        self
    }

    pub(crate) fn traded(mut self, price: Option<Price>, qty: engine::Qty) -> Event {
        (self.price, self.qty) = (ticks(price), qty.lots());
        self
    }

    pub(crate) fn code(mut self, code: u16) -> Event {
        self.code = code;
        self
    }

    pub(crate) fn values<const N: usize>(mut self, values: [Wide; N]) -> Event {
        self.values[..N].copy_from_slice(&values);
        self
    }

    fn measure(mut self, measure: Measure) -> Event {
        match measure.0 {
            Some(millionths) => self.values[0] = millionths.into(),
            None => self.flags |= PLIMSOLL_NO_VALUE,
        }
        self
    }

    /// An event as its first record; what [`extra_records`] counts follows it.
    pub(crate) fn first(event: &engine::Event) -> Event {
        let blank = Event { seq: event.seq, ts: event.ts, ..Event::BLANK };
        blank.about_orders(&event.kind)
    }

    /// What happened to orders; the rest goes on to [`Event::about_markets`].
    fn about_orders(self, kind: &engine::EventKind) -> Event {
        use engine::EventKind as E;
        match *kind {
            E::Accepted {
                account,
                ref id,
                instrument,
                side,
                price,
                qty,
                trigger,
                display,
                handle,
                offset,
            } => {
                let event = self.of_kind(EventKind::Accepted).account(account).order(id);
                let event = event.instrument(instrument).side(side).traded(price, qty);
                let (other_price, other_qty) = (ticks(trigger), display.lots());
                let code = Offset::from(offset) as u16;
                Event { order: handle_out(handle), other_price, other_qty, code, ..event }
            }
            E::Triggered { account, ref id, instrument, handle } => {
                let event = self.of_kind(EventKind::Triggered).account(account).order(id);
                Event { order: handle_out(handle), ..event.instrument(instrument) }
            }
            E::Refilled { account, ref id, instrument, price, qty } => {
                let event = self.of_kind(EventKind::Refilled).account(account).order(id);
                event.instrument(instrument).traded(Some(price), qty)
            }
            E::Rejected { account, ref name, ref id, reason } => {
                let mut event = self.of_kind(EventKind::Rejected).code(Reject::from(reason) as u16);
                event.account = account.map_or(PLIMSOLL_NONE, |account| account.0);
                if let Some(name) = name {
                    event.other_id = id_out(name);
                }
                id.as_ref().map_or(event, |id| event.order(id))
            }
            E::Cancelled { account, ref id, instrument, qty, reason } => {
                let event = self.of_kind(EventKind::Cancelled).account(account).order(id);
                let (code, detail) = match reason {
                    engine::CancelReason::Refused(why) => {
                        (CancelReason::Refused as u16, Reject::from(why) as u16)
                    }
                    reason => (CancelReason::from(reason) as u16, 0),
                };
                Event { code, detail, ..event.instrument(instrument).traded(None, qty) }
            }
            E::Replaced { account, ref id, instrument, price, qty, kept_priority, handle } => {
                let event = self.of_kind(EventKind::Replaced).account(account).order(id);
                let flags = if kept_priority { PLIMSOLL_KEPT_PRIORITY } else { 0 };
                let order = handle_out(handle);
                Event { flags, order, ..event.instrument(instrument).traded(price, qty) }
            }
            E::Trade {
                instrument,
                price,
                qty,
                maker,
                ref maker_id,
                taker,
                ref taker_id,
                side,
                kind,
                maker_fee,
                taker_fee,
            } => {
                let event = self.of_kind(EventKind::Trade).instrument(instrument).side(side);
                let event = event.account(taker).order(taker_id).traded(Some(price), qty);
                let (other_id, maker_number) = order_out(maker_id);
                let event = event.values([money(maker_fee), money(taker_fee)]);
                let code = TradeKind::from(kind) as u16;
                Event { maker: maker.0, other_id, maker_number, code, ..event }
            }
            _ => self.about_markets(kind),
        }
    }

    /// What the market as a whole did; the rest goes on to [`Event::about_accounts`].
    fn about_markets(self, kind: &engine::EventKind) -> Event {
        use engine::EventKind as E;
        match *kind {
            E::Mark { instrument, price } => {
                let event = self.of_kind(EventKind::Mark).instrument(instrument);
                Event { price: price.ticks(), ..event }
            }
            E::Phase { instrument, phase } => {
                let event = self.of_kind(EventKind::Phase).instrument(instrument);
                event.code(Phase::from(phase) as u16)
            }
            E::Band { instrument, up, down } => {
                let event = self.of_kind(EventKind::Band).instrument(instrument);
                Event { price: up.ticks(), other_price: down.ticks(), ..event }
            }
            E::Margin { instrument, account, initial, maintenance } => {
                let share = |rate: engine::MarginRate| i128::from(rate.share.nano()).into();
                let event = self.of_kind(EventKind::Margin).instrument(instrument);
                let event = account.map_or(event, |account| event.account(account));
                event.values([
                    share(initial),
                    money(initial.per_lot),
                    share(maintenance),
                    money(maintenance.per_lot),
                ])
            }
            E::Auction { instrument, price, qty, surplus, surplus_side } => {
                let event = self.of_kind(EventKind::Auction).instrument(instrument);
                let event = Event { other_qty: surplus.lots(), ..event.traded(price, qty) };
                surplus_side.map_or(event, |side| event.side(side))
            }
            E::Indicative { instrument, price, qty, surplus, surplus_side } => {
                let event = self.of_kind(EventKind::Indicative).instrument(instrument);
                let event = Event { other_qty: surplus.lots(), ..event.traded(price, qty) };
                surplus_side.map_or(event, |side| event.side(side))
            }
            _ => self.about_days(kind),
        }
    }

    /// What a day's end, an instrument's coming and going, and a fund bring; the rest goes on to [`Event::about_accounts`].
    fn about_days(self, kind: &engine::EventKind) -> Event {
        use engine::EventKind as E;
        match *kind {
            E::Settled { instrument, price, one_sided, limit } => {
                let event = self.of_kind(EventKind::Settled).instrument(instrument);
                let event = Event { price: price.ticks(), ..event };
                let event = one_sided.map_or(event, |side| event.side(side));
                match limit {
                    Some(limit) => event.values([i128::from(limit.nano()).into()]),
                    None => Event { flags: PLIMSOLL_NO_VALUE, ..event },
                }
            }
            E::Listed { instrument } => self.of_kind(EventKind::Listed).instrument(instrument),
            E::Delisted { instrument } => self.of_kind(EventKind::Delisted).instrument(instrument),
            E::Expired { instrument, price } => {
                let event = self.of_kind(EventKind::Expired).instrument(instrument);
                Event { price: price.ticks(), ..event }
            }
            E::Busted { trade, instrument, price, qty } => {
                let event = self.of_kind(EventKind::Busted).instrument(instrument);
                Event { number: trade, ..event.traded(Some(price), qty) }
            }
            E::Fund { change, balance, case } => Event {
                case_id: case.map_or(0, |case| case.0),
                ..self.of_kind(EventKind::Fund).values([money(change), money(balance)])
            },
            _ => self.about_accounts(kind),
        }
    }

    /// What happened to accounts; the rest goes on to [`Event::about_losses`].
    fn about_accounts(self, kind: &engine::EventKind) -> Event {
        use engine::EventKind as E;
        match *kind {
            E::Opened { account, profile } => {
                let event = self.of_kind(EventKind::Opened).account(account);
                Event { n: u32::from(profile.0), ..event }
            }
            E::Deposit { account, amount, repaid, balance } => {
                let event = self.of_kind(EventKind::Deposit).account(account);
                event.values([money(amount), money(repaid), money(balance)])
            }
            E::Withdrawal { account, amount, balance } => {
                let event = self.of_kind(EventKind::Withdrawal).account(account);
                event.values([money(amount), money(balance)])
            }
            E::Settlement { account, instrument, profit, profit_by_trade, fees, balance } => {
                let event = self.of_kind(EventKind::Settlement).account(account);
                let event = instrument.map_or(event, |instrument| event.instrument(instrument));
                event.values([money(profit), money(fees), money(balance), money(profit_by_trade)])
            }
            E::Debt { account, amount } => {
                self.of_kind(EventKind::Debt).account(account).values([money(amount)])
            }
            E::Tier { account, from, to, measure, equity, margin } => {
                let event = self.of_kind(EventKind::Tier).account(account);
                let event = event.values([Wide::default(), money(equity), money(margin)]);
                Event { tier_from: from, tier_to: to, ..event.measure(measure) }
            }
            E::MarginCall { account, shortfall, deadline } => {
                let event = self.of_kind(EventKind::MarginCall).account(account);
                let deadline = deadline.unwrap_or(PLIMSOLL_SESSION_END);
                Event { deadline, ..event.values([money(shortfall)]) }
            }
            E::Restricted { account, permission } => {
                let event = self.of_kind(EventKind::Restricted).account(account);
                event.code(Permission::from(permission) as u16)
            }
            E::Unrestricted { account, permission } => {
                let event = self.of_kind(EventKind::Unrestricted).account(account);
                event.code(Permission::from(permission) as u16)
            }
            E::Case { account, case, ref step } => {
                self.of_kind(EventKind::Case).account(account).case(case, step)
            }
            _ => self.about_losses(kind),
        }
    }

    fn case(self, case: CaseId, step: &CaseStep) -> Event {
        let event = Event { case_id: case.0, ..self };
        let state = |state: CaseState| event.code(state as u16);
        #[allow(unreachable_patterns, reason = "a state the engine gains becomes Other")]
        match *step {
            CaseStep::Triggered { reason } => {
                Event { detail: ForcedReason::from(reason) as u16, ..state(CaseState::Triggered) }
            }
            CaseStep::Planned { ref targets } => {
                Event { n: targets.len() as u32, ..state(CaseState::Planned) }
            }
            CaseStep::Batch { n, instrument, side, price, qty } => {
                let event = state(CaseState::Batch).instrument(instrument).side(side);
                Event { n, ..event.traded(price, qty) }
            }
            CaseStep::Checked { n, instrument, filled, remaining, measure } => {
                let event = state(CaseState::Checked).instrument(instrument).measure(measure);
                Event { n, other_qty: remaining.lots(), ..event.traded(None, filled) }
            }
            CaseStep::Parked { reason } => {
                Event { detail: ParkReason::from(reason) as u16, ..state(CaseState::Parked) }
            }
            CaseStep::Resumed => state(CaseState::Resumed),
            CaseStep::Restored => state(CaseState::Restored),
            CaseStep::Waterfall => state(CaseState::Waterfall),
            CaseStep::Closed => state(CaseState::Closed),
            _ => state(CaseState::Other),
        }
    }

    /// The record of a plan's target, `place` from 0.
    pub(crate) fn extra(event: &engine::Event, place: usize) -> Option<Event> {
        let engine::EventKind::Case { account, case, step: CaseStep::Planned { targets } } =
            &event.kind
        else {
            return None;
        };
        let LiquidationTarget { instrument, side, qty } = *targets.get(place)?;
        let blank = Event { seq: event.seq, ts: event.ts, case_id: case.0, ..Event::BLANK };
        let target = blank.of_kind(EventKind::CaseTarget).account(*account).instrument(instrument);
        Some(Event { n: place as u32 + 1, ..target.side(side).traded(None, qty) })
    }
}

/// Records that follow an event's first.
pub(crate) fn extra_records(event: &engine::Event) -> usize {
    match &event.kind {
        engine::EventKind::Case { step: CaseStep::Planned { targets }, .. } => targets.len(),
        _ => 0,
    }
}

/// An order's name: its id as text, or its number.
fn order_out(id: &OrderId) -> ([u8; PLIMSOLL_ID_BYTES], u64) {
    match id {
        OrderId::Client(label) => (id_out(label), 0),
        OrderId::Number(number) => ([0; PLIMSOLL_ID_BYTES], *number),
        OrderId::Liquidation { .. } => {
            let text = id.to_string();
            (Label::new(&text).map_or([0; PLIMSOLL_ID_BYTES], |label| id_out(&label)), 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_liquidation_id_fits() {
        let (id, number) = order_out(&OrderId::Liquidation { case: u32::MAX, n: u32::MAX });
        assert_eq!((&id[..26], number), (&b"liq-4294967295-4294967295\0"[..], 0));
    }

    #[test]
    fn a_plan_is_followed_by_its_targets() {
        let target = LiquidationTarget {
            instrument: InstrumentId(3),
            side: engine::Side::Sell,
            qty: engine::Qty::new(7),
        };
        let step = CaseStep::Planned { targets: vec![target; 2].into() };
        let kind = engine::EventKind::Case { account: AccountId(4), case: CaseId(9), step };
        let event = engine::Event { seq: 5, ts: 6, kind };
        let first = Event::first(&event);
        assert_eq!((first.n, first.case_id, extra_records(&event)), (2, 9, 2));
        let last = Event::extra(&event, 1).expect("the second target");
        assert_eq!((last.seq, last.n, last.instrument, last.qty), (5, 2, 3, 7));
        assert_eq!(Event::extra(&event, 2), None);
    }
}
