//! How a `group` target shows the files of others.

use std::collections::BTreeMap;

/// A selection and renaming of files, applied in the order of the fields. Paths
/// are relative to the package that produces the file (for a source: to the
/// group's own package).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Glob patterns; a file that none matches is left out. Empty: all are in.
    pub include: Vec<String>,
    /// Glob patterns; a file that one matches is left out.
    pub exclude: Vec<String>,
    /// Removed from the front of each path; a path without it is an error. A
    /// normalised directory without `/` at its ends, or empty; so is `prefix`.
    pub strip_prefix: String,
    /// Put in front of each path.
    pub prefix: String,
    /// New names for whole paths, as they are after stripping and prefixing.
    pub rename: BTreeMap<String, String>,
}

impl View {
    /// True when files move to new places, which then lie in the group's own
    /// package; without that they stay where their producer put them.
    #[must_use]
    pub fn moves_files(&self) -> bool {
        !self.strip_prefix.is_empty() || !self.prefix.is_empty() || !self.rename.is_empty()
    }
}
