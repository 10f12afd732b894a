//! Who the numbers of accounts are.

use super::column::{Ids, Listed, Texts};
use super::table::table;
use super::universe::Universe;
use crate::names::NamedAccount;

table! {
    /// One row an account, by id; isolated positions have numbers of their own and their owner's name.
    Accounts(universe) {
        account: Ids = Ids::new(),
        name: Texts = Texts::new(),
        profile: Listed = Listed::new(&universe.profiles),
        owner: Ids = Ids::new(),
        isolated: Listed = Listed::new(&universe.symbols),
    }
}

impl Accounts {
    /// Puts an account that came.
    pub fn put(&mut self, universe: &Universe, account: u32, known: &NamedAccount) {
        let row = self.rows;
        self.rows += 1;
        self.account.put(row, account);
        self.name.put(row, known.name.as_str());
        self.profile.put(row, known.profile.0);
        self.owner.put(row, known.owner.0);
        if let Some(instrument) = known.isolated {
            self.isolated.put(row, universe.symbol(instrument));
        }
    }
}
