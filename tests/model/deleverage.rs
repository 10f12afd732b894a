//! Section 7: positions are closed against those of others, without a book.

use super::case::{Aim, Case};
use super::position::{Leg, Which};
use super::waterfall::share_out;
use super::{Model, NANO, account_id, instrument_id, ticks, to_price, to_qty};
use plimsoll_types::*;
use std::collections::BTreeSet;

/// The most that a leverage or a score counts.
const LARGEST: i128 = i128::MAX;

impl Model {
    /// Below zero by more than what the fund will pay before others give.
    pub fn owes_beyond_the_fund(&self, number: u32) -> bool {
        let Case { account, aim, .. } = self.cases[&number];
        let Aim::Safe { .. } = aim else { return false };
        let stages = &self.pacing(number).waterfall;
        let Some(place) = stages.iter().position(|stage| *stage == WaterfallStage::Deleverage)
        else {
            return false;
        };
        let fund_first = stages[..place].contains(&WaterfallStage::InsuranceFund);
        let paid = if fund_first { self.fund } else { 0 };
        let equity = self.equity(account);
        equity < 0 && -equity > paid
    }

    /// Those who hold the other side of a leg.
    fn holders_against(&self, account: usize, leg: Leg) -> Vec<(usize, Leg)> {
        let side = self.accounts[account].positions[&leg].side();
        let mut found = Vec::new();
        for (one, other) in self.accounts.iter().enumerate() {
            if self.owner(one) == self.owner(account) || self.fund_account == Some(one) {
                continue;
            }
            let against = other.held_in(leg.instrument).filter(|(_, p)| p.side() != side);
            found.extend(against.map(|(leg, _)| (one, leg)));
        }
        found
    }

    /// Positions that can be deleveraged now.
    fn legs_to_deleverage(&self, account: usize) -> Vec<Leg> {
        let legs = self.accounts[account].positions.keys().copied();
        legs.filter(|leg| self.books[leg.instrument].phase == Phase::Continuous).collect()
    }

    pub fn finds_giver(&self, number: u32) -> bool {
        let account = self.cases[&number].account;
        let mut legs = self.legs_to_deleverage(account).into_iter();
        legs.any(|leg| !self.holders_against(account, leg).is_empty())
    }

    /// A holder's rank; the highest gives first.
    fn score(&self, rank: DeleverageRank, holder: usize, leg: Leg) -> i128 {
        let position = &self.accounts[holder].positions[&leg];
        let opened = position.opening_value();
        let worth = position.lots * self.worth_of_lot(leg.instrument);
        let share = ((worth - opened) * NANO).div_euclid(opened.abs().max(1));
        if rank == DeleverageRank::ProfitShare {
            return share;
        }
        let equity = self.equity(holder);
        let leverage = match equity {
            _ if self.unlimited(holder) => NANO,
            equity if equity <= 0 => LARGEST,
            equity => (worth.abs() * NANO) / equity,
        };
        if share >= 0 {
            share.saturating_mul(leverage)
        } else {
            (share * NANO).div_euclid(leverage.max(1))
        }
    }

    /// Who gives how much, in order.
    fn givers(&mut self, number: u32, leg: Leg) -> Vec<(usize, Leg, i128)> {
        let account = self.cases[&number].account;
        let rank = self.pacing(number).deleverage_rank;
        let need = self.accounts[account].positions[&leg].size();
        let mut holders = self.holders_against(account, leg);
        let held = |&(holder, leg): &(usize, Leg)| self.accounts[holder].positions[&leg].size();
        if rank == DeleverageRank::ProRata {
            let lots: Vec<i128> = holders.iter().map(held).collect();
            let shares = share_out(need.min(lots.iter().sum()), &lots);
            return holders.into_iter().zip(shares).map(|((one, leg), n)| (one, leg, n)).collect();
        }
        // A stable sort leaves ties in account order.
        holders.sort_by_key(|&(holder, leg)| std::cmp::Reverse(self.score(rank, holder, leg)));
        let mut left = need;
        let mut givers = Vec::new();
        for holder in holders {
            let gives = held(&holder).min(left);
            left -= gives;
            givers.push((holder.0, holder.1, gives));
        }
        givers
    }

    /// Closes what can be closed against others.
    pub fn deleverage(&mut self, number: u32) {
        let account = self.cases[&number].account;
        self.pull(number);
        let at_mark = self.pacing(number).deleverage_price == DeleveragePrice::Mark;
        let mut prices = self.bankruptcy_prices(account);
        prices.retain(|(leg, _)| self.books[leg.instrument].phase == Phase::Continuous);
        if at_mark {
            for (leg, price) in &mut prices {
                *price = ticks(self.books[leg.instrument].mark);
            }
        }
        for (leg, price) in prices {
            if self.holders_against(account, leg).is_empty() {
                self.saw("no giver");
                continue;
            }
            self.cases.get_mut(&number).expect("open").n += 1;
            let mut traded = BTreeSet::from([self.owner(account)]);
            for (giver, against, qty) in self.givers(number, leg) {
                if qty > 0 {
                    self.give(number, leg, giver, against, price, qty);
                    traded.insert(self.owner(giver));
                }
            }
            for owner in traded {
                self.trim_both_sides(owner, leg.instrument);
            }
            self.look();
        }
    }

    /// One giver closes against the case's account.
    fn give(&mut self, number: u32, leg: Leg, giver: usize, against: Leg, price: i128, qty: i128) {
        let Case { account, n, .. } = self.cases[&number];
        let (instrument, v) = (leg.instrument, self.tick_value(leg.instrument));
        self.cancel_where(self.owner(giver), CancelReason::Deleverage, |_, place, _| {
            place == instrument
        });
        let side = self.accounts[account].positions[&leg].side().opposite();
        let before = (self.balance(giver), self.lots_held(giver, instrument));
        let realised = self.accounts[giver].realised;
        let given = self.accounts[giver].close(against, Which::Any, price, qty, v);
        let result = self.accounts[giver].realised - realised;
        let moves = self.move_after_fill(giver, before, given, result, price, 0);
        let closed = self.accounts[account].close(leg, Which::Any, price, qty, v);
        let fee = self.forced_fee(account, instrument, closed, price);
        self.pay_fee(account, fee);
        let id = OrderId::Liquidation { case: number, n };
        self.emit(EventKind::Trade {
            instrument: instrument_id(instrument),
            price: to_price(price),
            qty: to_qty(qty),
            maker: account_id(self.owner(giver)),
            maker_id: id,
            taker: account_id(self.owner(account)),
            taker_id: id,
            side,
            kind: TradeKind::Deleverage,
            maker_fee: Money::ZERO,
            taker_fee: Money::new(fee),
        });
        self.plan_traded(number, instrument, side, qty);
        self.emit(EventKind::Deleveraged {
            instrument: instrument_id(instrument),
            account: account_id(giver),
            qty: to_qty(qty),
            price: to_price(price),
            case: CaseId(number),
        });
        self.say_moves(moves);
    }
}
