//! Whose events and accounts somebody may see.

use crate::users::{Reach, User};
use plimsoll_exchange::Exchange;
use plimsoll_types::{AccountId, Event, EventKind, Label};
use std::sync::Arc;

/// What is visible: everything, or what concerns some accounts and what concerns everybody.
#[derive(Clone, Debug)]
pub(super) enum Sight {
    All,
    Accounts(Arc<[Label]>),
}

impl Sight {
    /// What a user may see: administrators everything, others what concerns their accounts.
    pub fn of(user: &User) -> Sight {
        match &user.reach {
            _ if user.scopes.admin => Sight::All,
            Reach::All => Sight::All,
            Reach::Accounts(names) => Sight::Accounts(names.as_slice().into()),
        }
    }

    /// Whether an account of that name may be seen, whether there is one or not.
    pub fn sees_name(&self, name: &Label) -> bool {
        match self {
            Sight::All => true,
            Sight::Accounts(names) => names.contains(name),
        }
    }

    /// Whether an account may be seen; an isolated position is its owner's.
    pub fn sees(&self, exchange: &Exchange, account: AccountId) -> bool {
        match self {
            Sight::All => true,
            Sight::Accounts(names) => {
                names.contains(&exchange.account_name(exchange.owner(account)))
            }
        }
    }

    /// Whether an event may be told: it names an account that is seen, or none.
    pub fn tells(&self, exchange: &Exchange, kind: &EventKind) -> bool {
        let [a, b] = kind.accounts();
        let named = [a, b].into_iter().flatten();
        matches!(self, Sight::All)
            || (a.is_none() && b.is_none() && !names_elsewhere(kind))
            || named.into_iter().any(|account| self.sees(exchange, account))
    }

    /// Appends an event, without what it says of others, and without a newline.
    pub fn write(&self, out: &mut Vec<u8>, exchange: &Exchange, event: &Event) {
        match self {
            Sight::All => plimsoll_text::write_event(out, exchange, event),
            Sight::Accounts(_) => {
                let sees = |account| self.sees(exchange, account);
                plimsoll_text::write_event_for(out, exchange, event, &sees);
            }
        }
        out.pop();
    }
}

/// Whether an event without an account of its own names one all the same: a command refused for an account that does not exist.
fn names_elsewhere(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Rejected { name: Some(_), .. } | EventKind::Fund { .. })
}
