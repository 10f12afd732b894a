//! As `encode.rs`: what happened to accounts as such, their margin, their cases, their rights.

use super::codes::{self, Step};
use super::encode::{Sight, Teller, lots, ticks, units};
use super::events::{
    CaseStepped, LargePosition, LeverageSet, MarginCalled, MarginRates, PermissionSet,
    PositionClosed, ProfileSet, TierChanged,
};
use super::layout::Message;
use super::messages::NO_INSTRUMENT;
use plimsoll_types::{
    AccountId, CaseId, CaseStep, Event, EventKind, InstrumentId, Measure, Price, Qty, Side,
};
use zerocopy::FromZeros;
use zerocopy::little_endian::{I128, U32};

impl<S: Sight> Teller<'_, S> {
    /// What the watch over accounts did; the rest goes on to [`Teller::rights`].
    pub(super) fn risk(&mut self, event: &Event) {
        match event.kind {
            EventKind::Tier { account, from, to, measure, equity, margin } => {
                let (defined, measure) = millionths(measure);
                self.put(TierChanged {
                    head: TierChanged::head(),
                    stamp: self.stamp(event, account),
                    from,
                    to,
                    defined,
                    reserved: 0,
                    measure,
                    equity: units(equity),
                    margin: units(margin),
                });
            }
            EventKind::MarginCall { account, shortfall, deadline } => self.put(MarginCalled {
                head: MarginCalled::head(),
                stamp: self.stamp(event, account),
                shortfall: units(shortfall),
                deadline: deadline.unwrap_or(0).into(),
            }),
            EventKind::Case { account, case, ref step } => self.case(event, account, case, step),
            EventKind::Deleveraged { instrument, account, qty, price, case } => {
                let mut closed = self.closed(event, (account, 1, None), instrument, (price, qty));
                closed.case = case.0.into();
                self.put(closed);
            }
            EventKind::Reduced { instrument, account, side, qty, price } => {
                let closed = self.closed(event, (account, 2, Some(side)), instrument, (price, qty));
                self.put(closed);
            }
            EventKind::TakenOver { account, instrument, side, qty, price, fee, case } => {
                let whose = (account, 3, Some(side));
                let mut closed = self.closed(event, whose, instrument, (price, qty));
                closed.case = case.0.into();
                closed.fee = units(fee);
                self.put(closed);
            }
            _ => self.rights(event),
        }
    }

    fn closed(
        &self,
        event: &Event,
        (account, manner, side): (AccountId, u8, Option<Side>),
        instrument: InstrumentId,
        (price, qty): (Price, Qty),
    ) -> PositionClosed {
        PositionClosed {
            head: PositionClosed::head(),
            stamp: self.stamp(event, account),
            manner,
            side: side.map_or(0, codes::of_side),
            instrument: instrument.0.into(),
            price: ticks(Some(price)),
            qty: lots(qty),
            case: U32::ZERO,
            fee: I128::ZERO,
        }
    }

    /// What an account may do and what is asked of it. What concerns no account is told by market data.
    fn rights(&mut self, event: &Event) {
        match event.kind {
            EventKind::Opened { account, profile } => self.put(ProfileSet {
                head: ProfileSet::head(),
                stamp: self.stamp(event, account),
                profile: profile.0.into(),
                opened: 1,
            }),
            EventKind::Profile { account, profile } => self.put(ProfileSet {
                head: ProfileSet::head(),
                stamp: self.stamp(event, account),
                profile: profile.0.into(),
                opened: 0,
            }),
            EventKind::Restricted { account, permission } => self.put(PermissionSet {
                head: PermissionSet::head(),
                stamp: self.stamp(event, account),
                permission: codes::of_permission(permission),
                direction: 1,
            }),
            EventKind::Unrestricted { account, permission } => self.put(PermissionSet {
                head: PermissionSet::head(),
                stamp: self.stamp(event, account),
                permission: codes::of_permission(permission),
                direction: 2,
            }),
            EventKind::Leverage { account, instrument, value } => self.put(LeverageSet {
                head: LeverageSet::head(),
                stamp: self.stamp(event, account),
                instrument: instrument.0.into(),
                value: value.nano().into(),
            }),
            EventKind::LargePosition { account, instrument, side, qty } => {
                self.put(LargePosition {
                    head: LargePosition::head(),
                    stamp: self.stamp(event, account),
                    instrument: instrument.0.into(),
                    side: codes::of_side(side),
                    reserved: 0,
                    qty: lots(qty),
                });
            }
            EventKind::Margin { instrument, account: Some(account), initial, maintenance } => {
                self.put(MarginRates {
                    head: MarginRates::head(),
                    stamp: self.stamp(event, account),
                    instrument: instrument.0.into(),
                    initial_share: initial.share.nano().into(),
                    initial_per_lot: units(initial.per_lot),
                    maintenance_share: maintenance.share.nano().into(),
                    maintenance_per_lot: units(maintenance.per_lot),
                });
            }
            _ => {}
        }
    }

    fn case(&mut self, event: &Event, account: AccountId, case: CaseId, step: &CaseStep) {
        let mut message = CaseStepped::new_zeroed();
        message.head = CaseStepped::head();
        message.case = case.0.into();
        message.instrument = NO_INSTRUMENT.into();
        message.step = match step {
            CaseStep::Planned { targets } => {
                message.step = Step::Planned as u8;
                for target in targets {
                    message.stamp = self.stamp(event, account);
                    message.side = codes::of_side(target.side);
                    message.instrument = target.instrument.0.into();
                    message.qty = lots(target.qty);
                    self.put(message);
                }
                return;
            }
            CaseStep::Triggered { reason } => {
                message.forced = codes::of_forced(*reason);
                Step::Triggered as u8
            }
            CaseStep::Batch { n, instrument, side, price, qty } => {
                message.batch = (*n).into();
                message.instrument = instrument.0.into();
                message.side = codes::of_side(*side);
                message.price = ticks(*price);
                message.qty = lots(*qty);
                Step::Batch as u8
            }
            CaseStep::Checked { n, instrument, filled, remaining, measure } => {
                message.batch = (*n).into();
                message.instrument = instrument.0.into();
                message.qty = lots(*filled);
                message.remaining = lots(*remaining);
                (message.defined, message.measure) = millionths(*measure);
                Step::Checked as u8
            }
            CaseStep::Parked { reason } => {
                message.parked = codes::of_parked(*reason);
                Step::Parked as u8
            }
            CaseStep::Resumed => Step::Resumed as u8,
            CaseStep::Restored => Step::Restored as u8,
            CaseStep::Waterfall => Step::Waterfall as u8,
            CaseStep::Closed => Step::Closed as u8,
        };
        message.stamp = self.stamp(event, account);
        self.put(message);
    }
}

fn millionths(measure: Measure) -> (u8, I128) {
    (u8::from(measure.0.is_some()), I128::new(measure.0.unwrap_or(0)))
}
