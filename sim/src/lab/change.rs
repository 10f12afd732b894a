//! A change to a scenario: a place in its TOML, as a dotted path, and what shall stand there.

use plimsoll_text::Error;
use plimsoll_text::config::dom::DeValue;
use toml_edit::{
    Array, ArrayOfTables, DocumentMut, Formatted, InlineTable, Item, Key, TableLike, Value,
};

/// Most steps a path has.
const STEPS_MAX: usize = 16;

/// A path and what shall stand there; without a value what stands there goes.
#[derive(Clone, Debug)]
pub struct Change {
    /// Keys with dots between them. A table of a list is addressed by its `name` or `symbol`, or by its number, counted from 1.
    pub path: String,
    /// What shall stand there.
    pub value: Option<Value>,
}

/// Carries out a change. A table that is given for a section is merged into it key by key; everything else is replaced.
///
/// A last key that is not there is added, and the scenario's own reader then says whether it is a known one.
/// Errors: a path that leads nowhere.
pub fn apply(document: &mut DocumentMut, change: &Change) -> Result<(), Error> {
    let steps = steps(&change.path)
        .ok_or_else(|| refused(&change.path, "keys with dots between them", &change.path))?;
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let walk = Walk { path: &change.path, value: change.value.as_ref() };
    walk.table(document.as_table_mut(), &steps)?;
    spread(document.as_table_mut(), &steps);
    Ok(())
}

/// Gives a table or list that stands at the root the form of sections: a scenario's reader knows its own by their headers.
fn spread(root: &mut toml_edit::Table, steps: &[&str]) {
    let Some(item) = root.remove(steps[0]) else { return };
    let item = match item {
        Item::Value(Value::Array(list)) if list.is_empty() => return,
        Item::Value(Value::Array(list)) => Item::Value(Value::Array(list))
            .into_array_of_tables()
            .map_or_else(|kept| kept, Item::ArrayOfTables),
        Item::Value(table) => Item::Value(table).into_table().map_or_else(|kept| kept, Item::Table),
        sections => sections,
    };
    root.insert(steps[0], item);
}

fn refused(path: &str, expected: &str, found: &str) -> Error {
    Error::new(path, expected, found)
}

/// The keys of a path; quotes keep dots together. `None` for an empty key or a quote left open.
fn steps(path: &str) -> Option<Vec<String>> {
    let mut steps = vec![String::new()];
    let mut quote = None;
    for c in path.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('.', None) => steps.push(String::new()),
            (c, _) => steps.last_mut()?.push(c),
        }
    }
    let good = quote.is_none()
        && steps.len() <= STEPS_MAX
        && steps.iter().all(|step| !step.trim().is_empty());
    good.then_some(steps)
}

/// A change on its way to its place.
struct Walk<'a> {
    path: &'a str,
    value: Option<&'a Value>,
}

