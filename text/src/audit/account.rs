//! An account and its positions, booked from what events say. Source: SEMANTICS 3, 3.1, 3.2.

use super::number::UNITS_MAX;
use super::terms::Leg;
use crate::r#where::Error;
use plimsoll_types::{Label, Side, half_up_div};
use std::collections::{BTreeMap, VecDeque};

/// Money that no trade moved. Units: money units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// Paid in, less what of it repaid a debt.
    pub deposits: i128,
    /// Paid out.
    pub withdrawals: i128,
    /// Funding received, less paid.
    pub funding: i128,
    /// Into an isolated position; below zero: out of it, to its account.
    pub moved: i128,
    /// Losses that others bore for it: the fund, other accounts, the house.
    pub covered: i128,
    /// Others' losses that it bore.
    pub borne: i128,
}

impl Flows {
    /// All of it.
    pub fn sum(&self) -> i128 {
        self.deposits - self.withdrawals + self.funding + self.moved + self.covered - self.borne
    }
}

/// Lots of a leg that one fill opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lot {
    qty: i64,
    /// Ticks.
    opened: i64,
    /// Ticks: that, or the last settlement's.
    cost: i64,
}

/// A position that is not flat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Signed: above zero long, below short.
    pub lots: i64,
    /// Of these, without sign, those held since before the last settlement.
    pub carried: i64,
    /// What they count as having cost, signed like them.
    pub basis: i128,
    /// Basis less their cost at the prices they were opened at.
    pub gain: i128,
    /// A leg's lots, oldest first.
    queue: VecDeque<Lot>,
}

/// An account, or an isolated position with money of its own.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name, or that of the account it belongs to.
    pub name: Box<str>,
    /// The account whose orders trade its positions: itself, or the one it belongs to.
    pub owner: usize,
    /// The instrument of an isolated position.
    pub isolated: Option<usize>,
    /// Name of its profile, where that is known.
    pub profile: Option<Label>,
    /// What moved without trades.
    pub flows: Flows,
    /// Result of closed lots and of settlements, before fees.
    pub realised: i128,
    /// Paid for its trades.
    pub fees: i128,
    /// What it owes the house.
    pub debt: i128,
    /// Positions by instrument.
    pub positions: BTreeMap<(usize, Leg), Position>,
    /// Name of its tier.
    pub tier: Box<str>,
    /// What it may do.
    pub permission: Box<str>,
    /// Its open case.
    pub case: Option<u64>,
    /// The last balance that an event named.
    pub stated: Option<i128>,
    /// Realised, by-trade result and fees at its last settlement event.
    pub settled: [i128; 3],
}

/// Which lots a fill means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// Closes what is there, then opens.
    Net,
    /// Opens a leg.
    Open,
    /// Closes the oldest lots of a leg.
    Close,
    /// Closes the oldest of today's lots.
    CloseToday,
}

/// One side of a trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    pub instrument: usize,
    pub aim: Aim,
    pub side: Side,
    /// Ticks.
    pub price: i64,
    pub lots: i64,
    /// Money units a tick and lot; zero where unknown.
    pub value: i64,
}

impl Fill {
    fn leg(&self) -> Leg {
        match self.aim {
            Aim::Net => Leg::Net,
            Aim::Open => Leg::opened_by(self.side),
            Aim::Close | Aim::CloseToday => Leg::opened_by(self.side.opposite()),
        }
    }
}

/// Worth of lots at a price, signed like them.
///
/// Errors: more than any exchange holds.
pub(super) fn worth(price: i64, lots: i64, value: i64) -> Result<i128, Error> {
    let product = (i128::from(price) * i128::from(value)).checked_mul(i128::from(lots));
    product.filter(|worth| worth.abs() <= UNITS_MAX).ok_or_else(|| {
        Error::new("qty", "a worth of at most 10^32 money units", &format!("{lots} lots"))
    })
}

/// Part of an amount that `closes` of `held` lots take with them, half up on its absolute value.
fn released(amount: i128, closes: i64, held: i64) -> i128 {
    let (k, n) = (i128::from(closes), i128::from(held.max(1)));
    let size = amount.abs();
    let part = size / n * k + half_up_div(size % n * k, n);
    if amount < 0 { -part } else { part }
}

impl Position {
    /// Takes lots out at a price; what that earns. The caller has checked that they are there.
    fn close(&mut self, fill: &Fill, closes: i64) -> Result<i128, Error> {
        let held = self.lots.abs();
        let proceeds = worth(fill.price, closes * self.lots.signum(), fill.value)?;
        let today = fill.aim == Aim::CloseToday;
        let (basis, gain) = match fill.leg() {
            Leg::Net => (released(self.basis, closes, held), released(self.gain, closes, held)),
            _ => self.take(if today { self.carried } else { 0 }, closes, fill.value)?,
        };
        self.basis -= basis;
        self.gain -= gain;
        self.carried -= if today { 0 } else { self.carried.min(closes) };
        self.lots -= closes * self.lots.signum();
        Ok(proceeds - basis)
    }

