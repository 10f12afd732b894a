//! Short text without a heap: account names, symbols, client order ids.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Up to 39 bytes of UTF-8, inline, compared and hashed by content.
///
/// Cost: 40 bytes, `Copy`, no allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    bytes: [u8; Label::MAX_LEN],
    len: u8,
}

impl Label {
    /// The longest text a label holds, in bytes.
    pub const MAX_LEN: usize = 39;

    /// A label, if `text` has 1 to [`Label::MAX_LEN`] bytes.
    pub fn new(text: &str) -> Option<Label> {
        if text.is_empty() || text.len() > Label::MAX_LEN {
            return None;
        }
        let mut bytes = [0; Label::MAX_LEN];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Label { bytes, len: text.len() as u8 })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match std::str::from_utf8(self.as_bytes()) {
            Ok(text) => text,
            Err(_) => unreachable!("labels are made from str only"),
        }
    }

    /// The text's bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Label, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Label;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "text of 1 to {} bytes", Label::MAX_LEN)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Label, E> {
                Label::new(text).ok_or_else(|| E::invalid_length(text.len(), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// How an order is named in events.
///
/// A client's own id; or, for an order that came without one, the exchange's running number, shown as `#n`;
/// or a liquidation batch, shown as `liq-<case>-<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OrderId {
    /// The account's own name for the order.
    Client(Label),
    /// The exchange's running number of an order entered by handle.
    Number(u64),
    /// Batch `n` of a liquidation case.
    Liquidation {
        /// The case.
        case: u32,
        /// The batch, from 1.
        n: u32,
    },
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrderId::Client(label) => f.write_str(label.as_str()),
            OrderId::Number(n) => write!(f, "#{n}"),
            OrderId::Liquidation { case, n } => write!(f, "liq-{case}-{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_keeps_its_text_and_its_bound() {
        assert_eq!(Label::new("RB").unwrap().as_str(), "RB");
        assert!(Label::new("").is_none());
        assert!(Label::new(&"x".repeat(39)).is_some());
        assert!(Label::new(&"x".repeat(40)).is_none());
        assert_eq!(OrderId::Liquidation { case: 3, n: 2 }.to_string(), "liq-3-2");
    }
}
