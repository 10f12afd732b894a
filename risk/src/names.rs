//! Accounts' names, one behind the other in one text: a name costs its bytes and four more.

use plimsoll_types::{AccountId, Label};
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Accounts' names, by number. A name may be empty: a pocket goes by its owner's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    text: String,
    /// Where each name ends and the next begins.
    ends: Vec<u32>,
}

impl Names {
    /// Makes room for so many more names of so many bytes each.
    pub(crate) fn reserve(&mut self, names: usize, bytes: usize) {
        self.ends.reserve(names);
        self.text.reserve(names.saturating_mul(bytes));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<u32>()
    }

    /// Whether one more name would fit, and one of the exchange's own after it.
    pub(crate) fn has_room(&self) -> bool {
        u32::try_from(self.text.len() + 2 * Label::MAX_LEN).is_ok()
    }

    /// Takes in the next account's name. The caller has seen that it fits.
    pub(crate) fn push(&mut self, name: &str) {
        self.text.push_str(name);
        match u32::try_from(self.text.len()) {
            Ok(end) => self.ends.push(end),
            Err(_) => plimsoll_types::broken(format_args!("names of accounts pass 4 GiB")),
        }
    }

    /// An account's name. Cost: O(1).
    #[inline]
    pub(crate) fn get(&self, id: AccountId) -> &str {
        let index = id.index();
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start as usize..self.ends[index] as usize]
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.ends.len() as u32).map(|index| self.get(AccountId(index))))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("accounts' names")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Names, A::Error> {
                let mut names = Names::default();
                let count = all.size_hint().unwrap_or(0);
                names.ends.try_reserve_exact(count).map_err(A::Error::custom)?;
                while all.next_element_seed(Next(&mut names))?.is_some() {}
                names.text.shrink_to_fit();
                Ok(names)
            }
        }
        /// Reads one name to the end of the text.
        struct Next<'a>(&'a mut Names);
        impl<'de> DeserializeSeed<'de> for Next<'_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_str(self)
            }
        }
        impl Visitor<'_> for Next<'_> {
            type Value = ();
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "text of at most {} bytes", Label::MAX_LEN)
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
                if name.len() > Label::MAX_LEN || !self.0.has_room() {
                    return Err(E::invalid_length(name.len(), &self));
                }
                self.0.push(name);
                Ok(())
            }
        }
        deserializer.deserialize_seq(All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_length_come_back_as_they_went_in() {
        let mut names = Names::default();
        let all = ["a", "", "账户", &"x".repeat(Label::MAX_LEN), "", "z"];
        for name in all {
            names.push(name);
        }
        let back: Vec<&str> = (0..all.len() as u32).map(|id| names.get(AccountId(id))).collect();
        assert_eq!(back, all);
    }
}
