//! What is looked at once a command, or a moment's timers, are done: the markets in which something happened. Source: SEMANTICS 5.

use crate::exchange::Exchange;
use plimsoll_types::{EventKind, InstrumentId};

impl Exchange {
    /// Looks at the markets in which something happened since it last did.
    ///
    /// Cost: one test where no market asks for it; else O(events since). Every change of a book, a phase or a band leaves
    /// an event, so the events say where to look.
    #[inline]
    pub(crate) fn attend(&mut self) {
        if self.attentive {
            self.attend_to_events();
        }
    }

    #[cold]
    #[inline(never)]
    fn attend_to_events(&mut self) {
        let fresh = usize::try_from(self.log.seq - self.attended).unwrap_or(usize::MAX);
        self.attended = self.log.seq;
        let begin = self.log.events.len().saturating_sub(fresh);
        let mut named = self.log.events[begin..].iter().filter_map(|event| stirs(&event.kind));
        let Some(first) = named.next() else { return };
        if named.all(|instrument| instrument == first) {
            // As with nearly every command.
            return self.attend_to(first);
        }
        let mut stirred = std::mem::take(&mut self.stirred);
        let fresh = &self.log.events[begin..];
        stirred.extend(fresh.iter().filter_map(|event| stirs(&event.kind)));
        stirred.sort_unstable();
        stirred.dedup();
        for &instrument in &stirred {
            self.attend_to(instrument);
        }
        stirred.clear();
        self.stirred = stirred;
    }

    /// Looks at one market. Doing so twice is the same as doing so once.
    #[inline]
    fn attend_to(&mut self, instrument: InstrumentId) {
        let market = &self.markets[instrument.index()];
        let sides = market.sides_at_limit();
        if sides != [false; 2] || !market.at_limit.is_idle() {
            self.attend_at_limit(instrument, sides);
        }
    }

    /// Works out anew whether any market asks to be looked at. To be called when a market comes or goes.
    pub(crate) fn refresh_attention(&mut self) {
        let mut traded = self.spec.instruments.iter().zip(&self.markets).filter(|(_, m)| !m.gone);
        self.attentive = traded
            .any(|(spec, _)| spec.rules.limit_state.is_some() || spec.rules.limit_ladder.is_some());
    }
}

/// The market whose book, phase or band an event speaks of.
fn stirs(event: &EventKind) -> Option<InstrumentId> {
    match *event {
        EventKind::Accepted { instrument, .. }
        | EventKind::Triggered { instrument, .. }
        | EventKind::Refilled { instrument, .. }
        | EventKind::Cancelled { instrument, .. }
        | EventKind::Replaced { instrument, .. }
        | EventKind::Trade { instrument, .. }
        | EventKind::Phase { instrument, .. }
        | EventKind::Band { instrument, .. }
        | EventKind::Auction { instrument, .. }
        | EventKind::Settled { instrument, .. }
        | EventKind::Listed { instrument } => Some(instrument),
        EventKind::Opened { .. }
        | EventKind::Deposit { .. }
        | EventKind::Withdrawal { .. }
        | EventKind::Rejected { .. }
        | EventKind::Mark { .. }
        | EventKind::Margin { .. }
        | EventKind::Indicative { .. }
        | EventKind::Settlement { .. }
        | EventKind::Delisted { .. }
        | EventKind::Expired { .. }
        | EventKind::Busted { .. }
        | EventKind::Tier { .. }
        | EventKind::MarginCall { .. }
        | EventKind::Restricted { .. }
        | EventKind::Unrestricted { .. }
        | EventKind::Case { .. }
        | EventKind::Fund { .. }
        | EventKind::Debt { .. }
        | EventKind::Deleveraged { .. }
        | EventKind::TakenOver { .. }
        | EventKind::Socialised { .. }
        | EventKind::Reduced { .. }
        | EventKind::Funding { .. }
        | EventKind::Index { .. }
        | EventKind::Leverage { .. }
        | EventKind::MarginMoved { .. }
        | EventKind::Profile { .. }
        | EventKind::Scheduled { .. }
        | EventKind::Terms { .. }
        | EventKind::InstrumentPermission { .. }
        | EventKind::LargePosition { .. } => None,
    }
}
