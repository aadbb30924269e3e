//! The workspace: the nearest directory with a `kiln.toml`, and how places in
//! it are named on the command line.

use std::path::{Path, PathBuf};

use kiln_plugin_abi::{Label, OutputReference, PackagePath, SignedPattern};

use crate::diagnostics::Message;
use crate::exit::CommandError;

/// The file that makes a directory a workspace.
pub const MARKER: &str = "kiln.toml";

/// A workspace as seen from a directory in it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its root, absolute.
    pub root: PathBuf,
    /// The directory relative labels start from, below the root.
    below: PathBuf,
}

impl Workspace {
    /// The workspace that `directory`, an absolute path, lies in.
    #[must_use]
    pub fn find(directory: &Path) -> Option<Workspace> {
        let root = directory
            .ancestors()
            .find(|ancestor| ancestor.join(MARKER).exists())?;
        Some(Workspace {
            root: root.to_owned(),
            below: directory.strip_prefix(root).unwrap_or(directory).to_owned(),
        })
    }

    /// As [`Workspace::find`].
    ///
    /// # Errors
    /// Exit 2 when there is none.
    pub fn require(directory: &Path) -> Result<Workspace, CommandError> {
        Workspace::find(directory).ok_or_else(|| {
            let text = format!(
                "no workspace: neither {} nor any directory above has a {MARKER}",
                directory.display()
            );
            CommandError::usage(
                Message::error(text).hint("`kiln init` makes one here; `-C DIR` looks elsewhere"),
            )
        })
    }

    /// The package of the directory; `None` when no package can have its name.
    #[must_use]
    pub fn current_package(&self) -> Option<PackagePath> {
        PackagePath::parse(self.below.to_str()?).ok()
    }

    /// Reads patterns.
    ///
    /// # Errors
    /// Exit 2 with a caret below the first offending character.
    pub fn patterns(&self, texts: &[String]) -> Result<Vec<SignedPattern>, CommandError> {
        let read = |text: &String| Ok(SignedPattern::parse(text, &self.package_for(text)?)?);
        texts.iter().map(read).collect()
    }

    /// Reads a label.
    ///
    /// # Errors
    /// Exit 2 with a caret below the first offending character.
    pub fn label(&self, text: &str) -> Result<Label, CommandError> {
        Ok(Label::parse(text, &self.package_for(text)?)?)
    }

    /// Reads a label with an optional group.
    ///
    /// # Errors
    /// Exit 2 with a caret below the first offending character.
    pub fn reference(&self, text: &str) -> Result<OutputReference, CommandError> {
        Ok(OutputReference::parse(text, &self.package_for(text)?)?)
    }

    /// The package that `text` is relative to, if it is relative.
    ///
    /// # Errors
    /// Exit 2 when it is and the directory can be no package.
    pub fn package_for(&self, text: &str) -> Result<PackagePath, CommandError> {
        let relative = text.trim_start_matches('-').starts_with(':');
        match self.current_package() {
            Some(package) => Ok(package),
            None if !relative => Ok(PackagePath::root()),
            None => {
                let text = format!(
                    "`{text}` is relative, and no package can be called `{}`",
                    self.below.display()
                );
                Err(CommandError::usage(
                    Message::error(text).hint("name the target from the root: //package:name"),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_marker_makes_the_root() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("a");
        std::fs::create_dir_all(inner.join("b/c d")).unwrap();
        std::fs::write(outer.path().join(MARKER), "").unwrap();
        std::fs::write(inner.join(MARKER), "").unwrap();
        let workspace = Workspace::find(&inner.join("b")).unwrap();
        assert_eq!(workspace.root, inner);
        assert_eq!(workspace.label(":x").unwrap().to_string(), "//b:x");
        assert_eq!(workspace.label("//x").unwrap().to_string(), "//x:x");
    }

    #[test]
    fn a_directory_that_is_no_package_still_takes_absolute_labels() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("c d")).unwrap();
        std::fs::write(root.path().join(MARKER), "").unwrap();
        let workspace = Workspace::find(&root.path().join("c d")).unwrap();
        assert!(workspace.label("//x").is_ok());
        let error = workspace.patterns(&["-:x".to_owned()]).unwrap_err();
        assert!(
            error.messages[0]
                .text
                .contains("no package can be called `c d`")
        );
    }

    #[test]
    fn outside_of_a_workspace_the_way_in_is_told() {
        let error = Workspace::require(Path::new("/")).unwrap_err();
        assert!(error.messages[0].hints[0].contains("kiln init"));
    }
}
