//! `calc adl`: what is to be closed, and who may give.

use super::account;
use crate::json::node::{Source, Tree};
use crate::r#where::Error;
use plimsoll_types::Side;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A deleveraging to be worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adl {
    /// The candidates' side: longs are bought.
    pub side: Side,
    /// Quantity to be closed, above zero.
    pub close: Decimal,
    /// Account, quantity above zero, score; in the file's order, each account once.
    pub candidates: Vec<(String, Decimal, Decimal)>,
}

/// Reads `{"side":"long","close":"20","candidates":[{"account":"1","qty":"10","score":"3"},...]}`.
///
/// Errors: anything else, with file, line and field.
pub fn read_adl(name: &str, text: &str) -> Result<Adl, Error> {
    let tree = Tree::parse(Source { name, text })?;
    let file = tree.root().object(&["side", "close", "candidates"])?;
    let words = [("long", Side::Buy), ("short", Side::Sell)];
    let side = file.required("side", "\"long\" or \"short\"")?.word(&words)?;
    let close = file.required("close", "a decimal above zero")?.positive()?;
    let mut seen = BTreeSet::new();
    let mut candidates = Vec::new();
    for entry in file.required("candidates", "an array")?.array()? {
        let entry = entry.object(&["account", "qty", "score"])?;
        let account = account(&entry, &mut seen)?;
        let qty = entry.required("qty", "a decimal above zero")?.positive()?;
        let score = entry.required("score", "a decimal")?.decimal()?;
        candidates.push((account, qty, score));
    }
    Ok(Adl { side, close, candidates })
}
