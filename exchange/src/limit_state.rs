//! Markets that stand at their limit price: the pause that follows, and the side that stands there alone. Source: SEMANTICS 5.

use crate::exchange::Exchange;
use crate::market::Market;
use crate::timers::Alarm;
use plimsoll_types::{InstrumentId, LimitState, Phase, Side, Ts};
use serde::{Deserialize, Serialize};

/// What is known of a market's limit prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AtLimit {
    /// The sides that stand at their limit price in continuous trading.
    standing: Standing,
    /// The side that stands there with nothing opposite, in whatever phase, and since when.
    alone: Option<(Side, Ts)>,
}

/// Sides at their limit price, since one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    /// [buys, sells].
    sides: [bool; 2],
    /// The phase it began in: a phase that comes in between ends it.
    phase_serial: u64,
    /// The timer that runs out when it has stood long enough; 0 = none stands there.
    timer: u64,
}

impl AtLimit {
    /// Whether nothing was seen at a limit price.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.standing.timer == 0 && self.alone.is_none()
    }
}

impl Market {
    /// Whether [buys, sells] stand at their limit price, in whatever phase.
    #[inline]
    pub(crate) fn sides_at_limit(&self) -> [bool; 2] {
        match self.book.band() {
            None => [false; 2],
            Some(band) => [(Side::Buy, band.up), (Side::Sell, band.down)]
                .map(|(side, edge)| self.book.best(side).is_some_and(|best| best.0 == edge)),
        }
    }

    /// The side that stands at its limit price while nothing stands opposite.
    pub(crate) fn lone_side(&self) -> Option<Side> {
        [Side::Buy, Side::Sell].into_iter().find(|&side| {
            let opposite = side.opposite();
            self.stands_at_limit(side)
                && self.book.best(opposite).is_none()
                && self.book.market_qty(opposite).is_zero()
        })
    }

    /// Since when the side that stands alone at its limit price now has done so.
    pub(crate) fn alone_since(&self, now: Ts) -> Option<(Side, Ts)> {
        let side = self.lone_side()?;
        match self.at_limit.alone {
            Some((known, since)) if known == side => Some((side, since)),
            _ => Some((side, now)),
        }
    }
}

impl Exchange {
    /// Looks at a market where a side stands at its limit price, or did when it was last looked at.
    #[inline(never)]
    pub(crate) fn attend_at_limit(&mut self, instrument: InstrumentId, sides: [bool; 2]) {
        let rules = &self.spec.instruments[instrument.index()].rules;
        let (limit_state, ladder) = (rules.limit_state, rules.limit_ladder);
        if let Some(rules) = limit_state {
            self.watch_limit_state(instrument, rules, sides);
        }
        if ladder.is_some() {
            self.watch_lone_side(instrument);
        }
    }

    /// Notes since when a side has stood at its limit price, and sets the timer that pauses the market.
    fn watch_limit_state(&mut self, instrument: InstrumentId, rules: LimitState, sides: [bool; 2]) {
        let market = &mut self.markets[instrument.index()];
        let sides = if market.phase == Phase::Continuous { sides } else { [false; 2] };
        let serial = market.phase_serial;
        let known = &mut market.at_limit.standing;
        if sides == [false; 2] {
            *known = Standing::default();
        } else if sides != known.sides || serial != known.phase_serial {
            let timer = self.timers.next_serial();
            *known = Standing { sides, phase_serial: serial, timer };
            // A market is never paused again in the moment in which it opened.
            let due = self.log.now.saturating_add(rules.after.max(1));
            self.timers.set(due, Alarm::LimitState { instrument, serial: timer });
        }
    }

    /// Whether a timer is that of a limit state that goes on.
    pub(crate) fn limit_state_goes_on(&self, instrument: InstrumentId, timer: u64) -> bool {
        let market = &self.markets[instrument.index()];
        let known = market.at_limit.standing;
        known.timer == timer && known.phase_serial == market.phase_serial
    }

    /// Pauses a market; the pause ends in an auction.
    pub(crate) fn pause_at_limit(&mut self, instrument: InstrumentId) {
        self.change_phase(instrument, Phase::Halted);
        if let Some(rules) = self.spec.instruments[instrument.index()].rules.limit_state {
            self.change_phase_after(instrument, rules.pause, Phase::Auction);
        }
    }

    /// Opens the auction that ends a pause; the auction ends in continuous trading.
    pub(crate) fn auction_after_pause(&mut self, instrument: InstrumentId) {
        if let Some(rules) = self.spec.instruments[instrument.index()].rules.limit_state {
            self.change_phase_after(instrument, rules.auction, Phase::Continuous);
        }
    }

    /// Lets the phase change by itself after a while, unless it changes otherwise before.
    pub(crate) fn change_phase_after(&mut self, instrument: InstrumentId, after: Ts, phase: Phase) {
        let serial = self.markets[instrument.index()].phase_serial;
        let due = self.log.now.saturating_add(after);
        self.timers.set(due, Alarm::Phase { instrument, phase, serial });
    }

    /// Notes since when a side has stood alone at its limit price.
    fn watch_lone_side(&mut self, instrument: InstrumentId) {
        let now = self.log.now;
        let market = &mut self.markets[instrument.index()];
        market.at_limit.alone = market.alone_since(now);
    }
}
