//! The files that `plimsoll calc` reads: one JSON object each, decimals as strings or numbers, unknown fields refused.

mod adl;
mod auction;
mod reduction;

pub use adl::{Adl, read_adl};
pub use auction::{Auction, AuctionOrder, read_auction};
pub use reduction::{ForcedReduction, Member, read_forced_reduction};

#[cfg(test)]
mod tests;

use crate::json::node::Object;
use crate::r#where::Error;
use std::collections::BTreeSet;

/// An account's name in a list, where it may stand once.
fn account(entry: &Object<'_>, seen: &mut BTreeSet<String>) -> Result<String, Error> {
    const EXPECTED: &str = "an account's name of 1 to 39 bytes";
    let field = entry.required("account", EXPECTED)?;
    let name = field.text().map_err(|_| field.error(EXPECTED))?.into_owned();
    if plimsoll_types::Label::new(&name).is_none() {
        return Err(field.error(EXPECTED));
    }
    if !seen.insert(name.clone()) {
        return Err(field.refused("each account once", &format!("\"{name}\" again")));
    }
    Ok(name)
}
