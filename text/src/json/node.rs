//! A whole JSON file as a tree whose values know their path and place, so that every error can name them.
//!
//! For the small files of the calculators: null is a value here, and errors count lines.

use super::tree::TABLE_DEPTH_MAX;
use super::{Scan, Value};
use crate::decimal;
use crate::r#where::Error;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// A file's name and text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

/// A value and where it begins.
#[derive(Debug)]
struct Node<'a> {
    at: usize,
    kind: Kind<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    Leaf(Value<'a>),
    Array(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    source: Source<'a>,
    root: Node<'a>,
}

impl<'a> Tree<'a> {
    /// Parses the whole text.
    ///
    /// Errors: anything but one value, nested at most eight deep; a key given twice. Cost: O(bytes).
    pub(crate) fn parse(source: Source<'a>) -> Result<Tree<'a>, Error> {
        let mut scan = Scan { line: source.text, at: 0 };
        let parsed = branch(&mut scan, "", 0).and_then(|root| match scan.peek() {
            None => Ok(root),
            Some(_) => Err(scan.error("file", "nothing after the object")),
        });
        match parsed {
            Ok(root) => Ok(Tree { source, root }),
            Err(error) => Err(placed(error, source, scan.at)),
        }
    }

    /// The value that the file holds.
    pub(crate) fn root(&self) -> Field<'_> {
        Field { source: self.source, node: &self.root, path: String::new() }
    }
}

/// The error with its file and line.
fn placed(mut error: Error, source: Source<'_>, at: usize) -> Error {
    if error.field.is_empty() || &*error.field == "line" {
        error.field = "file".into();
    }
    if &*error.found == "the end of the line" {
        error.found = "the end of the file".into();
    }
    let before = &source.text.as_bytes()[..at.min(source.text.len())];
    error.at(source.name, 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64)
}

fn branch<'a>(scan: &mut Scan<'a>, path: &str, depth: usize) -> Result<Node<'a>, Error> {
    let first = scan.peek();
    let at = scan.at;
    let kind = match first {
        Some(b'{' | b'[') if depth == TABLE_DEPTH_MAX => {
            return Err(scan.error(path, &format!("values nested at most {TABLE_DEPTH_MAX} deep")));
        }
        Some(b'{') => Kind::Object(object(scan, path, depth + 1)?),
        Some(b'[') => Kind::Array(array(scan, path, depth + 1)?),
        _ => Kind::Leaf(scan.value(path)?),
    };
    Ok(Node { at, kind })
}

fn object<'a>(
    scan: &mut Scan<'a>,
    path: &str,
    depth: usize,
) -> Result<Vec<(Cow<'a, str>, Node<'a>)>, Error> {
    let mut fields: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
    scan.expect(b'{', "a JSON object")?;
    if scan.take(b'}') {
        return Ok(fields);
    }
    loop {
        let key = match scan.string("a field name in quotes")?.text() {
            Some(key) => key,
            None => return Err(scan.error(path, "a field name in quotes")),
        };
        let inner = join(path, &key);
        // No object that is expected has more than a handful, and one that has more is refused by its first unknown one.
        if fields.iter().any(|(other, _)| *other == key) {
            return Err(Error::new(&inner, "each field once", "it again"));
        }
        if fields.len() == FIELDS_MAX {
            return Err(Error::new(&inner, format!("at most {FIELDS_MAX} fields"), "more"));
        }
        scan.expect(b':', "\":\" after the field name")?;
        let value = branch(scan, &inner, depth)?;
        fields.push((key, value));
        if scan.take(b'}') {
            return Ok(fields);
        }
        scan.expect(b',', "\",\" or \"}\" after the value")?;
    }
}

/// Most fields of one object.
const FIELDS_MAX: usize = 64;

fn array<'a>(scan: &mut Scan<'a>, path: &str, depth: usize) -> Result<Vec<Node<'a>>, Error> {
    let mut elements = Vec::new();
    scan.expect(b'[', "an array")?;
    if scan.take(b']') {
        return Ok(elements);
    }
    loop {
        let value = branch(scan, &format!("{path}[{}]", elements.len()), depth)?;
        elements.push(value);
        if scan.take(b']') {
            return Ok(elements);
        }
        scan.expect(b',', "\",\" or \"]\" after the value")?;
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A value with its place and path.
#[derive(Clone, Debug)]
pub(crate) struct Field<'t> {
    source: Source<'t>,
    node: &'t Node<'t>,
    path: String,
}

impl<'t> Field<'t> {
    /// The error that something else was expected here.
    pub(crate) fn error(&self, expected: &str) -> Error {
        let found = match &self.node.kind {
            Kind::Leaf(value) => value.shown(),
            Kind::Array(_) => "an array".to_owned(),
            Kind::Object(_) => "an object".to_owned(),
        };
        self.refused(expected, &found)
    }

    /// The error that something else was expected here, with words for what was found.
    pub(crate) fn refused(&self, expected: &str, found: &str) -> Error {
        placed(Error::new(&self.path, expected, found), self.source, self.node.at)
    }

