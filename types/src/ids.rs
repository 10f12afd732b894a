//! Ids the exchange issues, in order.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub struct $name(pub $inner);

        impl $name {
            /// The id as an index into a table.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// An account, numbered by opening order from 0.
    AccountId(u32)
);
id!(
    /// An instrument, numbered by its place in the configuration from 0.
    InstrumentId(u16)
);
id!(
    /// A risk profile; 0 is the built-in `unlimited`.
    ProfileId(u16)
);
id!(
    /// A liquidation case, numbered from 1.
    CaseId(u32)
);

impl ProfileId {
    /// The built-in profile that trades without margin.
    pub const UNLIMITED: ProfileId = ProfileId(0);
}

/// A resting order's place in its book: slot and generation, so that a stale one is recognised without a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Handle {
    /// Index into the book's slab.
    pub slot: u32,
    /// How often the slot had been used before.
    pub generation: u32,
}
