//! Which texts are glob patterns. Matching is the engine's.

use globset::GlobBuilder;

/// Says what is wrong with a pattern relative to a package, if anything.
pub(crate) fn check_glob_pattern(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("the pattern is empty".to_owned());
    }
    if pattern.starts_with('/') {
        return Err("a pattern is relative to the package".to_owned());
    }
    if pattern.chars().any(char::is_control) {
        return Err("the pattern has a control character".to_owned());
    }
    for segment in pattern.split('/') {
        match segment {
            ".." => return Err("a pattern cannot leave the package".to_owned()),
            "." => return Err("`.` is not allowed in a pattern".to_owned()),
            "" if pattern.ends_with('/') && !pattern.ends_with("//") => {
                return Err(format!(
                    "a pattern matches files, not directories; write `{pattern}**`"
                ));
            }
            "" => return Err("the pattern has an empty segment".to_owned()),
            _ => {}
        }
    }
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map(|_| ())
        .map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::check_glob_pattern;

    #[test]
    fn patterns_stay_in_the_package() {
        for good in ["*.c", "src/**/*.h", "a{b,c}.txt", "[ab]", "**", "a/..b"] {
            assert_eq!(check_glob_pattern(good), Ok(()), "{good}");
        }
        for (bad, part) in [
            ("", "empty"),
            ("/a", "relative"),
            ("../*.c", "leave"),
            ("a/../b", "leave"),
            ("./a", "`.`"),
            ("a//b", "empty segment"),
            ("src/", "write `src/**`"),
            ("[a", "unclosed"),
            ("a\n", "control"),
        ] {
            let message = check_glob_pattern(bad).unwrap_err();
            assert!(message.contains(part), "{bad:?}: {message}");
        }
    }
}
