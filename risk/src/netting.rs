//! The margins of an account's positions together: per product perhaps only the larger side counts. Source: RULES 1.2, SEMANTICS 3.1.

use crate::account::PositionId;
use crate::ledger::Risk;
use crate::tiers::Bases;
use plimsoll_types::{AccountId, Basis, Label, Money};

/// Amounts by basis.
type Amounts = [i128; 2];

/// The margins of an account as the lots of one position change. Units: money, by basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Around {
    /// Of all that does not net with the position.
    pub(crate) others: Amounts,
    /// Of the product's positions on its side.
    pub(crate) same: Amounts,
    /// Of those on the other.
    pub(crate) opposite: Amounts,
}

impl Around {
    /// The account's margins where the position has `own` left.
    pub(crate) fn with(&self, own: Amounts) -> [Money; 2] {
        self.with_both(own, [0; 2])
    }

    /// The same where another one of the product, on the other side and left out here, has `other` left.
    pub(crate) fn with_both(&self, own: Amounts, other: Amounts) -> [Money; 2] {
        std::array::from_fn(|basis| {
            let (same, opposite) = (self.same[basis], self.opposite[basis]);
            let product = (same + own[basis]).max(opposite + other[basis]);
            Money::new(self.others[basis] + product)
        })
    }
}

impl Risk {
    /// The positions that an account's money covers, by instrument.
    pub fn held(&self, account: AccountId) -> impl Iterator<Item = PositionId> {
        self.held_ids(account).filter(|&id| self.position(id).lots != 0)
    }

    /// [initial, maintenance] margin of all an account holds; none for one that trades without. Cost: O(its positions).
    pub fn margins(&self, account: AccountId) -> [Money; 2] {
        if self.account(account).unlimited {
            return [Money::ZERO; 2];
        }
        let mut margins = [Money::ZERO; 2];
        for id in self.held(account) {
            margins[0] += self.margin_of(id, Basis::Initial);
            margins[1] += self.margin_of(id, Basis::Maintenance);
        }
        let relief = self.relief(account, Bases::Both);
        [margins[0] - relief[0], margins[1] - relief[1]]
    }

    /// What an account need not put up because the smaller sides of its products do not count.
    #[inline]
    pub(crate) fn relief(&self, account: AccountId, bases: Bases) -> [Money; 2] {
        if !self.nets {
            return [Money::ZERO; 2];
        }
        self.relief_without(account, bases, &|_| false).map(Money::new)
    }

    /// The same without the positions that are `gone`. Cost: O(its positions squared), without allocation.
    #[inline(never)]
    fn relief_without(
        &self,
        account: AccountId,
        bases: Bases,
        gone: &dyn Fn(PositionId) -> bool,
    ) -> Amounts {
        let mut relief = [0; 2];
        let held = || self.held(account).filter(|&id| !gone(id));
        for id in held() {
            let Some(product) = self.product(id) else { continue };
            let counted = held().take_while(|&before| before != id);
            if counted.into_iter().any(|before| self.product(before) == Some(product)) {
                continue;
            }
            let [long, short] = self.sides(account, product, bases, gone);
            relief = std::array::from_fn(|basis| relief[basis] + long[basis].min(short[basis]));
        }
        relief
    }

    /// Margins of the [long, short] positions in a product.
    fn sides(
        &self,
        account: AccountId,
        product: &Label,
        bases: Bases,
        gone: &dyn Fn(PositionId) -> bool,
    ) -> [Amounts; 2] {
        let mut sides = [[0; 2]; 2];
        let held = self.held(account).filter(|&id| !gone(id));
        for id in held.filter(|&id| self.product(id) == Some(product)) {
            let own = bases.map(|basis| self.margin_of(id, basis).units());
            let side = &mut sides[usize::from(self.position(id).lots < 0)];
            *side = [side[0] + own[0], side[1] + own[1]];
        }
        sides
    }

    /// The product in which a position's margin nets, if it does.
    pub(crate) fn product(&self, id: PositionId) -> Option<&Label> {
        self.contract(self.position(id).instrument).large_side.as_ref()
    }

