//! What holds for the text of every command: limits, and mentions of variables
//! that are unset because their value would not fit or not split.

use kiln_plugin_abi::{AttributeReader, Diagnostic, InputPaths, LONGEST_ARGUMENT, Target};

/// Refuses text that no program can be given as one argument.
pub(super) fn check_argument(reader: &AttributeReader<'_>, text: &str) -> Result<(), Diagnostic> {
    if text.contains('\0') {
        let message = "`run` has a NUL byte";
        return Err(reader.spec().attribute_error("run", message));
    }
    if text.len() >= LONGEST_ARGUMENT {
        let length = text.len();
        let message = format!("`run` is too long: {length} bytes, where the system takes 128 KiB");
        return Err(reader
            .spec()
            .attribute_error("run", message)
            .hint("put the script into a file, and that file into `deps`"));
    }
    Ok(())
}

/// Refuses a command that mentions a variable which is not set.
pub(super) fn check_mentions<'a>(
    target: &Target,
    texts: impl IntoIterator<Item = &'a str>,
    inputs: &InputPaths,
) -> Result<(), Diagnostic> {
    if inputs.unset.is_empty() {
        return Ok(());
    }
    for text in texts {
        for (variable, reason) in &inputs.unset {
            if mentions(text, variable) {
                return Err(unset(target, variable, reason));
            }
        }
    }
    Ok(())
}

fn unset(target: &Target, variable: &str, reason: &str) -> Diagnostic {
    let message = format!("`run` mentions `${variable}`, which is not set: {reason}");
    let error = Diagnostic::error(message)
        .on(&target.label)
        .focus(kiln_plugin_abi::Focus::Attribute("run".to_owned()))
        .hint(format!(
            "read the paths from the file `${variable}_LIST`, each ended by a NUL byte: \
             `xargs -0 … < \"${variable}_LIST\"`"
        ));
    match &target.span {
        Some(span) => error.at(span),
        None => error,
    }
}

/// True when a shell would look up `variable` on reading `text`.
fn mentions(text: &str, variable: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let rest = rest.strip_prefix('#').unwrap_or(rest);
        rest.strip_prefix(variable)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_mention_ends_where_the_name_ends() {
        for text in [
            "$SRCS",
            "cc $SRCS -o x",
            "${SRCS}",
            "${SRCS:-}",
            "\"$SRCS\"",
            "${#SRCS}",
        ] {
            assert!(mentions(text, "SRCS"), "{text}");
        }
        for text in ["SRCS", "$SRCS_LIST", "${SRCS_C}", "$SRCS2", "$ SRCS", "$"] {
            assert!(!mentions(text, "SRCS"), "{text}");
        }
    }
}
