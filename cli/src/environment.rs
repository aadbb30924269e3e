//! The process's surroundings: environment variables and current directory.
//! The one file that reads them; everything else is handed an [`Environment`].
//!
//! | variable | meaning |
//! |---|---|
//! | `KILN_CACHE_DIR` | the store's root, before all other rules |
//! | `XDG_CACHE_HOME` | the store is `$XDG_CACHE_HOME/kiln`; ignored unless absolute |
//! | `XDG_CONFIG_HOME` | the user's configuration is `$XDG_CONFIG_HOME/kiln/kiln.toml`; ignored unless absolute |
//! | `HOME` | store `~/.cache/kiln`, configuration `~/.config/kiln/kiln.toml`, `~` in paths |
//! | `KILN_<TABLE>_<KEY>` | one configuration value, for instance `KILN_BUILD_JOBS` |
//! | `NO_COLOR` | not empty: no colour unless `--color` asks for it |
//! | `CLICOLOR_FORCE` | neither empty nor `0`: colour also where stderr is no terminal |
//! | `TERM` | `dumb` or unset: neither colour nor live view |
//!
//! Variables whose name or value is not UTF-8 count as unset.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What the process was started with.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the environment of this process.
    #[must_use]
    pub fn capture() -> Environment {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Environment { variables }
    }

    /// The directory the process was started in.
    ///
    /// # Errors
    /// When it was deleted or must not be read.
    pub fn current_directory() -> io::Result<PathBuf> {
        std::env::current_dir()
    }

    /// An environment for tests.
    #[cfg(test)]
    pub fn of(variables: &[(&str, &str)]) -> Environment {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Environment { variables }
    }

    /// All variables, for actions that pass some of them on.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// One variable; an empty one counts as unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The user's home directory.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.absolute("HOME")
    }

    /// The root of the user's store; `current` completes a relative
    /// `KILN_CACHE_DIR`. `None` when nothing says where it is.
    #[must_use]
    pub fn store_root(&self, current: &Path) -> Option<PathBuf> {
        if let Some(root) = self.get("KILN_CACHE_DIR") {
            return Some(current.join(root));
        }
        let cache = self.absolute("XDG_CACHE_HOME").map(Path::to_owned);
        let cache = cache.or_else(|| Some(self.home()?.join(".cache")))?;
        Some(cache.join("kiln"))
    }

    /// Where the user's own configuration is, if it exists.
    #[must_use]
    pub fn user_configuration(&self) -> Option<PathBuf> {
        let base = self.absolute("XDG_CONFIG_HOME").map(Path::to_owned);
        let base = base.or_else(|| Some(self.home()?.join(".config")))?;
        Some(base.join("kiln/kiln.toml"))
    }

    /// Whether colour is wished for or refused by the environment, before any
    /// look at the terminal.
    #[must_use]
    pub fn colour_wish(&self) -> Option<bool> {
        if self.get("NO_COLOR").is_some() {
            return Some(false);
        }
        match self.get("CLICOLOR_FORCE") {
            Some("0") | None => None,
            Some(_) => Some(true),
        }
    }

    /// True when the terminal cannot move its cursor.
    #[must_use]
    pub fn dumb_terminal(&self) -> bool {
        self.get("TERM").is_none_or(|term| term == "dumb")
    }

    fn absolute(&self, name: &str) -> Option<&Path> {
        self.get(name)
            .map(Path::new)
            .filter(|path| path.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(variables: &[(&str, &str)]) -> Option<PathBuf> {
        Environment::of(variables).store_root(Path::new("/here"))
    }

    #[test]
    fn the_store_is_where_the_most_specific_variable_says() {
        let all = [
            ("KILN_CACHE_DIR", "/k"),
            ("XDG_CACHE_HOME", "/x"),
            ("HOME", "/h"),
        ];
        assert_eq!(store(&all), Some("/k".into()));
        assert_eq!(store(&all[1..]), Some("/x/kiln".into()));
        assert_eq!(store(&all[2..]), Some("/h/.cache/kiln".into()));
        assert_eq!(store(&[]), None);
        assert_eq!(
            store(&[("KILN_CACHE_DIR", "rel")]),
            Some("/here/rel".into())
        );
    }

    #[test]
    fn empty_and_relative_base_directories_are_ignored() {
        assert_eq!(
            store(&[("XDG_CACHE_HOME", "rel"), ("HOME", "/h")]),
            Some("/h/.cache/kiln".into())
        );
        assert_eq!(store(&[("KILN_CACHE_DIR", ""), ("HOME", "")]), None);
    }

    #[test]
    fn no_color_beats_forcing() {
        let both = Environment::of(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
        assert_eq!(both.colour_wish(), Some(false));
        let zero = Environment::of(&[("CLICOLOR_FORCE", "0")]);
        assert_eq!(zero.colour_wish(), None);
    }
}
