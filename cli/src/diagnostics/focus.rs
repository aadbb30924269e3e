//! Finds what a message is about inside a stretch of a BUILD file: a keyword
//! argument by name or a string literal by value. Reads just enough of the
//! language to tell names, strings, comments and brackets apart.

use std::ops::Range;

use kiln_plugin_abi::Focus;

/// The bytes of `source` that `focus` means, if they are there.
pub fn find(source: &str, focus: &Focus) -> Option<Range<usize>> {
    let tokens = Tokens::new(source);
    match focus {
        Focus::Attribute(name) => find_attribute(source, tokens, name),
        Focus::Literal(value) => tokens
            .filter(|token| matches!(&token.kind, Kind::Text(text) if means(text, value)))
            .map(|token| token.range)
            .next(),
    }
}

/// True when the literal `text` is `value`, or a short way to write the label
/// `value`.
fn means(text: &str, value: &str) -> bool {
    let Some((package, name)) = value
        .strip_prefix("//")
        .and_then(|label| label.split_once(':'))
    else {
        return text == value;
    };
    let is_default = package.rsplit('/').next() == Some(name);
    text == value
        || text.strip_prefix(':') == Some(name)
        || (is_default && text.strip_prefix("//") == Some(package))
}

/// The least nested `name =` of `source`.
fn find_attribute(source: &str, tokens: Tokens<'_>, name: &str) -> Option<Range<usize>> {
    let tokens: Vec<Token> = tokens.collect();
    tokens
        .windows(2)
        .filter(|pair| {
            matches!(pair[0].kind, Kind::Name)
                && source.get(pair[0].range.clone()) == Some(name)
                && matches!(pair[1].kind, Kind::Assign)
        })
        .map(|pair| &pair[0])
        .min_by_key(|token| (token.depth, token.range.start))
        .map(|token| token.range.clone())
}

struct Token {
    range: Range<usize>,
    /// How many brackets are open around it.
    depth: usize,
    kind: Kind,
}

enum Kind {
    Name,
    /// A string literal and its value.
    Text(String),
    /// A single `=`.
    Assign,
    Other,
}

struct Tokens<'a> {
    source: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Tokens<'a> {
    fn new(source: &'a str) -> Tokens<'a> {
        Tokens {
            source,
            at: 0,
            depth: 0,
        }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    /// The string literal that starts here, if one does.
    fn text(&mut self) -> Option<Kind> {
        let rest = self.rest();
        let raw = rest.starts_with('r');
        let body = &rest[usize::from(raw)..];
        let quote = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quote| body.starts_with(quote))?;
        let inner = &body[quote.len()..];
        let length = closing(inner, quote);
        let value = &inner[..length];
        let value = if raw {
            value.to_owned()
        } else {
            unescape(value)
        };
        let end = usize::from(raw) + quote.len() + length + quote.len();
        self.at += end.min(rest.len());
        Some(Kind::Text(value))
    }

    fn name(&mut self) -> Option<Kind> {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(Kind::Name)
    }

    fn sign(&mut self, first: char) -> Kind {
        match first {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.at += first.len_utf8();
        let doubled = matches!(first, '=' | '!' | '<' | '>') && self.rest().starts_with('=');
        if doubled {
            self.at += 1;
            return Kind::Other;
        }
        if first == '=' {
            Kind::Assign
        } else {
            Kind::Other
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        let start = self.at;
        let depth = self.depth;
        let first = self.rest().chars().next()?;
        let kind = match self.text() {
            Some(kind) => kind,
            None => match self.name() {
                Some(kind) => kind,
                None => self.sign(first),
            },
        };
        Some(Token {
            range: start..self.at,
            depth,
            kind,
        })
    }
}

/// Length of the literal's inside: up to the closing quote, the line's end for
/// a one-line literal that is never closed, or the end.
fn closing(inner: &str, quote: &str) -> usize {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if inner[at..].starts_with(quote) || (quote.len() == 1 && c == '\n') {
            return at;
        }
    }
    inner.len()
}

/// The value of a literal, as far as its escapes are the common ones.
fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match characters.next() {
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some('\n') | None => {}
            Some(other @ ('\\' | '\'' | '"')) => value.push(other),
            Some(other) => value.extend(['\\', other]),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(source: &str, name: &str) -> Option<usize> {
        find(source, &Focus::Attribute(name.into())).map(|range| range.start)
    }

    fn literal<'a>(source: &'a str, value: &str) -> Option<&'a str> {
        find(source, &Focus::Literal(value.into())).map(|range| &source[range])
    }

    #[test]
    fn an_attribute_is_a_name_with_one_equals_sign() {
        let source = "target(\n  # run = 1\n  name = 'run = 2',\n  run = \"x\",\n)";
        assert_eq!(attribute(source, "run"), source.rfind("run ="));
        assert_eq!(attribute("f(a == 1, a = 2)", "a"), Some(10));
        assert_eq!(attribute("f(outs=1)", "out"), None);
    }

    #[test]
    fn the_least_nested_attribute_wins() {
        let source = "f(x = dict(deps = 1), deps = 2)";
        assert_eq!(attribute(source, "deps"), Some(22));
    }

    #[test]
    fn a_literal_is_found_by_its_value_whatever_its_quotes() {
        assert_eq!(literal("['a', \"b\"]", "b"), Some("\"b\""));
        assert_eq!(literal("x = '''a\nb'''", "a\nb"), Some("'''a\nb'''"));
        assert_eq!(literal(r#"["q\"uote"]"#, "q\"uote"), Some(r#""q\"uote""#));
        assert_eq!(literal(r#"r"\d""#, "\\d"), Some(r#"r"\d""#));
    }

    #[test]
    fn literals_in_comments_and_in_other_literals_do_not_count() {
        assert_eq!(literal("# \"b\"\n[\"x 'b' y\"]", "b"), None);
    }

    #[test]
    fn broken_source_is_no_trouble() {
        for source in [
            "\"",
            "'''",
            "\\",
            "r",
            "r'",
            "f(\"a\nb = 1",
            "ü=\u{1}",
            "\"\\",
        ] {
            let _ = attribute(source, "b");
            let _ = literal(source, "x");
        }
    }
}