impl Walk<'_> {
    fn nowhere(&self, what: &str, step: &str) -> Error {
        refused(self.path, "a place that is in the scenario", &format!("{what} {step}"))
    }

    fn table(&self, table: &mut dyn TableLike, steps: &[&str]) -> Result<(), Error> {
        let Some((step, rest)) = steps.split_first() else { return Ok(()) };
        if let (Some(item), false) = (table.get_mut(step), rest.is_empty()) {
            return self.item(item, rest);
        }
        match self.value {
            None if table.get(step).is_some() => {
                table.remove(step);
                Ok(())
            }
            None => Err(self.nowhere("nothing called", step)),
            Some(value) => {
                let section =
                    table.get_mut(step).filter(|item| item.is_table() || item.is_array_of_tables());
                if let (Some(section), Value::InlineTable(given)) = (section, value) {
                    return self.merge(section, given);
                }
                let value = rest.iter().rev().fold(value.clone(), |inner, step| {
                    let mut outer = InlineTable::new();
                    outer.insert(*step, inner);
                    Value::InlineTable(outer)
                });
                table.insert(step, Item::Value(plain(value)));
                Ok(())
            }
        }
    }

    fn merge(&self, section: &mut Item, given: &InlineTable) -> Result<(), Error> {
        for (key, value) in given {
            let path = format!("{}.{key}", self.path);
            Walk { path: &path, value: Some(value) }.item(section, &[key])?;
        }
        Ok(())
    }

    fn item(&self, item: &mut Item, steps: &[&str]) -> Result<(), Error> {
        match item {
            Item::Table(table) => self.table(table, steps),
            Item::ArrayOfTables(tables) => self.list(tables, steps),
            Item::Value(value) => self.value(value, steps),
            Item::None => Err(self.nowhere("nothing before", steps[0])),
        }
    }

    /// A change in a list of sections, or of one of them as a whole.
    fn list(&self, tables: &mut ArrayOfTables, steps: &[&str]) -> Result<(), Error> {
        let at = place(tables.len(), steps[0], |n, key| named(tables, n, key));
        let Some((at, table)) = at.and_then(|at| Some((at, tables.get_mut(at)?))) else {
            return Err(self.nowhere("no entry called", steps[0]));
        };
        match (&steps[1..], self.value) {
            ([], None) => {
                tables.remove(at);
            }
            ([], Some(Value::InlineTable(given))) => {
                for (key, value) in given {
                    let path = format!("{}.{key}", self.path);
                    Walk { path: &path, value: Some(value) }.table(table, &[key])?;
                }
            }
            ([], Some(_)) => return Err(refused(self.path, "a table", "a plain value")),
            (rest, _) => return self.table(table, rest),
        }
        Ok(())
    }

    fn value(&self, value: &mut Value, steps: &[&str]) -> Result<(), Error> {
        match value {
            Value::InlineTable(table) => self.table(table, steps),
            Value::Array(array) => self.array(array, steps),
            _ => Err(self.nowhere("a plain value before", steps[0])),
        }
    }

    fn array(&self, array: &mut Array, steps: &[&str]) -> Result<(), Error> {
        let named = |n: usize, key: &str| array.get(n)?.as_inline_table()?.get(key)?.as_str();
        let at = place(array.len(), steps[0], named).filter(|at| *at < array.len());
        let Some(at) = at else { return Err(self.nowhere("no entry called", steps[0])) };
        match (array.get_mut(at), steps.len(), self.value) {
            (Some(element), 1, Some(value)) => *element = plain(value.clone()),
            (Some(element), 2.., _) => return self.value(element, &steps[1..]),
            _ => {
                array.remove(at);
            }
        }
        Ok(())
    }
}

/// Which entry of a list is meant: by name, by symbol, or by number from 1.
fn place<'a>(
    len: usize,
    step: &str,
    named: impl Fn(usize, &str) -> Option<&'a str>,
) -> Option<usize> {
    let called = |key: &str| (0..len).find(|n| named(*n, key) == Some(step));
    let numbered = || step.parse::<usize>().ok()?.checked_sub(1);
    called("name").or_else(|| called("symbol")).or_else(numbered)
}

fn named<'a>(tables: &'a ArrayOfTables, n: usize, key: &str) -> Option<&'a str> {
    tables.get(n)?.get(key)?.as_str()
}

/// A value without the blanks and comments of where it came from.
fn plain(mut value: Value) -> Value {
    value.decor_mut().clear();
    value
}

/// A value of the file that asks for a change, for the scenario's file.
pub fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(Formatted::new(text.to_string())),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            let text = match value {
                DeValue::Integer(number) => number.to_string(),
                DeValue::Float(number) => number.to_string(),
                DeValue::Boolean(word) => word.to_string(),
                DeValue::Datetime(moment) => moment.to_string(),
                _ => String::new(),
            };
            text.parse().unwrap_or_else(|_| Value::String(Formatted::new(text)))
        }
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| value_of(item.get_ref())).collect())
        }
        DeValue::Table(table) => {
            let mut keys: Vec<_> = table.iter().collect();
            keys.sort_by_key(|(key, _)| key.span().start);
            let pairs = keys
                .into_iter()
                .map(|(key, value)| (Key::new(key.get_ref().as_ref()), value_of(value.get_ref())));
            Value::InlineTable(pairs.collect())
        }
    }
}

