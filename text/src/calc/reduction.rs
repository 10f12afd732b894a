//! `calc forced-reduction`: who declared how many lots, and who holds the other side, tier by tier.

use super::account;
use crate::json::node::{Field, Source, Tree};
use crate::r#where::Error;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// An account and its lots, above zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The account's name.
    pub account: String,
    /// Whole lots.
    pub lots: u64,
}

/// A forced reduction to be worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForcedReduction {
    /// Who wants to close, in account order, each once.
    pub declared: Vec<Member>,
    /// Who gives, tier by tier in the order in which they are used up; each account once in all of them.
    pub tiers: Vec<Vec<Member>>,
}

/// Reads `{"declared":[{"account":"S1","qty":"100"},...],"tiers":[[{"account":"L1","qty":"37"},...],...]}`.
///
/// Errors: anything else, with file, line and field; lots that are not whole or add up to 2^64 and more.
pub fn read_forced_reduction(name: &str, text: &str) -> Result<ForcedReduction, Error> {
    let tree = Tree::parse(Source { name, text })?;
    let file = tree.root().object(&["declared", "tiers"])?;
    let declared = members(&file.required("declared", "an array")?, &mut BTreeSet::new())?;
    let mut seen = BTreeSet::new();
    let tiers = file.required("tiers", "an array of arrays")?.array()?;
    let tiers = tiers.iter().map(|tier| members(tier, &mut seen)).collect::<Result<_, _>>()?;
    Ok(ForcedReduction { declared, tiers })
}

fn members(list: &Field<'_>, seen: &mut BTreeSet<String>) -> Result<Vec<Member>, Error> {
    let mut sum = 0u64;
    let mut members = Vec::new();
    for entry in list.array()? {
        let entry = entry.object(&["account", "qty"])?;
        let account = account(&entry, seen)?;
        let lots = lots(&entry.required("qty", "whole lots above zero")?)?;
        sum = sum
            .checked_add(lots)
            .ok_or_else(|| list.refused("lots that add up to less than 2^64", "more"))?;
        members.push(Member { account, lots });
    }
    Ok(members)
}

fn lots(field: &Field<'_>) -> Result<u64, Error> {
    let lots = field.decimal()?.normalize();
    let whole = lots.scale() == 0 && lots > Decimal::ZERO;
    let lots = whole.then(|| u64::try_from(lots.mantissa()).ok()).flatten();
    lots.ok_or_else(|| field.error("whole lots above zero"))
}
