//! The only writer of money and positions: trades, fees, deposits, frozen amounts.

use crate::account::{Account, Aim, Marks, NIL, Position, PositionId};
use crate::call::Call;
use crate::contract::{Contract, FeeCase, Part, Role};
use crate::costs::Costs;
use crate::names::Names;
use crate::own::InForce;
use crate::pocket::Moved;
use crate::pockets::Pockets;
use crate::settled::{Settled, Stirred};
use crate::tiers::{Bases, Lines};
use crate::watch::Watch;
use plimsoll_types::{
    AccountId, Basis, Detector, Fees, FloatingProfit, InstrumentId, MarginRate, Money,
    PositionMode, Price, Profile, Side, half_up_div,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the house holds and has taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct House {
    /// Insurance fund.
    pub fund: Money,
    /// Fees collected.
    pub fees: Money,
    /// Paid in, the fund's first money among it.
    pub deposits: Money,
    /// Paid out.
    pub withdrawals: Money,
    /// Clients' debts taken over.
    pub written_off: Money,
}

/// One account's side of a trade.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// Whose position.
    pub position: PositionId,
    /// What the order means to do to it.
    pub aim: Aim,
    /// Bought or sold.
    pub side: Side,
    /// At what price.
    pub price: Price,
    /// Lots.
    pub qty: u64,
    /// Earlier or later order.
    pub role: Role,
    /// Whether the order is a case's.
    pub liquidation: bool,
}

/// Accounts, positions, marks and the house: everything that is money.
#[derive(Clone, Serialize, Deserialize)]
pub struct Risk {
    #[serde(with = "crate::exact")]
    pub(crate) accounts: Vec<Account>,
    pub(crate) names: Names,
    #[serde(with = "crate::exact")]
    pub(crate) positions: Vec<Position>,
    /// What positions' lots cost beyond the basis, where the position itself cannot say.
    #[serde(with = "crate::exact")]
    pub(crate) costs: Vec<Costs>,
    /// Places of each instrument's position records, in order; a cache.
    #[serde(skip)]
    pub(crate) members: Vec<Vec<u32>>,
    pub(crate) contracts: Vec<Contract>,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) lines: Vec<Lines>,
    /// Accounts' own margins.
    pub(crate) own: BTreeMap<(AccountId, InstrumentId), InForce>,
    /// Some instrument counts only the larger side's margin of its product.
    pub(crate) nets: bool,
    pub(crate) floating_profit: FloatingProfit,
    pub(crate) position_mode: PositionMode,
    pub(crate) house: House,
    /// Outstanding margin calls, by account.
    pub calls: BTreeMap<AccountId, Call>,
    /// What accounts owe the house.
    pub(crate) debts: BTreeMap<AccountId, Money>,
    pub(crate) pockets: Pockets,
    pub(crate) settled: Settled,
    /// A cache.
    #[serde(skip)]
    pub(crate) stirred: Stirred,
    /// The reserved account `$fund`, once something was taken over.
    pub(crate) fund_account: Option<AccountId>,
    /// Money that moved to or from pockets since it was last asked.
    #[serde(skip)]
    pub(crate) moved: Vec<Moved>,
    #[serde(skip)]
    pub(crate) watch: Watch,
}

impl Risk {
    /// No accounts yet; the fund's first money counts as paid in.
    pub fn new(
        contracts: Vec<Contract>,
        profiles: Vec<Profile>,
        floating_profit: FloatingProfit,
        position_mode: PositionMode,
        fund: Money,
    ) -> Risk {
        let lines: Vec<Lines> = profiles.iter().map(Lines::new).collect();
        let nets = contracts.iter().any(|contract| contract.large_side.is_some());
        let watch = Watch::new(&contracts, &lines, Detector::default());
        Risk {
            accounts: Vec::new(),
            names: Names::default(),
            positions: Vec::new(),
            costs: Vec::new(),
            members: vec![Vec::new(); contracts.len()],
            contracts,
            profiles,
            lines,
            own: BTreeMap::new(),
            nets,
            floating_profit,
            position_mode,
            house: House { fund, deposits: fund, ..House::default() },
            calls: BTreeMap::new(),
            debts: BTreeMap::new(),
            pockets: Pockets::default(),
            settled: Settled::default(),
            stirred: Stirred::default(),
            fund_account: None,
            moved: Vec::new(),
            watch,
        }
    }

