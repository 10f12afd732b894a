//! Records of losses, funding and changed terms.

use crate::event::{Event, EventKind, PLIMSOLL_NO_VALUE};
use crate::layout::PLIMSOLL_SESSION_END;
use crate::records::money;
use crate::words::Permission;
use plimsoll_types as engine;

impl Event {
    /// What closed or moved money without a book; the rest goes on to [`Event::about_terms`].
    pub(crate) fn about_losses(self, kind: &engine::EventKind) -> Event {
        use engine::EventKind as E;
        match *kind {
            E::Deleveraged { instrument, account, qty, price, case } => {
                let event = self.of_kind(EventKind::Deleveraged).instrument(instrument);
                let event = event.account(account).traded(Some(price), qty);
                Event { case_id: case.0, ..event }
            }
            E::TakenOver { account, instrument, side, qty, price, fee, case } => {
                let event = self.of_kind(EventKind::TakenOver).instrument(instrument);
                let event = event.account(account).side(side).traded(Some(price), qty);
                Event { case_id: case.0, ..event.values([money(fee)]) }
            }
            E::Socialised { account, amount } => {
                self.of_kind(EventKind::Socialised).account(account).values([money(amount)])
            }
            E::Reduced { instrument, account, side, qty, price } => {
                let event = self.of_kind(EventKind::Reduced).instrument(instrument);
                event.account(account).side(side).traded(Some(price), qty)
            }
            E::Funding { account, instrument, amount } => {
                let event = self.of_kind(EventKind::Funding).instrument(instrument);
                event.account(account).values([money(amount)])
            }
            _ => self.about_terms(kind),
        }
    }

    /// What was agreed or announced. The last of the chain: a kind that has no record stays `Other`.
    fn about_terms(self, kind: &engine::EventKind) -> Event {
        use engine::EventKind as E;
        match *kind {
            E::Index { instrument, price } => {
                let event = self.of_kind(EventKind::Index).instrument(instrument);
                Event { price: price.ticks(), ..event }
            }
            E::Leverage { account, instrument, value } => {
                let event = self.of_kind(EventKind::Leverage).instrument(instrument);
                event.account(account).values([i128::from(value.nano()).into()])
            }
            E::MarginMoved { account, instrument, amount } => {
                let event = self.of_kind(EventKind::MarginMoved).instrument(instrument);
                event.account(account).values([money(amount)])
            }
            E::Profile { account, profile } => {
                let event = self.of_kind(EventKind::Profile).account(account);
                Event { n: u32::from(profile.0), ..event }
            }
            E::Scheduled { instrument, at } => {
                let event = self.of_kind(EventKind::Scheduled).instrument(instrument);
                Event { deadline: at.unwrap_or(PLIMSOLL_SESSION_END), ..event }
            }
            E::Terms { instrument, price_limit, fees } => {
                let event = self.of_kind(EventKind::Terms).instrument(instrument);
                let event = Event { n: u32::from(fees), ..event };
                match price_limit {
                    Some(limit) => event.values([i128::from(limit.nano()).into()]),
                    None => Event { flags: PLIMSOLL_NO_VALUE, ..event },
                }
            }
            E::InstrumentPermission { instrument, permission } => {
                let event = self.of_kind(EventKind::InstrumentPermission).instrument(instrument);
                event.code(Permission::from(permission) as u16)
            }
            E::LargePosition { account, instrument, side, qty } => {
                let event = self.of_kind(EventKind::LargePosition).instrument(instrument);
                event.account(account).side(side).traded(None, qty)
            }
            _ => self,
        }
    }
}
