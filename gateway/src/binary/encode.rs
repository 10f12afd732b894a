//! An event as the messages one user is sent of it.

use super::codes::{self, Liquidity};
use super::events::{
    Accepted, Busted, Cancelled, DaySettled, Deposited, Executed, Funded, Indebted, LossShared,
    MarginMoved, Refilled, Rejected, Replaced, Stamp, Triggered, Withdrawn,
};
use super::kept::{Kept, Place};
use super::layout::{Message, Text, flags};
use super::messages::{NO_INSTRUMENT, NO_SLOT};
use plimsoll_types::{AccountId, Event, EventKind, Handle, Money, OrderId, Price, Qty, Reject};
use zerocopy::little_endian::{I128, U16, U32, U64};

/// Stands for "no account".
pub const NO_ACCOUNT: u32 = u32::MAX;

/// What an encoder asks about accounts.
pub trait Sight {
    /// Whose account it is.
    fn owner(&self, account: AccountId) -> AccountId;
    /// Whether what happens to an owner is the user's to know.
    fn sees(&self, owner: AccountId) -> bool;
}

/// Writes the messages of one event for one user.
pub struct Teller<'a, S> {
    /// Where they go.
    pub kept: &'a mut Kept,
    /// What the user sees.
    pub sight: S,
    /// The number of the user's message that it came of; 0 = none.
    pub answers: u64,
    /// How durable it is: [`crate::batch::Durability`] as a number.
    pub durability: u8,
    /// Where the last message lies.
    pub last: Option<Place>,
    /// Messages of this event written.
    pub part: u16,
}

impl<S: Sight> Teller<'_, S> {
    /// Writes what the user is to be told of the event. Cost: no allocation but the growth of what is kept.
    #[inline]
    pub fn tell(&mut self, event: &Event) {
        self.part = 0;
        self.order(event);
    }

    #[inline]
    pub(super) fn put<M: Message>(&mut self, message: M) {
        if self.part > 0
            && let Some(last) = self.last
        {
            self.kept.flag(last, flags::MORE);
        }
        self.last = Some(self.kept.push(message.as_bytes()));
        self.part += 1;
    }

    #[inline]
    pub(super) fn stamp(&self, event: &Event, account: AccountId) -> Stamp {
        Stamp {
            durability: self.durability,
            reserved: 0,
            part: self.part.into(),
            seq: event.seq.into(),
            ts: event.ts.into(),
            answers: self.answers.into(),
            account: self.sight.owner(account).0.into(),
            position: account.0.into(),
        }
    }

    fn nobody(&self, event: &Event) -> Stamp {
        let mut stamp = self.stamp(event, AccountId(NO_ACCOUNT));
        stamp.account = NO_ACCOUNT.into();
        stamp
    }

    /// What happened to orders; the rest goes on to [`Teller::money`].
    #[inline]
    fn order(&mut self, event: &Event) {
        match event.kind {
            EventKind::Accepted {
                account,
                ref id,
                instrument,
                side,
                price,
                qty,
                trigger,
                display,
                offset,
                handle,
            } => {
                let (slot, generation) = slot(handle);
                self.put(Accepted {
                    head: Accepted::head(),
                    stamp: self.stamp(event, account),
                    id: named(id),
                    instrument: instrument.0.into(),
                    side: codes::of_side(side),
                    offset: offset.map_or(0, codes::of_offset),
                    price: ticks(price),
                    trigger: ticks(trigger),
                    qty: lots(qty),
                    display: lots(display),
                    handle_slot: slot,
                    handle_generation: generation,
                });
            }
            EventKind::Trade { .. } => self.trade(event),
            EventKind::Cancelled { account, ref id, instrument, qty, reason } => {
                self.put(Cancelled {
                    head: Cancelled::head(),
                    stamp: self.stamp(event, account),
                    id: named(id),
                    instrument: instrument.0.into(),
                    reason: codes::of_cancel(reason).into(),
                    qty: lots(qty),
                });
            }
            EventKind::Replaced {
                account,
                ref id,
                instrument,
                price,
                qty,
                kept_priority,
                handle,
            } => {
                let (slot, generation) = slot(handle);
                self.put(Replaced {
                    head: Replaced::head(),
                    stamp: self.stamp(event, account),
                    id: named(id),
                    instrument: instrument.0.into(),
                    kept_priority: u8::from(kept_priority),
                    reserved: 0,
                    price: ticks(price),
                    qty: lots(qty),
                    handle_slot: slot,
                    handle_generation: generation,
                });
            }
            EventKind::Rejected { account, ref id, reason, .. } => {
                self.rejected(event, account, id.as_ref(), reason);
            }
            _ => self.waiting(event),
        }
    }

    fn trade(&mut self, event: &Event) {
        let EventKind::Trade {
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
        } = event.kind
        else {
            return;
        };
        let sides = [
            (maker, maker_id, side.opposite(), Liquidity::Maker, maker_fee),
            (taker, taker_id, side, Liquidity::Taker, taker_fee),
        ];
        for (account, id, side, liquidity, fee) in sides {
            if !self.sight.sees(self.sight.owner(account)) {
                continue;
            }
            self.put(Executed {
                head: Executed::head(),
                stamp: self.stamp(event, account),
                id: named(id),
                instrument: instrument.0.into(),
                side: codes::of_side(side),
                liquidity: liquidity as u8,
                trade: codes::of_trade(kind),
                reserved: [0; 3],
                price: ticks(Some(price)),
                qty: lots(qty),
                fee: units(fee),
            });
        }
    }

    fn rejected(
        &mut self,
        event: &Event,
        account: Option<AccountId>,
        id: Option<&OrderId>,
        reason: Reject,
    ) {
        let mut word = [0; 24];
        for (to, from) in word.iter_mut().zip(reason.as_str().bytes()) {
            *to = from;
        }
        let stamp = match account {
            Some(account) => self.stamp(event, account),
            None => self.nobody(event),
        };
        self.put(Rejected {
            head: Rejected::head(),
            stamp,
            id: id.map_or(Text::EMPTY, named),
            reason: codes::of_reject(reason).into(),
            reserved: [0; 2],
            word,
        });
    }

    /// What happened to orders that wait or hide; the rest goes on to [`Teller::money`].
    fn waiting(&mut self, event: &Event) {
        match event.kind {
            EventKind::Triggered { account, ref id, instrument, handle } => {
                let (slot, generation) = slot(handle);
                self.put(Triggered {
                    head: Triggered::head(),
                    stamp: self.stamp(event, account),
                    id: named(id),
                    instrument: instrument.0.into(),
                    reserved: U16::ZERO,
                    handle_slot: slot,
                    handle_generation: generation,
                });
            }
            EventKind::Refilled { account, ref id, instrument, price, qty } => {
                self.put(Refilled {
                    head: Refilled::head(),
                    stamp: self.stamp(event, account),
                    id: named(id),
                    instrument: instrument.0.into(),
                    reserved: U16::ZERO,
                    price: ticks(Some(price)),
                    qty: lots(qty),
                });
            }
            EventKind::Busted { trade, instrument, price, qty } => {
                self.put(Busted {
                    head: Busted::head(),
                    stamp: self.nobody(event),
                    trade: trade.into(),
                    instrument: instrument.0.into(),
                    reserved: U16::ZERO,
                    price: ticks(Some(price)),
                    qty: lots(qty),
                });
            }
            _ => self.money(event),
        }
    }

    /// What happened to balances; the rest goes on to [`Teller::risk`].
    fn money(&mut self, event: &Event) {
        match event.kind {
            EventKind::Deposit { account, amount, repaid, balance } => self.put(Deposited {
                head: Deposited::head(),
                stamp: self.stamp(event, account),
                amount: units(amount),
                repaid: units(repaid),
                balance: units(balance),
            }),
            EventKind::Withdrawal { account, amount, balance } => self.put(Withdrawn {
                head: Withdrawn::head(),
                stamp: self.stamp(event, account),
                amount: units(amount),
                balance: units(balance),
            }),
            EventKind::Settlement {
                account,
                instrument,
                profit,
                profit_by_trade,
                fees,
                balance,
            } => self.put(DaySettled {
                head: DaySettled::head(),
                stamp: self.stamp(event, account),
                instrument: instrument.map_or(NO_INSTRUMENT, |instrument| instrument.0).into(),
                profit: units(profit),
                profit_by_trade: units(profit_by_trade),
                fees: units(fees),
                balance: units(balance),
            }),
            EventKind::Funding { account, instrument, amount } => self.put(Funded {
                head: Funded::head(),
                stamp: self.stamp(event, account),
                instrument: instrument.0.into(),
                amount: units(amount),
            }),
            EventKind::MarginMoved { account, instrument, amount } => self.put(MarginMoved {
                head: MarginMoved::head(),
                stamp: self.stamp(event, account),
                instrument: instrument.0.into(),
                amount: units(amount),
            }),
            EventKind::Debt { account, amount } => self.put(Indebted {
                head: Indebted::head(),
                stamp: self.stamp(event, account),
                amount: units(amount),
            }),
            EventKind::Socialised { account, amount } => self.put(LossShared {
                head: LossShared::head(),
                stamp: self.stamp(event, account),
                amount: units(amount),
            }),
            _ => self.risk(event),
        }
    }
}