    /// The house.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Sets new margin rates; every account that holds the instrument is to be looked at.
    pub fn set_margin(&mut self, id: InstrumentId, initial: MarginRate, maintenance: MarginRate) {
        self.contracts[id.index()].set_margin(initial, maintenance);
        self.refresh_own(id);
        self.distrust(id);
    }

    /// Sets new fees.
    pub fn set_fees(&mut self, id: InstrumentId, fees: &Fees) {
        self.contracts[id.index()].set_fees(fees);
    }

    /// Deposits less everything paid, with both legs of every trade.
    #[inline]
    pub fn cash(&self, id: AccountId) -> Money {
        Money::new(self.account(id).cash)
    }

    /// Books one account's side of a trade: two exact legs, the cost basis, the fees.
    ///
    /// Cost: O(1), no allocation; one division where lots are closed, one where there are fees. Source: SEMANTICS 3.
    #[inline]
    pub fn book(&mut self, fill: Fill) -> Money {
        let position = &self.positions[fill.position.0 as usize];
        if position.owner != position.account {
            return self.book_isolated(fill);
        }
        self.book_held(fill).1
    }

    /// Books the legs and the fee on whoever holds the position; the lots closed and the fee.
    #[inline(always)]
    pub(crate) fn book_held(&mut self, fill: Fill) -> (u64, Money) {
        let position = &mut self.positions[fill.position.0 as usize];
        let contract = &self.contracts[position.instrument.index()];
        let account = &mut self.accounts[position.account.index()];
        let carried = position.carried;
        let closes = book_legs(position, &mut self.costs, contract, account, &fill);
        let opens = fill.qty - closes;
        let id = position.account;
        let mut paid = 0;
        if !contract.free {
            let (role, liquidation) =
                (fill.role, fill.liquidation && self.fund_account != Some(id));
            let case = FeeCase { part: Part::Open, role, liquidation };
            let old = carried - position.carried;
            paid = contract.closing_fee((role, liquidation), fill.price, [old, closes - old])
                + if opens == 0 { 0 } else { contract.fee(case, fill.price, opens) };
            account.cash -= paid;
            position.fees += paid;
            self.house.fees += Money::new(paid);
        }
        self.touch(id);
        (closes, Money::new(paid))
    }

    /// Books the legs alone, as when a trade is undone: no fees.
    pub fn book_free(&mut self, fill: Fill) {
        let position = &mut self.positions[fill.position.0 as usize];
        let contract = &self.contracts[position.instrument.index()];
        let account = &mut self.accounts[position.account.index()];
        book_legs(position, &mut self.costs, contract, account, &fill);
        let id = position.account;
        self.touch(id);
    }

    /// Puts an account on the list to look at after this pass.
    #[inline]
    pub fn touch(&mut self, id: AccountId) {
        let account = &mut self.accounts[id.index()];
        if !account.touched {
            account.touched = true;
            self.watch.touched.push(id);
        }
        if !account.marks.has(Marks::STIRRED) {
            self.stir(id);
        }
    }

    /// Adds to what an account has frozen (below zero: gives back).
    #[inline]
    pub fn freeze(&mut self, id: AccountId, change: Money) {
        let account = &mut self.accounts[id.index()];
        account.frozen += change.units();
        debug_assert!(account.frozen >= 0);
    }

    /// Counts a resting order in: its lots, and how many of them it promises to close.
    #[inline]
    pub fn order_rests(
        &mut self,
        id: PositionId,
        side: Side,
        qty: u64,
        reducing: u64,
        reduce_only: bool,
    ) {
        let position = &mut self.positions[id.0 as usize];
        position.open[side as usize] += qty;
        position.promised[side as usize] += reducing;
        position.reduce_only += u32::from(reduce_only);
    }

