//! Patterns: what people type to name several targets.

use std::fmt;

use crate::{Label, OutputReference, PackagePath, SyntaxError};

/// A set of targets, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// One target, or one output group of it.
    One(OutputReference),
    /// `//a:all`: every target of one package.
    Package(PackagePath),
    /// `//a/...`: every target of a package and of all below it.
    Below(PackagePath),
}

impl Pattern {
    /// Reads a pattern; `:name` and `:all` are relative to `package`.
    pub fn parse(text: &str, package: &PackagePath) -> Result<Pattern, SyntaxError> {
        let as_pattern = |mut error: SyntaxError, offset: usize| {
            error.what = "pattern";
            error.text = text.to_owned();
            error.offset += offset;
            error
        };
        if text == "//..." {
            return Ok(Pattern::Below(PackagePath::root()));
        }
        let absolute = text.strip_prefix("//");
        if let Some(base) = absolute.and_then(|rest| rest.strip_suffix("/...")) {
            if base.is_empty() {
                return Err(SyntaxError::new(
                    "pattern",
                    text,
                    2,
                    "empty segment in the package",
                ));
            }
            let base = PackagePath::parse(base).map_err(|error| as_pattern(error, 2))?;
            return Ok(Pattern::Below(base));
        }
        if let Some(base) = text.strip_suffix(":all") {
            let of = match base.strip_prefix("//") {
                Some(base) => PackagePath::parse(base).map_err(|error| as_pattern(error, 2))?,
                None if base.is_empty() => package.clone(),
                None => {
                    return Err(SyntaxError::new(
                        "pattern",
                        text,
                        0,
                        "a pattern starts with `//`",
                    ));
                }
            };
            return Ok(Pattern::Package(of));
        }
        OutputReference::parse(text, package)
            .map(Pattern::One)
            .map_err(|error| as_pattern(error, 0))
    }

    /// True when `label` is in the set.
    #[must_use]
    pub fn matches(&self, label: &Label) -> bool {
        match self {
            Pattern::One(reference) => reference.label == *label,
            Pattern::Package(package) => label.package() == package,
            Pattern::Below(base) => {
                let package = label.package().as_str();
                let base = base.as_str();
                base.is_empty()
                    || package
                        .strip_prefix(base)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::One(reference) => write!(f, "{reference}"),
            Pattern::Package(package) => write!(f, "{package}:all"),
            Pattern::Below(base) if base.as_str().is_empty() => f.write_str("//..."),
            Pattern::Below(base) => write!(f, "{base}/..."),
        }
    }
}

/// A pattern that adds to a selection or takes away from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedPattern {
    /// Adds what matches.
    Add(Pattern),
    /// `-pattern`: takes away what matches.
    Subtract(Pattern),
}

impl SignedPattern {
    /// Reads a pattern with an optional leading `-`.
    pub fn parse(text: &str, package: &PackagePath) -> Result<SignedPattern, SyntaxError> {
        match text.strip_prefix('-') {
            None => Pattern::parse(text, package).map(SignedPattern::Add),
            Some(rest) => Pattern::parse(rest, package)
                .map(SignedPattern::Subtract)
                .map_err(|error| {
                    SyntaxError::new("pattern", text, error.offset + 1, error.message)
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Pattern, SyntaxError> {
        Pattern::parse(text, &PackagePath::parse("here").unwrap())
    }

    fn label(text: &str) -> Label {
        Label::parse(text, &PackagePath::root()).unwrap()
    }

    #[test]
    fn patterns_print_in_their_full_form() {
        for (text, full) in [
            ("//...", "//..."),
            ("//a/b/...", "//a/b/..."),
            ("//a:all", "//a:all"),
            (":all", "//here:all"),
            ("//a", "//a:a"),
            (":x[g]", "//here:x[g]"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), full);
        }
    }

    #[test]
    fn below_means_the_package_and_its_descendants_only() {
        let pattern = parse("//a/...").unwrap();
        assert!(pattern.matches(&label("//a:x")));
        assert!(pattern.matches(&label("//a/b:x")));
        assert!(!pattern.matches(&label("//ab:x")));
    }

    #[test]
    fn bad_patterns_name_the_character() {
        for (text, offset) in [("///...", 2), ("//a//...", 4), ("a:all", 0), ("...", 0)] {
            assert_eq!(parse(text).unwrap_err().offset, offset, "{text}");
        }
        let error = SignedPattern::parse("-//a b", &PackagePath::root()).unwrap_err();
        assert_eq!(error.offset, 4);
    }
}
