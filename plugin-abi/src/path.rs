//! Paths below the workspace root.

use std::fmt;
use std::sync::Arc;

/// A normalised path relative to the workspace root, with `/` between its
/// segments. Never absolute, never with empty, `.` or `..` segments; the root
/// itself is the empty path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspacePath(Arc<str>);

/// Why a text is not a [`WorkspacePath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It starts with `/`.
    #[error("an absolute path is not allowed here")]
    Absolute,
    /// It has a `..` that leads out of its base.
    #[error("the path leaves its package")]
    Leaves,
    /// It is empty, or only dots and slashes.
    #[error("the path is empty")]
    Empty,
    /// It holds a NUL or another control character.
    #[error("the path has a control character")]
    Control,
    /// It is longer than the 4,096 bytes that the system takes.
    #[error("the path is longer than 4096 bytes")]
    TooLong,
}

impl WorkspacePath {
    /// The workspace root.
    #[must_use]
    pub fn root() -> WorkspacePath {
        WorkspacePath(Arc::from(""))
    }

    /// Reads a path as people write it below `base`: `./` and doubled slashes
    /// are folded, `..` may not climb out of `base`.
    pub fn resolve(base: &str, text: &str) -> Result<WorkspacePath, PathError> {
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        if text.chars().any(char::is_control) {
            return Err(PathError::Control);
        }
        let mut segments: Vec<&str> = Vec::new();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop().ok_or(PathError::Leaves)?;
                }
                name => segments.push(name),
            }
        }
        if segments.is_empty() {
            return Err(PathError::Empty);
        }
        let below = segments.join("/");
        let path = if base.is_empty() {
            below
        } else {
            format!("{base}/{below}")
        };
        if path.len() > 4096 {
            return Err(PathError::TooLong);
        }
        Ok(WorkspacePath(path.into()))
    }

    /// Takes a path that is normalised already, as stored records and directory
    /// walks have it; `None` when it is not.
    #[must_use]
    pub fn from_normalised(text: &str) -> Option<WorkspacePath> {
        let normal = text.is_empty()
            || text
                .split('/')
                .all(|segment| !matches!(segment, "" | "." | "..") && !segment.contains('\0'));
        normal.then(|| WorkspacePath(text.into()))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment; empty for the root.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// The directory that holds this path; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<WorkspacePath> {
        if self.0.is_empty() {
            return None;
        }
        let parent = self.0.rsplit_once('/').map_or("", |(parent, _)| parent);
        Some(WorkspacePath(parent.into()))
    }

    /// This path with one more segment, which the caller knows to be a plain name.
    #[must_use]
    pub fn join(&self, segment: &str) -> WorkspacePath {
        if self.0.is_empty() {
            WorkspacePath(segment.into())
        } else {
            WorkspacePath(format!("{}/{segment}", self.0).into())
        }
    }

    /// What is left of this path below `directory`; `None` when it lies elsewhere.
    #[must_use]
    pub fn below<'a>(&'a self, directory: &str) -> Option<&'a str> {
        if directory.is_empty() {
            return Some(&self.0);
        }
        self.0.strip_prefix(directory)?.strip_prefix('/')
    }
}

impl std::borrow::Borrow<str> for WorkspacePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_below_their_base() {
        let path = WorkspacePath::resolve("a/b", "./c//d/../e").unwrap();
        assert_eq!(path.as_str(), "a/b/c/e");
        assert_eq!(path.below("a/b"), Some("c/e"));
        assert_eq!(path.below("a/bc"), None);
    }

    #[test]
    fn a_path_that_leaves_its_base_is_refused() {
        for (text, error) in [
            ("../x", PathError::Leaves),
            ("a/../../x", PathError::Leaves),
            ("/etc/passwd", PathError::Absolute),
            ("", PathError::Empty),
            ("./.", PathError::Empty),
            ("a\0b", PathError::Control),
        ] {
            assert_eq!(WorkspacePath::resolve("p", text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn only_normalised_text_is_taken_as_it_is() {
        assert!(WorkspacePath::from_normalised("a/b").is_some());
        for text in ["a//b", "/a", "a/", "../a", "a/./b"] {
            assert!(WorkspacePath::from_normalised(text).is_none(), "{text:?}");
        }
    }
}