    /// Counts lots of a resting order out.
    #[inline]
    pub fn order_shrinks(&mut self, id: PositionId, side: Side, qty: u64, reducing: u64) {
        let position = &mut self.positions[id.0 as usize];
        position.open[side as usize] -= qty;
        position.promised[side as usize] -= reducing;
    }

    /// Counts a resting order out that goes with its last lots.
    #[inline]
    pub fn order_goes(
        &mut self,
        id: PositionId,
        side: Side,
        qty: u64,
        reducing: u64,
        reduce_only: bool,
    ) {
        let position = &mut self.positions[id.0 as usize];
        position.open[side as usize] -= qty;
        position.promised[side as usize] -= reducing;
        position.reduce_only -= u32::from(reduce_only);
    }

    /// Sets how many lots resting orders on a side promise to close, once they are shared out anew.
    pub fn set_promised(&mut self, id: PositionId, side: Side, lots: u64) {
        self.positions[id.0 as usize].promised[side as usize] = lots;
    }

    /// Free for orders and withdrawals: balance + the floating result that counts - margin - frozen. Source: RULES 1.1.
    ///
    /// Cost: O(the account's positions).
    pub fn available(&self, id: AccountId) -> Money {
        let account = self.account(id);
        let (mut balance, mut floating, mut margin) = (account.cash, 0, 0);
        if account.first != NIL {
            for position_id in self.held(id) {
                let position = self.position(position_id);
                let contract = self.contract(position.instrument);
                let worth = Money::of_lots(contract.mark, position.lots, contract.tick_value);
                balance += position.basis;
                floating += worth.units() - position.basis;
                if !account.unlimited {
                    margin += self.margin_of(position_id, Basis::Initial).units();
                }
            }
        }
        if !account.unlimited {
            margin -= self.relief(id, Bases::One(Basis::Initial))[0].units();
        }
        let counted = match self.floating_profit {
            FloatingProfit::All => floating,
            FloatingProfit::OnlyLost => floating.min(0),
            FloatingProfit::OnlyGain => floating.max(0),
            FloatingProfit::None => 0,
        };
        Money::new(balance + counted - margin - account.frozen)
    }

    /// Balance: cash with the positions' cost put back. Equity = balance + unrealised.
    pub fn balance(&self, id: AccountId) -> Money {
        self.cash(id) + self.positions(id).map(Position::basis).sum()
    }

    /// Result of closed lots so far, before fees.
    pub fn realised(&self, id: AccountId) -> Money {
        self.balance(id) - self.paid_in(id) + self.fees(id)
    }

    /// Fees an account has paid so far.
    pub fn fees(&self, id: AccountId) -> Money {
        Money::new(self.positions(id).map(|position| position.fees).sum())
    }

    /// Moves money that no trade moved into an account (below zero: out of it).
    pub(crate) fn pay_in(&mut self, id: AccountId, amount: Money) {
        let account = &mut self.accounts[id.index()];
        account.cash += amount.units();
        account.paid_in += amount.units();
        self.touch(id);
    }

    /// Pays in, a debt first; returns what of it repaid the debt.
    pub fn deposit(&mut self, id: AccountId, amount: Money) -> Money {
        let repaid = amount.min(self.debt(id));
        self.add_debt(id, -repaid);
        self.house.written_off -= repaid;
        self.house.deposits += amount;
        self.pay_in(id, amount - repaid);
        repaid
    }

    /// Pays out. The caller has checked that it may.
    pub fn withdraw(&mut self, id: AccountId, amount: Money) {
        self.house.withdrawals += amount;
        self.pay_in(id, -amount);
    }

    /// Pays into the fund.
    pub fn add_to_fund(&mut self, amount: Money) {
        self.house.fund += amount;
        self.house.deposits += amount;
    }

