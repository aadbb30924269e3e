//! `env` and `pass_env`: the variables an action gets beside the fixed ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::attributes::AttributeReader;
use crate::{Diagnostic, Focus, did_you_mean};

/// Longest single argument or variable that the kernel hands to a program, in
/// bytes, its NUL included.
pub const LONGEST_ARGUMENT: usize = 128 * 1024;

/// Variables that Kiln sets and no target may.
const RESERVED: [&str; 7] = ["PATH", "HOME", "TMPDIR", "PKG", "NAME", "COLUMNS", "USER"];
/// Starts of the names of variables that describe inputs, outputs and tools.
const RESERVED_PREFIXES: [&str; 3] = ["OUT", "SRCS", "TOOL_"];

impl AttributeReader<'_> {
    /// Reads `env`, a dict of strings.
    pub fn environment(&mut self) -> Result<BTreeMap<String, String>, Diagnostic> {
        let entries = self.string_dict("env")?;
        let mut environment = BTreeMap::new();
        for (name, value) in entries {
            self.check_variable(name)?;
            if value.contains('\0') {
                let message = format!("the value of `{name}` in `env` has a NUL byte");
                return Err(self.spec().attribute_error("env", message));
            }
            if name.len() + value.len() + 2 > LONGEST_ARGUMENT {
                let length = value.len();
                let message = format!(
                    "the value of `{name}` in `env` is too long: {length} bytes, where the \
                     system takes 128 KiB for a variable"
                );
                return Err(self
                    .spec()
                    .attribute_error("env", message)
                    .hint("put it into a file with `text_file`, and that file into `deps`"));
            }
            environment.insert(name.to_owned(), value.to_owned());
        }
        Ok(environment)
    }

    /// Reads `pass_env`, a list of names, none of them also in `environment`.
    pub fn pass_environment(
        &mut self,
        environment: &BTreeMap<String, String>,
    ) -> Result<BTreeSet<String>, Diagnostic> {
        let names = self.string_list("pass_env")?;
        let mut passed = BTreeSet::new();
        for name in names {
            self.check_variable(name)?;
            if environment.contains_key(name) {
                let message = format!("`{name}` stands in `env` and in `pass_env`");
                return Err(self
                    .spec()
                    .attribute_error("pass_env", message)
                    .hint("`env` gives a value here, `pass_env` takes the caller's: keep one"));
            }
            passed.insert(name.to_owned());
        }
        Ok(passed)
    }

    fn check_variable(&self, name: &str) -> Result<(), Diagnostic> {
        let focus = Focus::Literal(name.to_owned());
        let is_name = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            let shown = name.escape_debug();
            let message = format!("`{shown}` is not the name of a variable");
            return Err(self
                .spec()
                .error(message)
                .focus(focus)
                .hint("a name is letters, digits and `_`, and starts with no digit"));
        }
        let is_reserved = RESERVED.contains(&name)
            || RESERVED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix));
        if !is_reserved {
            return Ok(());
        }
        let message = format!("the variable `{name}` is set by Kiln and cannot be set here");
        let error = self.spec().error(message).focus(focus);
        Err(match name {
            "PATH" => error.hint("name programs in `tools`; they come first on the path"),
            _ => error.hint("choose another name"),
        })
    }

    /// The best guess among `known` as a hint on `error`.
    pub(super) fn with_suggestion<'k>(
        error: Diagnostic,
        typed: &str,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> Diagnostic {
        match did_you_mean(typed, known.clone()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => {
                let known: Vec<&str> = known.into_iter().collect();
                error.hint(format!("known are: {}", known.join(", ")))
            }
        }
    }
}
