//! Section 4: orders are replaced.

use super::Model;
use super::entry::Checked;
use super::{lots, ticks};
use plimsoll_types::*;

impl Model {
    /// Command `replace`.
    pub fn replace(
        &mut self,
        account: AccountId,
        order: &OrderRef,
        price: Price,
        qty: Qty,
        trigger: Option<Price>,
    ) -> Checked {
        let account = self.known_account(account)?;
        let (instrument, entry) = self.named_order(account, order)?;
        let before = self.books[instrument].open_order(entry).expect("it was found").clone();
        Self::check_qty(qty)?;
        if before.trigger.is_some() {
            self.check_lots(instrument, lots(qty))?;
        } else {
            self.check_room(instrument, before.account, before.side, lots(qty), before.qty)?;
        }
        if before.display > 0 && lots(qty) > 10_000 * before.display {
            return Err(Reject::Display);
        }
        if before.trigger.is_some() && before.min_qty > lots(qty) {
            return Err(Reject::MinQty);
        }
        self.check_rights(account, instrument)?;
        if trigger.is_some() && before.trigger.is_none() {
            return Err(Reject::Trigger);
        }
        if matches!(self.books[instrument].phase, Phase::NoCancel | Phase::Halted | Phase::Closed) {
            return Err(Reject::Phase);
        }
        let mut after = before.clone();
        after.price = Some(ticks(price));
        after.qty = lots(qty);
        after.trigger = trigger.map(ticks).or(before.trigger);
        let same = before.price == after.price && before.trigger == after.trigger;
        let kept = same && after.qty < before.qty;
        if before.trigger.is_some() {
            self.check_band(instrument, &after)?;
            let place = self.issued.len();
            self.replaced(instrument, &after, kept);
            let old = self.books[instrument].remove(entry);
            if kept {
                self.saw("stop keeps its place");
                self.books[instrument].stops.push(after);
            } else {
                self.saw(if old.trigger == after.trigger { "stop moves" } else { "new trigger" });
                after.issue = Some(place);
                self.wait(instrument, after);
            }
            return Ok(());
        }
        after.market = before.market && kept;
        after.min_qty = 0;
        self.check_order(instrument, &mut after, Some(entry))?;
        let place = self.issued.len();
        self.replaced(instrument, &after, kept);
        if kept {
            // What falls off comes from the hidden part first.
            after.shown = before.shown.min(after.qty);
            *self.books[instrument].order_mut(entry) = after;
        } else {
            self.books[instrument].remove(entry);
            after.issue = Some(place);
            self.work_order(instrument, after);
        }
        Ok(())
    }
}
