//! Long and short legs: which lots an order means, whether they are there, and who is cut where they go. Source: RULES 2.3, 2.4; SEMANTICS 3.2.

use crate::entry::Wish;
use crate::exchange::Exchange;
use plimsoll_risk::{Aim, PositionId};
use plimsoll_types::{
    AccountId, CloseRule, InstrumentId, NewOrder, Offset, PositionMode, Reject, Side,
};

impl Exchange {
    /// What an order means to do to its account's position; refused where it names lots that net mode does not tell apart.
    #[inline]
    pub(crate) fn aim_of(&self, order: &NewOrder) -> Result<Aim, Reject> {
        match (self.spec.position_mode, order.offset) {
            (PositionMode::Net, None) => Ok(Aim::Net),
            (PositionMode::Net, Some(_)) => Err(Reject::Offset),
            (PositionMode::LongShort, None | Some(Offset::Open)) => Ok(Aim::Open),
            (PositionMode::LongShort, Some(offset)) => {
                let rule = self.spec.instruments[order.instrument.index()].risk.close_rule;
                Ok(match (rule, offset) {
                    (CloseRule::OldestFirst, _) => Aim::Close,
                    (CloseRule::Shfe, Offset::CloseToday) => Aim::CloseToday,
                    (CloseRule::Shfe, _) => Aim::CloseCarried,
                })
            }
        }
    }

    /// The offset that `accepted` shows: where there are legs, one that was left out is open.
    #[inline]
    pub(crate) fn said_offset(&self, offset: Option<Offset>) -> Option<Offset> {
        match self.spec.position_mode {
            PositionMode::Net => None,
            PositionMode::LongShort => Some(offset.unwrap_or(Offset::Open)),
        }
    }

    /// Lots of both legs, and of the orders on `side`, opening and closing ones.
    pub(crate) fn lots_of_legs(&self, first: PositionId, side: Side) -> u64 {
        let leg = |id| {
            let leg = self.risk.position(id);
            leg.lots().unsigned_abs() + leg.open(side)
        };
        self.risk.legs(first).into_iter().map(leg).sum()
    }

    /// Cuts closing orders that promise more lots than their legs have, the newest first.
    pub(crate) fn trim_legs(&mut self, instrument: InstrumentId, first: PositionId) {
        for side in [Side::Buy, Side::Sell] {
            let leg = self.risk.leg_for(first, side, Aim::Close);
            for aim in [Aim::Close, Aim::CloseCarried, Aim::CloseToday] {
                let room = self.risk.position(leg).givable(aim);
                self.trim(instrument, (leg, side), room, |_, record| record.aim == aim);
            }
        }
    }

    /// Cuts orders that mean today's lots once a settlement has made them carried ones.
    pub(crate) fn trim_settled(&mut self, instrument: InstrumentId) {
        let rules = &self.spec.instruments[instrument.index()].risk;
        let legs = self.spec.position_mode == PositionMode::LongShort;
        if !legs || rules.close_rule != CloseRule::Shfe {
            return;
        }
        // The orders of both legs hang on the long one, which is the first.
        let with_orders = self.risk.members(instrument).filter_map(|id| {
            let record = self.risk.position(id);
            record.has_orders().then_some((record.owner(), id))
        });
        let mut firsts: Vec<(AccountId, PositionId)> = with_orders.collect();
        firsts.sort_unstable_by_key(|&(owner, _)| owner);
        for (_, first) in firsts {
            self.trim_legs(instrument, first);
        }
    }

    /// Whether the lots that a closing order means are there and promised to no other; the lots that would open.
    pub(crate) fn check_leg(&self, wish: &Wish) -> Result<u64, Reject> {
        let reason = match wish.aim {
            Aim::Net | Aim::Open => return Ok(wish.qty.lots()),
            Aim::Close => Reject::Close,
            Aim::CloseCarried => Reject::CloseCarried,
            Aim::CloseToday => Reject::CloseToday,
        };
        let free = self.risk.find_position(wish.account, wish.instrument).map_or(0, |first| {
            let leg = self.risk.leg_for(first, wish.side, wish.aim);
            self.risk.unpromised(leg, wish.aim) + wish.given_back
        });
        if wish.qty.lots() > free { Err(reason) } else { Ok(0) }
    }
}