    /// Takes lots of a leg after the first `skip`, the oldest first: their basis and gain.
    fn take(&mut self, mut skip: i64, mut take: i64, value: i64) -> Result<(i128, i128), Error> {
        let sign = self.lots.signum();
        let (mut basis, mut gain) = (0, 0);
        for lot in &mut self.queue {
            let passed = skip.min(lot.qty);
            skip -= passed;
            let qty = (lot.qty - passed).min(take);
            take -= qty;
            lot.qty -= qty;
            let cost = worth(lot.cost, sign * qty, value)?;
            basis += cost;
            gain += cost - worth(lot.opened, sign * qty, value)?;
            if take == 0 {
                break;
            }
        }
        self.queue.retain(|lot| lot.qty > 0);
        Ok((basis, gain))
    }

    fn open(&mut self, fill: &Fill, opens: i64) -> Result<(), Error> {
        let signed = fill.side.sign() * opens;
        self.basis += worth(fill.price, signed, fill.value)?;
        self.lots += signed;
        if fill.leg() != Leg::Net {
            self.queue.push_back(Lot { qty: opens, opened: fill.price, cost: fill.price });
        }
        Ok(())
    }

    /// Lots held since the last settlement, without sign.
    pub fn today(&self) -> i64 {
        self.lots.abs() - self.carried
    }
}

impl Account {
    pub(super) fn new(name: &str, owner: usize, isolated: Option<usize>) -> Account {
        Account {
            name: name.into(),
            owner,
            isolated,
            profile: None,
            flows: Flows::default(),
            realised: 0,
            fees: 0,
            debt: 0,
            positions: BTreeMap::new(),
            tier: "normal".into(),
            permission: "normal".into(),
            case: None,
            stated: None,
            settled: [0; 3],
        }
    }

    /// Money, with positions at cost.
    pub fn balance(&self) -> i128 {
        self.flows.sum() + self.realised - self.fees
    }

    /// Result counted from opening prices, as if no settlement had been.
    pub fn by_trade(&self) -> i128 {
        self.realised - self.positions.values().map(|position| position.gain).sum::<i128>()
    }

    /// Lots of the leg a closing fill would take from, as far as it may.
    pub(super) fn closable(&self, fill: &Fill) -> i64 {
        let Some(position) = self.positions.get(&(fill.instrument, fill.leg())) else { return 0 };
        match fill.aim {
            Aim::Open => 0,
            Aim::CloseToday => position.today(),
            _ if position.lots.signum() == fill.side.sign() => 0,
            _ => position.lots.abs(),
        }
    }

    /// Books one side of a trade: what it closes, then what it opens.
    ///
    /// Errors: it closes more than is held; amounts past any exchange's.
    pub(super) fn book(&mut self, fill: &Fill) -> Result<(), Error> {
        let closes = fill.lots.min(self.closable(fill));
        let opens = fill.lots - closes;
        if opens > 0 && matches!(fill.aim, Aim::Close | Aim::CloseToday) {
            let held = format!("{} closed with {closes} held", fill.lots);
            return Err(Error::new("qty", "no more lots closed than are held", &held));
        }
        let key = (fill.instrument, fill.leg());
        let position = self.positions.entry(key).or_default();
        if closes > 0 {
            self.realised += position.close(fill, closes)?;
        }
        if opens > 0 {
            position.open(fill, opens)?;
        }
        let within = position.lots.unsigned_abs() < 1 << 60
            && [position.basis, position.gain].iter().all(|units| units.abs() <= UNITS_MAX);
        if !within {
            return Err(Error::new("qty", "a position that an exchange can hold", "a larger one"));
        }
        if position.lots == 0 {
            self.positions.remove(&key);
        }
        Ok(())
    }

    /// Makes the basis of an instrument's lots their worth at a price; the difference is realised.
    pub(super) fn settle(
        &mut self,
        instrument: usize,
        price: i64,
        value: i64,
    ) -> Result<(), Error> {
        let legs = (instrument, Leg::Net)..=(instrument, Leg::Short);
        for (_, position) in self.positions.range_mut(legs) {
            let worth = worth(price, position.lots, value)?;
            let grown = worth - position.basis;
            self.realised += grown;
            position.gain += grown;
            position.basis = worth;
            position.carried = position.lots.abs();
            position.queue.iter_mut().for_each(|lot| lot.cost = price);
        }
        Ok(())
    }

    /// Closes an instrument's lots at a price.
    pub(super) fn expire(
        &mut self,
        instrument: usize,
        price: i64,
        value: i64,
    ) -> Result<(), Error> {
        self.settle(instrument, price, value)?;
        self.positions.retain(|(place, _), _| *place != instrument);
        Ok(())
    }

    /// That no amount has grown past what sums of accounts can hold.
    pub(super) fn guard(&self) -> Result<(), Error> {
        let amounts = [self.flows.sum(), self.realised, self.fees, self.debt];
        let flows = [self.flows.moved, self.flows.covered, self.flows.deposits, self.flows.funding];
        if amounts.iter().chain(&flows).any(|units| units.abs() > UNITS_MAX) {
            let expected = "amounts that stay under 10^32 money units";
            return Err(Error::new("account", expected, &self.name));
        }
        Ok(())
    }
}
