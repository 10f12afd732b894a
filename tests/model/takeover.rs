//! Section 7: bankruptcy prices; the fund takes positions over.

use super::account::Account;
use super::case::{Aim, Case};
use super::position::{Closed, Leg, Position, Which};
use super::{Model, NANO, account_id, instrument_id, nano, ticks, to_price, to_qty};
use plimsoll_types::*;

impl Model {
    /// A position's part of its account's equity.
    fn equity_of(&self, account: usize, leg: Leg) -> i128 {
        let positions = &self.accounts[account].positions;
        let margin = |leg: Leg, position: &Position| {
            self.position_margin(account, leg, position, Basis::Maintenance)
        };
        let worth =
            |leg: Leg, position: &Position| position.size() * self.worth_of_lot(leg.instrument);
        let sum = |of: &dyn Fn(Leg, &Position) -> i128| -> i128 {
            positions.iter().map(|(leg, position)| of(*leg, position)).sum()
        };
        let own = &positions[&leg];
        let (part, all) = match sum(&margin) {
            0 => (worth(leg, own), sum(&worth)),
            all => (margin(leg, own), all),
        };
        (self.equity(account) * part).div_euclid(all)
    }

    /// What the account pays where all lots of a position go at a price.
    fn fee_of_all(&self, account: usize, leg: Leg, price: i128) -> i128 {
        let position = &self.accounts[account].positions[&leg];
        let closed = Closed { carried: position.carried, today: position.today(), released: 0 };
        self.forced_fee(account, leg.instrument, closed, price)
    }

    /// The price at which nothing is left of a position's part of the equity, fees included.
    pub fn bankruptcy_price(&self, account: usize, leg: Leg) -> i128 {
        let position = &self.accounts[account].positions[&leg];
        let (part, v) = (self.equity_of(account, leg), self.tick_value(leg.instrument));
        let mark = ticks(self.books[leg.instrument].mark);
        let left = |price: i128| {
            part + position.lots * (price - mark) * v - self.fee_of_all(account, leg, price)
        };
        let (lowest, highest) = (ticks(Price::MIN), ticks(Price::MAX));
        let fees = self.books[leg.instrument].spec.fees;
        let closing =
            fees.close_today.map_or(fees.close.share, |today| today.share.max(fees.close.share));
        let shares = nano(closing) + nano(fees.taker.share) + nano(fees.liquidation.share);
        assert!(shares <= NANO, "what is left rises and falls with the price");
        // What is left rises with a long's price and falls with a short's: halved until the last step is found.
        let (mut bad, mut good) =
            if position.lots > 0 { (lowest - 1, highest) } else { (highest + 1, lowest) };
        if left(good) < 0 {
            return good;
        }
        while (good - bad).abs() > 1 {
            let middle = (good + bad).div_euclid(2);
            if left(middle) >= 0 { good = middle } else { bad = middle }
        }
        good
    }

    /// Whether the fund takes everything over at once.
    pub fn backstop_falls(&self, number: u32) -> bool {
        let Case { account, aim, .. } = self.cases[&number];
        let Aim::Safe { .. } = aim else { return false };
        let Some(backstop) = self.pacing(number).backstop else { return false };
        let maintenance = self.margin(account, Basis::Maintenance);
        self.equity(account) * NANO < nano(backstop) * maintenance && self.all_continuous(account)
    }

    /// Handing over: takeover, else deleveraging, else on in the book.
    pub fn hand_over(&mut self, number: u32) {
        if self.take_over(number) {
            return self.saw("handed over to the fund");
        }
        self.cases.get_mut(&number).expect("open").price = ProtectionPrice::Band;
        if self.pacing(number).waterfall.contains(&WaterfallStage::Deleverage)
            && self.finds_giver(number)
        {
            self.saw("handed over to others");
            return self.deleverage(number);
        }
        self.saw("handed over to the book");
        self.next_batch(number);
    }

