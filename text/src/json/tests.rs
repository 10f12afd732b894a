//! Lines scanned and strings written, checked against serde_json.

use super::tree::TABLE_DEPTH_MAX;
use super::*;

fn scan(line: &str) -> Result<Vec<(String, String)>, String> {
    let mut fields = Vec::new();
    scan_object(line, |key, value| {
        if let Value::Nested(text) = value {
            return Err(Error::new(&key, FLAT, text));
        }
        fields.push((key.into_owned(), value.text().map_or(value.shown(), Cow::into_owned)));
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    Ok(fields)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[test]
fn a_flat_object_is_read_in_order() {
    let line = " {\"a\" : \"x\",\"b\":-1.5 , \"c\":true,\"d\":null}\r";
    assert_eq!(scan(line), Ok(pairs(&[("a", "x"), ("b", "-1.5"), ("c", "true"), ("d", "null")])));
    assert_eq!(scan("{}"), Ok(Vec::new()));
}

#[test]
fn escapes_are_decoded() {
    let line = r#"{"\u0061":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#;
    assert_eq!(scan(line), Ok(pairs(&[("a", "\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}")])));
}

#[test]
fn other_lines_are_refused() {
    for line in [
        "",
        " ",
        "null",
        "[]",
        "1",
        "\"a\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}}",
        "{\"a\":1}{\"a\":1}",
        "{\"a\":x}",
        "{\"a\":tru}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":\"x}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"x\ty\"}",
        "{\"a\":\"x\\",
        "{\"a\":\"\\\"}",
        "{\"a\":[1]}",
        "{\"a\":{}}",
        "{,}",
        "\u{feff}{}",
    ] {
        assert!(scan(line).is_err(), "{line:?}");
    }
}

#[test]
fn depth_does_not_matter() {
    assert!(scan(&format!("{{\"a\":{}", "[".repeat(1_000_000))).is_err());
    assert!(scan(&"{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn serde_json_agrees_on_what_is_an_object() {
    let seeds = [
        r#"{"a":"x","b":-1.5,"c":true,"d":null,"e":"\u00e9\n"}"#,
        r#"{ "k" : "v\\" , "n" : 120 , "f" : false }"#,
    ];
    for seed in seeds {
        mutated(seed, compare);
    }
}

/// Hands `seed` with each of its bytes changed to `each`.
fn mutated(seed: &str, each: impl Fn(&str)) {
    for at in 0..seed.len() {
        for byte in *b"\"\\{}[]:,01-xu \n" {
            let mut line = seed.as_bytes().to_vec();
            line[at] = byte;
            each(&String::from_utf8(line).expect("ASCII"));
        }
    }
}

/// Ours may take a number serde_json refuses (its user checks it) and a key given twice (likewise), nothing else.
fn compare(line: &str) {
    let numbers_checked = |line: &str| {
        let mut good = true;
        let scanned = scan_object(line, |_, value| {
            good &= match value {
                Value::Number(text) => serde_json::from_str::<serde_json::Number>(text).is_ok(),
                Value::Nested(_) => false,
                _ => true,
            };
            Ok(())
        });
        scanned.is_ok() && good
    };
    let theirs: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(line);
    let flat = theirs
        .as_ref()
        .is_ok_and(|map| map.values().all(|value| !value.is_array() && !value.is_object()));
    assert_eq!(numbers_checked(line), flat, "{line:?}");
}

#[test]
fn strings_are_written_so_that_they_read_back() {
    for text in ["RB", "a\"b\\c", "\u{0}\u{1f}\n\r\t", "\u{e9}\u{1f600}\u{7f}"] {
        let mut out = Vec::new();
        write_string(&mut out, text.as_bytes());
        assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text);
    }
}

#[test]
fn a_nested_value_is_its_text() {
    let line = r#"{"a":{"b":["]}",{}]},"c":[ "\"]" ] ,"d":1}"#;
    let mut found = Vec::new();
    scan_object(line, |key, value| {
        found.push((key.into_owned(), value));
        Ok(())
    })
    .expect("an object");
    let nested = |key: &str, text| (key.to_owned(), Value::Nested(text));
    assert_eq!(found[..2], [nested("a", r#"{"b":["]}",{}]}"#), nested("c", r#"[ "\"]" ]"#)]);
    assert_eq!(found[2], ("d".to_owned(), Value::Number("1")));
}

#[test]
fn serde_json_agrees_on_what_is_a_tree() {
    for seed in [
        r#"{"a":{"b":["c",-1.5,true],"d":{}},"e":[],"f":"\u00e9\n"}"#,
        r#"{ "k" : [ { "l" : [ [ ] ] } , 120 ] }"#,
    ] {
        assert!(read_table(seed).is_ok());
        mutated(seed, |line| {
            let theirs: Result<serde_json::Map<String, serde_json::Value>, _> =
                serde_json::from_str(line);
            assert_eq!(read_table(line).is_ok(), theirs.is_ok(), "{line:?}");
        });
    }
}

#[test]
fn a_tree_that_cannot_be_read_is_refused_by_its_path() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(read_table(&deep(TABLE_DEPTH_MAX)).is_ok());
    let too_deep = deep(TABLE_DEPTH_MAX + 1);
    let deepest = deep(1_000_000);
    for (line, expected) in [
        (
            r#"{"a":{"b":null}}"#,
            "a.b: expected a string, a number, true, false, an array or an object, found null",
        ),
        (
            r#"{"a":[0,1e5]}"#,
            "a[1]: expected a decimal such as \"12.5\", without exponent, found 1e5",
        ),
        (r#"{"a":{"b":1,"b":2}}"#, "a.b: expected each field once, found it again"),
        (r#"{"a":1,"\u0061":2}"#, "a: expected each field once, found it again"),
        (
            &too_deep,
            "a[0][0][0][0][0][0][0][0]: expected values nested at most 8 deep, found []]]]]]]]]}",
        ),
        (&deepest, "a[0][0][0][0][0][0][0][0]: expected values nested at most 8 deep, found [[["),
    ] {
        let error = read_table(line).expect_err("no tree").to_string();
        assert!(error.starts_with(&format!(": {expected}")), "{error}");
    }
}
