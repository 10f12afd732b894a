//! What the risk tables take in memory, part by part.

use crate::account::{Account, Position};
use crate::costs::{Costs, Lot};
use crate::ledger::Risk;

/// Bytes in use, by table; room that was made ahead is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Accounts.
    pub accounts: usize,
    /// Their names.
    pub names: usize,
    /// Position records and the list of them by instrument.
    pub positions: usize,
    /// What lots cost and what was settled, of those that have it.
    pub costs: usize,
    /// The trigger index.
    pub index: usize,
}

impl Memory {
    /// All of it.
    pub fn total(&self) -> usize {
        self.accounts + self.names + self.positions + self.costs + self.index
    }
}

impl Risk {
    /// What the tables take. Cost: O(positions).
    pub fn memory(&self) -> Memory {
        let lots: usize = self.costs.iter().map(|costs| costs.lots.capacity()).sum();
        let members: usize = self.members.iter().map(Vec::len).sum();
        Memory {
            accounts: self.accounts.len() * size_of::<Account>(),
            names: self.names.bytes(),
            positions: self.positions.len() * size_of::<Position>() + members * size_of::<u32>(),
            costs: self.costs.len() * size_of::<Costs>()
                + lots * size_of::<Lot>()
                + self.settled.bytes(),
            index: self.watch_bytes(),
        }
    }
}
