//! Positions that pass to the fund at their bankruptcy prices, and what it works off of them. Source: RULES 5.2, 5.4; SEMANTICS 7.

use crate::cases::Opening;
use crate::exchange::Exchange;
use plimsoll_risk::{Case, Fill, PositionId, Purpose, Role, Standing};
use plimsoll_types::{
    AccountId, Basis, CancelReason, CaseId, EventKind, ForcedReason, InstrumentId, Label, Money,
    Phase, Price, ProfileId, ProtectionPrice, Side, WaterfallStage, invariant,
};

/// A position that passes.
#[derive(Clone, Copy)]
struct Passing {
    id: PositionId,
    instrument: InstrumentId,
    /// Side of the position.
    side: Side,
    lots: u64,
    price: Price,
}

impl Exchange {
    /// Whether a case that finds nothing inside its bankruptcy prices hands over: all its markets trade.
    pub(crate) fn must_hand_over(&self, case: &Case) -> bool {
        case.price == ProtectionPrice::Bankruptcy && self.all_continuous(case.account)
    }

    /// Hands positions over: to the fund, else to the other side, else the case goes on in the book at any price; whether anything happened.
    pub(crate) fn hand_over(&mut self, case: &mut Case) -> bool {
        if self.take_over(case) {
            return true;
        }
        let deleverages =
            self.risk.rules(case.rules).waterfall.contains(&WaterfallStage::Deleverage);
        let done = deleverages && self.deleverage(case);
        case.price = ProtectionPrice::Band;
        done
    }

    /// Lets the fund take over at once what has lost too much; whether it did.
    pub(crate) fn backs_up(&mut self, case: &mut Case, standing: Standing) -> bool {
        let Some(line) = self.risk.rules(case.rules).backstop else { return false };
        let margin = self.risk.margins(case.account)[Basis::Maintenance as usize];
        matches!(case.purpose, Purpose::Safe(_))
            && plimsoll_risk::is_below(standing.equity, line, margin)
            && self.all_continuous(case.account)
            && self.take_over(case)
    }

    fn all_continuous(&self, account: AccountId) -> bool {
        self.risk.held(account).all(|id| {
            let instrument = self.risk.position(id).instrument();
            self.markets[instrument.index()].phase == Phase::Continuous
        })
    }

    /// Passes all positions of an account to the fund, if it can bear it; whether it can.
    fn take_over(&mut self, case: &mut Case) -> bool {
        let prices = self.risk.bankruptcy_prices(case.account);
        let held = self.fund_equity();
        let cover = self.risk.house().fund + held + self.risk.left_behind(&prices);
        let passing: Vec<Passing> =
            prices.into_iter().map(|(id, price)| self.passing(id, price)).collect();
        if cover < Money::ZERO || !self.fund_may_hold(&passing) {
            return false;
        }
        self.pull(case);
        let fund = self.fund_account();
        for position in &passing {
            self.pull_from(fund, position.instrument);
        }
        for &position in &passing {
            self.pass(case, fund, position);
        }
        self.look();
        self.fund_holds(fund, case);
        true
    }

    fn passing(&self, id: PositionId, price: Price) -> Passing {
        let position = self.risk.position(id);
        let (instrument, lots) = (position.instrument(), position.lots().unsigned_abs());
        Passing { id, instrument, side: position.closed_with().opposite(), lots, price }
    }

    /// Whether the fund's account stays within what an account may hold.
    fn fund_may_hold(&self, passing: &[Passing]) -> bool {
        let Some(fund) = self.risk.fund_account() else { return true };
        passing.iter().all(|position| {
            let held = self.risk.held(fund).map(|id| self.risk.position(id));
            let lots: i64 = held
                .filter(|held| held.instrument() == position.instrument)
                .map(|held| held.lots())
                .sum();
            let after =
                i128::from(lots) + i128::from(position.lots) * i128::from(position.side.sign());
            after.unsigned_abs() <= self.risk.contract(position.instrument).lots_max.into()
        })
    }

    /// Equity of the fund's own account.
    pub(crate) fn fund_equity(&self) -> Money {
        let fund = self.risk.fund_account();
        fund.map_or(Money::ZERO, |fund| self.risk.standing(fund).equity)
    }

    /// The reserved account, opened when it is first needed.
    fn fund_account(&mut self) -> AccountId {
        if let Some(fund) = self.risk.fund_account() {
            return fund;
        }
        let name = Label::new(FUND);
        invariant!(name.is_some(), "the name of the fund's account is too long");
        let id = self.add_account(name.unwrap_or(self.spec.currency), ProfileId::UNLIMITED);
        self.risk.set_fund_account(id);
        id
    }

    /// Takes the fund's resting batch out of an instrument in which it gets lots.
    fn pull_from(&mut self, fund: AccountId, instrument: InstrumentId) {
        self.cancel_orders(fund, CancelReason::Liquidation, |market, _| market.id == instrument);
    }

    /// Books a position over to the fund's account.
    fn pass(&mut self, case: &Case, fund: AccountId, passing: Passing) {
        let Passing { id, instrument, side, lots: qty, price } = passing;
        let leaves = Fill {
            position: id,
            aim: self.risk.closing_aim(id),
            side: side.opposite(),
            price,
            qty,
            role: Role::Taker,
            liquidation: true,
        };
        let fee = self.risk.book(leaves);
        let (position, aim) = self.risk.opened_by(fund, instrument, side);
        self.risk.book_free(Fill { position, aim, side, ..leaves });
        let (account, case) = (case.account, case.id);
        let qty = plimsoll_types::Qty::new(qty);
        self.log.emit(EventKind::TakenOver { account, instrument, side, qty, price, fee, case });
    }

    /// What the fund's account has now is to be worked off; if nothing is left there, its money is the fund's.
    fn fund_holds(&mut self, fund: AccountId, case: &Case) {
        match self.risk.account(fund).case() {
            Some(open) => {
                self.agenda.insert(open.0);
            }
            None if self.risk.is_flat(fund) => self.sweep_to_fund(fund, case.id),
            None => {
                self.fund_rules = case.rules;
                self.breach(fund, 0);
            }
        }
    }

    /// Opens the case that works off what the fund has taken over, unless that is gone already.
    pub(crate) fn open_fund_case(&mut self, fund: AccountId) {
        if self.risk.is_flat(fund) {
            return;
        }
        let price = match self.risk.rules(self.fund_rules).price {
            ProtectionPrice::Bankruptcy => ProtectionPrice::Band,
            price => price,
        };
        let opening = Opening {
            account: fund,
            reason: ForcedReason::Funds,
            purpose: Purpose::Flat,
            rules: self.fund_rules,
            price,
        };
        self.open_case(opening, |_, _| true);
    }

    /// Passes the balance of the fund's flat account to the fund.
    pub(crate) fn sweep_to_fund(&mut self, fund: AccountId, case: CaseId) {
        let change = self.risk.sweep_to_fund(fund);
        if change != Money::ZERO {
            let balance = self.risk.house().fund;
            self.log.emit(EventKind::Fund { change, balance, case: Some(case) });
        }
    }
}

/// The account that holds what the fund has taken over.
const FUND: &str = "$fund";
