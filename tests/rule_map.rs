//! Every rule of RULES.md stands in docs/RULE_MAP.md, and every file and test named there exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Rust sources of the workspace.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    for entry in entries {
        let path = entry.expect("a folder that can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The numbers that open a paragraph or a clause of RULES.md: "2.3 Close-today", "; 6.5 Whole lots".
fn numbers(rules: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut section = 0;
    for line in rules.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let opens = at == 0 || words[at - 1].ends_with(['.', ':', ';', ')', '(']);
            let mut parts = word.split('.');
            let (Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let capital =
                words.get(at + 1).is_some_and(|next| next.starts_with(char::is_uppercase));
            if opens
                && capital
                && first.parse() == Ok(section)
                && second.parse::<u32>().is_ok_and(|n| (1..20).contains(&n))
            {
                found.insert((*word).to_owned());
            }
        }
    }
    found
}

/// Rows of the table: rule, what is said of it.
fn rows() -> Vec<(String, String)> {
    let map = read("docs/RULE_MAP.md");
    let rows = map.lines().filter_map(|line| {
        let (rule, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        rule.starts_with(|c: char| c.is_ascii_digit()).then(|| (rule.to_owned(), rest.to_owned()))
    });
    rows.collect()
}

#[test]
fn every_rule_has_a_row() {
    let mapped: BTreeSet<String> = rows()
        .into_iter()
        .flat_map(|(rule, _)| rule.split(", ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let wanted = numbers(&read("docs/RULES.md"));
    assert!(wanted.len() > 30, "RULES.md is read wrongly: {wanted:?}");
    let missing: Vec<_> = wanted.difference(&mapped).collect();
    assert!(missing.is_empty(), "docs/RULE_MAP.md has no row for {missing:?}");
}

#[test]
fn every_test_and_file_it_names_exists() {
    let mut files = Vec::new();
    sources(root(), &mut files);
    let code: String =
        files.iter().map(|file| fs::read_to_string(file).unwrap_or_default()).collect();
    let (mut tests, mut paths) = (0, 0);
    for (rule, said) in rows() {
        for name in said.split('`').skip(1).step_by(2) {
            if name.contains('/') || name.ends_with(".rs") || name.ends_with(".md") {
                paths += 1;
                assert!(root().join(name).exists(), "rule {rule}: there is no file {name}");
            } else if name.contains('_') && !name.contains([' ', '=', '"']) {
                tests += 1;
                assert!(
                    code.contains(&format!("fn {name}(")),
                    "rule {rule}: there is no test {name}"
                );
            }
        }
    }
    assert!(tests > 40 && paths > 40, "the table is read wrongly: {tests} tests, {paths} files");
}