pub(super) fn ticks(price: Option<Price>) -> U32 {
    U32::new(price.map_or(0, |price| price.ticks() as u32))
}

pub(super) fn lots(qty: Qty) -> U64 {
    U64::new(qty.lots())
}

pub(super) fn units(money: Money) -> I128 {
    I128::new(money.units())
}

fn slot(handle: Option<Handle>) -> (U32, U32) {
    match handle {
        Some(handle) => (handle.slot.into(), handle.generation.into()),
        None => (NO_SLOT.into(), U32::ZERO),
    }
}

/// An order's id as text. Cost: a copy, or some twenty divisions.
#[inline]
fn named(id: &OrderId) -> Text {
    match *id {
        OrderId::Client(ref label) => Text::of(label),
        OrderId::Number(number) => {
            let mut text = Text::EMPTY;
            text.0[0] = b'#';
            decimal(&mut text, 1, number);
            text
        }
        OrderId::Liquidation { case, n } => {
            let mut text = Text::write(b"liq-");
            let end = decimal(&mut text, 4, u64::from(case));
            text.0[end] = b'-';
            decimal(&mut text, end + 1, u64::from(n));
            text
        }
    }
}

/// Writes a number's digits from byte `at` on; gives where they end. The longest id has 26 bytes.
fn decimal(text: &mut Text, at: usize, mut number: u64) -> usize {
    let mut digits = [0u8; 20];
    let mut begin = digits.len();
    loop {
        begin -= 1;
        digits[begin] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let end = at + digits.len() - begin;
    text.0[at..end].copy_from_slice(&digits[begin..]);
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Label;

    #[test]
    fn an_order_is_named_as_everywhere() {
        let ids = [
            OrderId::Number(0),
            OrderId::Number(u64::MAX),
            OrderId::Liquidation { case: u32::MAX, n: u32::MAX },
            OrderId::Client(Label::new("a1").unwrap()),
        ];
        for id in ids {
            assert_eq!(named(&id).text(), id.to_string());
        }
    }
}
