//! Which resting orders close and which open: the lots a position can give, shared out by entry. Source: SEMANTICS 4.

use crate::exchange::Exchange;
use plimsoll_risk::PositionId;
use plimsoll_types::Side;

impl Exchange {
    /// Shares the lots a position can give among its resting orders, earlier entries first, and counts anew what the others freeze.
    ///
    /// Cost: O(1) where its orders all close or all open as before; else O(its resting orders). Says nothing.
    #[inline]
    pub(crate) fn share_out(&mut self, position: PositionId) {
        let account = self.risk.position(position).owner();
        if self.risk.account(account).is_unlimited() {
            // Freezes nothing and has no tier: nobody asks which of its orders open.
            return;
        }
        for side in [Side::Buy, Side::Sell] {
            let held = self.risk.position(position);
            let (open, promised) = (held.open(side), held.promised(side));
            let fair = held.room(side).min(open);
            // All or nothing leaves no choice of which orders have it.
            if promised != fair || (fair != 0 && fair != open) {
                self.share_side(position, side);
            }
        }
    }

    #[cold]
    fn share_side(&mut self, position: PositionId, side: Side) {
        let held = self.risk.position(position);
        if held.leg().is_leg() {
            // What a leg's orders mean is fixed as they enter; trimming sees to it that it can be had.
            return;
        }
        let mut room = held.room(side);
        let fair = room.min(held.open(side));
        let (instrument, mut slot) = (held.instrument(), held.orders.0);
        let (book, mut keeper) = self.split(instrument);
        while slot != crate::orders::NIL {
            let order = book.resting(slot);
            let record = &keeper.records[slot];
            let (next, before) = (record.next, record.opens);
            if order.side == side && record.role != crate::orders::Role::Stop {
                let reducing = order.qty.lots().min(room);
                room -= reducing;
                let opens = order.qty.lots() - reducing;
                if opens != before {
                    keeper.refreeze(slot, opens);
                }
            }
            slot = next;
        }
        keeper.risk.set_promised(position, side, fair);
    }
}