    /// An object with fields among `known` only.
    pub(crate) fn object(&self, known: &[&str]) -> Result<Object<'t>, Error> {
        let Kind::Object(fields) = &self.node.kind else {
            return Err(self.error("a JSON object"));
        };
        let object = Object { place: self.clone(), fields };
        match fields.iter().find(|(key, _)| !known.contains(&key.as_ref())) {
            None => Ok(object),
            Some((key, node)) => {
                let field = Field { source: self.source, node, path: join(&self.path, key) };
                Err(field.refused(&format!("one of {}", known.join(", ")), key))
            }
        }
    }

    /// An array's elements.
    pub(crate) fn array(&self) -> Result<Vec<Field<'t>>, Error> {
        let Kind::Array(elements) = &self.node.kind else { return Err(self.error("an array")) };
        let element = |(n, node): (usize, &'t Node<'t>)| Field {
            source: self.source,
            node,
            path: format!("{}[{n}]", self.path),
        };
        Ok(elements.iter().enumerate().map(element).collect())
    }

    /// Whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.node.kind, Kind::Leaf(Value::Null))
    }

    /// Text.
    pub(crate) fn text(&self) -> Result<Cow<'t, str>, Error> {
        match &self.node.kind {
            Kind::Leaf(value) => value.text().ok_or_else(|| self.error("a string")),
            _ => Err(self.error("a string")),
        }
    }

    /// One of a list of words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Error> {
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let expected = quoted.join(" or ");
        let text = self.text().map_err(|_| self.error(&expected))?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| self.error(&expected))
    }

    /// A decimal, as a string or a number.
    pub(crate) fn decimal(&self) -> Result<Decimal, Error> {
        let text = match &self.node.kind {
            Kind::Leaf(Value::Number(text)) => Cow::Borrowed(*text),
            Kind::Leaf(value) => value.text().unwrap_or_default(),
            _ => return Err(self.error("a decimal such as \"12.5\", without exponent")),
        };
        decimal::parse(text.as_bytes()).map_err(|error| self.error(error.expected()))
    }

    /// A decimal above zero.
    pub(crate) fn positive(&self) -> Result<Decimal, Error> {
        let value = self.decimal()?;
        if value > Decimal::ZERO { Ok(value) } else { Err(self.error("a decimal above zero")) }
    }
}

/// An object whose fields are asked for by name.
#[derive(Debug)]
pub(crate) struct Object<'t> {
    place: Field<'t>,
    fields: &'t [(Cow<'t, str>, Node<'t>)],
}

impl<'t> Object<'t> {
    /// The field called `key`, if it is there.
    pub(crate) fn get(&self, key: &str) -> Option<Field<'t>> {
        let (_, node) = self.fields.iter().find(|(name, _)| name == key)?;
        Some(Field { source: self.place.source, node, path: join(&self.place.path, key) })
    }

    /// The field called `key`; `expected` says what was wanted where it is missing.
    pub(crate) fn required(&self, key: &str, expected: &str) -> Result<Field<'t>, Error> {
        self.get(key).ok_or_else(|| {
            let error = Error::new(&join(&self.place.path, key), expected, "nothing");
            placed(error, self.place.source, self.place.node.at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let parsed = Tree::parse(Source { name: "f.json", text });
        parsed.map(|tree| format!("{tree:?}")).expect_err(text).to_string()
    }

    #[test]
    fn values_know_where_they_stand() {
        let text = "{\"a\":[1,\n {\"b\":null, \"c\":\"x\"}]}";
        let tree = Tree::parse(Source { name: "f.json", text }).unwrap();
        let list = tree.root().object(&["a"]).unwrap().get("a").unwrap().array().unwrap();
        assert_eq!(list[0].decimal(), Ok(Decimal::ONE));
        let inner = list[1].object(&["b", "c"]).unwrap();
        assert!(inner.get("b").unwrap().is_null() && inner.get("d").is_none());
        assert_eq!(
            inner.get("c").unwrap().positive().unwrap_err().to_string(),
            "f.json:2: a[1].c: expected a decimal such as \"12.5\", without exponent, found \"x\""
        );
        assert_eq!(
            list[1].object(&["b"]).unwrap_err().to_string(),
            "f.json:2: a[1].c: expected one of b, found c"
        );
        assert_eq!(
            inner.required("d", "a string").unwrap_err().to_string(),
            "f.json:2: a[1].d: expected a string, found nothing"
        );
    }

    #[test]
    fn what_is_no_json_is_refused_in_one_line_that_names_the_place() {
        for (text, says) in [
            ("", "f.json:1: file: expected "),
            (
                "{\"a\":1",
                "f.json:1: file: expected \",\" or \"}\" after the value, found the end of the file",
            ),
            ("{\n\"a\":1,\n\"a\":2}", "f.json:3: a: expected each field once, found it again"),
            ("{} x", "f.json:1: file: expected nothing after the object, found x"),
            ("[[[[[[[[[[1]]]]]]]]]]", "expected values nested at most 8 deep"),
            ("{\"a\":tru}", "f.json:1: a: expected a string, a number, true or false, found tru}"),
            ("{\"a\":\"\u{7}\"}", "a: expected no control character inside a string"),
        ] {
            let said = error(text);
            assert!(said.contains(says) && !said.contains('\n'), "{text}: {said}");
        }
        let deep = "[".repeat(1_000_000);
        assert!(error(&deep).contains("nested at most 8 deep"));
        let wide: Vec<String> = (0..70).map(|n| format!("\"f{n}\":1")).collect();
        assert!(error(&format!("{{{}}}", wide.join(","))).contains("at most 64 fields"));
    }
}