    /// What an account's other positions ask for around one of them, once those in `closed` are gone.
    pub(crate) fn around(
        &self,
        account: AccountId,
        position: PositionId,
        closed: &[PositionId],
    ) -> Around {
        let bases = self.lines(account).bases;
        let gone = |id: PositionId| id == position || closed.contains(&id);
        let mut others = [0; 2];
        for id in self.held(account).filter(|&id| !gone(id)) {
            let own = bases.map(|basis| self.margin_of(id, basis).units());
            others = [others[0] + own[0], others[1] + own[1]];
        }
        let (mut same, mut opposite) = ([0; 2], [0; 2]);
        if self.nets {
            let relief = self.relief_without(account, bases, &gone);
            others = [others[0] - relief[0], others[1] - relief[1]];
            if let Some(product) = self.product(position) {
                let [long, short] = self.sides(account, product, bases, &gone);
                let larger = |basis: usize| long[basis].max(short[basis]);
                others = [others[0] - larger(0), others[1] - larger(1)];
                let is_long = self.position(position).lots > 0;
                (same, opposite) = if is_long { (long, short) } else { (short, long) };
            }
        }
        Around { others, same, opposite }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Contract, tests::spec};
    use crate::ledger::tests::{fill, risk};
    use plimsoll_types::{
        FloatingProfit, InstrumentId, InstrumentSpec, PositionMode, ProfileId, Side,
    };

    /// Three instruments worth 10 a tick at a mark of 1000, 10 % initial, 5 % maintenance; the first two of one product.
    fn months(large_side: bool) -> Risk {
        let month = |product: &str| {
            let mut month: InstrumentSpec = spec(10, 10);
            month.risk.product = Some(Label::new(product).unwrap());
            month.risk.large_side = large_side;
            Contract::new(&month)
        };
        let contracts = vec![month("rb"), month("rb"), month("cu")];
        let profiles = risk().profiles;
        Risk::new(contracts, profiles, FloatingProfit::All, PositionMode::Net, Money::ZERO)
    }

    fn hold(risk: &mut Risk, lots: [i64; 3]) -> (AccountId, Vec<PositionId>) {
        let id = risk.open_account(Label::new("a").unwrap(), ProfileId(1));
        risk.deposit(id, Money::new(100_000));
        let positions = lots.iter().enumerate().map(|(index, &lots)| {
            let position = risk.position_of(id, InstrumentId(index as u16));
            let side = if lots > 0 { Side::Buy } else { Side::Sell };
            risk.book(fill(position, side, 1000, lots.unsigned_abs()));
            position
        });
        let positions = positions.collect();
        (id, positions)
    }

    #[test]
    fn rules_1_2_only_the_larger_side_of_a_product_counts() {
        for (large_side, margins) in [(false, [17_000, 8_500]), (true, [12_000, 6_000])] {
            let mut risk = months(large_side);
            // 1,000 a lot: 10 long, 5 short of one product, 2 short of another.
            let (id, _) = hold(&mut risk, [10, -5, -2]);
            assert_eq!(risk.margins(id), margins.map(Money::new));
            assert_eq!(risk.standing(id).margin(Basis::Initial), Money::new(margins[0]));
            assert_eq!(risk.available(id), Money::new(100_000 - margins[0]));
        }
    }

    #[test]
    fn closing_the_smaller_side_releases_nothing() {
        let mut risk = months(true);
        let (id, positions) = hold(&mut risk, [10, -5, -2]);
        let left = |around: Around, own: i128| around.with([own, 0])[0].units();
        let long = risk.around(id, positions[0], &[]);
        assert_eq!(
            [10_000, 6_000, 5_000, 0].map(|own| left(long, own)),
            [12_000, 8_000, 7_000, 7_000]
        );
        let short = risk.around(id, positions[1], &[]);
        assert_eq!([5_000, 0].map(|own| left(short, own)), [12_000, 12_000]);
        let other = risk.around(id, positions[2], &[]);
        assert_eq!([2_000, 0].map(|own| left(other, own)), [12_000, 10_000]);
        let after = risk.around(id, positions[1], &[positions[0]]);
        assert_eq!([5_000, 0].map(|own| left(after, own)), [7_000, 2_000]);
    }
}
