//! The words of a request's target, read strictly: percent signs, and fields that are known and given once.

use super::reply::No;
use super::routes::{Param, Route};
use plimsoll_types::Label;

/// Text with its percent signs read.
pub(super) fn decoded(text: &str) -> Result<String, No> {
    let malformed = || No::malformed("path", "expected percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, more) = rest.split_at_checked(2).ok_or_else(malformed)?;
        let digits = std::str::from_utf8(digits).map_err(|_| malformed())?;
        bytes.extend(crate::auth::from_hex(digits).ok_or_else(malformed)?);
        rest = more;
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// A query's fields, each at most once and each known.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads what stands behind the question mark.
    pub fn read(route: &Route, query: &str) -> Result<Query, No> {
        let mut fields: Vec<(&'static str, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let known = route.query.iter().find(|param| param.name == name);
            let Some(param) = known else {
                return Err(No::malformed(
                    &plimsoll_text::r#where::quoted(name),
                    "expected no such field",
                ));
            };
            if fields.iter().any(|(name, _)| *name == param.name) {
                return Err(No::malformed(name, "expected each field once"));
            }
            fields.push((param.name, decoded(value)?));
        }
        let missing =
            |param: &&Param| param.required && !fields.iter().any(|(name, _)| *name == param.name);
        match route.query.iter().find(missing) {
            Some(param) => Err(No::malformed(param.name, "expected a value, found nothing")),
            None => Ok(Query(fields)),
        }
    }

    /// A field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A name.
    pub fn label(&self, name: &str) -> Result<Option<Label>, No> {
        let label = |text| {
            Label::new(text).ok_or_else(|| No::malformed(name, "expected a name of 1 to 39 bytes"))
        };
        self.get(name).map(label).transpose()
    }

    /// A whole number from 1 to 1000.
    pub fn count(&self, name: &str, default: usize) -> Result<usize, No> {
        let Some(text) = self.get(name) else { return Ok(default) };
        let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| plain && (1..=1000).contains(number));
        number.ok_or_else(|| No::malformed(name, "expected a whole number from 1 to 1000"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::routes::find;
    use super::*;

    #[test]
    fn a_query_is_read_strictly() {
        let route = find("GET", "/v1/trades/RB").unwrap().route;
        let limit = |query| Query::read(route, query).and_then(|query| query.count("limit", 7));
        assert_eq!(limit("").unwrap(), 7);
        assert_eq!(limit("limit=1000").unwrap(), 1000);
        for bad in ["limit=0", "limit=1001", "limit=+5", "limit=", "limit=5&limit=5", "depth=5"] {
            assert_eq!(limit(bad).unwrap_err().code, "malformed", "{bad}");
        }
        let cancel = find("DELETE", "/v1/orders/x").unwrap().route;
        assert_eq!(&*Query::read(cancel, "").unwrap_err().field.unwrap(), "account");
    }
}