/// A value as tables show it: text without its quotes, anything else as TOML.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.value().clone(),
        other => plain(other.clone()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[[profile]]
name = "a"
[profile.liquidation]
batch_max = "5" # lots
price = { ticks_through = 25 }

[[profile]]
name = "b"
[profile.liquidation]
batch_max = "6"

[population]
leverage = [ { from = "2", to = "3" }, { from = "3", to = "4" } ]

[[shock]]
name = "bad news"
from = "1m"
"#;

    fn changed(path: &str, value: Option<&str>) -> Result<String, String> {
        let mut document: DocumentMut = TEXT.parse().expect("good");
        let value = value.map(|text| text.parse().expect("a value"));
        apply(&mut document, &Change { path: path.to_owned(), value })
            .map(|()| document.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_finds_its_place_by_name_and_by_number() {
        for path in ["profile.b.liquidation.batch_max", "profile.2.liquidation.batch_max"] {
            let text = changed(path, Some("\"9\"")).expect("done");
            assert!(
                text.contains("batch_max = \"9\"") && text.contains("batch_max = \"5\" # lots")
            );
        }
        let text = changed("population.leverage.2.to", Some("\"8\"")).expect("done");
        assert!(text.contains("{ from = \"3\", to = \"8\" }"), "{text}");
        for path in ["shock.bad news.from", "shock.\"bad news\".from"] {
            assert!(changed(path, Some("\"2m\"")).expect("done").contains("from = \"2m\""));
        }
    }

    #[test]
    fn a_new_key_is_added_and_a_table_merged_into_a_section_only() {
        let policy = changed("profile.a.liquidation.policy", Some("\"full\"")).expect("done");
        let a = policy.find("policy = \"full\"").expect("there");
        assert!(a < policy.find("name = \"b\"").expect("there"), "{policy}");
        let merged = changed("profile.a.liquidation", Some("{ batch_max = \"7\" }"));
        let merged = merged.expect("done");
        assert!(merged.contains("batch_max = \"7\"") && merged.contains("ticks_through = 25"));
        let nested = changed("profile", Some("{ a = { liquidation = { batch_max = \"7\" } } }"));
        assert_eq!(nested.expect("done"), merged);
        let price = changed("profile.a.liquidation.price", Some("{ share = \"0.1\" }"));
        assert!(!price.expect("done").contains("ticks_through"));
        let deep = changed("population.stop.loss.share", Some("\"0.3\"")).expect("done");
        assert!(deep.contains("stop = { loss = { share = \"0.3\" } }"), "{deep}");
    }

    #[test]
    fn without_a_value_what_stands_there_goes() {
        assert!(!changed("profile.a.liquidation.price", None).expect("done").contains("price"));
        assert!(!changed("shock.1", None).expect("done").contains("bad news"));
        let rest = changed("population.leverage.1", None).expect("done");
        assert!(!rest.contains("from = \"2\"") && rest.contains("from = \"3\""));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named() {
        for (path, found) in [
            ("profile.c.liquidation.batch_max", "no entry called c"),
            ("profile.3.name", "no entry called 3"),
            ("profile.0.name", "no entry called 0"),
            ("population.leverage.3.to", "no entry called 3"),
            ("profile.a.name.x", "a plain value before x"),
            ("profile..name", "profile..name"),
            ("profile.\"a", "profile."),
        ] {
            let said = changed(path, Some("\"1\"")).expect_err(path);
            assert!(said.contains(found) && said.contains("expected"), "{said}");
        }
        assert!(changed("flow", None).expect_err("gone").contains("nothing called flow"));
    }

    #[test]
    fn values_cross_over_whole() {
        let text = "a = { x = 1, y = [\"p\", true, 2.5] }";
        let source = plimsoll_text::config::dom::Source::new("t", text);
        let table = source.parse().expect("good");
        let field = source.root(&table).get("a").expect("there");
        assert_eq!(shown(&value_of(field.value())), "{ x = 1, y = [\"p\", true, 2.5] }");
    }
}
