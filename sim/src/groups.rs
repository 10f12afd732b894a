//! Leveraged accounts by population and profile: how many were liquidated, and what they lost.

use crate::outcome::{AccountRecord, Outcome};
use crate::scenario::Scenario;
use plimsoll_types::{Money, ProfileId};

/// The accounts of one population under one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which of the scenario's populations.
    pub population: usize,
    /// Under which profile.
    pub profile: ProfileId,
    /// How many.
    pub accounts: u64,
    /// Of these, those that had a case.
    pub liquidated: u64,
    /// Equity of all after the opening, with what they paid in later.
    pub money: Money,
    /// What all of them lost of it by the end; below zero they won.
    pub loss: Money,
    /// The money of the liquidated.
    pub liquidated_money: Money,
    /// What they lost of it.
    pub liquidated_loss: Money,
}

impl Group {
    fn of(account: &AccountRecord) -> Group {
        Group {
            population: account.population,
            profile: account.client.profile,
            accounts: 0,
            liquidated: 0,
            money: Money::ZERO,
            loss: Money::ZERO,
            liquidated_money: Money::ZERO,
            liquidated_loss: Money::ZERO,
        }
    }

    fn add(&mut self, account: &AccountRecord, liquidated: bool) {
        let (money, loss) = (account.money(), account.loss());
        self.accounts += 1;
        self.money += money;
        self.loss += loss;
        if liquidated {
            self.liquidated += 1;
            self.liquidated_money += money;
            self.liquidated_loss += loss;
        }
    }

    /// The name of its population.
    pub fn name<'a>(&self, scenario: &'a Scenario) -> &'a str {
        scenario.populations.get(self.population).map_or("", |plan| plan.name.as_str())
    }
}

/// All groups: by population in file order, then by profile.
pub fn groups(outcome: &Outcome) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for account in &outcome.accounts {
        let of = |group: &Group| (group.population, group.profile);
        let whose = (account.population, account.client.profile);
        let at = match groups.iter().position(|group| of(group) == whose) {
            Some(at) => at,
            None => {
                groups.push(Group::of(account));
                groups.len() - 1
            }
        };
        groups[at].add(account, outcome.record.cases_of(account.account) > 0);
    }
    groups.sort_by_key(|group| (group.population, group.profile));
    groups
}