    /// Makes the caches that no snapshot holds. Cost: O(accounts).
    pub fn after_restore(&mut self, detector: Detector) {
        self.pockets.after_restore();
        self.count_members();
        self.stir_all();
        self.watch = Watch::new(&self.contracts, &self.lines, detector);
        self.watch.make_room(self.accounts.len());
        self.index_all();
    }
}

/// Books cash, lots and cost of one side of a trade; the lots it closed.
#[inline(always)]
fn book_legs(
    position: &mut Position,
    costs: &mut Vec<Costs>,
    contract: &Contract,
    account: &mut Account,
    fill: &Fill,
) -> u64 {
    let sign = i128::from(fill.side.sign());
    let unit = i128::from(fill.price.ticks()) * i128::from(contract.tick_value);
    account.cash -= sign * unit * i128::from(fill.qty);
    let held = position.lots.unsigned_abs();
    let closes = if position.closable(fill.side) > 0 { fill.qty.min(held) } else { 0 };
    if position.is_kept() {
        position.book_costs(costs, contract, fill, closes);
    } else {
        if closes > 0 {
            position.basis -= released(position.basis, closes, held);
            position.carried -= position.carried.min(closes);
        }
        position.basis += sign * unit * i128::from(fill.qty - closes);
    }
    position.lots += fill.side.sign() * fill.qty as i64;
    closes
}

