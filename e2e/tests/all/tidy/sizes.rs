//! Files and functions stay small enough to be read.

use super::{files, read};

const LONGEST_FILE: usize = 600;
const LONGEST_FUNCTION: usize = 100;

#[test]
fn no_file_is_too_long() {
    for path in files(&["rs", "star"]) {
        let lines = read(&path).lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{} has {lines} lines",
            path.display()
        );
    }
}

#[test]
fn no_function_is_too_long() {
    for path in files(&["rs"]) {
        for (name, lines) in functions(&read(&path)) {
            assert!(
                lines <= LONGEST_FUNCTION,
                "{}: {name} has {lines} lines",
                path.display()
            );
        }
    }
}

/// Name and length of each function, told by the indentation that rustfmt gives its first and its last line.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indentation = &line[..line.len() - code.len()];
        let Some(name) = function_name(code) else {
            continue;
        };
        let end = format!("{indentation}}}");
        if let Some(length) = lines[start..].iter().position(|line| *line == end) {
            found.push((name, length + 1));
        }
    }
    found
}

fn function_name(code: &str) -> Option<String> {
    let (before, after) = code.split_once("fn ")?;
    let qualifiers = ["pub", "async", "const", "unsafe", "extern", "\"C\""];
    let is_item = before
        .split_whitespace()
        .all(|word| word.starts_with("pub(") || qualifiers.contains(&word));
    let opens = is_item && !code.ends_with(';') && !code.ends_with('}');
    opens.then(|| {
        after
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect()
    })
}

#[test]
fn functions_are_measured_from_their_first_line_to_their_last() {
    let text = "impl A {\n    pub(crate) fn long(\n        a: u8,\n    ) {\n        b();\n    }\n\n    fn short() {}\n}\n";
    assert_eq!(functions(text), [("long".to_owned(), 5)]);
}