    /// Each position with its bankruptcy price.
    pub fn bankruptcy_prices(&self, account: usize) -> Vec<(Leg, i128)> {
        let legs = self.accounts[account].positions.keys();
        legs.map(|leg| (*leg, self.bankruptcy_price(account, *leg))).collect()
    }

    /// Passes everything to `$fund`, if it can bear and hold it.
    pub fn take_over(&mut self, number: u32) -> bool {
        let Case { account, rules, .. } = self.cases[&number];
        let prices = self.bankruptcy_prices(account);
        let mut equity = self.fund_account.map_or(0, |fund| self.equity(fund));
        for (leg, price) in &prices {
            let position = &self.accounts[account].positions[leg];
            let mark = ticks(self.books[leg.instrument].mark);
            equity += position.lots * (mark - price) * self.tick_value(leg.instrument);
            let held = self.fund_account.map_or(0, |fund| self.accounts[fund].lots(leg.instrument));
            let there = if self.has_legs() {
                let both = |fund| self.lots_held(fund, leg.instrument);
                self.fund_account.map_or(0, both) + position.size()
            } else {
                (held + position.lots).abs()
            };
            if self.check_lots(leg.instrument, there).is_err() {
                self.saw("the fund may not hold it");
                return false;
            }
        }
        if self.fund + equity < 0 {
            self.saw("the fund cannot bear it");
            return false;
        }
        let fund = self.open_fund_account();
        self.pull(number);
        let of_fund = self.accounts[fund].case;
        if let Some((case, (resting, _))) =
            of_fund.and_then(|case| Some((case, self.resting(case)?)))
            && prices.iter().any(|(leg, _)| leg.instrument == resting)
        {
            self.saw("the fund's batch pulled");
            self.pull(case);
        }
        for (leg, price) in prices {
            self.take_over_one(number, fund, leg, price);
        }
        self.look();
        self.attend_to_fund(number, fund, rules);
        true
    }

    fn open_fund_account(&mut self) -> usize {
        if let Some(fund) = self.fund_account {
            return fund;
        }
        let name = Label::new("$fund").expect("short");
        self.accounts.push(Account::new(name, ProfileId::UNLIMITED));
        let fund = self.accounts.len() - 1;
        self.fund_account = Some(fund);
        fund
    }

    fn take_over_one(&mut self, number: u32, fund: usize, leg: Leg, price: i128) {
        let account = self.cases[&number].account;
        let (instrument, v) = (leg.instrument, self.tick_value(leg.instrument));
        let fee = self.fee_of_all(account, leg, price);
        let position = &self.accounts[account].positions[&leg];
        let (side, qty) = (position.side(), position.size());
        self.accounts[account].close(leg, Which::Any, price, qty, v);
        self.book_lots(fund, instrument, side, None, price, qty);
        self.pay_fee(account, fee);
        self.emit(EventKind::TakenOver {
            account: account_id(account),
            instrument: instrument_id(instrument),
            side,
            qty: to_qty(qty),
            price: to_price(price),
            fee: Money::new(fee),
            case: CaseId(number),
        });
    }

    /// `$fund` works off what it has, or gives up what is left.
    fn attend_to_fund(&mut self, number: u32, fund: usize, rules: usize) {
        if self.accounts[fund].case.is_some() {
            return self.saw("the fund's case gets more");
        }
        self.fund_rules = rules;
        if self.accounts[fund].positions.is_empty() {
            self.saw("a takeover leaves the fund flat");
            self.accounts[fund].breach = None;
            self.sweep_fund_account(number);
        } else {
            self.accounts[fund].breach = Some(0);
        }
    }

    /// `$fund` is flat: what it has made passes to the fund, what it has lost as far as the fund goes.
    pub fn sweep_fund_account(&mut self, case: u32) {
        let fund = self.fund_account.expect("it exists");
        let change = self.accounts[fund].cash.max(-self.fund);
        if change != 0 {
            self.accounts[fund].cash -= change;
            self.change_fund(change, case);
        }
    }
}