/// Basis that closing `closes` of `held` lots releases, half up on its absolute value.
#[inline]
pub(crate) fn released(basis: i128, closes: u64, held: u64) -> i128 {
    if closes == held {
        return basis;
    }
    let (k, n, size) = (i128::from(closes), i128::from(held), basis.abs());
    let part = match u64::try_from(size) {
        // The same in 64 bits, where nothing overflows: it never comes to more than the whole.
        Ok(size) if held <= 1 << 30 => {
            let rest = size % held * closes;
            i128::from(size / held * closes + (2 * rest + held) / (2 * held))
        }
        _ => size / n * k + half_up_div(size % n * k, n),
    };
    if basis < 0 { -part } else { part }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::contract::tests::spec;
    use plimsoll_types::*;

    /// One instrument worth 10 units a tick, 10 % margin, mark 1000; one profile with tiers at 80 % and 120 %.
    pub(crate) fn risk() -> Risk {
        let tier = |name: &str, percent: i64, action| Tier {
            name: Label::new(name).unwrap(),
            basis: Basis::Initial,
            at: Ratio::from_nano(percent * 10_000_000),
            release: Ratio::from_nano(percent * 10_000_000),
            action,
            close_only: false,
            cancel_opening: false,
        };
        let mut profile = Profile::unlimited();
        profile.unlimited = false;
        profile.tiers = vec![tier("warn", 80, Action::Notify), tier("liq", 120, Action::Liquidate)];
        profile.liquidation.target = Ratio::from_nano(900_000_000);
        profile.liquidation.waterfall = vec![WaterfallStage::InsuranceFund, WaterfallStage::Debt];
        Risk::new(
            vec![Contract::new(&spec(10, 10))],
            vec![Profile::unlimited(), profile],
            FloatingProfit::All,
            PositionMode::Net,
            Money::new(500),
        )
    }

    pub(crate) fn open(risk: &mut Risk, deposit: i128) -> (AccountId, PositionId) {
        let name = Label::new(&format!("a{}", risk.account_count())).unwrap();
        let id = risk.open_account(name, ProfileId(1));
        risk.deposit(id, Money::new(deposit));
        (id, risk.position_of(id, InstrumentId(0)))
    }

    pub(crate) fn fill(position: PositionId, side: Side, ticks: i64, qty: u64) -> Fill {
        let price = Price::clamped(ticks);
        Fill { position, aim: Aim::Net, side, price, qty, role: Role::Taker, liquidation: false }
    }

    #[test]
    fn a_position_that_turns_closes_first() {
        let mut risk = risk();
        let (id, position) = open(&mut risk, 100_000);
        risk.book(fill(position, Side::Buy, 1000, 3));
        risk.book(fill(position, Side::Buy, 1001, 1));
        assert_eq!(risk.position(position).basis, 40_010);
        risk.book(fill(position, Side::Sell, 1010, 6));
        assert_eq!((risk.position(position).lots, risk.position(position).basis), (-2, -20_200));
        assert_eq!(risk.realised(id), Money::new(4 * 10_100 - 40_010));
        assert_eq!(risk.standing(id).equity, Money::new(100_000 + 390 + 200));
    }

    #[test]
    fn rules_1_1_floating_profit_decides_what_is_available() {
        use FloatingProfit::{All, None, OnlyGain, OnlyLost};
        // Balance 100,000 (100,020 paid in, fee 20), margin 30,000 (3,000 lots-worth), frozen 5,010, floating +-2,000.
        for (floating, expected) in [
            (2_000, [(All, 66_970), (OnlyLost, 64_970), (OnlyGain, 66_970), (None, 64_970)]),
            (-2_000, [(All, 62_970), (OnlyLost, 62_970), (OnlyGain, 64_970), (None, 64_970)]),
        ] {
            for (switch, available) in expected {
                let mut risk = risk();
                risk.floating_profit = switch;
                let (id, position) = open(&mut risk, 100_000);
                // 30 lots at 1000 x 10 = 300,000 notional, 10 % = 30,000; bought so that the floating result is as given.
                risk.accounts[id.index()].cash -= 20;
                risk.book(fill(position, Side::Buy, 1000, 30));
                risk.positions[0].basis -= floating;
                risk.accounts[id.index()].cash += floating;
                risk.freeze(id, Money::new(5_010));
                // The floating result is moved between cost and cash here, so the balance stays 99,980.
                assert_eq!(risk.balance(id), Money::new(99_980), "{switch:?}");
                assert_eq!(risk.available(id), Money::new(available), "{switch:?} {floating}");
            }
        }
    }

    #[test]
    fn a_debt_is_repaid_before_the_balance_rises() {
        let mut risk = risk();
        let (id, _) = open(&mut risk, 100);
        risk.pay_in(id, Money::new(-1_000));
        let goal = risk.goal(id, 0);
        let rules = (ProfileId(1), ProtectionPrice::Band);
        let case = crate::Case::new(CaseId(1), id, crate::Purpose::Safe(goal), rules);
        let paid = risk.waterfall(&case);
        let units = Money::new;
        assert_eq!(paid, [crate::Paid::Fund(units(500)), crate::Paid::Debt(units(400))]);
        assert_eq!((risk.cash(id), risk.debt(id)), (Money::ZERO, Money::new(400)));
        assert_eq!(risk.deposit(id, Money::new(1_000)), Money::new(400));
        assert_eq!((risk.cash(id), risk.house.written_off), (Money::new(600), Money::ZERO));
    }

    #[test]
    fn released_basis_never_overflows_and_sums_up() {
        let basis = 10i128.pow(30);
        let part = released(basis, 1 << 39, (1 << 40) - 1);
        assert!(part > basis / 2 && part < basis / 2 + basis / (1 << 39));
        assert_eq!(released(-7, 1, 2), -4);
        assert_eq!(released(-7, 2, 2), -7);
        let wide = |basis: i128, k: i128, n: i128| basis / n * k + half_up_div(basis % n * k, n);
        for held in [3, 1_000, (1 << 30) - 1, 1 << 30, (1 << 30) + 1] {
            for closes in [1, held / 3, held / 2, held - 1] {
                for basis in [0, 1, 999, 10u64.pow(12) + 7, u64::MAX - 1, u64::MAX] {
                    let basis = i128::from(basis);
                    let part = wide(basis, i128::from(closes), i128::from(held));
                    assert_eq!(released(basis, closes, held), part);
                    assert_eq!(released(-basis, closes, held), -part);
                }
            }
        }
    }
}
