//! Section 5: the day is settled; limits and margins grow over one-sided days.

use super::book::DayTrade;
use super::entry::Checked;
use super::position::Leg;
use super::{
    Model, NANO, account_id, instrument_id, nano, round_half_up, round_up, ticks, to_price,
};
use plimsoll_types::*;

const HOUR: i128 = 3_600_000_000_000;

/// The band of a share around a price, rounded inward.
fn band_around(price: i128, share: Ratio) -> Band {
    let (low, high) = (ticks(Price::MIN), ticks(Price::MAX));
    let down = round_up(price * (NANO - nano(share)).max(0), NANO);
    let up = price * (NANO + nano(share)) / NANO;
    Band { down: to_price(down.clamp(low, high)), up: to_price(up.clamp(low, high)) }
}

/// The limit after so many one-sided days.
fn limit_after(regular: Ratio, ladder: LimitLadder, days: u32) -> Ratio {
    if days == 0 {
        return regular;
    }
    let grown = match ladder.growth {
        LimitGrowth::Steps([first, second]) => {
            nano(regular) + nano(if days == 1 { first } else { second })
        }
        LimitGrowth::Factor(factor) => {
            let once = nano(regular) * nano(factor) / NANO;
            if days == 1 { once } else { once * nano(factor) / NANO }
        }
    };
    Ratio::from_nano(i64::try_from(grown).expect("a limit"))
}

/// The average of trades by volume, half up to the tick.
fn average<'a>(trades: impl Iterator<Item = &'a DayTrade>) -> Option<Price> {
    let (worth, lots) = trades
        .fold((0, 0), |(worth, lots), trade| (worth + trade.price * trade.qty, lots + trade.qty));
    (lots > 0).then(|| to_price(round_half_up(worth, lots)))
}

impl Model {
    /// Command `settle`.
    pub fn settle_days(
        &mut self,
        instrument: Option<InstrumentId>,
        price: Option<Price>,
    ) -> Checked {
        if instrument.is_none() && price.is_some() {
            return Err(Reject::UnknownSymbol);
        }
        let these = match instrument {
            Some(instrument) => vec![self.known_instrument(instrument)?],
            None => self.live(),
        };
        self.settle_these(&these, price, instrument.is_some());
        Ok(())
    }

    /// The price by which a day ends, by the instrument's own method.
    pub fn settlement_price(&self, index: usize) -> Price {
        let book = &self.books[index];
        let found = match book.spec.rules.settlement_price {
            SettlementMethod::DayAverage => average(book.day.iter()),
            SettlementMethod::LastHour => {
                let mut end = i128::from(book.closed_at.unwrap_or(self.now));
                let earliest = book.day.iter().map(|trade| i128::from(trade.ts)).min();
                let mut found = None;
                while found.is_none() && earliest.is_some_and(|earliest| earliest <= end) {
                    let inside = |at: Ts| end - HOUR < i128::from(at) && i128::from(at) <= end;
                    found = average(book.day.iter().filter(|trade| inside(trade.ts)));
                    end -= HOUR;
                }
                found
            }
            SettlementMethod::Last => book.day.last().map(|trade| to_price(trade.price)),
        };
        found.unwrap_or(book.prev_settlement)
    }

    /// The day's direction is counted; says it.
    fn count_one_sided(&mut self, index: usize) -> Option<Side> {
        let now = self.one_sided_now(index);
        let book = &mut self.books[index];
        let day = if book.closed_at.is_some() { book.closed_one_sided } else { now };
        book.streak = match (day, book.streak) {
            (None, _) => (None, 0),
            (Some(side), (Some(before), days)) if side == before => (day, days + 1),
            (Some(_), _) => (day, 1),
        };
        match (day, book.streak.1) {
            (None, _) => {}
            (Some(_), 1) => self.saw("a one-sided day"),
            (Some(_), _) => self.saw("a further one-sided day"),
        }
        day
    }

    /// The next day's limit.
    fn next_limit(&self, index: usize) -> Option<Ratio> {
        let book = &self.books[index];
        // What was announced for this settlement is the limit already.
        let announced = book.at_settlement.iter().rev().find_map(|change| change.price_limit);
        let regular = announced.or(book.spec.rules.price_limit)?;
        let ladder = book.spec.rules.limit_ladder;
        Some(ladder.map_or(regular, |ladder| limit_after(regular, ladder, book.streak.1)))
    }

    /// Step 1 of a settlement: its price, its events, its mark.
    fn end_day(&mut self, index: usize, given: Option<Price>, last: bool) -> Price {
        let price = given.unwrap_or_else(|| self.settlement_price(index));
        let one_sided = self.count_one_sided(index);
        if last {
            self.cancel_in(index, CancelReason::Expired, |_, _| true);
        } else {
            self.end_day_orders(index);
        }
        let limit = if last { None } else { self.next_limit(index) };
        let instrument = instrument_id(index);
        self.emit(EventKind::Settled { instrument, price, one_sided, limit });
        self.set_mark(index, price);
        self.books[index].prev_settlement = price;
        self.books[index].day.clear();
        self.books[index].closed_at = None;
        self.books[index].closed_one_sided = None;
        price
    }

    /// Step 2 of a settlement, for one account.
    fn settle_account(&mut self, account: usize, these: &[usize], named: bool, last: bool) {
        let mut holds = false;
        for &index in these {
            let (price, v) = (ticks(self.books[index].mark), self.tick_value(index));
            let account = &mut self.accounts[account];
            for (_, position) in
                account.positions.iter_mut().filter(|(leg, _)| leg.instrument == index)
            {
                holds = true;
                account.realised += position.settle(price, v);
            }
        }
        let balance = Money::new(self.balance(account));
        let id = account_id(account);
        let state = &self.accounts[account];
        let (realised, by_trade, fees) = state.settled;
        let expiring =
            state.positions.iter().filter(|(leg, _)| last && these.contains(&leg.instrument));
        let gains: i128 = expiring.map(|(_, position)| position.gain).sum();
        let now = (state.realised, state.by_trade() + gains, state.fees);
        let (profit, profit_by_trade, fees) = (now.0 - realised, now.1 - by_trade, now.2 - fees);
        if profit != profit_by_trade {
            self.saw("profit by trade is another");
        }
        let brought = profit != 0 || profit_by_trade != 0 || fees != 0;
        if !holds && brought {
            self.saw("settlement without position");
        }
        if holds || brought {
            self.accounts[account].settled = now;
            let (profit, fees) = (Money::new(profit), Money::new(fees));
            let profit_by_trade = Money::new(profit_by_trade);
            let instrument = named.then(|| instrument_id(these[0]));
            self.emit(EventKind::Settlement {
                account: id,
                instrument,
                profit,
                profit_by_trade,
                fees,
                balance,
            });
        }
    }

    /// Days end: prices, accounts, limits; then one look.
    pub fn settle_these(&mut self, these: &[usize], given: Option<Price>, named: bool) {
        for &index in these {
            self.end_day(index, given, false);
        }
        for account in 0..self.accounts.len() {
            self.settle_account(account, these, named, false);
        }
        for &index in these {
            self.next_margins(index);
            if let Some(limit) = self.next_limit(index) {
                self.set_band(index, band_around(ticks(self.books[index].prev_settlement), limit));
            }
            self.change_at_settlement(index);
        }
        // What was promised of today's lots is carried now.
        let promising = if self.has_legs() { self.accounts.len() } else { 0 };
        for &index in these {
            for account in 0..promising {
                self.trim_both_sides(account, index);
            }
        }
        self.look();
    }

    /// Margin shares lie above the limit while one-sided days last.
    fn next_margins(&mut self, index: usize) {
        let book = &self.books[index];
        let (Some(ladder), Some(limit)) = (book.spec.rules.limit_ladder, self.next_limit(index))
        else {
            return;
        };
        let least = limit.plus(ladder.margin_add);
        let raised = |rate: MarginRate| match book.streak.1 {
            0 => rate,
            _ => MarginRate { share: rate.share.max(least), ..rate },
        };
        let (initial, maintenance) = (raised(book.regular.0), raised(book.regular.1));
        if (initial, maintenance) != (book.initial, book.maintenance) {
            self.saw(if self.books[index].streak.1 > 0 { "margins rise" } else { "margins fall" });
            self.set_margin(index, initial, maintenance);
        }
    }

    /// Command `expire`.
    pub fn expire(&mut self, instrument: InstrumentId, price: Option<Price>) -> Checked {
        let index = self.known_instrument(instrument)?;
        let price = price.or_else(|| self.average_index(index));
        let price = self.end_day(index, price, true);
        for account in 0..self.accounts.len() {
            self.settle_account(account, &[index], true, true);
            // What it is worth at that price is its basis now: only cash moves.
            let held: Vec<Leg> =
                self.accounts[account].held_in(index).map(|(leg, _)| leg).collect();
            for leg in held {
                let position = self.accounts[account].positions.remove(&leg).expect("held");
                self.accounts[account].cash += position.basis;
                self.saw("position expires");
            }
            self.empty_pocket(account);
        }
        self.emit(EventKind::Expired { instrument, price });
        self.take_off_list(index);
        Ok(())
    }
}
